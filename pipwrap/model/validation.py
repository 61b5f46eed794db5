"""Whether metadata is of what was requested; pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from packaging.version import InvalidVersion, Version

from pipwrap import errors
from pipwrap.model.candidate import Candidate
from pipwrap.model.link import Link
from pipwrap.model.metadata import Metadata, MetadataOrigin
from pipwrap.model.names import canonicalize_name
from pipwrap.model.source import Source
from pipwrap.model.wheel import split_filename

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet


def check(
    candidate: Candidate,
    metadata: Metadata,
    origin: MetadataOrigin = MetadataOrigin.ITSELF,
    *,
    is_built: bool = False,
) -> None:
    """Raise ``errors.InconsistentMetadata`` when metadata is of something else, in pip's words.

    ``is_built`` says that it is a wheel's that was built here. Its version may have another local
    part than its sdist (``+cpu``), which pip does not look at then.
    """
    requested = f"{candidate.project}=={candidate.version} from {candidate.link.redacted}"
    name, expected = canonicalize_name(metadata.name), candidate.project
    if name != expected:
        if origin is MetadataOrigin.SIDECAR:  # of which pip compares the field as it is written
            raise errors.InconsistentMetadata(requested, "Name", expected, metadata.name)
        raise errors.InconsistentMetadata(requested, "name", expected, name)
    if metadata.version == str(candidate.version):
        return
    version = _version(metadata.version)
    is_same = version == candidate.version
    if not is_same and not (is_built and version and is_same_release(version, candidate.version)):
        raise errors.InconsistentMetadata(
            requested, "version", str(candidate.version), metadata.version
        )


def is_same_release(one: Version, other: Version) -> bool:
    """Return whether two versions differ in their local parts at most (PEP 440)."""
    return one.public == other.public


def check_built(
    distribution: Candidate | Source, metadata: Metadata, name: str, filename: str
) -> None:
    """Raise ``errors.InvalidDistribution`` when a backend built something else than requested."""
    stem, version = split_filename(filename)
    expected = (
        distribution.project if isinstance(distribution, Candidate) else canonicalize_name(name)
    )
    if canonicalize_name(stem) != expected:
        raise errors.InvalidDistribution(
            f"Wheel has unexpected file name: expected {expected!r}, got {stem!r}"
        )
    if _version(version.replace("_", "-")) != _version(metadata.version):
        raise errors.InvalidDistribution(
            f"Wheel has unexpected file name: expected {metadata.version!r}, got {version!r}"
        )
    if isinstance(distribution, Candidate):
        check(distribution, metadata, is_built=True)
    elif canonicalize_name(metadata.name) != canonicalize_name(name):
        raise errors.InvalidDistribution(f"It is a wheel of {metadata.name!r}")


def check_announced(
    candidate: Candidate, announced: Metadata, origin: MetadataOrigin, wheel: Metadata
) -> None:
    """Raise ``errors.InvalidDistribution`` when a wheel's METADATA is not what was announced of it.

    PEP 658 wants both identical; what a resolution depends on is compared, in pip's words.
    """
    difference = next(differences(announced, wheel), None)
    if difference is None:
        return
    field, ours, theirs = difference
    if isinstance(ours, frozenset) and isinstance(theirs, frozenset):
        shown = ", ".join(sorted(ours - theirs)), ", ".join(sorted(theirs - ours))
    else:
        shown = str(ours), str(theirs)
    source = "sidecar" if origin is MetadataOrigin.SIDECAR else "its server"
    raise errors.InvalidDistribution(
        f"Requested {candidate.project} from {candidate.link.redacted} has inconsistent "
        f"{field} between {origin.value} and the wheel's METADATA: "
        f"{source} has {shown[0]!r}, wheel has {shown[1]!r}"
    )


def differences(announced: Metadata, wheel: Metadata) -> Iterator[tuple[str, object, object]]:
    """Yield the fields that a resolution depends on and that differ, with both values."""
    if announced.text.split() == wheel.text.split():
        return
    ours, theirs = _compared(announced), _compared(wheel)
    for field, value in ours.items():
        if value != theirs[field]:
            yield field, value, theirs[field]


def _compared(metadata: Metadata) -> dict[str, object]:
    return {
        "Name": metadata.canonical_name,
        "Version": _version(metadata.version),
        "Requires-Dist": frozenset(map(_requirement, metadata.requires_dist)),
        "Requires-Python": _specifiers(metadata.requires_python or ""),
        "Provides-Extra": frozenset(map(canonicalize_name, metadata.provides_extra)),
    }


def _specifiers(text: str) -> SpecifierSet | str:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415 - as below

    try:
        return SpecifierSet(text)
    except InvalidSpecifier:
        return text


def _requirement(text: str) -> str:
    from packaging.requirements import InvalidRequirement, Requirement  # noqa: PLC0415 - rarely

    try:
        return str(Requirement(text))
    except InvalidRequirement:
        return text


def refuse_direct_references(
    metadata: Metadata, link: Link, public_hosts: Callable[[], Collection[str]]
) -> None:
    """Raise pip's error for a file of the default public index that depends on a URL.

    ``public_hosts`` are the hosts of its files; called only when there is such a dependency.
    """
    if not any("@" in text for text in metadata.requires_dist):
        return
    if urlsplit(link.url).hostname not in public_hosts():
        return
    from packaging.requirements import InvalidRequirement, Requirement  # noqa: PLC0415 - rarely

    for text in metadata.requires_dist:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        if requirement.url is not None:
            raise errors.InvalidDistribution(
                "Distributions from PyPI cannot declare direct URL dependencies.\n"
                f"{metadata.name} depends on {requirement} "
            )


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None

"""The hashes that archives must have: --hash, those of constraints, and --require-hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from msgspec import Struct, field

from pipwrap import errors
from pipwrap.model.candidate import Candidate
from pipwrap.model.requirement import UserRequirement
from pipwrap.model.source import Archive

MISMATCH = (
    "THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated the "
    "package versions, please update the hashes. Otherwise, examine the package contents "
    "carefully; someone may have tampered with them."
)
MISSING = (
    "Hashes are required in --require-hashes mode, but they are missing from some requirements. "
    "Here is a list of those requirements along with the hashes their downloaded archives "
    "actually had. Add lines like these to your requirements files to prevent tampering. (If you "
    "did not enable --require-hashes manually, note that it turns on automatically when any "
    "package has a hash.)"
)

Hashes = tuple[tuple[str, str], ...]


class HashPolicy(Struct, frozen=True):
    """The hashes of what may be installed."""

    allowed: Mapping[str, Hashes] = field(default_factory=dict)
    """By project; any other project may have any hash."""
    preferred: Mapping[str, Hashes] = field(default_factory=dict)
    """By project: files with a hash that every line and constraint names are preferred."""
    allowed_sources: Mapping[str, Hashes] = field(default_factory=dict)
    """By ``Source.identity``, for direct references of the user."""
    required: bool = False
    """Every archive needs an allowed hash."""
    root_requirements: Mapping[str, UserRequirement] = field(default_factory=dict)
    """For messages: by project, or by identity for direct references."""

    def expected(self, distribution: Candidate | Archive) -> Hashes:
        """Return the hashes of which a file must have one; it may have any where there are none.

        As in pip, hashes of the user replace those that come from elsewhere: an index, or the URL
        of a dependency. Of those the first is compared, and only where no hashes are required.
        """
        if isinstance(distribution, Candidate):
            of_user = self.allowed.get(distribution.project, ())
        else:
            of_user = self.allowed_sources.get(distribution.identity, ())
        return of_user or (() if self.required else distribution.link.hashes[:1])

    def digest(self, distribution: Candidate | Archive) -> str | None:
        """Return the sha256 of the file, where it is known before the file is fetched.

        A file that an index names by several hashes is identified by its sha256.
        """
        expected, named = self.expected(distribution), distribution.link.sha256
        is_one_of_many = isinstance(distribution, Candidate) and ("sha256", named) in expected
        if is_one_of_many or expected == distribution.link.hashes[:1]:
            return named
        return expected[0][1] if len(expected) == 1 and expected[0][0] == "sha256" else None

    def shown(self, key: str, default: str, link: str) -> str:
        """Return how pip names the file at ``link``: by the requirement that asked for it.

        ``key`` is the project or the source's identity, ``default`` the requirement where the user
        named none.
        """
        root_requirement = self.root_requirements.get(key)
        requirement = (
            root_requirement.requirement.text
            if root_requirement and root_requirement.requirement
            else default
        )
        place = (
            f" (from {root_requirement.comes_from})"
            if root_requirement and root_requirement.comes_from
            else ""
        )
        return f"{requirement} from {link}{place}" if requirement else f"{link}{place}"

    def check(self, expected: Hashes, shown: str, path: str, sha256: str) -> None:
        """Raise ``errors.HashMismatch`` when a file has none of the expected hashes.

        ``shown`` names it as ``shown()`` does.
        """
        if expected:
            verify(expected, shown, path, sha256)
        elif self.required:
            line = f"{shown.partition(' from ')[0]} --hash=sha256:{sha256}"
            raise errors.HashMismatch(f"{MISSING}\n    {line}")


def verify(allowed: Hashes, shown: str, path: str, sha256: str) -> None:
    """Raise ``errors.HashMismatch`` unless the file at ``path`` has one of ``allowed``."""
    got = {name: _digest(path, name, sha256) for name in dict(allowed)}
    if any(got[name] == digest.lower() for name, digest in allowed):
        return
    raise errors.HashMismatch(mismatch(shown, allowed, got))


def mismatch(shown: str, allowed: Hashes, got: Mapping[str, str]) -> str:
    """Return pip's table of the expected and the actual hashes."""
    lines = [MISMATCH, f"    {shown}:"]
    for name, found in got.items():
        expected = sorted(digest.lower() for algorithm, digest in allowed if algorithm == name)
        for number, digest in enumerate(expected):
            lines.append(f"        Expected {'    or' if number else name} {digest}")
        lines.append(f"             Got        {found}\n")
    return "\n".join(lines)


def _digest(path: str, algorithm: str, sha256: str) -> str:
    if algorithm == "sha256":
        return sha256
    try:
        digest = hashlib.new(algorithm)
        digest.hexdigest()
    except (ValueError, TypeError) as error:  # the latter for digests of any length
        raise errors.InvalidDistribution(f"Unknown hash name: {algorithm}") from error
    with open(path, "rb") as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()

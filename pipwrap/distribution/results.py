"""Prepared wheels: those of the store take nothing to prepare."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from pipwrap.cache.store import WheelStore
from pipwrap.distribution.hashes import HashPolicy
from pipwrap.events import Info
from pipwrap.model.candidate import Candidate
from pipwrap.model.distribution import Distribution
from pipwrap.model.size import format_size
from pipwrap.model.wheel import StoredWheel


class PreparedWheel(Struct, frozen=True):
    """A wheel ready to be linked, and what identifies the file or source that it is from."""

    wheel: StoredWheel
    identity: str
    """The archive's sha256, the repository's commit, the directory of an editable's clone."""
    lines: tuple[Info, ...] = ()


class SaveOptions(Struct, frozen=True):
    """What a command saves as files."""

    directory: str
    """What is there with the right hash is not fetched again."""
    archives: bool = False
    """The archives are saved themselves, sdists too; otherwise wheels are."""


def line_of(name: str, size: int, *, from_cache: bool) -> Info:
    """Return how a file was acquired, in pip's words."""
    word = "Using cached" if from_cache else "Downloading"
    return Info(f"{word} {name} ({format_size(size)})", indent=1)


def find_in_store(
    distribution: Mapping[str, Distribution], store: WheelStore, policy: HashPolicy
) -> dict[str, PreparedWheel]:
    """Return, by project, the wheels that are in the store and need no request and no check.

    Each is a wheel of an index that names its sha256, its size and the sha256 of its metadata, and
    the store holds a wheel of that digest with that metadata.
    """
    found: dict[str, PreparedWheel] = {}
    for project, each in distribution.items() if not policy.required else ():
        if not isinstance(each, Candidate) or not each.is_wheel:
            continue
        link = each.link
        sha256, metadata = link.sha256, dict(link.metadata_hashes or ()).get("sha256")
        if sha256 is None or metadata is None or link.size is None:
            continue
        if policy.expected(each) != (("sha256", sha256),):
            continue
        wheel = store.find_pinned(sha256)
        if wheel is None or wheel.filename != link.filename:
            continue
        if _metadata_digest(wheel) != metadata:
            continue
        line = replace(line_of(link.filename, link.size, from_cache=True), indent=0)
        found[project] = PreparedWheel(wheel, sha256, (line,))
    return found


def _metadata_digest(wheel: StoredWheel) -> str | None:
    """Return the sha256 of a wheel's METADATA in hex."""
    stored = wheel.dist_info_file("METADATA")
    if stored is None:
        return None
    import base64  # noqa: PLC0415 - where it is used

    return base64.urlsafe_b64decode(stored.sha256 + "=").hex()

"""Wheels that lie in the store already, under the digest that their index names."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from msgspec.structs import replace

from pipwrap.cache.store import WheelStore
from pipwrap.distribution.hashes import HashPolicy
from pipwrap.distribution.results import PreparedWheel, line_of
from pipwrap.model.candidate import Candidate
from pipwrap.model.distribution import Distribution
from pipwrap.model.wheel import StoredWheel


def stored(
    distribution: Mapping[str, Distribution], store: WheelStore, policy: HashPolicy
) -> dict[str, PreparedWheel]:
    """Return, by project, the wheels of which nothing is to be fetched, compared or asked.

    Each is a wheel of an index that names its sha256, its size and the sha256 of its metadata, and
    lies in the store with just that metadata.
    """
    found: dict[str, PreparedWheel] = {}
    for project, each in distribution.items() if not policy.required else ():
        if not isinstance(each, Candidate) or not each.is_wheel:
            continue
        link = each.link
        sha256, told = link.sha256, dict(link.metadata_hashes or ()).get("sha256")
        if sha256 is None or told is None or link.size is None:
            continue
        if policy.expected(each) != (("sha256", sha256),):
            continue
        wheel = store.find_pinned(sha256)
        if wheel is None or wheel.filename != link.filename or _metadata_digest(wheel) != told:
            continue
        line = replace(line_of(link.filename, link.size, from_cache=True), indent=0)
        found[project] = PreparedWheel(wheel, sha256, (line,))
    return found


def _metadata_digest(wheel: StoredWheel) -> str | None:
    """Return the sha256 of a wheel's METADATA in hex."""
    stored = wheel.dist_info_file("METADATA")
    if stored is None:
        return None
    return base64.urlsafe_b64decode(stored.sha256 + "=").hex()

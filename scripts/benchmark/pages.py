"""Pages of a Simple index (PEP 691) as the loopback index serves them; pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

CONTENT_TYPE = "application/vnd.pypi.simple.v1+json"
METADATA_KEYS = ("core-metadata", "data-dist-info-metadata", "dist-info-metadata")
"""PEP 714; the last two are older spellings."""


def served(page: bytes, project: str, sidecars: Mapping[str, str]) -> bytes:
    """Return a page with its files beneath ``../../files/PROJECT/`` and with PEP 658 metadata.

    A mirror may leave out that an index has metadata beside a wheel. Every wheel has it here, by
    its sha256 where ``sidecars`` knows it.
    """
    document = json.loads(page)
    document["files"] = [_served(entry, project, sidecars) for entry in document["files"]]
    return json.dumps(document, separators=(",", ":")).encode()


def _served(entry: Mapping[str, Any], project: str, sidecars: Mapping[str, str]) -> dict[str, Any]:
    name = entry["filename"]
    kept = {key: value for key, value in entry.items() if key not in METADATA_KEYS}
    kept["url"] = f"../../files/{project}/{quote(name)}"
    if not name.endswith(".whl"):
        return kept
    digest = sidecars.get(name)
    return {**kept, "core-metadata": {"sha256": digest} if digest else True}


def file_url(page: bytes, filename: str) -> str | None:
    """Return the URL that a recorded page gives for a file (perhaps relative), if it lists it."""
    files = json.loads(page)["files"]
    return next((str(entry["url"]) for entry in files if entry["filename"] == filename), None)

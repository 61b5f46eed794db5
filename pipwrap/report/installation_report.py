"""The JSON of ``install --report`` (pip's installation report, version 1); pure.

https://pip.pypa.io/en/stable/reference/installation-report/
"""

from __future__ import annotations

import email.parser
import email.policy
import json
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

_SINGLE = (
    "Metadata-Version",
    "Name",
    "Version",
    "Summary",
    "Description",
    "Description-Content-Type",
    "Keywords",
    "Home-page",
    "Download-URL",
    "Author",
    "Author-email",
    "Maintainer",
    "Maintainer-email",
    "License",
    "License-Expression",
    "Requires-Python",
)
_MULTIPLE = (
    "Dynamic",
    "Platform",
    "Supported-Platform",
    "License-File",
    "Classifier",
    "Requires-Dist",
    "Requires-External",
    "Project-URL",
    "Provides-Extra",
    "Provides-Dist",
    "Obsoletes-Dist",
)
"""PEP 566's fields for use once and more often, with those that came after it."""


class ReportedInstall(Struct, frozen=True):
    """One distribution that is, or would be, installed."""

    metadata: str
    """Its METADATA."""
    download_info: Mapping[str, Any]
    """Where it comes from, as direct_url.json says it (PEP 610)."""
    is_direct: bool
    is_yanked: bool
    requested: bool
    extras: tuple[str, ...] = ()
    """That the user asked for."""


def installation_report(
    items: Iterable[ReportedInstall], pip_version: str, markers: Mapping[str, str]
) -> str:
    """Return the report as pip writes it."""
    report = {
        "version": "1",
        "pip_version": pip_version,
        "install": [_item(item) for item in items],
        "environment": dict(markers),
    }
    text = json.dumps(report, indent=2, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace").decode()  # half a surrogate as JSON writes it


def _item(item: ReportedInstall) -> dict[str, Any]:
    value: dict[str, Any] = {
        "download_info": dict(item.download_info),
        "is_direct": item.is_direct,
        "is_yanked": item.is_yanked,
        "requested": item.requested,
        "metadata": metadata_fields(item.metadata),
    }
    if item.requested and item.extras:
        value["requested_extras"] = sorted(item.extras)
    return value


def metadata_fields(text: str) -> dict[str, str | list[str]]:
    """Return core metadata in its JSON form (PEP 566, JSON-compatible metadata)."""
    message = email.parser.HeaderParser(policy=email.policy.compat32).parsestr(text)
    fields: dict[str, str | list[str]] = {}
    for field in _SINGLE:
        if field in message:
            fields[_key(field)] = str(message[field])
    for field in _MULTIPLE:
        if field in message:
            fields[_key(field)] = [str(value) for value in message.get_all(field, [])]
    keywords = fields.get("keywords")
    if isinstance(keywords, str):
        # The separator was a space before it was a comma.
        parts = keywords.split(",") if "," in keywords else keywords.split()
        fields["keywords"] = [part.strip() for part in parts]
    description = message.get_payload()
    if isinstance(description, str) and description:
        fields["description"] = description
    return fields


def _key(field: str) -> str:
    return field.lower().replace("-", "_")

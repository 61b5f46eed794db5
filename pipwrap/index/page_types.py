"""The media types of pages of the simple repository API (PEP 503, PEP 691); pure."""

from __future__ import annotations

JSON_TYPE = "application/vnd.pypi.simple.v1+json"
ACCEPT = f"{JSON_TYPE}, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01"
PAGE_TYPES = (JSON_TYPE, "application/vnd.pypi.simple.v1+html", "text/html")


class InvalidPage(ValueError):
    """The bytes are not a page of the API."""


def is_page(content_type: str) -> bool:
    """Tell whether a Content-Type is one that a page of the API may have."""
    return content_type.lower().startswith(PAGE_TYPES)

"""Where redirects lead (RFC 9110 section 15.4), and which of them may be written down."""

from __future__ import annotations

import contextlib

from pipwrap import errors
from pipwrap.model.link import redact, why_invalid
from pipwrap.network.origins import redirected, split_credentials

MAXIMUM_REDIRECTS = 10


def redirect_target(url: str, location: str) -> str:
    """Return where ``Location`` leads from ``url``; ``errors.NetworkError`` when that is no URL."""
    with contextlib.suppress(UnicodeError):
        # Header fields are read as latin-1; servers write UTF-8.
        location = location.encode("latin-1").decode("utf-8")
    try:
        return redirected(url, location)
    except ValueError as error:
        raise errors.NetworkError(
            f"Invalid redirect from {redact(url)} to {redact(location)}: {why_invalid(error)}"
        ) from error


def may_be_followed(target: str) -> bool:
    """Return whether a redirect leads to http or https."""
    return target.partition(":")[0].lower() in {"http", "https"}


def leads_with_secrets(location: str) -> bool:
    """Return whether a ``Location`` has credentials; those are written to no disk."""
    try:
        return split_credentials(location)[1] is not None
    except ValueError:
        return True

"""Where a redirect leads, and what it may not leave on disk (RFC 9110 section 15.4)."""

from __future__ import annotations

import contextlib

from pipwrap import errors
from pipwrap.model.link import redact
from pipwrap.network.origins import redirected, split_credentials
from pipwrap.network.transport import Response


def target(url: str, location: str) -> str:
    """Return the URL that ``location`` means; raises ``errors.NetworkError`` for no URL."""
    with contextlib.suppress(UnicodeError):
        # Header fields are read as latin-1; servers write UTF-8.
        location = location.encode("latin-1").decode("utf-8")
    try:
        return redirected(url, location)
    except ValueError as error:
        raise errors.NetworkError(
            f"Invalid redirect from {redact(url)} to {redact(location)}: {error}"
        ) from error


def hand_out_secrets(response: Response) -> bool:
    """Tell a redirect that hands out credentials; those are written to no disk."""
    location = response.headers.get("Location") or ""
    try:
        return split_credentials(location)[1] is not None
    except ValueError:
        return True

"""Where redirects lead (RFC 9110, 15.4), and which of them may be written down."""

from __future__ import annotations

import contextlib

from pipwrap import errors
from pipwrap.model.link import redact
from pipwrap.network.origins import redirected, split_credentials
from pipwrap.network.transport import Response


def redirect_target(url: str, location: str) -> str:
    """Return where a ``Location`` leads; raises ``errors.NetworkError`` where that is no URL."""
    with contextlib.suppress(UnicodeError):
        # Header fields are read as latin-1; servers write UTF-8.
        location = location.encode("latin-1").decode("utf-8")
    try:
        return redirected(url, location)
    except ValueError as error:
        raise errors.NetworkError(
            f"Invalid redirect from {redact(url)} to {redact(location)}: {error}"
        ) from error


def leads_with_secrets(response: Response) -> bool:
    """Tell a redirect that hands out credentials; those are written to no disk."""
    location = response.headers.get("Location") or ""
    try:
        return split_credentials(location)[1] is not None
    except ValueError:
        return True

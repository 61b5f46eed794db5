"""Transport failures in pip's words, as data."""

from __future__ import annotations

from pipwrap import errors

_HINT_TIMEOUT = (
    "This is probably a temporary issue with the remote server or the network connection. "
    "If this error persists, check the network configuration. There may be a firewall or proxy "
    "that's preventing the connection."
)


def connection_failed(url: str, host: str, details: str) -> errors.NetworkError:
    """Return the error of a connection that cannot be made, or broke."""
    return errors.NetworkError(
        f"Failed to connect to {host} while fetching {url}",
        context=details,
        hint="Are you connected to the Internet? If so, check whether your system can connect to "
        f"{host} before trying again. There may be a firewall or proxy that's preventing the "
        "connection.",
        reference="connection-failed",
    )


def timed_out(url: str, host: str, seconds: float, *, connecting: bool) -> errors.NetworkError:
    """Return the error of a server that does not respond."""
    context = f"{host} didn't respond within {seconds} seconds"
    if connecting:
        context += " (while establishing a connection)"
    return errors.NetworkError(
        f"Unable to fetch {url}",
        context=context,
        hint=_HINT_TIMEOUT,
        reference="connection-timeout",
    )


def not_verified(url: str, host: str, details: str) -> errors.NetworkError:
    """Return the error of a TLS handshake that failed."""
    return errors.NetworkError(
        f"Failed to establish a secure connection to {host} while fetching {url}",
        context=details,
        hint="You may need to use --cert or check your proxy/firewall configuration",
        reference="ssl-verification-failed",
    )


def proxy_failed(url: str, proxy: str, details: str) -> errors.NetworkError:
    """Return the error of a proxy that refuses or is not there."""
    return errors.NetworkError(
        f"Failed to connect to proxy {proxy} while fetching {url}",
        context=details,
        hint="This is likely a proxy configuration issue.",
        reference="proxy-connection-failed",
    )


def incomplete_download(url: str, received: str, attempts: int) -> errors.NetworkError:
    """Return the error of a body that stays shorter than announced (``received``: "1 kB/2 kB")."""
    tried = f"after {attempts} attempts " if attempts > 1 else ""
    hint = (
        "Use --resume-retries to configure resume attempt limit."
        if attempts > 1
        else "Consider using --resume-retries to enable download resumption."
    )
    return errors.NetworkError(
        f"Download failed {tried}because not enough bytes were received ({received})",
        context=f"URL: {url}",
        note="This is an issue with network connectivity, not pip.",
        hint=hint,
        reference="incomplete-download",
    )

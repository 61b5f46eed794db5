"""Where a URL leads: its origin, whether that is safe to trust, and the credentials it carries."""

from __future__ import annotations

from urllib.parse import SplitResult, unquote, urljoin, urlsplit, urlunsplit

from msgspec import Struct

DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
SECURE_SCHEMES = frozenset({"https", "wss", "file", "ssh"})
"""What cannot be changed on the way; pip's list, and websockets over TLS."""


class Credentials(Struct, frozen=True):
    """A user name and a password; neither is ever shown by ``repr``."""

    username: str
    password: str | None
    """``None`` where a URL names only the user."""

    def __repr__(self) -> str:
        return "Credentials(...)"


def split_credentials(url: str) -> tuple[str, Credentials | None]:
    """Return the URL without its user information, and that information unquoted."""
    parts = urlsplit(url)
    information, separator, address = parts.netloc.rpartition("@")
    if not separator:
        return url, None
    username, colon, password = information.partition(":")
    found = Credentials(unquote(username), unquote(password) if colon else None)
    return urlunsplit(parts._replace(netloc=address)), found


def without_credentials(url: str) -> str:
    """Return the URL without its user information."""
    return split_credentials(url)[0]


def origin(url: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port (RFC 6454 section 4); ``ValueError`` for an invalid port."""
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or ""), _port(parts)


def canonical(url: str) -> str:
    """Return the URL as a cache key: no credentials, no fragment (RFC 9110 section 4.2.3)."""
    parts = urlsplit(without_credentials(url))
    path = parts.path or ("/" if parts.netloc else "")
    return urlunsplit(parts._replace(netloc=parts.netloc.lower(), path=path, fragment=""))


def redirected(url: str, location: str) -> str:
    """Return where a ``Location`` leads from ``url``; the fragment stays (RFC 9110, 10.2.2)."""
    target = urlsplit(urljoin(without_credentials(url), location))
    if not target.fragment:
        target = target._replace(fragment=urlsplit(url).fragment)
    return urlunsplit(target)


def is_secure_origin(url: str, trusted_hosts: tuple[str, ...] = ()) -> bool:
    """Return whether pip would take an index at this URL without a warning.

    Secure are https, wss, ssh and file, every scheme on the loopback, and the hosts
    (``HOST`` or ``HOST:PORT``) that the user trusts.
    """
    try:
        parts = urlsplit(url)
        scheme = parts.scheme.rpartition("+")[2]
        if scheme in SECURE_SCHEMES:
            return True
        return _is_loopback(parts.hostname or "") or is_trusted_host(url, trusted_hosts)
    except ValueError:
        return False


def is_trusted_host(url: str, trusted_hosts: tuple[str, ...]) -> bool:
    """Return whether ``--trusted-host`` names the host of this URL, at its port or at any."""
    if not trusted_hosts:
        return False
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or ""), _port(parts)
    except ValueError:
        return False
    return any(
        host and host == trusted and trusted_port in {None, port}
        for trusted, trusted_port in map(_host_and_port, trusted_hosts)
    )


def is_host(netloc: str) -> bool:
    """Return whether this is ``HOST`` or ``HOST:PORT``, as ``--trusted-host`` takes it."""
    return bool(_host_and_port(netloc)[0])


def _host_and_port(netloc: str) -> tuple[str, int | None]:
    """Return the parts of ``HOST[:PORT]``; a bare IPv6 address may lack its brackets."""
    if netloc.count(":") > 1 and "@" not in netloc and "[" not in netloc:
        netloc = f"[{netloc}]"
    try:
        parts = urlsplit(f"//{netloc}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "", None
    return host, port


def _port(parts: SplitResult) -> int | None:
    """Return the port, the scheme's own where none is written."""
    return parts.port if parts.port is not None else DEFAULT_PORTS.get(parts.scheme)


def _is_loopback(host: str) -> bool:
    """Return whether it is localhost, 127.0.0.0/8 and ::1."""
    if host == "localhost":
        return True
    if not host or not (host[0].isdigit() or ":" in host):
        return False
    from ipaddress import ip_address  # noqa: PLC0415 - only plain http to an address needs it

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False

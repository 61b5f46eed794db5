"""Which proxy a request goes through, by the rules of pip's HTTP client."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from urllib.parse import urlsplit

from pipwrap.network.settings import NetworkSettings


def proxy_for(url: str, settings: NetworkSettings) -> str | None:
    """Return the proxy's URL, ``None`` for a direct connection.

    ``--proxy`` holds for every URL, ``NO_PROXY`` or not.
    """
    if not settings.trusts_environment:
        return _with_scheme(settings.proxy) if settings.proxy else None
    if bypassed(url, _variable(settings.environ, "no_proxy")):
        return None
    scheme = urlsplit(url).scheme
    proxy = _environment_proxy(settings.environ, scheme) or _system_proxy(url, scheme)
    return _with_scheme(proxy) if proxy else None


def bypassed(url: str, no_proxy: str) -> bool:
    """Return whether ``NO_PROXY`` names the host, a parent domain, its address or its network."""
    parts = urlsplit(url)
    host = parts.hostname
    if host is None:
        return True
    names = {host} if parts.port is None else {host, f"{host}:{parts.port}"}
    for entry in no_proxy.replace(" ", "").lower().split(","):
        if not entry:
            continue
        domain = entry.lstrip(".")
        if entry == "*" or domain in names or _in_network(host, entry):
            return True
        if any(name.endswith("." + domain) for name in names):
            return True
    return False


def _in_network(host: str, entry: str) -> bool:
    """Return whether ``entry`` is a network (CIDR) that holds the address ``host``."""
    if "/" not in entry:
        return False
    from ipaddress import ip_address, ip_network  # noqa: PLC0415 - rare

    try:
        return ip_address(host) in ip_network(entry, strict=False)
    except ValueError:
        return False


def _variable(environ: Mapping[str, str], name: str) -> str:
    """Return a variable, the lower-case spelling first as curl does."""
    return environ.get(name) or environ.get(name.upper()) or ""


def _environment_proxy(environ: Mapping[str, str], scheme: str) -> str:
    """Return what ``<scheme>_proxy``, else ``all_proxy``, says."""
    if scheme == "http" and "REQUEST_METHOD" in environ:
        # Under CGI, HTTP_PROXY is a client's Proxy header (CVE-2016-1000110).
        own = environ.get("http_proxy", "")
    else:
        own = _variable(environ, f"{scheme}_proxy")
    return own or _variable(environ, "all_proxy")


def _system_proxy(url: str, scheme: str) -> str | None:
    """Return the proxy of the system's settings, on macOS and Windows."""
    if sys.platform not in {"darwin", "win32"}:
        return None
    from urllib import request  # noqa: PLC0415 - heavy, and only these systems have settings

    host = urlsplit(url).hostname or ""
    return None if request.proxy_bypass(host) else request.getproxies().get(scheme)


def _with_scheme(proxy: str) -> str:
    """Return the proxy's URL; plain http where it names no scheme."""
    return proxy if "://" in proxy else f"http://{proxy}"

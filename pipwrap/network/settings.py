"""How this run talks to servers, as one value."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field


class NetworkSettings(Struct, frozen=True):
    """What the command line, the configuration and the environment say about the network."""

    timeout: float = 15.0
    """Seconds for a connection, and for silence while reading; 0 waits for ever."""
    retries: int = 5
    cert: str | None = None
    """A bundle (or a directory) of CA certificates; adds to those of the system, as in pip."""
    client_cert: str | None = None
    """One PEM file with the certificate and its key."""
    legacy_certs: bool = False
    """Trust the roots that the real pip brings along, and not those of the system."""
    trusted_hosts: tuple[str, ...] = ()
    """``HOST`` or ``HOST:PORT``; their certificates are not verified."""
    proxy: str | None = None
    """``None`` without ``--proxy``; empty where it, or ``--no-proxy-env`` alone, forbids any."""
    index_urls: tuple[str, ...] = ()
    """With their credentials, which hold for every URL of the same origin."""
    user_agent: str = "pipwrap"
    environ: Mapping[str, str] = field(default_factory=dict)
    """The variables of the run; ``SSL_CERT_FILE`` and ``SSL_CERT_DIR`` are read by OpenSSL."""

    def __repr__(self) -> str:
        # URLs and variables hold secrets.
        return f"NetworkSettings(user_agent={self.user_agent!r}, ...)"

    @property
    def trusts_environment(self) -> bool:
        """Return whether proxies and CA bundles may come from variables.

        As in pip, ``--proxy`` (even empty) and ``--no-proxy-env`` shut both out.
        """
        return self.proxy is None

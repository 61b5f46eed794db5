"""Options that say how to talk to servers, as a value."""

from __future__ import annotations

import os

from msgspec import Struct

from pipwrap.options.values import Values


class NetworkOptions(Struct, frozen=True, kw_only=True):
    """How to talk to servers; trusted hosts are among ``SearchOptions``."""

    proxy: str | None = None
    """Empty switches proxies off; ``None`` leaves them to the environment."""
    no_proxy_env: bool = False
    retries: int = 5
    resume_retries: int = 5
    timeout: float = 15.0
    cert: str | None = None
    client_cert: str | None = None
    keyring_provider: str = "auto"
    no_input: bool = False
    legacy_certs: bool = False
    """``--use-deprecated legacy-certs``: the roots that pip brings along, not the system's."""


def network_options(values: Values) -> NetworkOptions:
    """Return what a command's options say."""
    return NetworkOptions(
        proxy=values["proxy"],
        no_proxy_env=values["no_proxy_env"],
        retries=values["retries"],
        resume_retries=values["resume_retries"],
        timeout=values["timeout"],
        cert=expanded(values["cert"]),
        client_cert=expanded(values["client_cert"]),
        keyring_provider=values["keyring_provider"],
        no_input=values["no_input"],
        legacy_certs="legacy-certs" in values["deprecated_features_enabled"],
    )


def expanded(path: str | None) -> str | None:
    """Return a path with ``~`` replaced."""
    return None if path is None else os.path.expanduser(path)

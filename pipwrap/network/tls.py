"""The TLS contexts of a run: the system's roots as pip uses them, or none for trusted hosts."""

from __future__ import annotations

import importlib.util
import os
import ssl
import sys

from pipwrap import errors
from pipwrap.network.settings import NetworkSettings


def verifying(settings: NetworkSettings) -> ssl.SSLContext:
    """Return a context that trusts the system's roots and the user's bundle.

    As in pip, ``--cert`` (else ``REQUESTS_CA_BUNDLE``, ``CURL_CA_BUNDLE``) adds to the system's
    roots and replaces none. A bundle that is not there is an ``errors.NetworkError``.
    """
    context = _without_roots() if settings.legacy_certs else _with_system_roots()
    fallback = _fallback_bundle()
    if fallback is not None:
        context.load_verify_locations(cafile=fallback)
    bundle = bundle_path(settings)
    if bundle is not None:
        _load_bundle(context, bundle)
    _load_client_certificate(context, settings)
    return context


def _without_roots() -> ssl.SSLContext:
    """Return a context to which the caller adds every root."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _with_system_roots() -> ssl.SSLContext:
    """Return a context with the roots that truststore finds.

    Where it leaves verification to OpenSSL it reads them anew for every connection, one thread
    at a time and 20 ms each; the plain context inside keeps them once they are read.
    """
    import truststore  # noqa: PLC0415 - needed once a connection is made

    system = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if sys.platform in {"darwin", "win32"}:
        return system
    object_with_roots = system.wrap_bio(
        ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="localhost"
    )
    return object_with_roots.context


def unverified(settings: NetworkSettings) -> ssl.SSLContext:
    """Return a context for ``--trusted-host``: encrypted, with any peer."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    _load_client_certificate(context, settings)
    return context


def bundle_path(settings: NetworkSettings) -> str | None:
    """Return the bundle that the user names, by option before variables."""
    if settings.cert:
        return settings.cert
    if not settings.trusts_environment:
        return None
    names = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
    return next((settings.environ[name] for name in names if settings.environ.get(name)), None)


def _load_bundle(context: ssl.SSLContext, path: str) -> None:
    if not os.path.exists(path):
        raise errors.NetworkError(
            "Could not install packages due to an OSError: Could not find a suitable TLS CA "
            f"certificate bundle, invalid path: {path}"
        )
    try:
        if os.path.isdir(path):
            context.load_verify_locations(capath=path)
        else:
            context.load_verify_locations(cafile=path)
    except OSError as error:
        raise errors.NetworkError(
            f"Could not load the TLS CA certificate bundle {path}: {error}"
        ) from error


def _load_client_certificate(context: ssl.SSLContext, settings: NetworkSettings) -> None:
    path = settings.client_cert
    if not path:
        return
    if not os.path.exists(path):
        raise errors.NetworkError(
            "Could not install packages due to an OSError: Could not find the TLS certificate "
            f"file, invalid path: {path}"
        )
    try:
        context.load_cert_chain(path)
    except OSError as error:
        raise errors.NetworkError(f"Could not load the client certificate {path}: {error}") from (
            error
        )


def _fallback_bundle() -> str | None:
    """Return the roots that the real pip brings along, for systems that have none."""
    specification = importlib.util.find_spec("pip")
    if specification is None or not specification.origin:
        return None
    bundle = os.path.join(os.path.dirname(specification.origin), "_vendor", "certifi", "cacert.pem")
    return bundle if os.path.exists(bundle) else None

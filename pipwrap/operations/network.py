"""The network's part of the composition root: client, credentials, and the cache in front."""

from __future__ import annotations

import sys
import time

from pipwrap import errors
from pipwrap.cache.http.client import ResponseCache
from pipwrap.cache.http.exchange import FetchSettings
from pipwrap.cache.upkeep.usage import Grown, uncounted
from pipwrap.model.environment import Environment
from pipwrap.network.credentials import Login, LoginPrompt
from pipwrap.network.keyring import Keyring
from pipwrap.network.session import Session
from pipwrap.network.settings import NetworkSettings
from pipwrap.network.transport import Headers
from pipwrap.operations.context import CommandContext
from pipwrap.options.options import SearchOptions

_OK = 200


def open_network(
    context: CommandContext, search: SearchOptions, grown: Grown = uncounted
) -> tuple[Session, ResponseCache]:
    """Return the client and the cache in front of it; no connection is made yet."""
    network = context.options.network
    settings = NetworkSettings(
        timeout=network.timeout,
        retries=network.retries,
        cert=network.cert,
        client_cert=network.client_cert,
        legacy_certs=network.legacy_certs,
        trusted_hosts=search.trusted_hosts,
        proxy="" if network.no_proxy_env and network.proxy is None else network.proxy,
        index_urls=search.index_urls,
        user_agent=_user_agent(context.environment),
        environ=context.environ,
    )
    session = Session(settings, context.events, login=_login(context))
    responses = ResponseCache(
        session,
        context.place.layout,
        time.time,
        context.events,
        FetchSettings(
            user_agent=settings.user_agent,
            trusted_hosts=search.trusted_hosts,
            resume_retries=network.resume_retries,
            offline=context.options.caching.offline,
            allow_stale=context.options.caching.allow_stale,
        ),
        grown,
    )
    return session, responses


def _login(context: CommandContext) -> Login:
    """Return what is tried after a 401; with --no-input there is no prompt."""
    network, environment = context.options.network, context.environment
    keyring = Keyring(
        network.keyring_provider,
        (environment.executable, sys.executable),
        environment.scheme.scripts,
        context.environ,
        context.events,
    )
    return Login(keyring, None if network.no_input else LoginPrompt(context.events))


def fetch_text(context: CommandContext, url: str) -> bytes:
    """Return the bytes of a remote requirements file; raises ``errors.NetworkError``."""
    session, responses = open_network(context, context.options.search)
    try:
        fetched = responses.page(url, Headers())
        if fetched.status != _OK:
            raise errors.NetworkError(fetched.problem or f"HTTP status {fetched.status}")
        with open(fetched.path, "rb") as stream:
            return stream.read()
    finally:
        responses.close()
        session.close()


def _user_agent(environment: Environment) -> str:
    from pipwrap import __version__  # noqa: PLC0415

    return f"pipwrap/{__version__} CPython/{environment.python_version}"

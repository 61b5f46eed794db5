"""The only importer of urllib3: pooled connections, retries, and bodies that stream."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from http.client import RemoteDisconnected
from typing import TYPE_CHECKING, Any

import urllib3
from urllib3 import exceptions

from pipwrap import errors
from pipwrap.events import Listener, WarningMessage, ignore
from pipwrap.model.link import redact
from pipwrap.network import failures
from pipwrap.network.origins import is_trusted_host, split_credentials
from pipwrap.network.proxies import proxy_for
from pipwrap.network.settings import NetworkSettings
from pipwrap.network.transport import Headers, HttpRequest, Response

if TYPE_CHECKING:
    import ssl
    from urllib.parse import SplitResult

CHUNK = 256 * 1024
CONNECTIONS_PER_HOST = 16
HOSTS = 32
RETRIED_STATUSES = (500, 502, 503, 520, 527)
"""Taken for transient faults of a server or of the cloud in front of it, as in pip."""
_DECODED = frozenset({"gzip", "x-gzip", "deflate"})


class Retry(urllib3.Retry):
    """urllib3's, with a warning in pip's words for every broken connection."""

    listener: Listener = staticmethod(ignore)

    def new(self, **changes: Any) -> Retry:
        """Return the next state with the same listener."""
        following = super().new(**changes)
        following.listener = self.listener
        return following

    def increment(self, *arguments: Any, **named: Any) -> Retry:
        """Return the next state, or raise when there is none."""
        following = super().increment(*arguments, **named)
        error = named.get("error")
        if error is not None:
            url = arguments[1] if len(arguments) > 1 else named.get("url")
            self.listener(
                WarningMessage(
                    f"Retrying ({following!r}) after connection broken by '{error!r}': "
                    f"{redact(str(url))}"
                )
            )
        return following


class Connections:
    """Sends single requests over pooled connections; made once a run, used from all threads."""

    def __init__(self, settings: NetworkSettings, listener: Listener) -> None:
        """Prepare the retries; pools and TLS contexts are made when first needed."""
        self._settings = settings
        self._timeout = settings.timeout if settings.timeout > 0 else None
        # The last answer of a failing server is an answer: raise_on_status is off.
        self._retry = Retry(
            total=max(0, settings.retries),
            status_forcelist=RETRIED_STATUSES,
            backoff_factor=0.25,
            raise_on_status=False,
        )
        self._retry.listener = listener
        self._lock = threading.Lock()
        self._managers: dict[tuple[str | None, str], urllib3.PoolManager] = {}
        self._contexts: dict[bool, ssl.SSLContext] = {}

    def send(
        self, request: HttpRequest, address: SplitResult, authorization: str | None
    ) -> Response:
        """Return the response to one request, whose URL holds no credentials."""
        headers = urllib3.HTTPHeaderDict()
        for name, value in request.headers.fields:
            headers.add(name, value)
        if authorization is not None:
            headers["Authorization"] = authorization
        proxy = proxy_for(request.url, self._settings)
        manager = self._manager(proxy, address.scheme, request.url)
        translate = _Translation(request.url, address.hostname or "", proxy, self._timeout)
        try:
            answer = manager.urlopen(
                request.method,
                request.url,
                headers=headers,
                redirect=False,
                preload_content=False,
            )
        except (exceptions.HTTPError, OSError, ValueError) as error:
            raise translate(error) from error
        return _response(request, answer, translate)

    def close(self) -> None:
        """Close every idle connection."""
        with self._lock:
            for manager in self._managers.values():
                manager.clear()
            self._managers.clear()

    def _manager(self, proxy: str | None, scheme: str, url: str) -> urllib3.PoolManager:
        """Return the pools for this way of connecting."""
        verified = not is_trusted_host(url, self._settings.trusted_hosts)
        kind = scheme if scheme != "https" else f"https, verified: {verified}"
        with self._lock:
            if (proxy, kind) not in self._managers:
                context = self._context(verified=verified) if scheme == "https" else None
                self._managers[proxy, kind] = self._new_manager(proxy, context)
            return self._managers[proxy, kind]

    def _new_manager(
        self, proxy: str | None, context: ssl.SSLContext | None
    ) -> urllib3.PoolManager:
        options: dict[str, Any] = {
            "num_pools": HOSTS,
            "maxsize": CONNECTIONS_PER_HOST,
            "timeout": self._timeout,
            "retries": self._retry,
            "ssl_context": context,
        }
        if proxy is None:
            return urllib3.PoolManager(**options)
        address, credentials = split_credentials(proxy)
        if address.lower().startswith("socks"):
            return _socks_manager(proxy, options)
        if credentials is not None:
            pair = f"{credentials.username}:{credentials.password or ''}"
            options["proxy_headers"] = urllib3.make_headers(proxy_basic_auth=pair)
        if address.lower().startswith("https:"):
            options["proxy_ssl_context"] = self._context(verified=True)
        return urllib3.ProxyManager(address, **options)

    def _context(self, *, verified: bool) -> ssl.SSLContext:
        """Return a TLS context, made once; the lock is held."""
        from pipwrap.network import tls  # noqa: PLC0415 - plain http needs none of it

        if verified not in self._contexts:
            if not verified:
                # The user asked for it, with --trusted-host.
                warnings.filterwarnings("ignore", category=exceptions.InsecureRequestWarning)
            make = tls.verifying if verified else tls.unverified
            self._contexts[verified] = make(self._settings)
        return self._contexts[verified]


def _socks_manager(proxy: str, options: dict[str, Any]) -> urllib3.PoolManager:
    try:
        from urllib3.contrib.socks import SOCKSProxyManager  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        raise errors.NetworkError("Missing dependencies for SOCKS support.") from error
    return SOCKSProxyManager(proxy, **options)


class _Translation:
    """urllib3's exceptions of one request, in pip's words."""

    def __init__(self, url: str, host: str, proxy: str | None, timeout: float | None) -> None:
        self.url = redact(url)
        self.host = host
        self.proxy = redact(proxy) if proxy else None
        self.timeout = timeout or 0.0

    def __call__(self, error: Exception) -> errors.NetworkError:
        """Return the error to raise; the cause of the last retry is the most specific."""
        reason = error.reason if isinstance(error, exceptions.MaxRetryError) else error
        if isinstance(reason, exceptions.SSLError):
            return failures.not_verified(self.url, self.host, str(reason))
        if isinstance(reason, exceptions.ProxyError) and self.proxy is not None:
            return failures.proxy_failed(self.url, self.proxy, str(reason))
        # NewConnectionError is a ConnectTimeoutError to urllib3, and no timeout.
        if isinstance(reason, exceptions.TimeoutError) and not isinstance(
            reason, exceptions.NewConnectionError
        ):
            connecting = isinstance(reason, exceptions.ConnectTimeoutError)
            return failures.timed_out(self.url, self.host, self.timeout, connecting=connecting)
        details = _details(reason) if isinstance(reason, Exception) else str(error)
        return failures.connection_failed(self.url, self.host, redact(details))


def _details(reason: Exception) -> str:
    """Return the part of a failed connection's text that helps a user."""
    text = str(reason)
    if isinstance(reason, exceptions.NameResolutionError):
        _, found, rest = text.partition("Failed to resolve ")
        return f"Failed to resolve IP address for {rest}" if found else text
    if isinstance(reason, exceptions.NewConnectionError):
        return text.rpartition("Failed to establish a new connection: ")[2]
    closed = (RemoteDisconnected, ConnectionResetError)
    if isinstance(reason, exceptions.ProtocolError) and any(
        isinstance(part, closed) for part in reason.args
    ):
        return "the connection was closed without a reply from the server."
    return text


class _Body:
    """The bytes of one answer; closing early gives the connection up."""

    def __init__(
        self, answer: urllib3.BaseHTTPResponse, translate: _Translation, *, decode: bool
    ) -> None:
        self._answer = answer
        self._translate = translate
        self._decode = decode

    def chunks(self) -> Iterator[bytes]:
        try:
            yield from self._answer.stream(CHUNK, decode_content=self._decode)
        except (exceptions.HTTPError, OSError) as error:
            raise self._translate(error) from error
        finally:
            self.close()

    def close(self) -> None:
        self._answer.close()


def _response(
    request: HttpRequest, answer: urllib3.BaseHTTPResponse, translate: _Translation
) -> Response:
    """Return the answer; a body requested compressed comes decoded, its headers as well."""
    headers = Headers(tuple(answer.headers.iteritems()))
    accepted = (request.headers.get("Accept-Encoding") or "identity").lower()
    encodings = [each.strip() for each in (headers.get("Content-Encoding") or "").split(",")]
    decode = "gzip" in accepted and set(encodings) <= _DECODED
    if decode:
        headers = headers.without("Content-Encoding", "Content-Length")
    return Response(
        request.url,
        answer.status,
        answer.reason or "",
        headers,
        _Body(answer, translate, decode=decode),
    )

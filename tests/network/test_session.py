"""The real client against real servers on the loopback."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from pipwrap import errors
from pipwrap.events import Event, WarningMessage
from pipwrap.network.origins import Credentials
from pipwrap.network.session import Session
from pipwrap.network.settings import NetworkSettings
from pipwrap.network.transport import Headers, HttpRequest, Response
from support.origin import HungUp, Origin, page
from support.server import Answer, Asked


@pytest.fixture
def origin() -> Iterator[Origin]:
    with Origin() as running:
        yield running


def read(response: Response) -> bytes:
    return b"".join(response.body.chunks())


def messages(events: list[Event]) -> list[str]:
    return [event.message for event in events if isinstance(event, WarningMessage)]


def test_every_status_is_a_response_and_redirects_are_not_followed(origin: Origin):
    origin.pages["/a"] = page(b"there", 302, Location="/b")
    session = Session(NetworkSettings(retries=0))
    assert [session.send(HttpRequest(origin.url(path))).status for path in ("/a", "/b")] == [
        302,
        404,
    ]
    session.close()


def test_the_user_agent_is_sent_unless_the_request_has_one(origin: Origin):
    session = Session(NetworkSettings(user_agent="pip/1"))
    read(session.send(HttpRequest(origin.url("/"))))
    read(session.send(HttpRequest(origin.url("/"), Headers((("user-agent", "mine"),)))))
    assert [one.headers["user-agent"] for one in origin.log] == ["pip/1", "mine"]
    session.close()


@pytest.mark.parametrize("status", [500, 502, 503, 520, 527])
def test_a_failing_server_is_asked_again_and_its_last_answer_counts(origin: Origin, status: int):
    answers = iter([page(b"", 503), page(b"better")])
    origin.pages["/a"] = lambda _: next(answers)
    session = Session(NetworkSettings(retries=1))
    assert read(session.send(HttpRequest(origin.url("/a")))) == b"better"
    origin.pages["/a"] = lambda _: page(b"no", 503)
    assert session.send(HttpRequest(origin.url("/a"))).status == 503
    assert len(origin.log) == 4
    session.close()


def test_a_broken_connection_is_told_in_the_words_of_pip_and_tried_again(origin: Origin):
    answers: Iterator[Answer | None] = iter([None, page(b"fine")])

    def answer(asked: Asked) -> Answer:
        found = next(answers)
        if found is None:
            raise HungUp
        return found

    origin.pages["/simple/x/"] = answer
    events: list[Event] = []
    session = Session(NetworkSettings(retries=1), events.append)
    assert read(session.send(HttpRequest(origin.url("/simple/x/")))) == b"fine"
    (message,) = messages(events)
    assert message.startswith(
        "Retrying (Retry(total=0, connect=None, read=None, redirect=None, status=None)) "
        "after connection broken by 'ProtocolError("
    )
    assert message.endswith("': /simple/x/")
    session.close()


def test_a_server_that_hangs_up_is_an_error(origin: Origin):
    def hang_up(_: Asked) -> Answer:
        raise HungUp

    origin.pages["/a"] = hang_up
    session = Session(NetworkSettings(retries=0))
    with pytest.raises(errors.NetworkError) as caught:
        session.send(HttpRequest(origin.url("/a")))
    assert caught.value.message == (
        f"Failed to connect to 127.0.0.1 while fetching {origin.url('/a')}"
    )
    assert caught.value.context == "the connection was closed without a reply from the server."
    session.close()


def test_a_silent_server_is_a_timeout():
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as silent:
        url = f"http://user:secret@127.0.0.1:{silent.server_port}/x"
        session = Session(NetworkSettings(retries=0, timeout=0.2))
        with pytest.raises(errors.NetworkError) as caught:
            session.send(HttpRequest(url))
        session.close()
    assert caught.value.message == f"Unable to fetch {url.replace('user:secret@', '')}"
    assert caught.value.context == "127.0.0.1 didn't respond within 0.2 seconds"


@pytest.mark.parametrize(
    "url", ["http://[::1", "ftp://h/x", "http://h:port/", "http:///x", "nonsense", "http://u:p@[/"]
)
def test_a_url_that_makes_no_sense_is_an_error(url: str):
    with pytest.raises(errors.NetworkError, match="Invalid URL"):
        Session(NetworkSettings(retries=0)).send(HttpRequest(url))


def test_a_body_that_ends_early_is_an_error(origin: Origin):
    origin.pages["/a"] = Answer(200, {"Content-Length": "9"}, b"too short", truncate=3)
    session = Session(NetworkSettings(retries=0))
    with pytest.raises(errors.NetworkError):
        read(session.send(HttpRequest(origin.url("/a"))))
    session.close()


def protected(asked: Asked) -> Answer:
    return page(b"in") if asked.login == ("u", "p") else page(b"out", 401)


def test_credentials_in_the_url_go_into_a_header(origin: Origin):
    origin.pages["/a"] = protected
    session = Session(NetworkSettings(retries=0))
    response = session.send(HttpRequest(origin.url("/a").replace("//", "//u:p@")))
    assert (response.status, response.url) == (200, origin.url("/a"))
    session.close()


def test_credentials_do_not_travel_to_another_origin(origin: Origin):
    with Origin() as other:
        index = origin.url("/simple").replace("//", "//u:p@")
        session = Session(NetworkSettings(retries=0, index_urls=(index,)))
        read(session.send(HttpRequest(origin.url("/x"))))
        read(session.send(HttpRequest(other.url("/x"))))
        assert origin.log[0].login == ("u", "p")
        assert other.log[0].login is None
        session.close()


def test_wrong_credentials_are_told_without_showing_them(origin: Origin):
    origin.pages["/a"] = protected
    events: list[Event] = []
    session = Session(NetworkSettings(retries=0), events.append)
    url = origin.url("/a").replace("//", "//u:wrong@")
    assert session.send(HttpRequest(url)).status == 401
    assert messages(events) == [f"401 Error, Credentials not correct for {origin.url('/a')}"]
    session.close()


def test_a_refusal_tries_the_login_once(origin: Origin):
    class Login:
        def credentials(
            self, index_url: str | None, host: str, username: str | None
        ) -> Credentials | None:
            return Credentials("u", "p")

    origin.pages["/a"] = protected
    session = Session(NetworkSettings(retries=0), login=Login())
    assert [read(session.send(HttpRequest(origin.url("/a")))) for _ in range(2)] == [b"in", b"in"]
    assert [one.login for one in origin.log] == [None, ("u", "p"), ("u", "p")]
    session.close()


def test_plain_http_goes_through_a_proxy_with_its_credentials(origin: Origin):
    """The test server takes the absolute URL of a proxy request for a path."""
    environ = {"http_proxy": origin.url("").replace("//", "//me:mine@")}
    session = Session(NetworkSettings(retries=0, environ=environ))
    session.send(HttpRequest("http://nowhere.invalid/x"))
    (asked,) = origin.log
    assert asked.headers["host"] == "nowhere.invalid"
    assert asked.headers["proxy-authorization"].startswith("Basic ")
    session.close()


def test_a_proxy_that_is_not_there_is_named_without_its_password():
    settings = NetworkSettings(retries=0, proxy="http://me:secret@127.0.0.1:9")
    session = Session(settings)
    with pytest.raises(errors.NetworkError) as caught:
        session.send(HttpRequest("http://nowhere.invalid/x"))
    assert "secret" not in f"{caught.value.message} {caught.value.context}"
    assert "proxy http://me:****@127.0.0.1:9" in caught.value.message
    session.close()


def test_building_a_session_loads_no_http_client():
    code = (
        "import sys; from pipwrap.network.session import Session; "
        "from pipwrap.network.settings import NetworkSettings; Session(NetworkSettings()); "
        "import pipwrap.cache.http.client; "
        "print([name for name in ('urllib3', 'ssl', 'http.client', 'truststore', 'tempfile') "
        "if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, '.'); {code}"],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert result.stdout.strip() == "[]"


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a PEM file with the certificate and the key of localhost."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs the openssl program to make a certificate")
    path = tmp_path_factory.mktemp("tls")
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    made = ["-keyout", str(path / "key"), "-out", str(path / "certificate"), "-days", "2"]
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", *made, *names]
    subprocess.run(command, check=True, capture_output=True)
    both = path / "both.pem"
    both.write_text((path / "key").read_text() + (path / "certificate").read_text())
    return both


class _Hello(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as in http.server
        pass


class _Quiet(HTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that refuses the certificate hangs up."""


@pytest.fixture
def secure(certificate: Path) -> Iterator[str]:
    """Yield the URL of a server whose certificate no system knows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with _Quiet(("127.0.0.1", 0), _Hello) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"https://localhost:{server.server_port}/"
        server.shutdown()
        thread.join()


def fetch(url: str, settings: NetworkSettings) -> bytes:
    session = Session(settings)
    try:
        return read(session.send(HttpRequest(url)))
    finally:
        session.close()


def test_an_unknown_certificate_is_refused(secure: str):
    with pytest.raises(errors.NetworkError) as caught:
        fetch(secure, NetworkSettings(retries=0))
    assert caught.value.message == (
        f"Failed to establish a secure connection to localhost while fetching {secure}"
    )
    assert "CERTIFICATE_VERIFY_FAILED" in (caught.value.context or "")


def test_a_bundle_makes_it_known(secure: str, certificate: Path):
    assert fetch(secure, NetworkSettings(retries=0, cert=str(certificate))) == b"hello"


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_variable_names_the_bundle_unless_a_proxy_was_given(
    secure: str, certificate: Path, name: str
):
    environ = {name: str(certificate)}
    assert fetch(secure, NetworkSettings(retries=0, environ=environ)) == b"hello"
    with pytest.raises(errors.NetworkError):
        fetch(secure, NetworkSettings(retries=0, environ=environ, proxy=""))


def test_a_trusted_host_is_not_verified(secure: str):
    host = secure.removeprefix("https://").rstrip("/")
    assert fetch(secure, NetworkSettings(retries=0, trusted_hosts=(host,))) == b"hello"


def test_a_client_certificate_is_loaded(secure: str, certificate: Path):
    settings = NetworkSettings(retries=0, cert=str(certificate), client_cert=str(certificate))
    assert fetch(secure, settings) == b"hello"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (NetworkSettings(retries=0, cert="/nonexistent.pem"),
         "Could not find a suitable TLS CA certificate bundle, invalid path: /nonexistent.pem"),
        (NetworkSettings(retries=0, client_cert="/nonexistent.pem"),
         "Could not find the TLS certificate file, invalid path: /nonexistent.pem"),
        (NetworkSettings(retries=0, cert=__file__),
         f"Could not load the TLS CA certificate bundle {__file__}"),
    ],
    ids=["no bundle", "no client certificate", "no certificate inside"],
)  # fmt: skip
def test_a_bundle_that_cannot_be_used_is_named(settings: NetworkSettings, message: str):
    with pytest.raises(errors.NetworkError) as caught:
        fetch("https://localhost:9/", settings)
    assert message in caught.value.message

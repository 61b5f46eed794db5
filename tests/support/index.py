"""A Simple index on the loopback that keeps a log and misbehaves on demand.

    index = Index(); with index: ...          (the fixture ``index`` does this)
    index.add(make_wheel(tmp_path, "demo", "1.0"), yanked="broken")
    index.headers("/simple/*", {"Cache-Control": "max-age=600", "ETag": "auto"})
    index.fault("/files/demo-*", status=503, times=1)
    assert [request.path for request in index.requests] == ["/simple/demo/"]

Paths: ``/simple/`` and ``/simple/NAME/`` (PEP 503 HTML, PEP 691 JSON), ``/files/FILE``,
``/files/FILE.metadata`` (PEP 658), ``/links/`` (all files on one page, for --find-links).
"""

from __future__ import annotations

import fnmatch
import hashlib
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from support.archives import Content, StrPath, encoded
from support.pages import HTML, JSON, Listed, accepts_json, html_page, json_page, listed
from support.server import Answer, Asked, LoopbackServer, conditional, partial


@dataclass(frozen=True)
class Fault:
    """What a path is answered with instead of, or on top of, the truth; see ``Index.fault``."""

    pattern: str
    status: int | None
    headers: Mapping[str, str]
    body: Content | None
    delay: float
    truncate: int | None
    times: int | None
    used: list[str] = field(default_factory=list)

    def takes(self, path: str) -> bool:
        """Tell whether this fault answers ``path`` once more."""
        left = self.times is None or len(self.used) < self.times
        return left and fnmatch.fnmatchcase(path, self.pattern)


@dataclass(frozen=True)
class Logged:
    """One request as the server saw it, and the status it was answered with."""

    method: str
    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    status: int
    size: int = 0
    """Bytes of the body that were sent."""


class Index:
    """A running index; every method may be called while it serves."""

    def __init__(self) -> None:
        """Listen on a free port of the loopback; serve from ``__enter__`` on."""
        self._server = LoopbackServer(self._answer)
        self._lock = threading.RLock()  # a fault may offer other files
        self._files: dict[str, Listed] = {}
        self._pages: dict[str, Answer] = {}
        self._headers: list[tuple[str, Mapping[str, str]]] = []
        self._faults: list[Fault] = []
        self._part_faults: list[tuple[str, Callable[[Answer], Answer]]] = []
        self._log: list[Logged] = []
        self._credentials: tuple[str, str] | None = None
        self.json = True
        """Whether PEP 691 JSON is offered to those who accept it."""
        self.ranges = True
        """Whether Range requests are honoured."""

    def __enter__(self) -> Index:  # noqa: PYI034 - Self came with 3.11
        """Start to serve."""
        self._server.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop; a bug of the server itself fails the test here."""
        self._server.stop()

    @property
    def host(self) -> str:
        """Return ``127.0.0.1:PORT``."""
        return f"127.0.0.1:{self._server.port}"

    @property
    def url(self) -> str:
        """Return what --index-url takes, without a slash at the end."""
        return self.url_of("/simple")

    @property
    def links_url(self) -> str:
        """Return what --find-links takes."""
        return self.url_of("/links/")

    def url_of(self, path: str, *, user: str = "", password: str = "") -> str:
        """Return the URL of a path, with credentials if given."""
        login = f"{user}:{password}@" if password else f"{user}@" if user else ""
        return f"http://{login}{self.host}{path}"

    def file_url(self, file: StrPath) -> str:
        """Return the URL of an added file."""
        return self.url_of(f"/files/{Path(file).name}")

    def add(
        self,
        file: StrPath,
        *,
        name: str | None = None,
        hashes: Mapping[str, str] | None = None,
        requires_python: str | None = None,
        yanked: str | bool = False,
        metadata: Content | bool = True,
        metadata_hashes: Mapping[str, str] | bool = True,
        upload_time: str | None = "2024-01-02T03:04:05.000000Z",
        size: int | bool = True,
    ) -> str:
        """Offer a file, read now, and return its URL.

        ``hashes`` replaces the true sha256 (``{}`` names none); ``requires_python`` is read from
        a wheel when not given; ``yanked`` is a reason or ``True``; ``metadata=False`` has no
        sidecar, a text is a sidecar of its own; ``metadata_hashes=True`` names the true sha256,
        ``False`` says only that there is one; ``size=False`` and ``upload_time=None`` leave out.
        """
        entry = listed(
            Path(file),
            name=name,
            hashes=hashes,
            requires_python=requires_python,
            yanked=yanked,
            metadata=metadata,
            metadata_hashes=metadata_hashes,
            upload_time=upload_time,
            size=size,
        )
        with self._lock:
            self._files[entry.filename] = entry
        return self.file_url(file)

    @property
    def files(self) -> list[Listed]:
        """Return what is offered."""
        with self._lock:
            return list(self._files.values())

    def content(self, filename: str) -> bytes:
        """Return the bytes of an added file."""
        with self._lock:
            return self._files[filename].content

    def remove(self, file: StrPath) -> None:
        """Take a file out of the index: neither listed nor served."""
        with self._lock:
            del self._files[Path(file).name]

    def page(self, path: str, body: Content, *, content_type: str = HTML) -> str:
        """Serve ``body`` at ``path`` whatever was added, and return its URL."""
        with self._lock:
            self._pages[path] = Answer(200, {"Content-Type": content_type}, encoded(body))
        return self.url_of(path)

    def headers(self, pattern: str, fields: Mapping[str, str]) -> None:
        """Send ``fields`` with every path that matches; later calls win, an empty value removes.

        ``ETag: auto`` is made from the body. If-None-Match and If-Modified-Since are answered
        with 304 whenever the response has the validator.
        """
        with self._lock:
            self._headers.append((pattern, fields))

    def fault(
        self,
        pattern: str,
        *,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        body: Content | None = None,
        delay: float = 0,
        truncate: int | None = None,
        times: int | None = None,
    ) -> None:
        """Answer paths that match (fnmatch) otherwise; the last fault that matches wins.

        ``status`` and ``body`` replace; a status alone comes with a short text body; ``delay``
        waits that many seconds first; ``truncate`` promises the whole body, sends so many bytes
        and hangs up; ``times`` ends the fault after so many requests.
        """
        fault = Fault(pattern, status, headers or {}, body, delay, truncate, times)
        with self._lock:
            self._faults.append(fault)

    def part_fault(self, pattern: str, change: Callable[[Answer], Answer]) -> None:
        """Answer Range requests for paths that match with what ``change`` makes of the right answer.

        Requests for whole files are answered as ever; the last call that matches wins.
        """
        with self._lock:
            self._part_faults.append((pattern, change))

    def redirect(self, pattern: str, to: str, *, status: int = 302) -> None:
        """Answer paths that match with a redirect to ``to`` (a URL or a path)."""
        self.fault(pattern, status=status, headers={"Location": to})

    def clear_faults(self) -> None:
        """Tell the truth again."""
        with self._lock:
            self._faults.clear()
            self._part_faults.clear()

    def require_login(self, user: str, password: str) -> None:
        """Answer 401 to everybody without these credentials (basic)."""
        self._credentials = (user, password)

    @property
    def requests(self) -> list[Logged]:
        """Return what was asked so far, in the order of the answers."""
        with self._lock:
            return list(self._log)

    def paths(self, method: str | None = None) -> list[str]:
        """Return the paths that were asked for, of one method if given."""
        return [one.path for one in self.requests if method in {None, one.method}]

    def clear_log(self) -> None:
        """Forget the requests so far."""
        with self._lock:
            self._log.clear()

    def _answer(self, asked: Asked) -> Answer:
        """Return the answer to one request, and log both; called from many threads."""
        with self._lock:
            fault = next((one for one in reversed(self._faults) if one.takes(asked.path)), None)
            if fault:
                fault.used.append(asked.path)
        if fault and fault.delay:
            self._server.wait(fault.delay)
        with self._lock:
            answer = self._decided(asked, fault)
            size = len(answer.body[: answer.truncate])
            self._log.append(Logged(asked.method, asked.path, asked.headers, answer.status, size))
        return answer

    def _decided(self, asked: Asked, fault: Fault | None) -> Answer:
        """Return what truth, credentials, headers, fault and validators come to."""
        if self._credentials and asked.login != self._credentials:
            challenge = {"WWW-Authenticate": 'Basic realm="index"', "Content-Type": "text/plain"}
            return Answer(401, challenge, b"log in")
        answer = self._truth(asked)
        if fault:
            answer = _faulty(answer, fault)
        fields = dict(answer.headers)
        for pattern, further in self._headers:
            if fnmatch.fnmatchcase(asked.path, pattern) and answer.status < 400:
                fields |= further
        if fields.get("ETag") == "auto":
            fields["ETag"] = f'"{hashlib.sha256(answer.body).hexdigest()[:16]}"'
        fields |= fault.headers if fault else {}
        fields = {name: value for name, value in fields.items() if value}
        answer = conditional(asked, Answer(answer.status, fields, answer.body, answer.truncate))
        answer = partial(asked, answer) if self.ranges else answer
        for pattern, change in reversed(self._part_faults):
            if "range" in asked.headers and fnmatch.fnmatchcase(asked.path, pattern):
                return change(answer)
        return answer

    def _truth(self, asked: Asked) -> Answer:
        """Return what a well-behaved index says."""
        path = asked.path
        if path in self._pages:
            return self._pages[path]
        if path.startswith("/files/"):
            return self._file(path.removeprefix("/files/"))
        as_json = self.json and accepts_json(asked.headers.get("accept", ""))
        kind = {"Content-Type": JSON if as_json else HTML, "Vary": "Accept"}
        render = json_page if as_json else html_page
        if path == "/links/":
            page = html_page("links", list(self._files.values()), "/files/")
            return Answer(200, {"Content-Type": HTML}, page)
        if path.startswith("/simple/") and path.count("/") == 3:
            project = path.split("/")[2]
            files = [one for one in self._files.values() if one.project == project]
            if files:
                return Answer(200, kind, render(project, files, "../../files/"))
        if path.startswith("/simple/") and path.count("/") == 2 and path != "/simple/":
            return Answer(301, {"Location": f"{path}/"}, b"")
        return Answer(404, {"Content-Type": "text/plain"}, b"not found")

    def _file(self, filename: str) -> Answer:
        """Return an added file or its sidecar."""
        if filename in self._files:
            kind = {"Content-Type": "application/octet-stream"}
            return Answer(200, kind, self._files[filename].content)
        sidecar = self._files.get(filename.removesuffix(".metadata"))
        if sidecar and sidecar.metadata is not None:
            return Answer(200, {"Content-Type": "text/plain"}, sidecar.metadata)
        return Answer(404, {"Content-Type": "text/plain"}, b"not found")


def _faulty(answer: Answer, fault: Fault) -> Answer:
    """Return the answer as the fault has it; its headers come later, over all others."""
    status = answer.status if fault.status is None else fault.status
    body, fields = answer.body, answer.headers
    if fault.body is not None:
        body = encoded(fault.body)
        fields = fields if answer.status < 400 else {"Content-Type": "text/html"}
        status = 200 if fault.status is None else status
    elif fault.status is not None:
        body, fields = f"{status}\n".encode(), {"Content-Type": "text/plain"}
    return Answer(status, fields, body, fault.truncate)


def unused_port() -> int:
    """Return a port of the loopback on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port

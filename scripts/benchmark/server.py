"""The loopback index: a process of its own that serves mirrors, and records what they lack.

    python -m benchmark.server DELAY UPSTREAM DIRECTORY...

prints its port. It ends with its standard input; a line "fetched" there is answered with how many
pages and files it had to fetch so far, "reload" with the same once all pages are made anew.
UPSTREAM ("" for none) completes the first directory. DELAY is waited before each answer, in
seconds; other connections go on meanwhile.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import BinaryIO
from urllib.parse import unquote

from benchmark import exchange, pages
from benchmark.exchange import Asked, Extent
from benchmark.mirror import SIDECAR, Mirror

CHUNK = 65536
"""Also the size up to which a file is sent in one piece with its head."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A body, in memory or in a file, with its headers."""

    headers: Mapping[str, str]
    size: int
    body: bytes | None = None
    path: str = ""

    @property
    def etag(self) -> str:
        """Return the validator."""
        return self.headers["ETag"]

    def opened(self) -> BinaryIO:
        """Return the file, for the kernel to send."""
        return open(self.path, "rb")


class Index:
    """Answers one path at a time; pages are made once, with a compressed twin."""

    def __init__(self, mirrors: tuple[Mirror, ...]) -> None:
        """Serve these; the first that has a project has all of it."""
        self.fetched = 0
        """How many pages and files were asked of the real index."""
        self._mirrors = mirrors
        self._pages: dict[tuple[str, bool], Answer] = {}
        self._fetching: dict[str, asyncio.Lock] = {}

    def reload(self) -> None:
        """Make every recorded page, knowing the metadata that was recorded since."""
        self._pages.clear()
        for mirror in self._mirrors:
            for project in mirror.projects():
                self._keep_page(project, mirror.served_page(project))

    async def answer(self, asked: Asked) -> Answer | None:
        """Return what is at a path, None for nothing; OSError when it could not be fetched."""
        match asked.path.partition("?")[0].split("/"):
            case ["", "simple", project, ""]:
                return await self._page(project, compressed=asked.takes_gzip)
            case ["", "files", project, name]:
                return await self._file(project, unquote(name))
            case _:
                return None

    async def _page(self, project: str, *, compressed: bool) -> Answer | None:
        if (project, compressed) not in self._pages:
            async with self._fetching.setdefault(project, asyncio.Lock()):
                if (project, compressed) not in self._pages:
                    mirror = self._mirrors[0]
                    self.fetched += 1
                    page = await asyncio.to_thread(mirror.served_page, project)
                    self._keep_page(project, page)
        return self._pages.get((project, compressed))

    def _keep_page(self, project: str, page: bytes | None) -> None:
        if page is None:
            return
        for compressed in (False, True):
            body = gzip.compress(page, 6, mtime=0) if compressed else page
            digest = hashlib.sha256(body).hexdigest()[:32]
            encoding = {"Content-Encoding": "gzip"} if compressed else {}
            kind = {"Content-Type": pages.CONTENT_TYPE, "ETag": f'"{digest}"'}
            headers = {**kind, **encoding, **exchange.PAGE_HEADERS}
            self._pages[project, compressed] = Answer(headers, len(body), body)

    async def _file(self, project: str, name: str) -> Answer | None:
        recorded = self._recorded(project, name)
        if recorded:
            return _file_answer(recorded)
        async with self._fetching.setdefault(f"{project}/{name}", asyncio.Lock()):
            self.fetched += 1
            found = await asyncio.to_thread(self._mirrors[0].file, project, name)
        return _file_answer(found) if found else None

    def _recorded(self, project: str, name: str) -> str | None:
        paths = [os.path.join(one.directory, "files", project, name) for one in self._mirrors]
        return next(filter(os.path.exists, paths), None)


def _file_answer(path: str) -> Answer:
    """Return the answer for a file; small ones are read, so that they leave with their head."""
    status = os.stat(path)
    kind = "text/plain" if path.endswith(SIDECAR) else "application/octet-stream"
    etag = f'"{status.st_mtime_ns:x}-{status.st_size:x}"'
    headers = {"Content-Type": kind, "ETag": etag, **exchange.FILE_HEADERS}
    if status.st_size > CHUNK:
        return Answer(headers, status.st_size, path=path)
    with open(path, "rb") as stream:
        return Answer(headers, status.st_size, stream.read())


class Server:
    """Speaks HTTP/1.1 on one port of the loopback, connections side by side."""

    def __init__(self, index: Index, delay: float) -> None:
        """Take a port; nothing is answered before ``serve``."""
        self._index = index
        self._delay = delay
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=256)
        self._listening.settimeout(0)
        self._talks: set[asyncio.Task[None]] = set()
        self.port: int = self._listening.getsockname()[1]

    async def serve(self) -> None:
        """Take connections until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            connection, _ = await loop.sock_accept(self._listening)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            talk = asyncio.create_task(self._converse(connection))
            self._talks.add(talk)
            talk.add_done_callback(self._talks.discard)

    async def _converse(self, connection: socket.socket) -> None:
        """Answer the requests of one connection until the client ends it."""
        loop, received = asyncio.get_running_loop(), b""
        with connection:
            try:
                while True:
                    while b"\r\n\r\n" not in received:
                        more = await loop.sock_recv(connection, CHUNK)
                        if not more:
                            return
                        received += more
                    head, _, received = received.partition(b"\r\n\r\n")
                    await self._respond(connection, Asked.parse(head))
            except ConnectionError:
                return

    async def _respond(self, connection: socket.socket, asked: Asked) -> None:
        loop = asyncio.get_running_loop()
        if self._delay:
            await asyncio.sleep(self._delay)
        try:
            answer = await self._index.answer(asked)
        except OSError as error:
            print(f"{asked.path} could not be fetched: {error}", file=sys.stderr)
            await loop.sock_sendall(connection, _refusal(HTTPStatus.BAD_GATEWAY))
            return
        if answer is None:
            await loop.sock_sendall(connection, _refusal(HTTPStatus.NOT_FOUND))
            return
        part = exchange.extent(asked, answer.etag, answer.size)
        head = exchange.head(part, answer.size, answer.headers)
        if asked.method == "HEAD" or not part.length:
            await loop.sock_sendall(connection, head)
        elif answer.body is not None:
            body = answer.body[part.start : part.start + part.length]
            await loop.sock_sendall(connection, head + body)
        else:
            await loop.sock_sendall(connection, head)
            with answer.opened() as stream:
                await loop.sock_sendfile(connection, stream, part.start, part.length)


def _refusal(status: HTTPStatus) -> bytes:
    return exchange.head(Extent(status, 0, 0), 0, {"Content-Type": "text/plain"})


async def main(delay: float, mirrors: tuple[Mirror, ...]) -> None:
    """Serve until the standard input ends."""
    index = Index(mirrors)
    index.reload()
    server = Server(index, delay)
    serving = asyncio.create_task(server.serve())
    print(server.port, flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        if line.strip() == "reload":
            index.reload()
        print(index.fetched, flush=True)
    serving.cancel()


if __name__ == "__main__":
    _, _delay, _upstream, _first, *_others = sys.argv
    _mirrors = (Mirror(_first, _upstream or None), *map(Mirror, _others))
    asyncio.run(main(float(_delay), _mirrors))

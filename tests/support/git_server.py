"""A git repository over HTTP on the loopback (gitprotocol-http(5), the dumb one), with its log."""

from __future__ import annotations

from types import TracebackType

from support.repositories import GitRepository
from support.server import Answer, Asked, LoopbackServer

_REFUSED = {"WWW-Authenticate": 'Basic realm="git"'}


class GitServer:
    """Serves one repository as it was at the last ``publish``; ``with`` starts and stops it."""

    def __init__(self, repository: GitRepository, login: tuple[str, str] | None = None) -> None:
        """``login`` is the user and the password without which nothing is served."""
        self._repository = repository
        self._login = login
        self._server = LoopbackServer(self._answer)
        self.requests: list[str] = []
        self.publish()

    def publish(self) -> None:
        """Write the lists that dumb clients read."""
        self._repository.git("update-server-info")

    def url(self, user: str = "") -> str:
        """Return what a requirement takes, without a revision; ``user`` is ``NAME:PASSWORD``."""
        at = f"{user}@" if user else ""
        return f"git+http://{at}127.0.0.1:{self._server.port}/demo.git"

    def __enter__(self) -> GitServer:  # noqa: PYI034 - Self came with 3.11
        """Start."""
        self._server.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop."""
        self._server.stop()

    def _answer(self, asked: Asked) -> Answer:
        self.requests.append(asked.path)
        if self._login is not None and asked.login != self._login:
            return Answer(401, _REFUSED, b"")
        path = self._repository.path / ".git" / asked.path.removeprefix("/demo.git/")
        if not path.is_file():
            return Answer(404, {}, b"")
        return Answer(200, {"Content-Type": "text/plain"}, path.read_bytes())

"""Runs hooks of builds, each in a fork of a process that has imported the backend (``hooks``).

    python host.py REPLIES

Standard library only, Python 3.8 and newer. PEP 517 asks for a fresh process for each hook, since a
backend may change global state: a fork is one, in the state after the import.

stdin    a request a line, as JSON: the arguments of a Python (script, hook, directory), the
         directory that it starts in, variables, and files for its output and for the recorder
REPLIES  a descriptor: "ready", then for each request the process id and, at its end, the status

It ends without a reply where the backend cannot be imported or has threads, which a fork does not
copy; then each hook needs a Python of its own.
"""

from __future__ import annotations

import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:] = [each for each in sys.path if os.path.abspath(each) != _HERE]

import importlib  # noqa: E402 - modules beside this file have names of the standard library's
import json  # noqa: E402
import signal  # noqa: E402

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

_TERM = {signal.SIGTERM}
_DEFAULT = (signal.SIGTERM, signal.SIGCHLD)
"""Signals that have their default effect in this process, whatever the backend has set."""


def _next(requests: Iterable[str], replies: int) -> dict[str, Any] | None:
    """Return the request of which this process, a fork, is to run the hook; ``None`` at the end."""
    for line in requests:
        # The sender of SIGTERM needs the process id of the hook, to end it as well.
        signal.pthread_sigmask(signal.SIG_BLOCK, _TERM)
        process = os.fork()
        if process == 0:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _TERM)
            os.close(replies)
            request: dict[str, Any] = json.loads(line)
            return request
        _send(replies, process)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _TERM)
        _send(replies, _status(os.waitpid(process, 0)[1]))
    return None


def _send(replies: int, word: object) -> None:
    os.write(replies, b"%s\n" % str(word).encode("ascii"))


def _status(status: int) -> int:
    """Return an exit status, or the negative number of a signal, as ``subprocess`` does."""
    return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def _run(request: dict[str, Any]) -> None:
    """Run a hook as a Python would that was started with these arguments, directory and output."""
    log = os.open(request["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    os.chdir(request["directory"])
    os.environ.update(request["variables"])
    recorder = sys.modules.get("_pipwrap_recorder")
    if recorder is not None:
        recorder.note_in(request["observed"])
    sys.argv = arguments = request["arguments"]
    module = type(sys)("__main__")
    module.__file__ = arguments[0]
    sys.modules["__main__"] = module
    with open(arguments[0], "rb") as stream:
        code = compile(stream.read(), arguments[0], "exec")
    exec(code, module.__dict__)  # noqa: S102 - the script of pyproject_hooks


def _serve() -> dict[str, Any]:
    """Return the request for a hook once this process is the fork that runs it."""
    replies = int(sys.argv[1])
    os.set_inheritable(replies, False)  # noqa: FBT003 - the function takes nothing else
    requests = os.fdopen(os.dup(0), encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    try:
        importlib.import_module(os.environ["_PYPROJECT_HOOKS_BUILD_BACKEND"].partition(":")[0])
        if len(os.listdir("/proc/self/task")) > 1:
            os._exit(1)
    except BaseException:  # noqa: BLE001 - the hook, in a Python of its own, raises and reports it
        os._exit(1)
    sys.stdout.flush()
    sys.stderr.flush()
    before = {each: signal.signal(each, signal.SIG_DFL) for each in _DEFAULT}
    _send(replies, "ready")
    try:
        request = _next(requests, replies)
    except KeyboardInterrupt:
        os._exit(1)
    if request is None:
        os._exit(0)
    requests.close()
    for each, handler in before.items():
        signal.signal(each, handler)
    return request


if __name__ == "__main__":
    _own = sys.modules["__main__"]  # its globals are used until the end of ``_run``
    _run(_serve())

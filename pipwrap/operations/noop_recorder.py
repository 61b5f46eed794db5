"""Records what a command's answer depends on, for the no-op cache (``cache.noop``).

Only answers that changed nothing are stored: ``--version``, help, and an installation of names that
are all satisfied. What was read of the machine is recorded here as evidence; a command that read
what cannot be compared later (an index, a URL, a clock) is not complete, and nothing is stored.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterable, Mapping, Sequence

from pipwrap import __version__
from pipwrap.cache import disk, noop, ownership
from pipwrap.cache.layout import Layout
from pipwrap.install import journal
from pipwrap.interpreter.discovery import TOOL_MARKERS, is_what_runs, looks_on_path
from pipwrap.model.environment import Environment, InstalledDistribution

_SETTLED = 2 * 10**9
"""Nanoseconds; what changed later may change again without a new time (coarse file times)."""
_OF_DISTRIBUTION = ("METADATA", "PKG-INFO", "requires.txt", "direct_url.json")


class NoopRecorder:
    """The evidence for one command line's answer, and what was printed."""

    def __init__(self, argv: Sequence[str], environ: Mapping[str, str], *, as_module: bool) -> None:
        """Begin with the key of the line; there is none where the working directory is gone."""
        self._key: bytes | None = None
        with contextlib.suppress(OSError):
            self._key = noop.command_key(__version__, argv, environ, as_module=as_module)
        self._environ = environ
        self._evidence: dict[tuple[str, str], str] = {}
        self._is_proven = False
        settings = [value for name, value in environ.items() if name.startswith("PIP_")]
        has_secrets = any("://" in each and "@" in each for each in (*argv, *settings))
        self._may_be_stored = not has_secrets and not environ.get("PIP_NO_CACHE_DIR")
        self.printed: list[tuple[bool, str]] = []
        """(on stderr?, text) of everything that was printed so far."""

    def depends_on(self, paths: Iterable[str], *, kind: str = noop.PATH) -> None:
        """Record what was read, or looked for in vain."""
        for path in paths:
            if (kind, path) not in self._evidence:
                absolute = path if kind == noop.VARIABLE else os.path.abspath(path)
                state = noop.state(kind, absolute, self._environ)
                self._evidence[kind, absolute] = state

    def depends_on_target(self, environment: Environment, chosen: str) -> None:
        """Record what decides about the target, and what it searches.

        Nothing is stored where ``chosen`` may run another interpreter the next time.
        """
        if environment.site.has_finders:
            self._may_be_stored = False  # what they yield has no evidence
        executable = environment.executable
        self._may_be_stored &= is_what_runs(chosen, executable)
        self.depends_on([executable], kind=noop.LINK)
        self.depends_on(os.path.join(sys.prefix, marker) for marker in TOOL_MARKERS)
        if looks_on_path(sys.prefix, self._environ):
            for name in ("python3", "python"):
                self.depends_on(_searched(name, executable, self._environ.get("PATH", os.defpath)))
        active = self._environ.get("VIRTUAL_ENV")
        self.depends_on([active] if active else [], kind=noop.LINK)
        self.depends_on(
            [executable, os.path.join(environment.prefix, "pyvenv.cfg"), *environment.sys_path]
        )
        self.depends_on([os.path.join(environment.stdlib, "EXTERNALLY-MANAGED")])
        for scheme in (environment.scheme, environment.user_scheme):
            self.depends_on([scheme.purelib, scheme.platlib])
            self.depends_on([os.path.join(scheme.purelib, journal.NAME)], kind=noop.LINK)
        for directory in environment.sys_path:
            self.depends_on(
                os.path.join(directory, name)
                for name in disk.listed(directory)
                if name.endswith((".pth", ".egg-link"))
            )

    def depends_on_installed(self, distributions: Iterable[InstalledDistribution]) -> None:
        """Record the metadata of what is installed."""
        for each in distributions:
            self.depends_on([each.info])
            if os.path.isdir(each.info):
                self.depends_on(os.path.join(each.info, name) for name in _OF_DISTRIBUTION)

    def complete(self) -> None:
        """Mark the evidence as complete: nothing else decides the answer."""
        self._is_proven = True

    def store(self, status: int) -> None:
        """Store a complete answer; not a failure, nor where its evidence changed just now."""
        if status != 0 or not self._is_proven or self._key is None or not self._may_be_stored:
            return
        now = time.time_ns()
        if any(_is_recent(state, now) for state in self._evidence.values()):
            return
        evidence = ((kind, name, state) for (kind, name), state in self._evidence.items())
        printed = ((noop.ERR if on_stderr else noop.OUT, text) for on_stderr, text in self.printed)
        layout = Layout(noop.root(self._environ))
        path = noop.path_of(self._key, self._environ)
        try:
            ownership.claim(layout)
            disk.write(path, noop.encode(evidence, printed), layout.temporary)
        except (OSError, UnicodeError):
            return


def _is_recent(state: str, now: int) -> bool:
    """Return whether something is at a path that changed less than two seconds ago."""
    _, _, times = state.partition(" ")[2].partition(" ")
    return any(int(moment) > now - _SETTLED for moment in times.split())


def _searched(name: str, found: str, search_path: str) -> Iterable[str]:
    """Yield where a program was looked for, up to where it was found."""
    for directory in search_path.split(os.pathsep):
        path = os.path.join(directory, name)
        yield path
        if path == found:
            return

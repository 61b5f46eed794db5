"""Running git; nothing else in this package starts it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from pipwrap import errors
from pipwrap.events import Listener, ProgramOutput
from pipwrap.model.link import redact

_VERSION = re.compile(r"git version (\d+)\.(\d+)")
_PARTIAL_CLONE = (2, 17)
"""The first version with partial clones: contents of files are fetched when needed."""
LOCAL_VARIABLES = (
    *("GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_CONFIG", "GIT_DIR"),
    *("GIT_GRAFT_FILE", "GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_INTERNAL_SUPER_PREFIX"),
    *("GIT_NO_REPLACE_OBJECTS", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_QUARANTINE_PATH"),
    *("GIT_REPLACE_REF_BASE", "GIT_SHALLOW_FILE", "GIT_WORK_TREE"),
)
"""Variables that describe the caller's repository to its git (in a hook, ``bisect run``, ...).

It is what ``git rev-parse --local-env-vars`` lists, and what marks a receiving hook's quarantine
(git-receive-pack(1)). GIT_CONFIG_COUNT and GIT_CONFIG_PARAMETERS are passed on, although git lists
them: users configure credentials and protocols by them, and pip and uv pass them on, too.
"""
_ALLOWED = "GIT_ALLOW_PROTOCOL"
"""What would overrule the configuration that keeps git off the network (git(1))."""
_NO_NETWORK = tuple(
    part
    for protocol in ("http", "https", "git", "ssh")
    for part in ("-c", f"protocol.{protocol}.allow=never")
)
_NO_PARTIAL_CLONE = "PIP_NO_PARTIAL_CLONE_FOR_BROKEN_GIT_SERVER"
_NO = ("", "n", "no", "f", "false", "off", "0")


class GitSettings(Struct, frozen=True):
    """How git is run."""

    no_input: bool = False
    """Never ask for credentials."""
    verbosity: int = 0
    source_directory: str = ""
    """Where clones of editables are."""
    show_path: Callable[[str], str] = str
    offline: bool = False
    """Only repositories of this machine may be contacted."""


class Git(Struct, frozen=True):
    """git, run for one project in one directory."""

    settings: GitSettings
    listener: Listener
    shown: str = ""
    """How errors name the project."""
    directory: str | None = None

    def within(self, directory: str) -> Git:
        """Return the same for another directory."""
        return replace(self, directory=directory)

    def may_contact(self, url: str) -> bool:
        """Return whether the repository at a URL may be contacted: offline only a local one."""
        return not self.settings.offline or url.startswith("file:")

    def run(self, arguments: Sequence[str]) -> None:
        """Run git and pass on what it prints, line by line.

        Raises ``errors.ProgramFailed``, or ``errors.CommandError`` where there is no git.
        """
        command = " ".join(redact(shlex.quote(part)) for part in ("git", *arguments))
        self.listener(ProgramOutput(f"Running command {command}"))
        lines = []
        with self._started(arguments, subprocess.STDOUT) as process:
            for line in process.stdout or ():
                lines.append(redact(line.rstrip()))
                self.listener(ProgramOutput(lines[-1]))
        if process.returncode:
            unseen = "\n".join(lines) if self.settings.verbosity < 0 else ""
            raise errors.ProgramFailed(command, process.returncode, self.shown, unseen)

    def ask(self, arguments: Sequence[str], *, prompts: bool = True) -> str:
        """Return what git prints, without an event; raises what ``run`` raises.

        Without ``prompts`` it fails rather than ask for a user name or a password.
        """
        with self._started(arguments, subprocess.DEVNULL, prompts=prompts) as process:
            output = process.stdout.read() if process.stdout else ""
        if process.returncode:
            command = redact(shlex.join(("git", *arguments)))
            raise errors.ProgramFailed(command, process.returncode, self.shown)
        return output

    def answer(self, arguments: Sequence[str]) -> str:
        """Return what git prints, nothing when it fails."""
        try:
            return self.ask(arguments)
        except errors.ProgramFailed:
            return ""

    def can_clone_partially(self) -> bool:
        """Return whether git can make partial clones, and the user allows them."""
        if os.environ.get(_NO_PARTIAL_CLONE, "").lower() not in _NO:
            return False
        found = _VERSION.match(replace(self, directory=None).answer(["version"]))
        return found is not None and (int(found[1]), int(found[2])) >= _PARTIAL_CLONE

    def _started(
        self, arguments: Sequence[str], stderr: int, *, prompts: bool = True
    ) -> subprocess.Popen[str]:
        try:
            return subprocess.Popen(
                ["git", *(_NO_NETWORK if self.settings.offline else ()), *arguments],
                cwd=self.directory,
                env=self._environ(prompts=prompts),
                stdin=subprocess.DEVNULL if self.settings.no_input else None,
                stdout=subprocess.PIPE,
                stderr=stderr,
                encoding="utf-8",
                errors="backslashreplace",
            )
        except PermissionError as error:
            raise errors.CommandError(
                "No permission to execute 'git' - install it locally, globally (ask admin), or "
                "check your PATH. See possible solutions at "
                "https://pip.pypa.io/en/latest/reference/pip_freeze/#fixing-permission-denied."
            ) from error
        except (FileNotFoundError, NotADirectoryError) as error:
            raise errors.CommandError(
                "Cannot find command 'git' - do you have 'git' installed and in your PATH?"
            ) from error

    def _environ(self, *, prompts: bool) -> dict[str, str]:
        hidden = (*LOCAL_VARIABLES, _ALLOWED) if self.settings.offline else LOCAL_VARIABLES
        environ = {name: value for name, value in os.environ.items() if name not in hidden}
        if self.settings.no_input or not prompts:
            environ["GIT_TERMINAL_PROMPT"] = "0"
        if self.settings.no_input:
            environ["GIT_SSH_COMMAND"] = "ssh -oBatchMode=yes"
        return environ

"""Local git repositories, made on the spot."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from support.archives import StrPath, encoded, write_file
from support.sdists import source_files

_WHO = ("-c", "user.name=test", "-c", "user.email=test@invalid", "-c", "protocol.file.allow=always")


@dataclass(frozen=True)
class GitRepository:
    """A repository at ``path`` with a work tree."""

    path: Path

    @property
    def url(self) -> str:
        """Return what a requirement takes, without a revision."""
        return f"git+file://{self.path}"

    def git(self, *arguments: StrPath) -> str:
        """Run git in it, knowing nothing of this machine's configuration."""
        environ = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        done = subprocess.run(
            ["git", *_WHO, *map(str, arguments)],
            cwd=self.path,
            env=environ,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def commit(self, name: str, version: str, *, below: str = "", **keywords: object) -> str:
        """Commit a source tree (see ``make_sdist``) in place of what is there; return the hash."""
        shutil.rmtree(self.path / below / "wheel", ignore_errors=True)
        files = source_files(name, version, **keywords)  # type: ignore[arg-type]
        for path, content in files.items():
            write_file(self.path / below / path, encoded(content))
        return self.commit_all(f"{name} {version}")

    def commit_all(self, message: str) -> str:
        """Commit everything as it lies and return the commit's hash."""
        self.git("add", "-A")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")


def make_repository(path: StrPath) -> GitRepository:
    """Return a new, empty repository on a branch called ``main``."""
    Path(path).mkdir(parents=True)
    repository = GitRepository(Path(path))
    repository.git("init", "--quiet", "--initial-branch=main")
    return repository


class WatchedGit:
    """A ``git`` that notes its command line, to be put first on PATH; then it is the real one."""

    def __init__(self, directory: StrPath) -> None:
        """Write the program into a directory of its own."""
        self.directory = Path(directory)
        self._log = self.directory / "git.log"
        real = shutil.which("git")
        text = f'#!/bin/sh\nprintf "%s\\t" "$@" >>"{self._log}"\necho >>"{self._log}"\n'
        path = write_file(self.directory / "git", f'{text}exec "{real}" "$@"\n'.encode())
        path.chmod(0o755)

    def taken(self) -> list[str]:
        """Return the commands that were run since the last time, without their arguments."""
        if not self._log.exists():
            return []
        lines = self._log.read_text(encoding="utf-8").splitlines()
        self._log.unlink()
        return [_command(line.split("\t")) for line in lines]


def _command(arguments: list[str]) -> str:
    """Return the first word that is neither an option of git itself nor its value."""
    words = iter(arguments)
    for word in words:
        if word in {"-c", "-C", "--git-dir"}:
            next(words)
        elif not word.startswith("-"):
            return word
    return ""

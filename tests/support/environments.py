"""Virtual environments to install into, and what is in them."""

from __future__ import annotations

import base64
import csv
import hashlib
import importlib.metadata
import os
import shutil
import stat
import subprocess
import sysconfig
import venv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from support.archives import StrPath


@dataclass(frozen=True)
class VirtualEnvironment:
    """A virtual environment at ``path``."""

    path: Path

    @property
    def bin(self) -> Path:
        """Return the directory of scripts."""
        return self.path / ("Scripts" if os.name == "nt" else "bin")

    @property
    def python(self) -> Path:
        """Return the interpreter."""
        return self.bin / ("python.exe" if os.name == "nt" else "python")

    @property
    def site_packages(self) -> Path:
        """Return purelib, which is platlib as well."""
        if os.name == "nt":
            return self.path / "Lib" / "site-packages"
        (found,) = (self.path / "lib").glob("python3.*")
        return found / "site-packages"

    def script(self, name: str) -> Path:
        """Return the path of an installed script."""
        return self.bin / (f"{name}.exe" if os.name == "nt" else name)

    def freeze(self) -> list[str]:
        """Return ``name==version`` of everything installed, sorted; names as METADATA has them."""
        found = importlib.metadata.distributions(path=[str(self.site_packages)])
        return sorted(f"{one.name}=={one.version}" for one in found)

    def distribution(self, name: str) -> importlib.metadata.Distribution:
        """Return one installed distribution; ``AssertionError`` unless there is exactly one."""
        found = list(importlib.metadata.distributions(name=name, path=[str(self.site_packages)]))
        assert len(found) == 1, f"{len(found)} distributions named {name} in {self.path}"
        return found[0]

    def run_python(
        self, code: str, *arguments: str, environ: Mapping[str, str] | None = None
    ) -> str:
        """Return what ``code`` prints; isolated (-I) and without bytecode written."""
        command = [str(self.python), "-IBc", code, *arguments]
        result = subprocess.run(
            command, capture_output=True, text=True, check=False, env=environ, timeout=60
        )
        assert result.returncode == 0, result.stderr
        return result.stdout

    def run_script(self, name: str, *arguments: str) -> str:
        """Return what an installed script prints."""
        command = [str(self.script(name)), *arguments]
        result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert result.returncode == 0, result.stderr
        return result.stdout

    def tree(self, *, bytecode: bool = True) -> dict[str, str]:
        """Return kind, mode and content digest of all below, by path; see ``snapshot``."""
        return snapshot(self.path, bytecode=bytecode)


def snapshot(root: StrPath, *, bytecode: bool = True) -> dict[str, str]:
    """Return ``{relative path: "file 644 <sha256>" | "link <target>" | "directory 755"}``.

    Two snapshots are equal when nothing changed; ``bytecode=False`` leaves out __pycache__.
    """
    found: dict[str, str] = {}
    for folder, folders, names in os.walk(root):
        if not bytecode and "__pycache__" in folders:
            folders.remove("__pycache__")
        for name in (*folders, *names):
            path = os.path.join(folder, name)
            found[os.path.relpath(path, root)] = _described(path)
    return found


def _described(path: str) -> str:
    """Return the value of one path in a snapshot."""
    status = os.lstat(path)
    if stat.S_ISLNK(status.st_mode):
        return f"link {os.readlink(path)}"
    mode = f"{stat.S_IMODE(status.st_mode):o}"
    if stat.S_ISDIR(status.st_mode):
        return f"directory {mode}"
    return f"file {mode} {hashlib.sha256(Path(path).read_bytes()).hexdigest()}"


def make_environment(
    path: StrPath,
    *,
    with_pip: bool = False,
    system_site_packages: bool = False,
    python: StrPath | None = None,
) -> VirtualEnvironment:
    """Return a new virtual environment, of this interpreter or of another.

    ``with_pip`` copies the pip that the tests run with: a fraction of what ensurepip takes.
    """
    if python is None:
        venv.create(path, system_site_packages=system_site_packages, symlinks=os.name != "nt")
    else:
        options = ["--system-site-packages"] if system_site_packages else []
        command = [str(python), "-Im", "venv", "--without-pip", *options, str(path)]
        subprocess.run(command, check=True, capture_output=True)
    environment = VirtualEnvironment(Path(path))
    if with_pip:
        _copy_pip(environment)
    return environment


def _copy_pip(environment: VirtualEnvironment) -> None:
    """Copy pip's files (with their times, so that bytecode stays valid) and write its script."""
    distribution = importlib.metadata.distribution("pip")
    source = Path(str(distribution.locate_file("")))
    for name in ("pip", f"pip-{distribution.version}.dist-info"):
        shutil.copytree(source / name, environment.site_packages / name)
    script = environment.script("pip")
    script.write_text(
        f"#!{environment.python}\nimport sys\nfrom pip._internal.cli.main import main\n"
        "sys.exit(main())\n",
        encoding="utf-8",
    )
    script.chmod(0o755)


def scripts_directory() -> Path:
    """Return where the console scripts of the tests' own environment lie."""
    return Path(sysconfig.get_path("scripts"))


def check_records(site_packages: Path) -> None:
    """Assert that every row of every RECORD below ``site_packages`` is true."""
    for record in site_packages.glob("*.dist-info/RECORD"):
        for name, digest, size in csv.reader(record.read_text("utf-8").splitlines()):
            content = (site_packages / name).read_bytes()
            if digest:
                sha256 = base64.urlsafe_b64encode(hashlib.sha256(content).digest())
                assert digest == "sha256=" + sha256.decode().rstrip("="), name
                assert size == str(len(content)), name

"""Locales without Unicode: what is installed has names in UTF-8 all the same."""

from __future__ import annotations

import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from support.environments import check_records
from support.runner import Runner
from support.wheels import make_sdist, make_wheel

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX locales")

POSIX = {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
FILES = {"demo/__init__.py": "", "demo/café_漢.py": "x = 1\n", "demo/Größe/data ✔.txt": "x"}


def _archive(directory: Path, kind: str) -> Path:
    if kind == "wheel":
        return make_wheel(directory, "demo", "1.0", files=FILES)
    sdist = make_sdist(directory, "demo", "1.0", files=FILES, extra_files={"docs/漢.txt": "x"})
    if kind == "zip":
        path = directory / "demo-1.0.zip"
        with tarfile.open(sdist) as tar, zipfile.ZipFile(path, "w") as packed:
            for member in tar:
                stream = tar.extractfile(member)
                packed.writestr(member.name, stream.read() if stream else b"")
        return path
    return sdist


@pytest.mark.parametrize("kind", ["wheel", "sdist", "zip"])
def test_names_in_any_script_are_installed(pipwrap: Runner, tmp_path: Path, kind: str):
    archive = _archive(tmp_path / "Dateien für 漢字", kind)
    result = pipwrap("install", archive, environ=POSIX, expect=0)
    assert result.stderr == ""
    assert result.stdout.isascii()
    site_packages = pipwrap.environment.site_packages
    for name in FILES:
        assert (site_packages / name).is_file()
    check_records(site_packages)
    pipwrap("uninstall", "-y", "demo", environ=POSIX, expect=0)
    assert not (site_packages / "demo").exists()


def test_a_command_that_is_left_to_pip_sees_the_locale_of_the_user(pipwrap: Runner):
    ours = pipwrap("debug", environ=POSIX, expect=0)
    theirs = pipwrap.pip("debug", environ=POSIX, expect=0)
    assert "sys.getfilesystemencoding: ascii" in theirs.stdout
    assert "sys.getfilesystemencoding: ascii" in ours.stdout

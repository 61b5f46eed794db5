"""Lock files as requirements (PEP 751), beside the real pip."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from support.beside import beside, plain
from support.index import Index
from support.runner import Result, Runner
from support.sdists import make_sdist
from support.wheels import make_wheel

LOCK = """lock-version = "1.0"
created-by = "test"
extras = ["more"]
dependency-groups = ["dev", "docs"]
default-groups = ["docs"]
"""
WHEEL = """[[packages]]
name = "{name}"
version = "{version}"
{marker}
[[packages.wheels]]
name = "{file.name}"
{place}
hashes = {{sha256 = "{sha256}"}}
"""


def wheel(
    file: Path, *, place: str | None = None, marker: str = "", sha256: str | None = None
) -> str:
    """Return the entry of a wheel, by its URL unless told otherwise."""
    name, version = file.name.split("-")[:2]
    place = place or f'url = "{file.as_uri()}"'
    sha256 = sha256 or digest(file)
    return WHEEL.format(
        name=name, version=version, file=file, place=place, marker=marker, sha256=sha256
    )


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.fixture(autouse=True)
def locks(pipwrap: Runner, index: Index, tmp_path: Path) -> Path:
    """Write lock files into the working directory; the index has something newer."""
    root, aside = Path(pipwrap.directory), tmp_path / "aside"
    for name in ("app", "lib", "extra"):
        index.add(make_wheel(tmp_path / "files", name, "2.0"))
    app = make_wheel(aside, "app", "1.0", requires=["lib"])
    lib, extra = (make_wheel(aside, name, "1.0") for name in ("lib", "extra"))
    foreign = make_wheel(aside, "lib", "1.0", tag="cp27-cp27m-win32")
    sdist = make_sdist(aside, "source", "1.0")
    shutil.unpack_archive(sdist, root / "tree")
    shutil.copy(lib, root)
    source = '[[packages]]\nname = "source"\nversion = "1.0"\n[packages.{kind}]\n{place}\n'
    hashes = f'hashes = {{sha256 = "{digest(sdist)}"}}\n'
    named = f'name = "{sdist.name}"\nurl = "{sdist.as_uri()}"\n{hashes}'
    contents = {
        "pylock": wheel(app) + wheel(lib),
        "pylock.path": wheel(lib, place=f'path = "{lib.name}"'),
        "pylock.extra": wheel(lib) + wheel(extra, marker="marker = \"'more' in extras\""),
        "pylock.groups": wheel(lib, marker="marker = \"'dev' in dependency_groups\"")
        + wheel(extra, marker="marker = \"'docs' in dependency_groups\""),
        "pylock.incomplete": wheel(app),
        "pylock.wrong": wheel(lib, sha256="0" * 64),
        "pylock.sdist": source.format(kind="sdist", place=named),
        "pylock.archive": source.format(
            kind="archive", place=f'url = "{sdist.as_uri()}"\n{hashes}'
        ),
        "pylock.directory": source.format(kind="directory", place='path = "tree/source-1.0"'),
        "pylock.editable": source.format(
            kind="directory", place='path = "tree/source-1.0"\neditable = true'
        ),
        "pylock.foreign": wheel(foreign),
        "pylock.future": 'requires-python = ">=99"\n' + wheel(lib),
        "pylock.twice": wheel(lib) + wheel(lib),
        "pylock.invalid": "nonsense = [\n",
    }
    for name, text in contents.items():
        (root / f"{name}.toml").write_text(LOCK + text, encoding="utf-8")
    (root / "pylock.version.toml").write_text("lock-version = 7\n", encoding="utf-8")
    (root / "more.txt").write_text(f"extra==2.0 --hash=sha256:{'0' * 64}\n", encoding="utf-8")
    return root


SAME = {
    "wheels": ("-r", "pylock.toml"),
    "path": ("-r", "./pylock.path.toml"),
    "extra": ("-r", "pylock.extra.toml[more]"),
    "no extra": ("-r", "pylock.extra.toml"),
    "default group": ("-r", "pylock.groups.toml"),
    "group": ("--group", "pylock.groups.toml:dev"),
    "both": ("-r", "pylock.groups.toml", "--group", "pylock.groups.toml:dev"),
    "without dependencies": ("-r", "pylock.incomplete.toml", "--no-deps"),
    "archive": ("-r", "pylock.archive.toml"),
    "sdist": ("-r", "pylock.sdist.toml"),
    "directory": ("-r", "pylock.directory.toml"),
    "sdist preferred": ("-r", "pylock.toml", "--no-binary", "lib"),
    "no sdist": ("-r", "pylock.sdist.toml", "--only-binary", ":all:"),
    "another platform": ("-r", "pylock.foreign.toml"),
    "another Python": ("-r", "pylock.future.toml"),
    "ambiguous": ("-r", "pylock.twice.toml"),
    "no TOML": ("-r", "pylock.invalid.toml"),
    "another version": ("-r", "pylock.version.toml"),
    "missing": ("-r", "pylock.missing.toml"),
    "target": ("-r", "pylock.toml", "--python-version", "3.11", "--only-binary", ":all:"),
    "group of what": ("--group", "setup.cfg:dev"),
    "two locks": ("-r", "pylock.path.toml", "-r", "pylock.extra.toml"),
    "conflict": ("-r", "pylock.path.toml", "lib==2.0"),
    "unhashed beside": ("-r", "pylock.path.toml", "extra"),
}


@pytest.mark.parametrize("arguments", SAME.values(), ids=SAME)
def test_what_is_locked_is_what_pip_takes(pipwrap: Runner, arguments: tuple[str, ...]):
    ours, theirs = beside(pipwrap, "install", "--dry-run", *arguments)
    assert _seen(ours) == _seen(theirs), ours.output + theirs.output


def _seen(result: Result) -> tuple[int, list[str], list[str]]:
    """Return what matters: how it ended, what it says is wrong, and what is used."""
    kept = ("Processing", "Collecting", "Would", "Obtaining")
    used = [line for line in plain(result.stdout).splitlines() if line.startswith(kept)]
    wrong = plain(result.stderr).splitlines()[:2]
    return result.returncode, wrong, used if result.returncode == 0 else []


def test_a_wrong_hash_is_refused(pipwrap: Runner):
    ours, theirs = beside(pipwrap, "install", "--dry-run", "-r", "pylock.wrong.toml")
    assert ours.returncode == theirs.returncode == 1
    assert ours.stderr.splitlines()[:2] == theirs.stderr.splitlines()[:2]


def test_what_a_lock_leaves_out_has_no_hash(pipwrap: Runner):
    ours, theirs = beside(pipwrap, "install", "--dry-run", "-r", "pylock.incomplete.toml")
    assert ours.returncode == theirs.returncode == 1
    # The line after the list's heading: pip names the file, and who asks for it.
    assert plain(ours.stderr).splitlines()[1:3] == plain(theirs.stderr).splitlines()[1:3]


def test_the_index_is_not_asked_for_what_is_locked(pipwrap: Runner, index: Index):
    pipwrap("install", "-r", "pylock.toml", expect=0)
    assert not any(path.startswith("/simple/") for path in index.paths())
    listed = pipwrap.pip("list", "--format=freeze", expect=0).stdout.split()
    assert {"app==1.0", "lib==1.0"} <= set(listed)


def test_a_directory_may_be_installed_as_it_lies(pipwrap: Runner):
    ours, theirs = beside(pipwrap, "install", "--dry-run", "-r", "pylock.editable.toml")
    result = [line for line in ours.stdout.splitlines() if line.startswith("Obtaining")]
    assert result
    assert result[0] in theirs.stdout


@pytest.mark.parametrize("name", ["pylock.path.toml", "pylock.directory.toml", "pylock.none.toml"])
def test_a_lock_may_be_a_url(pipwrap: Runner, index: Index, locks: Path, name: str):
    for file in (*locks.glob("pylock.*.toml"), *locks.glob("*.whl")):
        index.page(f"/locks/{file.name}", file.read_bytes())
    ours, theirs = beside(pipwrap, "install", "--dry-run", "-r", index.url_of(f"/locks/{name}"))
    assert _seen(ours) == _seen(theirs), ours.output + theirs.output

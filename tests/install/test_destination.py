"""How files come into the environment: links, modes, scripts, bytecode, and what is refused."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from install.worlds import World, make_wheel, records, snapshot
from pipwrap.cache.store import StoredWheelChanged
from pipwrap.errors import EnvironmentRefused, InvalidDistribution
from pipwrap.install.bytecode_settings import BytecodeSettings, bytecode_tag
from pipwrap.install.linking import LinkMode
from pipwrap.install.scripts import location_warnings, script_text, shebang

FILES: dict[str, str | bytes] = {"foo/__init__.py": "v = 1\n", "foo/data.txt": "data\n"}


def inode(*parts: str) -> int:
    return os.stat(os.path.join(*parts)).st_ino


@pytest.mark.parametrize(
    ("mode", "python_shared", "data_shared"),
    [
        (LinkMode.AUTO, False, True),
        (LinkMode.HARDLINK, True, True),
        (LinkMode.COPY, False, False),
    ],
)
def test_sources_are_copied_and_the_rest_is_linked(
    shell: World,
    monkeypatch: pytest.MonkeyPatch,
    mode: LinkMode,
    python_shared: bool,  # noqa: FBT001
    data_shared: bool,  # noqa: FBT001
):
    monkeypatch.setattr("fcntl.ioctl", lambda *_: os.close(-1))
    path = make_wheel(shell.wheels, files=dict(FILES))
    shell.install(path, compile_bytecode=False, link_mode=mode)
    tree = shell.installation(path).wheel.tree
    for name, shared in (("foo/__init__.py", python_shared), ("foo/data.txt", data_shared)):
        assert (inode(tree, name) == inode(shell.purelib, name)) == shared
        theirs, ours = (os.stat(os.path.join(root, name)) for root in (tree, shell.purelib))
        assert ours.st_mtime_ns == theirs.st_mtime_ns


@pytest.mark.parametrize("number", [errno.EXDEV, errno.EMLINK, errno.EPERM])
def test_what_cannot_be_linked_is_copied(
    shell: World, monkeypatch: pytest.MonkeyPatch, number: int
):
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", refuse)
    shell.install(make_wheel(shell.wheels, files=dict(FILES)), compile_bytecode=False)
    with open(os.path.join(shell.purelib, "foo/data.txt"), encoding="utf-8") as stream:
        assert stream.read() == "data\n"


@pytest.mark.parametrize("umask", [0o077, 0o002, 0o022])
def test_modes_are_those_of_this_runs_umask(shell: World, umask: int):
    path = make_wheel(
        shell.wheels, files={"foo/data.txt": "", "foo/tool": ""}, executable=("foo/tool",)
    )
    installation = shell.installation(path)
    before = os.umask(umask)
    try:
        shell.apply(shell.plan(installation))
    finally:
        os.umask(before)
    modes = {
        name: stat.S_IMODE(os.stat(os.path.join(shell.purelib, name)).st_mode)
        for name in ("foo/data.txt", "foo/tool", "foo-1.0.dist-info/RECORD")
    }
    assert modes == {
        "foo/data.txt": 0o666 & ~umask,
        "foo/tool": (0o777 & ~umask) | 0o111,
        "foo-1.0.dist-info/RECORD": 0o666 & ~umask,
    }
    shared = inode(installation.wheel.tree, "foo/data.txt") == inode(shell.purelib, "foo/data.txt")
    assert shared == (umask == 0o022)


@pytest.mark.parametrize("change", ["content", "mode", "gone", "symlink"])
def test_a_changed_store_is_noticed_and_nothing_is_changed(shell: World, change: str):
    installation = shell.installation(make_wheel(shell.wheels, files=dict(FILES)))
    path = os.path.join(installation.wheel.tree, "foo/data.txt")
    if change == "content":
        with open(path, "a", encoding="utf-8") as stream:
            stream.write("!")
    elif change == "mode":
        os.chmod(path, 0o666)
    else:
        os.unlink(path)
    if change == "symlink":
        os.symlink("/etc/passwd", path)
    before = snapshot(shell.environment.prefix)
    with pytest.raises(StoredWheelChanged) as caught:
        shell.apply(shell.plan(installation))
    assert caught.value.wheel == installation.wheel
    assert snapshot(shell.environment.prefix) == before


def test_a_later_wheel_wins_a_shared_file_and_both_record_it(shell: World):
    first = make_wheel(shell.wheels, "foo", files={"shared.txt": "first"})
    second = make_wheel(shell.wheels, "bar", files={"shared.txt": "second"})
    shell.install(first, second, compile_bytecode=False)
    with open(os.path.join(shell.purelib, "shared.txt"), encoding="utf-8") as stream:
        assert stream.read() == "second"
    for info in ("foo-1.0.dist-info", "bar-1.0.dist-info"):
        assert "shared.txt" in {row[0] for row in records(shell.environment, info)}


@pytest.mark.parametrize(
    ("made", "number"), [("foo", errno.ENOTDIR), ("foo/data.txt/x", errno.EISDIR)]
)
def test_what_is_in_the_way_is_told_and_nothing_changes(shell: World, made: str, number: int):
    path = os.path.join(shell.purelib, made)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8"):
        pass
    before = snapshot(shell.environment.prefix)
    with pytest.raises(EnvironmentRefused, match=rf"OSError: \[Errno {number}\]"):
        shell.install(make_wheel(shell.wheels, files=dict(FILES)), compile_bytecode=False)
    assert snapshot(shell.environment.prefix) == before


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("../../evil = foo:main", "Invalid script entry point name '../../evil'"),
        (". = foo:main", "Invalid script entry point name '.'"),
        ("run = foo", "A callable suffix is required"),
        ("run = foo bar:!", "A callable suffix is required"),
    ],
)
def test_scripts_that_cannot_be_are_refused_in_pips_words(shell: World, entry: str, words: str):
    text = f"[console_scripts]\n{entry}\n"
    files = {**FILES, "foo-1.0.dist-info/entry_points.txt": text}
    with pytest.raises(InvalidDistribution) as caught:
        shell.install(make_wheel(shell.wheels, files=files), compile_bytecode=False)
    assert caught.value.message.startswith("For req: foo==1.0. ")
    assert words in caught.value.message


def test_pips_own_scripts_are_named_after_the_target(shell: World):
    text = "[console_scripts]\npip = pip:main\npip3 = pip:main\npip3.9 = pip:main\n"
    files = {"pip.py": "", "pip-1.0.dist-info/entry_points.txt": text}
    shell.install(make_wheel(shell.wheels, "pip", files=files), compile_bytecode=False)
    assert sorted(os.listdir(shell.environment.scheme.scripts)) == ["pip", "pip3", "pip3.11"]


def test_an_interpreter_with_a_space_in_its_path_is_run_by_a_shell(
    tmp_path_factory: pytest.TempPathFactory,
):
    directory = str(tmp_path_factory.mktemp("with space's"))
    executable = os.path.join(directory, "python")
    os.symlink(sys.executable, executable)
    script = os.path.join(directory, "script")
    with open(script, "wb") as stream:
        stream.write(shebang(executable) + b"import sys\nprint(sys.argv[1:])\n")
    os.chmod(script, 0o755)
    assert subprocess.check_output([script, "a b"], text=True) == "['a b']\n"
    assert shebang("/bin/python") == b"#!/bin/python\n"
    assert shebang("/a b/python").startswith(b"#!/bin/sh\n'''exec' \"/a b/python\" \"$0\"")
    assert shebang("/bin/python", is_script=True).startswith(b"#!/bin/sh\n")
    assert shebang("/" + "x" * 127).startswith(b"#!/bin/sh\n")


def test_scripts_out_of_reach_are_told_by_directory():
    scripts = ["/a/bin/x", "/a/bin/y", "/b/bin/z"]
    (told,) = location_warnings([scripts, []], "/c/bin/python", "/b/bin:~/bin")
    assert told == (
        "The scripts x and y are installed in '/a/bin' which is not on PATH.\n"
        "Consider adding this directory to PATH or, if you prefer to suppress this warning, use "
        "--no-warn-script-location.\n"
        "NOTE: The current PATH contains path(s) starting with `~`, which may not be expanded by "
        "all applications."
    )
    assert list(location_warnings([["/c/bin/x"]], "/c/bin/python", "")) == []


def test_bytecode_is_compiled_once_used_and_names_the_installed_path(world: World):
    files: dict[str, str | bytes] = {
        "foo.py": "import sys\ndef where():\n    return sys._getframe().f_code.co_filename\n",
        "broken.py": "def :\n",
    }
    path = make_wheel(world.wheels, files=files)
    world.install(path)
    wheel = world.installation(path).wheel
    compiled = world.store.find_bytecode(wheel, bytecode_tag(world.environment, BytecodeSettings()))
    assert compiled is not None
    assert [file.path for file in compiled] == [
        f"__pycache__/foo.{world.environment.bytecode.cache_tag}.pyc"
    ]
    output = world.python("import foo; print(foo.where(), foo.__cached__)")
    source = os.path.join(world.purelib, "foo.py")
    assert output == f"{source} {os.path.join(world.purelib, compiled[0].path)}"
    noise = subprocess.run(
        [world.environment.executable, "-v", "-c", "import foo"],
        capture_output=True,
        text=True,
        check=True,
    ).stderr
    assert f"matches {source}" in noise
    assert not os.path.exists(os.path.join(world.purelib, "__pycache__", "broken.pyc"))
    rows = {row[0]: row[1:] for row in records(world.environment, "foo-1.0.dist-info")}
    assert rows[compiled[0].path] == ["", ""]


def test_an_interpreter_that_cannot_compile_leaves_that_to_python(shell: World):
    shell.install(make_wheel(shell.wheels), compile_bytecode=True)
    assert any("bytecode was not compiled" in message for message in shell.messages)
    assert os.path.exists(os.path.join(shell.purelib, "foo/__init__.py"))


def test_no_file_of_a_wheel_replaces_what_the_installer_writes(shell: World):
    info = "foo-1.0.dist-info"
    files: dict[str, str | bytes] = {
        "foo/__init__.py": "",
        f"foo-1.0.data/purelib/{info}/INSTALLER": "forged\n",
        f"foo-1.0.data/purelib/{info}/REQUESTED": "forged\n",
        "foo-1.0.data/data/bin/foo": "forged\n",
        f"{info}/entry_points.txt": "[console_scripts]\nfoo = foo:main\n",
    }
    path = make_wheel(shell.wheels, files=files)
    shell.apply(shell.plan(shell.installation(path, requested=False)))
    site = Path(shell.purelib)
    assert (site / info / "INSTALLER").read_text() == "pipwrap\n"
    assert not (site / info / "REQUESTED").exists()
    script = Path(shell.environment.scheme.scripts, "foo")
    assert "forged" not in script.read_text()
    rows = {row[0]: row for row in records(shell.environment, info)}
    assert rows["../../bin/foo"][2] == str(script.stat().st_size)
    assert f"{info}/INSTALLER" in rows


@pytest.mark.parametrize("version", [(3, 8, 18), (3, 9, 0), (3, 13, 1)])
def test_a_script_calls_nothing_that_its_python_does_not_have(version: tuple[int, ...]):
    text = script_text(b"#!/usr/bin/python\n", "string", "Formatter.format", version).decode()
    assert ("removesuffix" in text) is (version >= (3, 9))
    code = text.replace("sys.exit(Formatter.format())", "print(sys.argv[0])")
    result = subprocess.run(
        [
            sys.executable,
            "-c",
            f"__name__ = '__main__'; import sys; sys.argv = ['/bin/x.exe']\n{code}",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout == "/bin/x\n"

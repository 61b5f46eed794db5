"""Which files belong to a distribution, however it was installed."""

from __future__ import annotations

import os

import pytest

from install.worlds import World, make_wheel, searching, snapshot
from pipwrap.errors import DiagnosticError
from pipwrap.install.uninstall import find_removal


def write(world: World, path: str, content: str = "") -> str:
    path = os.path.join(world.purelib, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(content)
    return path


def distribution(world: World, info: str, **files: str) -> None:
    for name, content in files.items():
        write(world, f"{info}/{name.replace('_txt', '.txt')}", content)


def remove(world: World, name: str = "foo") -> None:
    world.apply(world.plan(remove=(world.installed(name),)))


def test_bytecode_of_every_interpreter_goes_with_its_module(shell: World):
    before = snapshot(shell.environment.prefix)
    shell.install(make_wheel(shell.wheels), compile_bytecode=False)
    for name in ("__init__.cpython-38.pyc", "__init__.cpython-313.opt-2.pyc", "__init__.pypy.pyc"):
        write(shell, f"foo/__pycache__/{name}")
    remove(shell)
    assert snapshot(shell.environment.prefix) == before


def test_files_of_others_stay(shell: World):
    shell.install(make_wheel(shell.wheels), compile_bytecode=False)
    mine = write(shell, "foo/mine.txt")
    other = write(shell, "foo/__pycache__/other.cpython-311.pyc")
    remove(shell)
    left = {os.path.join(shell.purelib, path) for path in snapshot(shell.purelib)}
    assert left == {os.path.join(shell.purelib, "foo"), mine, other, os.path.dirname(other)}


def test_a_path_outside_the_environment_stays(shell: World):
    outside = os.path.join(os.path.dirname(shell.environment.prefix), "outside.txt")
    with open(outside, "w", encoding="utf-8"):
        pass
    shell.install(make_wheel(shell.wheels), compile_bytecode=False)
    record = os.path.join(shell.purelib, "foo-1.0.dist-info", "RECORD")
    with open(record, "a", encoding="utf-8") as stream:
        stream.write(f"{os.path.relpath(outside, shell.purelib)},,\n{outside},,\n")
    removal = find_removal(shell.installed("foo"), shell.environment)
    assert removal.refused == (outside,)
    remove(shell)
    assert os.path.exists(outside)


@pytest.mark.parametrize(
    ("installer", "hint"),
    [
        ("pip", "pip install --ignore-installed --no-deps Foo==1.0"),
        ("pipwrap", "pip install --ignore-installed --no-deps Foo==1.0"),
        ("conda", "The package was installed by conda."),
    ],
)
def test_a_missing_record_is_refused_in_pips_words(shell: World, installer: str, hint: str):
    metadata = "Metadata-Version: 2.1\nName: Foo\nVersion: 1.0\n"
    distribution(shell, "foo-1.0.dist-info", METADATA=metadata, INSTALLER=installer + "\n")
    with pytest.raises(DiagnosticError) as caught:
        find_removal(shell.installed("Foo"), shell.environment)
    error = caught.value
    assert error.reference == "uninstall-no-record-file"
    assert error.message == "Cannot uninstall Foo 1.0"
    assert error.context == (
        "The package's contents are unknown: no RECORD file was found for Foo."
    )
    assert hint in (error.hint or "")


def test_distutils_installations_are_refused_in_pips_words(shell: World):
    write(shell, "foo-1.0.egg-info", "Metadata-Version: 1.0\nName: foo\nVersion: 1.0\n")
    with pytest.raises(DiagnosticError) as caught:
        find_removal(shell.installed("foo"), shell.environment)
    assert caught.value.reference == "uninstall-distutils-installed-package"
    assert "It is a distutils installed project" in (caught.value.context or "")


def test_a_flat_egg_info_goes_by_its_list(shell: World):
    before = snapshot(shell.environment.prefix)
    write(shell, "foo/__init__.py")
    files = "../foo/__init__.py\nPKG-INFO\n"
    distribution(
        shell,
        "foo-1.0-py3.11.egg-info",
        **{"PKG-INFO": "Name: foo\nVersion: 1.0\n", "installed-files_txt": files},
    )
    remove(shell)
    assert snapshot(shell.environment.prefix) == before


def test_a_flat_egg_info_goes_by_its_top_level_names(shell: World):
    write(shell, "foo/deep/x.py")
    write(shell, "foo_top.py")
    write(shell, "shared/y.py")
    distribution(
        shell,
        "foo-1.0-py3.11.egg-info",
        **{
            "PKG-INFO": "Name: foo\nVersion: 1.0\n",
            "top_level_txt": "foo\nfoo_top\nshared\n",
            "namespace_packages_txt": "shared\n",
        },
    )
    remove(shell)
    assert set(snapshot(shell.purelib)) == {"shared", "shared/y.py"}


def test_a_develop_installation_loses_its_link_and_its_line(
    shell: World, tmp_path_factory: pytest.TempPathFactory
):
    source = str(tmp_path_factory.mktemp("source"))
    os.makedirs(f"{source}/foo.egg-info")
    with open(f"{source}/foo.egg-info/PKG-INFO", "w", encoding="utf-8") as stream:
        stream.write("Name: foo\nVersion: 1.0\n")
    write(shell, "foo.egg-link", f"{source}\n.")
    write(shell, "easy-install.pth", f"/elsewhere\n{source}\n")
    found = shell.installed("foo")
    assert (found.location, found.editable_location) == (source, source)
    remove(shell)
    assert list(snapshot(shell.purelib)) == ["easy-install.pth"]
    with open(os.path.join(shell.purelib, "easy-install.pth"), encoding="utf-8") as stream:
        assert stream.read() == "/elsewhere\n"
    assert os.path.isdir(f"{source}/foo.egg-info")


def test_an_egg_directory_goes_whole(shell: World):
    write(shell, "foo-1.0.egg/EGG-INFO/PKG-INFO", "Name: foo\nVersion: 1.0\n")
    write(shell, "foo-1.0.egg/foo.py")
    write(shell, "easy-install.pth", "./foo-1.0.egg\n")
    egg = os.path.join(shell.purelib, "foo-1.0.egg")
    shell.environment = searching(shell.environment, egg, shell.purelib)
    remove(shell)
    assert list(snapshot(shell.purelib)) == ["easy-install.pth"]


def test_a_distribution_outside_a_virtual_environment_stays(
    shell: World, tmp_path_factory: pytest.TempPathFactory
):
    outside = str(tmp_path_factory.mktemp("system"))
    info = os.path.join(outside, "foo-1.0.dist-info")
    os.mkdir(info)
    with open(os.path.join(info, "METADATA"), "w", encoding="utf-8") as stream:
        stream.write("Name: foo\nVersion: 1.0\n")
    shell.environment = searching(shell.environment, shell.purelib, outside)
    remove(shell)
    prefix = shell.environment.prefix
    assert f"Not uninstalling foo at {outside}, outside environment {prefix}" in shell.messages
    assert "Can't uninstall 'foo'. No files were found to uninstall." in shell.messages
    assert os.path.isdir(info)

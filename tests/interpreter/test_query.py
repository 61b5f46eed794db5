"""Facts about an interpreter are read once and cached as long as their evidence holds."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from pipwrap import errors
from pipwrap.cache.layout import INTERPRETERS, Layout
from pipwrap.interpreter import query
from support.environments import VirtualEnvironment, make_environment


def entries(layout: Layout) -> list[Path]:
    bucket = Path(layout.bucket(INTERPRETERS))
    return sorted(bucket.iterdir()) if bucket.exists() else []


def test_a_virtual_environment_is_described_by_itself(
    environment: VirtualEnvironment, tmp_path: Path
) -> None:
    layout = Layout(str(tmp_path / "cache"))
    found = query.describe(str(environment.python), layout, {})
    assert found.executable == str(environment.python)
    assert found.prefix == str(environment.path)
    assert found.scheme.purelib == str(environment.site_packages)
    assert found.version == sys.version_info[:3]
    assert found.is_virtual
    assert found.externally_managed is None
    assert len(entries(layout)) == 1


def test_cached_facts_are_not_read_again(environment: VirtualEnvironment, tmp_path: Path) -> None:
    layout = Layout(str(tmp_path / "cache"))
    python = str(environment.python)
    first = query.describe(python, layout, {})
    (entry,) = entries(layout)
    marked = entry.read_text(encoding="utf-8").replace(first.bytecode.cache_tag, "marked-1")
    entry.write_text(marked, encoding="utf-8")
    assert query.describe(python, layout, {}).bytecode.cache_tag == "marked-1"
    for environ in ({"PYTHONPATH": "/x"}, {"PYTHONNOUSERSITE": "1"}):
        assert (
            query.describe(python, layout, environ).bytecode.cache_tag == first.bytecode.cache_tag
        )
        entry.write_text(marked, encoding="utf-8")
    os.utime(environment.path / "pyvenv.cfg", (1, 1))
    assert query.describe(python, layout, {}).bytecode.cache_tag == first.bytecode.cache_tag


def test_a_path_that_is_no_text_is_cached(environment: VirtualEnvironment, tmp_path: Path) -> None:
    """Bytes that are no UTF-8 are lone surrogates in a path (PEP 383)."""
    layout = Layout(str(tmp_path / "cache"))
    path = os.fsdecode(os.fsencode(tmp_path) + b"/d\xff")
    environment.path.rename(path)
    python = os.path.join(path, "bin", "python")
    first = query.describe(python, layout, {})
    assert first.prefix == path
    (entry,) = entries(layout)
    marked = entry.read_text(encoding="utf-8").replace(first.bytecode.cache_tag, "marked-1")
    entry.write_text(marked, encoding="utf-8")
    assert query.describe(python, layout, {}).bytecode.cache_tag == "marked-1"


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"evidence": 1}'])
def test_a_broken_entry_is_a_miss(
    environment: VirtualEnvironment, tmp_path: Path, content: str
) -> None:
    layout = Layout(str(tmp_path / "cache"))
    python = str(environment.python)
    first = query.describe(python, layout, {})
    (entry,) = entries(layout)
    entry.write_text(content, encoding="utf-8")
    assert query.describe(python, layout, {}) == first


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param('"sys_path":[', '"sys_path":[1,', id="path that is no text"),
        pytest.param('"purelib"', '"otherlib"', id="scheme without a directory"),
        pytest.param('"version":[3,', '"version":[', id="version of two numbers"),
    ],
)
def test_facts_of_another_shape_are_a_miss(
    environment: VirtualEnvironment, tmp_path: Path, old: str, new: str
) -> None:
    layout = Layout(str(tmp_path / "cache"))
    python = str(environment.python)
    first = query.describe(python, layout, {})
    (entry,) = entries(layout)
    whole = entry.read_text(encoding="utf-8")
    assert old in whole
    entry.write_text(whole.replace(old, new), encoding="utf-8")
    assert query.describe(python, layout, {}) == first
    assert entry.read_text(encoding="utf-8") == whole


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are bytes")
def test_paths_that_are_no_utf_8_are_cached(tmp_path: Path) -> None:
    made = make_environment(tmp_path / "made").path
    path = made.rename(tmp_path / os.fsdecode(b"caf\xe9"))  # venv itself makes none there
    layout = Layout(str(tmp_path / "cache"))
    python = str(path / "bin" / "python")
    first = query.describe(python, layout, {})
    (entry,) = entries(layout)
    marked = entry.read_text(encoding="utf-8").replace(first.bytecode.cache_tag, "marked-1")
    entry.write_text(marked, encoding="utf-8")
    assert query.describe(python, layout, {}).bytecode.cache_tag == "marked-1"


def test_a_program_that_is_another_one_is_not_cached(
    environment: VirtualEnvironment, tmp_path: Path
) -> None:
    """pyenv's shims: which Python they are depends on where they are called."""
    shim = tmp_path / "python"
    shim.write_text(f'#!/bin/sh\nexec "{environment.python}" "$@"\n', encoding="ascii")
    shim.chmod(0o755)
    layout = Layout(str(tmp_path / "cache"))
    found = query.describe(str(shim), layout, {})
    assert found.executable == str(environment.python)
    assert entries(layout) == []


def test_what_does_not_run_is_one_message(tmp_path: Path) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho gone wrong >&2\nexit 3\n", encoding="ascii")
    broken.chmod(0o755)
    with pytest.raises(errors.EnvironmentRefused) as caught:
        query.describe(str(broken), None, {})
    assert caught.value.context == "gone wrong"
    with pytest.raises(errors.EnvironmentRefused):
        query.describe(str(tmp_path / "nowhere"), None, {})


@pytest.mark.parametrize("version", ["3.8", "3.9", "3.13"])
def test_other_pythons_have_tags_of_their_own(version: str) -> None:
    root = Path.home() / ".pyenv" / "versions"
    found = sorted(root.glob(f"{version}.*/bin/python{version}"))
    if not found:
        pytest.skip(f"no Python {version} here")
    facts = query.describe(str(found[-1]), None, os.environ)
    tag = f"cp{version.replace('.', '')}"
    assert facts.tags[0].startswith(f"{tag}-{tag}-")
    assert facts.tags[-1] == "py30-none-any"
    assert facts.marker_environment["python_version"] == version

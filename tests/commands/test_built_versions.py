"""An sdist whose wheel says another version than its metadata hook: how far it may differ."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.environments import make_environment
from support.index import Index
from support.promises import refused
from support.runner import Runner
from support.wheels import make_sdist

_BACKEND = """\
import os
import in_tree_backend as base
from in_tree_backend import *

OLD, NEW = {old!r}, {new!r}

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    info = f"demo-{{NEW}}.dist-info"
    os.rename(os.path.join(base.CONTENTS, base.SETTINGS["dist_info"]), os.path.join(base.CONTENTS, info))
    path = os.path.join(base.CONTENTS, info, "METADATA")
    with open(path) as stream:
        text = stream.read()
    with open(path, "w") as stream:
        stream.write(text.replace(f"Version: {{OLD}}", f"Version: {{NEW}}"))
    base.SETTINGS.update(dist_info=info, filename=f"demo-{{NEW}}-py3-none-any.whl")
    return base.build_wheel(wheel_directory)
"""
_PYPROJECT = (
    '[build-system]\nrequires = []\nbuild-backend = "other_backend"\nbackend-path = ["."]\n'
)


def offer(index: Index, directory: Path, version: str, built: str) -> None:
    """Offer an sdist of ``demo`` whose wheel says that it is ``built``."""
    backend = {"other_backend.py": _BACKEND.format(old=version, new=built)}
    sdist = make_sdist(directory, "demo", version, extra_files=backend, pyproject=_PYPROJECT)
    index.add(sdist)


@pytest.mark.parametrize(
    ("version", "built"),
    [("0.7.0", "0.7.0+cpu"), ("0.7.0+cpu", "0.7.0"), ("0.7.0+cpu", "0.7.0+gpu")],
)
def test_another_local_version_is_installed_as_by_pip(
    pipwrap: Runner, index: Index, tmp_path: Path, version: str, built: str
):
    offer(index, tmp_path, version, built)
    ours = pipwrap("install", "demo", expect=0)
    theirs = pipwrap.on(make_environment(tmp_path / "theirs")).pip("install", "demo", expect=0)
    assert ours.stdout.splitlines()[-1] == f"Successfully installed demo-{built}"
    assert (ours.stdout.splitlines()[-1], ours.stderr) == (
        theirs.stdout.splitlines()[-1],
        theirs.stderr,
    )
    assert pipwrap.environment.freeze() == [f"demo=={built}"]


def test_the_cached_wheel_is_installed_as_the_first_was(
    pipwrap: Runner, index: Index, tmp_path: Path
):
    """pip discards its own wheel then, and finds no distribution."""
    offer(index, tmp_path, "0.7.0", "0.7.0+cpu")
    for number in range(2):
        runner = pipwrap.on(make_environment(tmp_path / str(number)))
        result = runner("install", "demo==0.7.0", expect=0)
        assert runner.environment.freeze() == ["demo==0.7.0+cpu"]
        assert result.stderr == ""
    assert "Using cached demo-0.7.0+cpu-py3-none-any.whl" in result.stdout
    pipwrap("wheel", "-w", "saved", "demo", expect=0)
    assert [each.name for each in (pipwrap.directory / "saved").iterdir()] == [
        "demo-0.7.0+cpu-py3-none-any.whl"
    ]


def test_another_version_is_refused(pipwrap: Runner, index: Index, tmp_path: Path):
    """pip installs it the first time; what was resolved is not what would be installed."""
    offer(index, tmp_path, "0.7.0", "0.8.0")
    says = "has inconsistent version: expected '0.7.0', but metadata has '0.8.0'"
    refused(pipwrap, "install", "demo", says=says)


def test_a_wheel_with_another_name_in_its_file_name_is_refused(
    pipwrap: Runner, index: Index, tmp_path: Path
):
    """METADATA names the project, the file and its .dist-info another: pip's words."""
    backend = (
        "import os\nimport in_tree_backend as base\nfrom in_tree_backend import *\n"
        'base.SETTINGS["filename"] = "other-1.0-py3-none-any.whl"\n'
        "\n\ndef build_wheel(wheel_directory, config_settings=None, metadata_directory=None):\n"
        '    info = "other-1.0.dist-info"\n'
        '    old = os.path.join(base.CONTENTS, base.SETTINGS["dist_info"])\n'
        "    os.rename(old, os.path.join(base.CONTENTS, info))\n"
        '    base.SETTINGS["dist_info"] = info\n'
        "    return base.build_wheel(wheel_directory)\n"
    )
    files = {"other_backend.py": backend}
    index.add(make_sdist(tmp_path, "demo", "1.0", extra_files=files, pyproject=_PYPROJECT))
    refused(
        pipwrap,
        "install",
        "demo",
        says="Wheel has unexpected file name: expected 'demo', got 'other'",
    )

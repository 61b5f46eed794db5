"""``install --target``: the same files as the real pip's, and the same words about what stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.environments import snapshot
from support.index import Index
from support.promises import refused
from support.runner import Runner
from support.wheels import make_wheel

FILES = {
    "{name}/__init__.py": "def main():\n    print('here')\n",
    "{name}_single.py": "x = 1\n",
    "{name}-{version}.data/data/share/{name}.txt": "data",
    "{name}-{version}.data/headers/{name}.h": "/* */",
    "{name}-{version}.data/scripts/tool": "#!python\nprint(1)\n",
}


@pytest.fixture
def offered(index: Index, tmp_path: Path) -> Index:
    """Return an index with ``demo`` 1.0 and 2.0, which have files of every kind, and ``lib``."""
    for version in ("1.0", "2.0"):
        files = {
            path.format(name="demo", version=version): text + f"# {version}\n"
            for path, text in FILES.items()
        }
        wheel = make_wheel(
            tmp_path / "wheels",
            "demo",
            version,
            requires=["lib"],
            files=files,
            entry_points={"console_scripts": ["demo = demo:main"]},
        )
        index.add(wheel)
        index.add(make_wheel(tmp_path / "wheels", "lib", version))
    return index


def _both(pipwrap: Runner, tmp_path: Path, *lines: str) -> tuple[Path, Path]:
    """Run command lines through both, each with a target of its own, and compare the outcome."""
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    for line in lines:
        mine = pipwrap(*line.replace("TARGET", str(ours)).split())
        real = pipwrap.pip(*line.replace("TARGET", str(theirs)).split())
        assert mine.returncode == real.returncode, mine.output + real.output
        said = sorted(mine.stderr.replace(str(ours), "TARGET").splitlines())
        assert said == sorted(real.stderr.replace(str(theirs), "TARGET").splitlines())
        if "TARGET" in line:
            assert mine.stdout.splitlines()[-1] == real.stdout.splitlines()[-1]
    return ours, theirs


def _files(root: Path) -> dict[str, str]:
    """Return what lies below, without what names the installer."""
    found = {}
    for path, what in snapshot(root).items():
        if path.endswith(("/RECORD", "/INSTALLER", ".pyc")):
            found[path] = what.split()[0]
        else:
            found[path] = what
    return found


def _rows(root: Path) -> dict[str, list[str]]:
    """Return the rows of each RECORD, the installer's name apart."""
    return {
        record.parent.name: [
            row for row in record.read_text().splitlines() if "/INSTALLER," not in row
        ]
        for record in root.glob("*/RECORD")
    }


@pytest.mark.parametrize(
    "lines",
    [
        ["install --target TARGET demo==1.0"],
        ["install --target TARGET demo==1.0", "install --target TARGET demo==2.0"],
        ["install --target TARGET demo==1.0", "install --target TARGET --upgrade demo"],
        ["install --target TARGET --no-deps demo", "install -t TARGET lib==1.0"],
        ["install lib==1.0", "install --target TARGET demo"],
        ["install --target TARGET --no-compile demo"],
    ],
    ids=["new", "existing stay", "upgrade", "beside", "installed is ignored", "no bytecode"],
)
def test_the_target_is_as_pip_leaves_it(
    pipwrap: Runner, offered: Index, tmp_path: Path, lines: list[str]
):
    ours, theirs = _both(pipwrap, tmp_path, *lines)
    assert _files(ours) == _files(theirs)
    assert _rows(ours) == _rows(theirs)


def test_an_upgrade_does_not_replace_links(pipwrap: Runner, offered: Index, tmp_path: Path):
    for name in ("ours", "theirs"):
        (tmp_path / f"{name}-elsewhere").mkdir()
        (tmp_path / name).mkdir()
        (tmp_path / name / "demo").symlink_to(tmp_path / f"{name}-elsewhere")
    ours, _ = _both(pipwrap, tmp_path, "install --target TARGET -U demo")
    assert (ours / "demo").is_symlink()
    assert list((tmp_path / "ours-elsewhere").iterdir()) == []


def test_the_environment_itself_is_left_alone(pipwrap: Runner, offered: Index, tmp_path: Path):
    pipwrap("install", "lib==1.0", expect=0)
    before = pipwrap.environment.tree()
    pipwrap("install", "--target", tmp_path / "t", "-U", "demo", expect=0)
    assert pipwrap.environment.tree() == before


def test_a_failure_leaves_the_target_as_it_was(pipwrap: Runner, offered: Index, tmp_path: Path):
    target = tmp_path / "t"
    pipwrap("install", "--target", target, "demo==1.0", expect=0)
    broken = make_wheel(
        tmp_path / "wheels",
        "broken",
        "1.0",
        entry_points={"console_scripts": ["broken = broken"]},
    )
    before = snapshot(target)
    result = pipwrap("install", "--target", target, "-U", "demo", broken, expect=1)
    assert "A callable suffix is required" in result.stderr
    assert snapshot(target) == before


def test_a_dry_run_makes_no_target(pipwrap: Runner, offered: Index, tmp_path: Path):
    result = pipwrap("install", "--dry-run", "--target", tmp_path / "t", "demo", expect=0)
    assert result.stdout.splitlines()[-1] == "Would install demo-2.0 lib-2.0"
    assert not (tmp_path / "t").exists()


@pytest.mark.parametrize(
    "options",
    [
        ["--target", "file"],
        ["--target", "t", "--user"],
        ["--prefix", "p", "--user"],
        ["--user"],
    ],
    ids=" ".join,
)
def test_bad_combinations_are_refused_in_pips_words(
    pipwrap: Runner, offered: Index, options: list[str]
):
    (pipwrap.directory / "file").touch()
    theirs = pipwrap.pip("install", *options, "demo")
    ours = refused(pipwrap, "install", *options, "demo", says="ERROR: ", code=theirs.returncode)
    assert ours.stderr == theirs.stderr


def test_a_target_within_a_prefix_is_refused(pipwrap: Runner, offered: Index):
    line = ("install", "--target", "t", "--prefix", "p", "demo")
    theirs = pipwrap.pip(*line, expect=1)
    ours = pipwrap(*line, expect=1)
    assert ours.stderr == theirs.stderr
    assert not (pipwrap.directory / "t").exists()


def test_a_target_below_a_root_is_the_real_pips(pipwrap: Runner, offered: Index):
    result = pipwrap("install", "-v", "--target", "t", "--root", "r", "demo", expect=0)
    assert "Handing the command over to pip: the options --target and --root" in result.stdout

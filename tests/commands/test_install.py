"""``pipwrap install``: what stands in the environment afterwards, and what was said of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.environments import VirtualEnvironment, make_environment
from support.index import Index
from support.promises import refused
from support.runner import Runner
from support.wheels import make_wheel


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    """Return a directory for the files of a test."""
    return tmp_path / "wheels"


@pytest.fixture
def offered(index: Index, wheels: Path) -> Index:
    """Return an index with ``demo`` 1.0 and 2.0, which need ``lib`` 1.0 or 2.0."""
    scripts = {"console_scripts": ["demo = demo:main"]}
    for version in ("1.0", "2.0"):
        index.add(make_wheel(wheels, "demo", version, requires=["lib"], entry_points=scripts))
        index.add(make_wheel(wheels, "lib", version))
    return index


def test_a_requirement_comes_with_its_dependencies_and_scripts(
    pipwrap: Runner, environment: VirtualEnvironment, offered: Index
):
    result = pipwrap("install", "demo", expect=0)
    assert environment.freeze() == ["demo==2.0", "lib==2.0"]
    assert environment.run_script("demo") == "demo 2.0\n"
    assert result.stdout.splitlines()[-1] == "Successfully installed demo-2.0 lib-2.0"
    assert result.stderr == ""


def test_old_versions_are_not_fetched(pipwrap: Runner, offered: Index):
    pipwrap("install", "demo", expect=0)
    assert sorted(offered.paths()) == [
        "/files/demo-2.0-py3-none-any.whl",
        "/files/demo-2.0-py3-none-any.whl.metadata",
        "/files/lib-2.0-py3-none-any.whl",
        "/files/lib-2.0-py3-none-any.whl.metadata",
        "/simple/demo/",
        "/simple/lib/",
    ]


def test_the_output_is_pips(pipwrap: Runner, offered: Index, tmp_path: Path):
    ours = pipwrap("install", "demo==1.0", expect=0)
    other = pipwrap.on(make_environment(tmp_path / "other"))
    theirs = other.pip("install", "--no-cache-dir", "--progress-bar=off", "demo==1.0", expect=0)
    assert ours.stdout == theirs.stdout


def test_what_satisfies_is_left_alone_in_pips_words(
    pipwrap: Runner, environment: VirtualEnvironment, offered: Index
):
    pipwrap("install", "demo==1.0", expect=0)
    before = environment.tree()
    ours = pipwrap("install", "demo>=1", "lib", expect=0)
    theirs = pipwrap.pip("install", "demo>=1", "lib", expect=0)
    assert ours.stdout == theirs.stdout
    assert environment.tree() == before


def test_upgrade_takes_the_newest_of_what_is_named_only(
    pipwrap: Runner, environment: VirtualEnvironment, offered: Index
):
    pipwrap("install", "demo==1.0", "lib==1.0", expect=0)
    result = pipwrap("install", "-U", "demo", expect=0)
    assert environment.freeze() == ["demo==2.0", "lib==1.0"]
    assert "  Attempting uninstall: demo\n" in result.stdout
    assert "    Found existing installation: demo 1.0\n" in result.stdout
    assert "      Successfully uninstalled demo-1.0\n" in result.stdout


def test_upgrade_strategy_eager_takes_the_newest_of_everything(
    pipwrap: Runner, environment: VirtualEnvironment, offered: Index
):
    pipwrap("install", "demo==1.0", "lib==1.0", expect=0)
    pipwrap("install", "-U", "--upgrade-strategy", "eager", "demo", expect=0)
    assert environment.freeze() == ["demo==2.0", "lib==2.0"]


def test_an_older_version_replaces_a_newer_one(
    pipwrap: Runner, environment: VirtualEnvironment, offered: Index
):
    pipwrap("install", "demo", expect=0)
    pipwrap("install", "demo<2", expect=0)
    assert environment.freeze() == ["demo==1.0", "lib==2.0"]


def test_force_reinstall_writes_everything_again(
    pipwrap: Runner, environment: VirtualEnvironment, offered: Index
):
    pipwrap("install", "demo", expect=0)
    before = environment.tree()
    module = environment.site_packages / "demo" / "__init__.py"
    module.write_text("broken = True\n", encoding="utf-8")
    result = pipwrap("install", "--force-reinstall", "demo", expect=0)
    assert "Successfully installed demo-2.0 lib-2.0" in result.stdout
    assert environment.tree() == before


def test_no_deps_takes_only_what_is_named(
    pipwrap: Runner, environment: VirtualEnvironment, offered: Index
):
    pipwrap("install", "--no-deps", "demo", expect=0)
    assert environment.freeze() == ["demo==2.0"]
    assert "/simple/lib/" not in offered.paths()


def test_dry_run_says_what_would_come_and_downloads_no_wheel(
    pipwrap: Runner, environment: VirtualEnvironment, offered: Index
):
    """PEP 658: the metadata files are enough to know."""
    before = environment.tree()
    result = pipwrap("install", "--dry-run", "demo", expect=0)
    assert result.stdout.splitlines()[-1] == "Would install demo-2.0 lib-2.0"
    assert environment.tree() == before
    assert not [path for path in offered.paths() if path.endswith(".whl")]


def test_quiet_says_nothing_and_very_quiet_not_even_warnings(
    pipwrap: Runner, index: Index, wheels: Path
):
    index.add(make_wheel(wheels, "demo", "1.0"), yanked="broken")
    quiet = pipwrap("install", "-q", "demo==1.0", expect=0)
    assert quiet.stdout == ""
    assert quiet.stderr.startswith("WARNING: The candidate selected for download or install is a")
    silent = pipwrap("install", "-qq", "--force-reinstall", "demo==1.0", expect=0)
    assert (silent.stdout, silent.stderr) == ("", "")


def test_verbose_says_more_than_the_usual(pipwrap: Runner, offered: Index):
    usual = pipwrap("install", "demo", expect=0)
    verbose = pipwrap("-v", "install", "--force-reinstall", "demo", expect=0)
    assert len(verbose.stdout.splitlines()) > len(usual.stdout.splitlines())


def test_a_second_environment_downloads_nothing_but_pages(
    pipwrap: Runner, offered: Index, tmp_path: Path
):
    pipwrap("install", "demo", expect=0)
    offered.clear_log()
    second = make_environment(tmp_path / "second")
    pipwrap.on(second)("install", "demo", expect=0)
    assert second.freeze() == ["demo==2.0", "lib==2.0"]
    assert sorted(offered.paths()) == ["/simple/demo/", "/simple/lib/"]


def test_without_a_cache_everything_still_works_and_nothing_stays(
    pipwrap: Runner, environment: VirtualEnvironment, offered: Index, cache_root: Path
):
    pipwrap("install", "--no-cache-dir", "demo", expect=0)
    assert environment.freeze() == ["demo==2.0", "lib==2.0"]
    left = [one.name for one in cache_root.iterdir()] if cache_root.exists() else []
    assert not {"wheels-v2", "store-v1", "http-v1", "bodies-v1"} & set(left)
    assert list(Path(pipwrap.environ["TMPDIR"]).iterdir()) == []


def test_files_besides_installer_are_those_that_pip_writes(
    pipwrap: Runner, environment: VirtualEnvironment, wheels: Path, index: Index, tmp_path: Path
):
    """RECORD, REQUESTED, direct_url.json, scripts and bytecode: only INSTALLER has another word."""
    lib = make_wheel(wheels, "lib", "1.0", files={"lib.py": "x = 1\n", "lib_data/a.txt": "a"})
    index.add(lib)
    demo = make_wheel(
        wheels,
        "Demo.Project",
        "1.0",
        requires=["lib"],
        files={
            "demo/__init__.py": "def main():\n    print('hello')\n",
            "Demo_Project-1.0.data/scripts/hello": "#!python\nprint('hi')\n",
            "Demo_Project-1.0.data/data/share/demo.txt": "shared\n",
        },
        entry_points={"console_scripts": ["demo = demo:main"]},
    )
    pipwrap("install", demo, expect=0)
    theirs = make_environment(tmp_path / "theirs")
    pipwrap.on(theirs).pip("install", demo, expect=0)
    assert _comparable(environment) == _comparable(theirs)
    direct_url = environment.distribution("demo-project").read_text("direct_url.json")
    assert json.loads(direct_url or "")["url"] == demo.as_uri()
    assert environment.distribution("lib").read_text("direct_url.json") is None
    assert environment.distribution("lib").read_text("REQUESTED") is None
    assert environment.distribution("lib").read_text("INSTALLER") == "pipwrap\n"


def _comparable(environment: VirtualEnvironment) -> dict[str, str]:
    """Return the tree with paths and INSTALLER made equal; RECORD as its sorted rows."""
    tree = environment.tree()
    for path in tree:
        file = environment.path / path
        if path.endswith((".dist-info/RECORD", "bin/demo", "bin/hello")):
            rows = sorted(file.read_text("utf-8").splitlines())
            shown = "\n".join(row for row in rows if "INSTALLER" not in row and "bin/" not in row)
            tree[path] = shown.replace(str(environment.path), "ENVIRONMENT")
        elif path.endswith((".pyc", "INSTALLER", "pyvenv.cfg")) or "bin/activate" in path:
            tree[path] = "there"
        elif "bin/" in path.lower():
            tree[path] = tree[path].replace(str(environment.path), "ENVIRONMENT")
    return {path: value for path, value in tree.items() if "ctivate" not in path}


def test_pip_uninstalls_what_pipwrap_installed(
    pipwrap: Runner, environment: VirtualEnvironment, offered: Index
):
    before = environment.tree()
    pipwrap("install", "demo", expect=0)
    result = pipwrap.pip("uninstall", "-y", "demo", "lib", expect=0)
    assert "Successfully uninstalled demo-2.0" in result.stdout
    assert environment.tree() == before


def test_pipwrap_replaces_what_pip_installed(
    pipwrap: Runner, environment: VirtualEnvironment, offered: Index, tmp_path: Path
):
    pipwrap.pip("install", "demo==1.0", "lib==1.0", expect=0)
    pipwrap("install", "demo==2.0", "lib==2.0", expect=0)
    fresh = make_environment(tmp_path / "fresh")
    pipwrap.on(fresh)("install", "demo==2.0", "lib==2.0", expect=0)
    assert environment.freeze() == ["demo==2.0", "lib==2.0"]
    assert set(environment.tree()) == set(fresh.tree())


def test_pip_check_is_content(pipwrap: Runner, offered: Index):
    pipwrap("install", "demo", expect=0)
    assert pipwrap.pip("check", expect=0).stdout == "No broken requirements found.\n"


def test_a_local_wheel_is_named_like_in_pip(pipwrap: Runner, wheels: Path, tmp_path: Path):
    """``Processing ./demo.whl``: the path as seen from where the user stands."""
    wheel = make_wheel(pipwrap.directory, "demo", "1.0")
    ours = pipwrap("install", f"./{wheel.name}", expect=0)
    other = pipwrap.on(make_environment(tmp_path / "other"))
    theirs = other.pip("install", f"./{wheel.name}", expect=0)
    assert ours.stdout == theirs.stdout


def test_the_same_local_wheel_again_is_left_alone(
    pipwrap: Runner, environment: VirtualEnvironment, wheels: Path
):
    wheel = make_wheel(wheels, "demo", "1.0")
    pipwrap("install", wheel, expect=0)
    before = environment.tree()
    ours = pipwrap("install", wheel, expect=0)
    theirs = pipwrap.pip("install", wheel, expect=0)
    assert "is already installed with the same version as the provided wheel" in ours.stdout
    assert ours.stdout == theirs.stdout
    assert environment.tree() == before


def test_user_is_refused_in_an_isolated_environment(pipwrap: Runner, offered: Index):
    says = "Can not perform a '--user' install. User site-packages are not visible"
    refused(pipwrap, "install", "--user", "demo", says=says)


def test_user_scheme_where_the_environment_shows_it(
    pipwrap: Runner, offered: Index, tmp_path: Path
):
    """--user installs below the user base, --no-user into the environment."""
    sees_all = make_environment(tmp_path / "sees-all", system_site_packages=True)
    runner = pipwrap.on(sees_all)
    environ = {"PYTHONUSERBASE": str(tmp_path / "base")}
    runner("install", "--user", "demo==1.0", "lib==1.0", environ=environ, expect=0)
    assert sees_all.freeze() == []
    assert (tmp_path / "base" / "bin" / "demo").is_file()
    runner("install", "--no-user", "--force-reinstall", "--no-deps", "demo==2.0", environ=environ)
    assert "demo==2.0" in sees_all.freeze()


def test_bytecode_is_compiled_unless_no_compile(
    pipwrap: Runner, environment: VirtualEnvironment, offered: Index
):
    pipwrap("install", "--no-compile", "lib", expect=0)
    assert not list(environment.site_packages.glob("lib/__pycache__/*.pyc"))
    pipwrap("install", "--force-reinstall", "lib", expect=0)
    (compiled,) = environment.site_packages.glob("lib/__pycache__/*.pyc")
    record = environment.distribution("lib").read_text("RECORD") or ""
    assert f"lib/__pycache__/{compiled.name},,\n" in record

"""Git repositories as requirements: every kind of revision, beside the real pip."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pipwrap.vcs.git import LOCAL_VARIABLES
from support.environments import VirtualEnvironment, make_environment, snapshot
from support.index import Index
from support.repositories import GitRepository, make_repository
from support.runner import Result, Runner
from support.sdists import BUILD_LOG, builds
from support.wheels import make_wheel

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    """Return a repository with a tag v1, a branch dev at 2.0, and main at 3.0."""
    made = make_repository(tmp_path / "repositories" / "demo")
    made.commit("demo", "1.0")
    made.git("tag", "-a", "v1", "-m", "one")
    made.commit("demo", "2.0")
    made.git("branch", "dev")
    made.git("branch", "odd+name")
    made.commit("demo", "3.0")
    return made


@pytest.fixture
def build_log(tmp_path: Path) -> Path:
    """Return the file to which every hook appends a line."""
    return tmp_path / "build.log"


@pytest.fixture
def pipwrap(pipwrap: Runner, build_log: Path) -> Runner:
    """Return a runner whose builds are counted."""
    return Runner(
        pipwrap.environment, {**pipwrap.environ, BUILD_LOG: str(build_log)}, pipwrap.directory
    )


def direct_url(environment: VirtualEnvironment, name: str = "demo") -> dict[str, object]:
    text = environment.distribution(name).read_text("direct_url.json")
    found: dict[str, object] = json.loads(text or "{}")
    return found


def told(result: Result) -> tuple[list[str], list[str]]:
    """Return the lines of both streams that speak of git, without temporary places and caches."""
    texts = (result.stdout, result.stderr)
    plain = (re.sub(r"(to|/\S*) ?\S*(pip-|clone-)\S+", "PLACE", text) for text in texts)
    lines = [
        [line for line in text.splitlines() if not re.search(r"(Created|Stored|Building) ", line)]
        for text in plain
    ]
    return lines[0], lines[1]


def both(pipwrap: Runner, tmp_path: Path, *arguments: str) -> tuple[Runner, Result, Runner, Result]:
    """Run a command with pipwrap and the real pip in environments of their own."""
    other = pipwrap.on(make_environment(tmp_path / "other"))
    return pipwrap, pipwrap(*arguments), other, other.pip(*arguments)


REVISIONS = {
    "nothing": "{url}",
    "tag": "{url}@v1",
    "branch": "{url}@dev",
    "commit": "{url}@{commit}",
    "short commit": "{url}@{short}",
    "ref": "{url}@refs/heads/dev",
    "quoted": "{url}@odd%2Bname",
    "egg": "{url}@dev#egg=demo",
    "named": "demo @ {url}@v1",
}


@pytest.mark.parametrize("form", REVISIONS.values(), ids=REVISIONS)
def test_a_revision_is_installed_as_pip_does_it(
    pipwrap: Runner, repository: GitRepository, tmp_path: Path, form: str
):
    commit = repository.git("rev-parse", "dev")
    requirement = form.format(url=repository.url, commit=commit, short=commit[:10])
    ours, our_result, theirs, their_result = both(pipwrap, tmp_path, "install", requirement)
    assert our_result.returncode == their_result.returncode == 0, our_result.output
    assert direct_url(ours.environment) == direct_url(theirs.environment)
    assert told(our_result) == told(their_result)


@pytest.mark.parametrize(
    "requirement",
    ["{url}@nowhere", "{url}@", "{url}-missing", "{url}#egg=demo[x]", "other @ {url}"],
    ids=["revision", "empty revision", "repository", "egg", "name"],
)
def test_what_cannot_be_had_fails_as_in_pip(
    pipwrap: Runner, repository: GitRepository, tmp_path: Path, requirement: str
):
    ours, our_result, _, their_result = both(
        pipwrap, tmp_path, "install", requirement.format(url=repository.url)
    )
    assert our_result.returncode == their_result.returncode == 1
    ours_last, theirs_last = (
        re.sub(r"/\S*(pip-|clone-)\S+", "", result.stderr.splitlines()[-1])
        for result in (our_result, their_result)
    )
    assert ours_last == theirs_last
    assert ours.environment.freeze() == []


def test_what_git_says_is_in_the_error_where_it_was_not_shown(
    pipwrap: Runner, repository: GitRepository, tmp_path: Path
):
    line = ("install", "-q", f"{repository.url}@nowhere")
    _, ours, _, theirs = both(pipwrap, tmp_path, *line)
    assert ours.returncode == theirs.returncode == 1
    said = "error: pathspec 'nowhere' did not match any file(s) known to git"
    assert said in theirs.stderr
    assert said in ours.stderr
    assert "[1 lines of output]" in ours.stderr


def test_a_revision_is_never_an_option_of_git(pipwrap: Runner, repository: GitRepository):
    result = pipwrap("install", f"{repository.url}@--upload-pack=touch%20x", expect=1)
    assert "git would take for an option" in result.stderr


def test_subdirectories_and_submodules_are_there(
    pipwrap: Runner, environment: VirtualEnvironment, tmp_path: Path
):
    inner = make_repository(tmp_path / "repositories" / "inner")
    inner.commit("demo", "1.5")
    outer = make_repository(tmp_path / "repositories" / "outer")
    outer.git("submodule", "add", "--quiet", f"file://{inner.path}", "below/inner")
    outer.commit_all("a submodule")
    environ = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "protocol.file.allow",
        "GIT_CONFIG_VALUE_0": "always",
    }
    url = f"{outer.url}#subdirectory=below/inner"
    pipwrap("install", url, environ=environ, expect=0)
    assert environment.freeze() == ["demo==1.5"]
    assert direct_url(environment)["subdirectory"] == "below/inner"


def test_every_local_variable_of_git_is_known():
    """A newer git may list more: each is then hidden, or kept with a reason."""
    line = ["git", "rev-parse", "--local-env-vars"]
    listed = subprocess.run(line, capture_output=True, text=True, check=True).stdout.split()
    assert set(listed) - set(LOCAL_VARIABLES) <= {"GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS"}


@pytest.mark.parametrize(
    "variable",
    ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", None],
)
def test_variables_of_the_callers_repository_reach_no_git(
    pipwrap: Runner, repository: GitRepository, tmp_path: Path, variable: str | None
):
    """As in a hook: clone, ls-remote, fetch, checkout and submodules leave the caller's alone."""
    inner = make_repository(tmp_path / "repositories" / "inner")
    inner.commit("inner", "1.5")
    repository.git("submodule", "add", "--quiet", f"file://{inner.path}", "below")
    commit = repository.commit_all("a submodule")
    callers = make_repository(tmp_path / "callers")
    callers.commit("callers", "1.0")
    place = callers.path / ".git"
    (tmp_path / "elsewhere").mkdir()
    values = {
        "GIT_DIR": place,
        "GIT_COMMON_DIR": place,
        "GIT_WORK_TREE": callers.path,
        "GIT_INDEX_FILE": place / "index",
        "GIT_OBJECT_DIRECTORY": tmp_path / "elsewhere",
        "GIT_QUARANTINE_PATH": tmp_path / "elsewhere",
        "GIT_CONFIG": place / "config",
        "GIT_SHALLOW_FILE": place / "shallow",
        "GIT_PREFIX": "wheel/",
    }
    names = LOCAL_VARIABLES if variable is None else (variable,)
    environ = {name: str(values.get(name, "1")) for name in names}
    environ |= {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "protocol.file.allow",
        "GIT_CONFIG_VALUE_0": "always",
    }
    before = snapshot(callers.path)
    line = ["--src", str(tmp_path / "src"), "-e", f"{repository.url}@main#egg=demo"]
    for revision in ("main", commit):
        requirement = f"{repository.url}@{revision}"
        pipwrap("install", "--force-reinstall", requirement, environ=environ, expect=0)
    for _ in ("cloned", "updated"):  # then its backend builds no editable
        result = pipwrap("install", *line, environ=environ, expect=1)
        assert "is missing the 'build_editable' hook" in result.stderr
    assert (tmp_path / "src" / "demo" / "below" / "PKG-INFO").is_file()
    assert snapshot(callers.path) == before
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("form", ["{url}@{commit}", "demo @ {url}@{commit}"])
def test_a_full_commit_is_built_once_and_then_needs_no_git(
    pipwrap: Runner, repository: GitRepository, build_log: Path, tmp_path: Path, form: str
):
    commit = repository.git("rev-parse", "dev")
    requirement = form.format(url=repository.url, commit=commit)
    pipwrap("install", requirement, expect=0)
    first = direct_url(pipwrap.environment)
    shutil.move(repository.path, tmp_path / "gone")
    second = pipwrap.on(make_environment(tmp_path / "second"))
    result = second("install", requirement, expect=0)
    assert "Using cached demo-2.0-py3-none-any.whl" in result.stdout
    assert direct_url(second.environment) == first
    assert builds(build_log) == ["demo 2.0"]


def test_a_branch_that_is_called_like_its_commit_is_not_kept(
    pipwrap: Runner, repository: GitRepository, build_log: Path
):
    commit = repository.git("rev-parse", "dev")
    repository.git("branch", commit, commit)
    for _ in range(2):
        pipwrap("install", "--force-reinstall", f"{repository.url}@{commit}", expect=0)
    assert len(builds(build_log)) == 2


def test_the_installed_version_from_elsewhere_stays_as_in_pip(
    pipwrap: Runner, repository: GitRepository, environment: VirtualEnvironment
):
    pipwrap("install", f"{repository.url}@v1", expect=0)
    repository.git("tag", "again", "v1^{}")
    pipwrap("install", f"{repository.url}@again", expect=0)
    info = direct_url(environment)["vcs_info"]
    assert isinstance(info, dict)
    assert info["requested_revision"] == "v1"


def test_a_dependency_comes_from_a_repository(
    pipwrap: Runner, repository: GitRepository, environment: VirtualEnvironment, tmp_path: Path
):
    wheel = make_wheel(tmp_path, "needs", "1.0", requires=[f"demo @ {repository.url}@v1"])
    pipwrap("install", wheel, expect=0)
    assert environment.freeze() == ["demo==1.0", "needs==1.0"]
    assert environment.distribution("demo").read_text("REQUESTED") is None


def test_a_line_of_a_file_and_download_and_wheel(
    pipwrap: Runner, repository: GitRepository, index: Index
):
    Path(pipwrap.directory, "r.txt").write_text(f"demo @ {repository.url}@v1\n")
    result = pipwrap("download", "-d", "files", "-r", "r.txt", expect=0)
    assert "Saved ./files/demo-1.0.zip\nSuccessfully downloaded demo\n" in result.stdout
    pipwrap("wheel", "-w", "wheels", "-r", "r.txt", expect=0)
    assert os.listdir(Path(pipwrap.directory, "wheels")) == ["demo-1.0-py3-none-any.whl"]
    pipwrap("install", "--force-reinstall", "files/demo-1.0.zip", expect=0)


def test_hashes_cannot_hold_a_repository_still(pipwrap: Runner, repository: GitRepository):
    result = pipwrap("install", "--require-hashes", repository.url, expect=1)
    assert "we don't have a way to hash version control repositories" in result.stderr


def test_without_git_there_is_one_message(
    pipwrap: Runner, repository: GitRepository, environment: VirtualEnvironment
):
    result = pipwrap("install", repository.url, environ={"PATH": str(environment.bin)}, expect=1)
    assert result.stderr.endswith(
        "ERROR: Cannot find command 'git' - do you have 'git' installed and in your PATH?\n"
    )

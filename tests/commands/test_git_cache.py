"""What the cache spares git: clones, builds, and the network."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from support.environments import VirtualEnvironment, make_environment
from support.git_server import GitServer
from support.index import Index
from support.repositories import GitRepository, WatchedGit, make_repository
from support.runner import Result, Runner, scripts_directory
from support.sdists import BUILD_LOG, builds
from support.wheels import make_wheel

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")

LOOKED_UP = ["ls-remote"]
"""All that git is run for where a wheel is there."""
LOCALLY = {"for-each-ref", "symbolic-ref", "config", "show-ref", "rev-parse", "cat-file", "version"}
"""What asks a clone and nobody else."""


@dataclass
class Site:
    """Installs into a new environment each time, and counts what git does."""

    runner: Runner
    git: WatchedGit
    cache: Path
    directory: Path
    environment: VirtualEnvironment = field(init=False)
    _count: int = 0

    def on_new(self) -> Runner:
        """Return a runner for a new environment, with the watched git before all others."""
        self._count += 1
        self.environment = make_environment(self.directory / f"environment{self._count}")
        runner = self.runner.on(self.environment)
        path = os.pathsep.join((str(self.git.directory), runner.environ["PATH"]))
        log = str(self.directory / "build.log")
        environ = {**runner.environ, "PATH": path, BUILD_LOG: log}
        return Runner(self.environment, environ, runner.directory)

    def install(self, *arguments: str, expect: int = 0) -> Result:
        """Install into a new environment."""
        result = self.on_new()("install", *arguments, expect=expect)
        assert "Traceback" not in result.stderr
        return result

    @property
    def built(self) -> int:
        return len(builds(self.directory / "build.log"))

    @property
    def commit(self) -> object:
        text = self.environment.distribution("demo").read_text("direct_url.json")
        return json.loads(text or "{}")["vcs_info"]["commit_id"]

    @property
    def clone(self) -> Path:
        """Return the one cached clone."""
        (found,) = self.cache.glob("git-v1/*/*")
        return found

    def forget_wheels(self) -> None:
        shutil.rmtree(self.cache / "wheels-v2")


def distant(commands: list[str]) -> list[str]:
    """Return the commands that fill a clone or ask a server."""
    return [each for each in commands if each not in LOCALLY]


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    """Return a repository with a tag v1, a branch dev at 2.0, and main at 3.0; clones are partial."""
    made = make_repository(tmp_path / "repositories" / "demo")
    made.git("config", "uploadpack.allowFilter", "true")
    made.git("config", "uploadpack.allowAnySHA1InWant", "true")
    made.commit("demo", "1.0")
    made.git("tag", "-a", "v1", "-m", "one")
    made.git("update-ref", "refs/pull/7/head", "HEAD")
    made.commit("demo", "2.0")
    made.git("branch", "dev")
    made.commit("demo", "3.0")
    return made


@pytest.fixture
def site(pipwrap: Runner, cache_root: Path, tmp_path: Path) -> Site:
    """Return a site without a cache."""
    return Site(pipwrap, WatchedGit(tmp_path / "tools"), cache_root, tmp_path)


@pytest.fixture
def server(repository: GitRepository) -> Iterator[GitServer]:
    """Yield the repository over HTTP."""
    with GitServer(repository) as running:
        yield running


# Wheels, by commit


@pytest.mark.parametrize("revision", ["", "@dev", "@v1", "@refs/heads/dev", "@refs/pull/7/head"])
def test_an_unchanged_name_costs_one_question(site: Site, repository: GitRepository, revision: str):
    site.install(repository.url + revision)
    first, wanted = site.environment.freeze(), site.commit
    assert site.git.taken().count("ls-remote") == 1
    result = site.install(f"demo @ {repository.url}{revision}")
    assert site.git.taken() == LOOKED_UP
    assert site.built == 1
    assert f"Resolved {repository.url[4:]} to commit {wanted}" in result.stdout
    assert "Using cached demo" in result.stdout
    assert (site.environment.freeze(), site.commit) == (first, wanted)


def test_names_of_one_commit_share_its_wheel(site: Site, repository: GitRepository):
    commit = repository.git("rev-parse", "dev")
    repository.git("tag", "v2", "dev")
    for revision in ("dev", "v2", commit):
        site.install(f"{repository.url}@{revision}")
        assert site.commit == commit
    assert site.built == 1


def test_a_branch_that_moved_is_fetched_and_built(site: Site, repository: GitRepository):
    site.install(repository.url)
    site.git.taken()
    commit = repository.commit("demo", "4.0")
    site.install(repository.url)
    assert distant(site.git.taken()) == ["ls-remote", "clone", "remote", "fetch", "checkout"]
    assert (site.environment.freeze(), site.commit) == (["demo==4.0"], commit)
    site.install(f"{repository.url}@{commit}")
    assert site.git.taken() == []
    assert site.built == 2


def test_an_abbreviation_is_looked_up_in_the_clone(site: Site, repository: GitRepository):
    requirement = f"{repository.url}@{repository.git('rev-parse', 'dev')[:10]}"
    site.install(requirement)
    site.git.taken()
    site.install(requirement)
    assert distant(site.git.taken()) == ["ls-remote", "clone", "remote", "checkout", "checkout"]
    assert site.built == 1


def test_the_hash_of_a_tag_is_not_kept_as_a_commit(site: Site, repository: GitRepository):
    for _ in range(2):
        site.install(f"{repository.url}@{repository.git('rev-parse', 'v1')}")
        assert site.commit == repository.git("rev-parse", "v1^{}")
    assert site.built == 2
    assert list(site.cache.glob("wheels-v2/*/*/*/*.whl")) == []


def test_every_build_of_a_project_has_its_own_subdirectory(site: Site, repository: GitRepository):
    repository.commit("demo", "1.5", below="below")
    repository.git("add", "-A")
    for _ in range(2):
        site.install(f"{repository.url}#subdirectory=below")
        assert site.environment.freeze() == ["demo==1.5"]
        site.install(repository.url)
        assert site.environment.freeze() == ["demo==3.0"]
    assert site.built == 2


def _first_on_path(site: Site, runner: Runner, command: str, before: str) -> str:
    """Return a PATH whose git does something before one of its commands."""
    directory = site.directory / "before"
    directory.mkdir()
    text = f'#!/bin/sh\ncase " $* " in *" {command} "*) {before};; esac\n'
    (directory / "git").write_text(f'{text}exec "{site.git.directory}/git" "$@"\n', "utf-8")
    (directory / "git").chmod(0o755)
    return os.pathsep.join((str(directory), runner.environ["PATH"]))


def test_a_branch_that_moves_after_the_question_is_kept_as_what_was_built(
    site: Site, repository: GitRepository
):
    before = repository.git("rev-parse", "main")
    repository.git("checkout", "-q", "-b", "next")
    after = repository.commit("demo", "4.0")
    repository.git("checkout", "-q", "--detach", "main")
    moves = f"git -C '{repository.path}' update-ref refs/heads/main {after}"
    runner = site.on_new()
    path = _first_on_path(site, runner, "clone", moves)
    runner("install", f"{repository.url}@main", environ={"PATH": path}, expect=0)
    assert (site.environment.freeze(), site.commit) == (["demo==4.0"], after)
    site.install(f"{repository.url}@{before}")
    assert (site.environment.freeze(), site.commit) == (["demo==3.0"], before)


def test_rebuild_knows_a_repository_by_its_wheel(site: Site, repository: GitRepository):
    site.install(f"{repository.url}@dev")
    result = site.install("--rebuild", "Demo", f"{repository.url}@dev")
    assert "Rebuilding demo: asked for by --rebuild" in result.stdout
    assert site.built == 2
    site.install("--rebuild", "other", f"{repository.url}@dev")
    assert site.built == 2


# Clones


def test_a_second_build_clones_the_cached_clone(site: Site, repository: GitRepository):
    site.install(f"{repository.url}@v1")
    site.git.taken()
    result = site.install(f"{repository.url}@dev")
    assert distant(site.git.taken()) == ["ls-remote", "clone", "remote", "checkout", "checkout"]
    assert "Running command git clone --quiet --local --no-checkout" in result.stderr
    assert site.environment.freeze() == ["demo==2.0"]


LOOK = """\
import subprocess

ASKED = (
    "status --branch --short --untracked-files=no", "branch -avv", "tag", "remote -v",
    "describe --tags --always", "log --oneline --all", "config --get-regexp (branch|remote).*",
)
with open({seen!r}, "w") as stream:
    for line in ASKED:
        stream.flush()
        subprocess.run(["git", *line.split()], check=True, stdout=stream)
"""


@pytest.mark.parametrize("revision", ["", "@main", "@dev", "@v1", "@main~1", "@{commit}"])
def test_a_checkout_looks_as_if_git_had_cloned_it_itself(
    site: Site, repository: GitRepository, tmp_path: Path, revision: str
):
    """What a backend is told by git must be the same with and without the cache."""
    seen = tmp_path / "seen"

    def told() -> list[str]:
        return sorted(seen.read_text("utf-8").splitlines())

    backend = {"look.py": LOOK.format(seen=str(seen))}
    commit = repository.commit("demo", "4.0", imports=["look"], extra_files=backend)
    repository.git("branch", "-f", "dev")
    repository.git("tag", "-f", "v1")
    repository.commit("demo", "5.0", imports=["look"], extra_files=backend)
    requirement = repository.url + revision.format(commit=commit)
    site.install(requirement)
    first = told()
    assert any("remotes/origin/main" in line for line in first)
    site.forget_wheels()
    site.git.taken()
    site.install(requirement)
    assert "remote" in site.git.taken(), "the cached clone was not used"
    assert told() == first
    site.forget_wheels()
    repository.git("branch", "more", "v1")
    site.install(requirement)
    third = told()
    shutil.rmtree(site.cache)
    site.install(requirement)
    if "{" not in revision:  # a full commit asks for nothing that is new
        assert third == told()


def test_submodules_are_there_however_it_was_cloned(
    site: Site, repository: GitRepository, tmp_path: Path
):
    outer = make_repository(tmp_path / "repositories" / "outer")
    outer.git("submodule", "add", "--quiet", f"file://{repository.path}", "inner")
    outer.commit_all("a submodule")
    allowed = {"COUNT": "1", "KEY_0": "protocol.file.allow", "VALUE_0": "always"}
    environ = {f"GIT_CONFIG_{name}": value for name, value in allowed.items()}
    site.runner = Runner(
        site.runner.environment, {**site.runner.environ, **environ}, site.runner.directory
    )
    for version in ("3.0", "3.0", "4.0"):
        if version == "4.0":
            repository.commit("demo", version)
            outer.git("-C", "inner", "pull", "--quiet")
            outer.commit_all("a newer submodule")
        shutil.rmtree(site.cache / "wheels-v2", ignore_errors=True)
        site.install(f"{outer.url}#subdirectory=inner")
        assert site.environment.freeze() == [f"demo=={version}"]


def test_the_clone_leaves_files_out_and_keeps_those_that_were_needed(
    site: Site, repository: GitRepository
):
    site.install(f"{repository.url}@v1")
    listing = ["git", "--git-dir", site.clone, "rev-list", "--objects", "--missing=print", "--all"]
    missing = subprocess.run(listing, capture_output=True, text=True, check=True).stdout
    assert missing.count("?") > 0
    site.forget_wheels()
    shutil.move(repository.path, repository.path.with_name("gone"))
    site.install(f"{repository.url}@{_commit_of(site, 'v1^{}')}", "--offline")
    assert site.environment.freeze() == ["demo==1.0"]


def _commit_of(site: Site, revision: str) -> str:
    command = ["git", "--git-dir", site.clone, "rev-parse", revision]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_what_vanished_from_the_server_is_gone_from_the_clone(
    site: Site, repository: GitRepository
):
    repository.git("tag", "old")
    site.install(repository.url)
    repository.git("tag", "-d", "old")
    repository.git("branch", "-D", "dev")
    repository.commit("demo", "4.0")
    site.install(repository.url)
    assert "old" not in (site.clone / "packed-refs").read_text("utf-8")
    result = site.install(f"{repository.url}@dev", expect=1)
    assert "Did not find branch or tag 'dev'" in result.stdout


def test_another_default_branch_is_cloned_anew(site: Site, repository: GitRepository):
    site.install(repository.url)
    repository.git("symbolic-ref", "HEAD", "refs/heads/dev")
    result = site.install(repository.url)
    assert site.environment.freeze() == ["demo==2.0"]
    assert result.stderr.count("WARNING") == 0
    assert (site.clone / "HEAD").read_text("utf-8") == "ref: refs/heads/dev\n"


def test_a_commit_that_no_branch_has_is_fetched_by_its_hash(site: Site, repository: GitRepository):
    site.install(repository.url)
    repository.git("checkout", "-q", "--detach")
    commit = repository.commit("demo", "9.0")
    repository.git("checkout", "-q", "main")
    site.git.taken()
    site.install(f"{repository.url}@{commit}")
    assert "ls-remote" not in site.git.taken()
    assert (site.environment.freeze(), site.commit) == (["demo==9.0"], commit)


def test_the_clone_does_not_grow_for_ever(site: Site, repository: GitRepository):
    for number in range(4, 8):
        repository.commit("demo", f"{number}.0")
        site.install(repository.url)
    before = len(list(site.clone.glob("objects/pack/*.pack")))
    assert before >= 4
    for number in range(100):
        (site.clone / f"objects/pack/pack-{number}.keep").touch()
    entry = json.loads((site.clone / "entry.json").read_text("utf-8"))
    entry["files"] += [[f"objects/pack/pack-{number}.keep", 0, ""] for number in range(100)]
    (site.clone / "entry.json").write_text(json.dumps(entry), encoding="utf-8")
    repository.commit("demo", "8.0")
    result = site.install(repository.url)
    assert "WARNING" not in result.stderr
    assert len(list(site.clone.glob("objects/pack/*.pack"))) < before


# Offline


def test_a_cached_commit_needs_no_network(site: Site, repository: GitRepository, server: GitServer):
    commit = repository.git("rev-parse", "main")
    site.install(server.url())
    site.forget_wheels()
    for _ in range(2):  # built from the clone, and from the cache
        server.requests.clear()
        site.install(f"{server.url()}@{commit}", "--offline")
        assert server.requests == []
        assert site.commit == commit
    assert site.built == 2


@pytest.mark.parametrize("revision", ["", "@dev", "@v1", "@refs/heads/dev"])
def test_offline_no_name_can_be_resolved(site: Site, server: GitServer, revision: str):
    site.install(server.url() + revision)
    server.requests.clear()
    result = site.install(server.url() + revision, "--offline", expect=1)
    name = revision[1:] or "HEAD"
    assert f"Which commit {name} of {server.url()[4:]} is only its server knows" in result.stderr
    assert "A full commit hash can come from the cache." in result.stderr
    assert server.requests == []


@pytest.mark.parametrize("is_filled", [False, True])
def test_offline_names_the_commit_that_is_missing(
    site: Site,
    repository: GitRepository,
    server: GitServer,
    is_filled: bool,  # noqa: FBT001
):
    if is_filled:
        site.install(server.url())
    commit = repository.commit("demo", "4.0")
    server.publish()
    server.requests.clear()
    result = site.install(f"{server.url()}@{commit}", "--offline", expect=1)
    assert f"{server.url()[4:]} at {commit} is not in the cache" in result.stderr
    assert server.requests == []


def test_offline_a_repository_of_this_machine_is_asked(site: Site, repository: GitRepository):
    site.install(f"{repository.url}@dev", "--offline")
    assert site.environment.freeze() == ["demo==2.0"]


def test_offline_an_editable_is_not_cloned(site: Site, server: GitServer, tmp_path: Path):
    where = ["--src", str(tmp_path / "src"), "-e", f"{server.url()}#egg=demo"]
    result = site.install("--offline", *where, expect=1)
    assert "is not in the cache, and the network is not to be used" in result.stderr
    assert server.requests == []


# Credentials


def test_a_password_is_in_nothing_that_is_kept(site: Site, repository: GitRepository):
    with GitServer(repository, ("user", "very-secret")) as server:
        commit = repository.git("rev-parse", "main")
        result = site.install(server.url("user:very-secret"))
        assert "very-secret" not in result.output
        for path in site.cache.rglob("*"):
            assert path.is_dir() or b"very-secret" not in path.read_bytes(), path
        site.forget_wheels()
        server.requests.clear()
        site.install(f"{server.url()}@{commit}")
        assert server.requests == []


def test_a_server_that_wants_a_password_is_cloned_as_pip_does_it(
    site: Site, repository: GitRepository
):
    with GitServer(repository, ("user", "very-secret")) as server:
        result = site.install("--no-input", server.url(), expect=1)
        assert "git clone --filter=blob:none --quiet" in result.stderr
        assert list(site.cache.glob("git-v1/*/*")) == []


# Evidence


ASKS_GIT = {
    "look.py": "import subprocess\nsubprocess.run(['git', 'describe', '--tags', '--always'])\n"
}


@pytest.mark.parametrize("asks", [True, False])
def test_a_new_tag_counts_for_a_build_that_asked_git(
    site: Site,
    repository: GitRepository,
    asks: bool,  # noqa: FBT001
):
    files = ASKS_GIT if asks else {"look.py": ""}
    commit = repository.commit("demo", "4.0", imports=["look"], extra_files=files)
    site.install(repository.url)
    repository.git("tag", "v4")
    result = site.install(repository.url)
    assert site.built == 1 + asks
    assert ("the repository had other tags" in result.stdout) == asks
    site.install(repository.url)
    site.install(f"{repository.url}@{commit}")
    assert site.built == 1 + asks


def test_a_tag_that_does_not_describe_the_commit_does_not_count(
    site: Site, repository: GitRepository
):
    repository.commit("demo", "4.0", imports=["look"], extra_files=ASKS_GIT)
    repository.git("branch", "-f", "dev")
    site.install(f"{repository.url}@dev")
    repository.commit("demo", "5.0")
    repository.git("tag", "v5")
    site.git.taken()
    site.install(f"{repository.url}@dev")
    assert site.built == 1
    assert "fetch" in site.git.taken()
    site.install(f"{repository.url}@dev")
    assert distant(site.git.taken()) == LOOKED_UP


# Others at the same time, and upkeep


def test_two_installs_at_once_share_one_clone(site: Site, repository: GitRepository):
    runners = [site.on_new() for _ in range(4)]
    for version in ("4.0", "5.0"):
        repository.commit("demo", version)
        command = [str(scripts_directory() / "pipwrap"), "--python"]
        processes = [
            subprocess.Popen(
                [*command, str(each.environment.python), "install", "-U", repository.url],
                env=dict(each.environ),
                cwd=each.directory,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for each in runners
        ]
        for process, runner in zip(processes, runners, strict=True):
            output, said = process.communicate(timeout=120)
            assert process.returncode == 0, output + said
            assert "WARNING" not in said
            assert runner.environment.freeze() == [f"demo=={version}"]
    assert runners[0]("cache", "verify", expect=0).stdout == "The cache is whole.\n"


@pytest.mark.parametrize("command", ["ls-remote", "clone", "fetch", "checkout"])
def test_a_killed_install_leaves_a_cache_that_serves(
    site: Site, repository: GitRepository, command: str
):
    site.install(repository.url)
    repository.commit("demo", "4.0")
    runner = site.on_new()
    environ = {**runner.environ, "PATH": _first_on_path(site, runner, command, "sleep 60")}
    arguments = ["--python", str(runner.environment.python), "install", repository.url]
    process = subprocess.Popen(
        [str(scripts_directory() / "pipwrap"), *arguments],
        env=environ,
        cwd=runner.directory,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    time.sleep(2)
    assert process.poll() is None
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    result = site.install(repository.url)
    assert result.stderr.count("WARNING") == 0
    assert site.environment.freeze() == ["demo==4.0"]
    assert runner("cache", "verify", expect=0).stdout == "The cache is whole.\n"


def test_a_purge_in_the_middle_of_a_build_takes_nothing_from_it(
    site: Site, repository: GitRepository
):
    """The backend itself purges, then reads the whole history of the clone that it is built from."""
    script = (
        "import subprocess\n"
        f"command = [{str(scripts_directory() / 'pipwrap')!r}, 'cache', 'purge']\n"
        "subprocess.run(command, check=True)\n"
        "subprocess.run(['git', 'fsck'], check=True)\n"
        "subprocess.run(['git', 'log', '-p', '--all'], check=True, stdout=subprocess.DEVNULL)\n"
    )
    repository.commit("demo", "4.0", imports=["purge"], extra_files={"purge.py": script})
    for _ in range(2):
        site.install(repository.url, "--no-deps")
        assert site.environment.freeze() == ["demo==4.0"]


def test_upkeep_knows_clones(site: Site, repository: GitRepository, pipwrap: Runner):
    site.install(repository.url)
    assert site.clone.is_dir()
    before = pipwrap("cache", "info", expect=0).stdout
    assert len(before.splitlines()) == 7
    said = pipwrap("cache", "prune", "--max-size", "0", "--dry-run", expect=0).stdout
    assert f"clone {site.clone} " in said
    pipwrap("cache", "prune", "--unused-for", "1d", expect=0)
    assert site.clone.is_dir()
    pipwrap("cache", "prune", "--ci", expect=0)
    assert list(site.cache.glob("git-v1/*/*")) == []
    assert site.built == 1
    site.install(repository.url)
    assert site.built == 1
    site.forget_wheels()
    site.install(repository.url)
    pipwrap("cache", "purge", expect=0)
    assert not (site.cache / "git-v1").exists()


def test_a_clone_is_used_when_it_is_cloned(site: Site, repository: GitRepository, pipwrap: Runner):
    site.install(repository.url)
    os.utime(site.clone, (1, 1))
    site.install(f"{repository.url}@dev")
    pipwrap("cache", "prune", "--unused-for", "1d", expect=0)
    assert site.clone.is_dir()


def test_without_a_cache_every_run_clones(site: Site, repository: GitRepository):
    for _ in range(2):
        site.install("--no-cache-dir", repository.url)
    assert site.built == 2
    assert not site.cache.exists() or list(site.cache.glob("git-v1/*/*")) == []


def test_a_dependency_that_is_a_repository_is_found_by_its_commit(
    site: Site, repository: GitRepository, index: Index, tmp_path: Path
):
    index.add(make_wheel(tmp_path, "needs", "1.0", requires=[f"demo @ {repository.url}@v1"]))
    for _ in range(2):
        site.install("needs")
        assert site.environment.freeze() == ["demo==1.0", "needs==1.0"]
    assert site.built == 1

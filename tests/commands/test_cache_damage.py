"""Whatever happened to a file of the cache: the install goes on, installs the right thing, heals."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.environments import VirtualEnvironment, check_records, make_environment
from support.index import Index
from support.repositories import make_repository
from support.runner import Result, Runner, clean_environ
from support.sdists import BUILD_LOG
from support.wheels import make_sdist, make_wheel

FILES = {
    "CACHEDIR.TAG": "CACHEDIR.TAG",
    "lock": "pipwrap.lock",
    "head": "http-v1/*/*/*.json",
    "body": "bodies-v1/*/*",
    "built entry": "wheels-v2/*/*/*/entry.json",
    "built wheel": "wheels-v2/*/*/*/*.whl",
    "build log": "wheels-v2/*/*/*/build.log",
    "secret": "wheels-v2/secret",
    "store entry": "store-v1/*/*/entry.json",
    "stored file": "store-v1/*/*/tree/*/*.py",
    "stored METADATA": "store-v1/*/*/tree/*.dist-info/METADATA",
    "bytecode manifest": "store-v1/*/*/bytecode/*/.json",
    "bytecode": "store-v1/*/*/bytecode/*/*/__pycache__/*.pyc",
    "metadata": "metadata-v2/*/*.json",
    "interpreter": "interpreters-v1/*.json",
    "usage": "usage-v2/*.jsonl",
}
"""Every kind of file that the cache keeps."""


def _truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _noise(path: Path) -> None:
    """Write other bytes of the same number, none of which is text."""
    path.write_bytes(bytes(0x80 | byte % 0x7F for byte in range(max(path.stat().st_size, 8))))


def _empty(path: Path) -> None:
    os.truncate(path, 0)


def _directory(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "something").write_text("else", encoding="utf-8")


def _other_fields(path: Path) -> None:
    """Write JSON that is whole and not of the declared type."""
    path.write_text('{"version": {}, "files": 1}', encoding="ascii")


def _dangling(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.parent / "nowhere")


DAMAGES: dict[str, Callable[[Path], None]] = {
    "truncated": _truncate,
    "noise": _noise,
    "emptied": _empty,
    "other fields": _other_fields,
    "a directory": _directory,
    "a dangling link": _dangling,
}


@dataclass(frozen=True)
class Site:
    """A cache that was filled by an install, and the environment that is filled from it."""

    runner: Runner
    environment: VirtualEnvironment
    cache: Path
    filled: Path
    """A copy of the whole cache."""

    def reset(self) -> None:
        """Put the whole cache back and empty the environment."""
        shutil.rmtree(self.cache)
        shutil.copytree(self.filled, self.cache, symlinks=True)
        self.empty()

    def empty(self) -> None:
        for path in self.environment.site_packages.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def install(self, *arguments: str) -> Result:
        """Install a wheel and an sdist, and check every file that arrives."""
        self.empty()
        result = self.runner("install", *arguments, "demo", "made")
        assert result.returncode == 0, result.output
        assert "Traceback" not in result.stdout + result.stderr, result.output
        assert self.environment.freeze() == ["demo==1.0", "made==1.0"], result.output
        check_records(self.environment.site_packages)
        return result

    def look(self) -> Result:
        """Resolve a large wheel and an sdist, of which metadata alone is kept."""
        result = self.runner("install", "--dry-run", "large", "told")
        assert result.returncode == 0, result.output
        assert "Would install demo-1.0 large-1.0 told-1.0\n" in result.stdout, result.output
        assert "Traceback" not in result.stderr, result.output
        return result


def warnings(result: Result) -> list[str]:
    """Return every line of stderr: nothing else is said there."""
    return result.stderr.splitlines()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Yield a site with a wheel, a built sdist and metadata of two others in its cache."""
    base = tmp_path_factory.mktemp("damage")
    environment = make_environment(base / "environment")
    for name in ("home/tmp", "work"):
        (base / name).mkdir(parents=True)
    cache = base / "cache" / "pipwrap"
    with Index() as index:
        index.add(make_wheel(base / "files", "demo", "1.0"))
        backend = {"switch.py": "import os\nos.environ.get('MADE_WITH_SWITCH')\n"}
        index.add(
            make_sdist(base / "files", "made", "1.0", imports=["switch"], extra_files=backend)
        )
        large = {"large.bin": random.Random(0).randbytes(300_000)}
        wheel = make_wheel(base / "files", "large", "1.0", files=large, requires=["demo"])
        index.add(wheel, metadata=False)
        index.add(
            make_sdist(base / "files", "told", "1.0", imports=["switch"], extra_files=backend)
        )
        index.headers("/simple/*", {"ETag": "auto"})
        environ = clean_environ(base / "home", environment, cache, index.url)
        environ |= {BUILD_LOG: str(base / "builds.log"), "MADE_WITH_SWITCH": "1"}
        site = Site(Runner(environment, environ, base / "work"), environment, cache, base / "whole")
        site.look()
        site.install()
        shutil.copytree(cache, site.filled, symlinks=True)
        assert warnings(site.install()) == []
        shutil.rmtree(site.filled)
        shutil.copytree(cache, site.filled, symlinks=True)
        yield site


@pytest.fixture
def site(whole: Site) -> Site:
    """Return the site with its whole cache and an empty environment."""
    whole.reset()
    return whole


def damage_all(cache: Path, pattern: str, how: str) -> int:
    """Damage every file of a kind and return how many there are."""
    paths = [path for path in cache.glob(pattern) if path.is_file()]
    for path in paths:
        DAMAGES[how](path)
    return len(paths)


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("kind", FILES)
def test_a_damaged_file_is_a_miss_and_heals(site: Site, kind: str, how: str):
    count = damage_all(site.cache, FILES[kind], how)
    assert count, "there is no such file to damage"
    result = site.install()
    assert len(warnings(result)) <= count, result.output
    healed = site.install()
    assert warnings(healed) == [], healed.output


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("kind", ["metadata", "secret", "body", "head"])
def test_damaged_metadata_is_had_again_and_heals(site: Site, kind: str, how: str):
    assert warnings(site.look()) == []
    count = damage_all(site.cache, FILES[kind], how)
    result = site.look()
    assert len(warnings(result)) <= count, result.output
    assert ("Preparing metadata" in result.stdout) == (kind in {"metadata", "secret"})
    healed = site.look()
    assert warnings(healed) == [], healed.output
    assert "Preparing metadata" not in healed.stdout


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("kind", ["body", "built wheel", "built entry", "secret"])
def test_what_has_to_be_unpacked_again_is_never_installed_damaged(site: Site, kind: str, how: str):
    """With the store gone nothing but the file itself says what it holds."""
    shutil.rmtree(site.cache / "store-v1")
    count = damage_all(site.cache, FILES[kind], how)
    result = site.install()
    assert len(warnings(result)) <= count, result.output
    healed = site.install()
    assert warnings(healed) == [], healed.output


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_body_is_never_what_download_saves(site: Site, how: str, tmp_path: Path):
    damage_all(site.cache, FILES["body"], how)
    result = site.runner("download", "--dest", tmp_path, "demo", expect=0)
    assert "Traceback" not in result.stderr
    saved, original = tmp_path / "demo-1.0-py3-none-any.whl", site.cache.parents[1] / "files"
    assert saved.read_bytes() == (original / saved.name).read_bytes()


CLONE_FILES = {
    "entry": "entry.json",
    "HEAD": "HEAD",
    "config": "config",
    "references": "packed-refs",
    "pack": "objects/pack/*.pack",
    "pack index": "objects/pack/*.idx",
    "promise": "objects/pack/*.promisor",
}


def _gone(path: Path) -> None:
    path.unlink()


CLONE_DAMAGES = {**DAMAGES, "gone": _gone}


@dataclass(frozen=True)
class Cloned:
    """A site, and what its cache holds a clone of."""

    site: Site
    url: str
    commit: str

    @property
    def clone(self) -> Path:
        (found,) = self.site.cache.glob("git-v1/*/*")
        return found

    def install(self, revision: str, expected: str) -> Result:
        """Build a revision anew, from the clone."""
        shutil.rmtree(self.site.cache / "wheels-v2", ignore_errors=True)
        self.site.empty()
        result = self.site.runner("install", f"{self.url}@{revision}")
        assert result.returncode == 0, result.output
        assert "Traceback" not in result.stderr, result.output
        assert self.site.environment.freeze() == [expected]
        return result

    def check_heals(self, revision: str) -> None:
        """Install from a damaged clone, then from what that left."""
        result = self.install(revision, "demo==2.0")
        assert result.stderr.count("WARNING") <= 1, result.output
        healed = self.install(revision, "demo==2.0")
        assert "WARNING" not in healed.stderr, healed.output
        assert "git clone --quiet --local" in healed.stderr, "the clone was not used"
        assert "error:" not in healed.stderr
        assert verified(self.site) == "The cache is whole.\n"


@pytest.fixture(scope="module")
def cloned(whole: Site, tmp_path_factory: pytest.TempPathFactory) -> Cloned:
    """Return a site whose cache holds the clone of a repository."""
    base = tmp_path_factory.mktemp("cloned")
    repository = make_repository(base / "repository")
    repository.git("config", "uploadpack.allowFilter", "true")
    repository.commit("demo", "1.0")
    repository.git("branch", "old")
    commit = repository.commit("demo", "2.0")
    cache = base / "cache" / "pipwrap"
    environ = {**whole.runner.environ, "XDG_CACHE_HOME": str(cache.parent)}
    runner = Runner(whole.environment, environ, whole.runner.directory)
    site = Site(runner, whole.environment, cache, base / "whole")
    found = Cloned(site, repository.url, commit)
    found.install("old", "demo==1.0")
    shutil.copytree(cache, site.filled, symlinks=True)
    return found


@pytest.mark.parametrize("how", CLONE_DAMAGES)
@pytest.mark.parametrize("kind", CLONE_FILES)
def test_a_damaged_clone_is_a_miss_and_heals(cloned: Cloned, kind: str, how: str):
    """A full commit asks no server, so that nothing but the clone itself says what is missing."""
    cloned.site.reset()
    paths = [path for path in cloned.clone.glob(CLONE_FILES[kind]) if path.is_file()]
    assert paths, "there is no such file to damage"
    for path in paths:
        path.chmod(0o600)
        CLONE_DAMAGES[how](path)
    cloned.check_heals("main" if kind == "references" else cloned.commit)


@pytest.mark.parametrize("what", ["a file", "a dangling link", "a link", "nothing", "empty"])
def test_a_clone_that_is_something_else_is_a_miss_and_heals(
    cloned: Cloned, what: str, tmp_path: Path
):
    cloned.site.reset()
    clone = cloned.clone
    shutil.move(clone, tmp_path / "moved")
    if what == "a file":
        clone.write_text("something", encoding="utf-8")
    elif what == "empty":
        clone.mkdir()
    elif what.endswith("link"):
        clone.symlink_to(tmp_path / "moved" / ("objects" if what == "a link" else "nowhere"))
    cloned.check_heals("main")
    assert (tmp_path / "moved" / "objects").is_dir(), "what a link leads to is not ours"


@pytest.mark.parametrize("how", ["noise", "gone"])
@pytest.mark.parametrize("kind", CLONE_FILES)
def test_verify_names_a_damaged_clone_and_repairs_it(cloned: Cloned, kind: str, how: str):
    cloned.site.reset()
    assert verified(cloned.site) == "The cache is whole.\n"
    path = next(cloned.clone.glob(CLONE_FILES[kind]))
    path.chmod(0o600)
    CLONE_DAMAGES[how](path)
    assert "damaged; remove them with" in verified(cloned.site)
    cloned.site.runner("cache", "verify", "--repair", expect=0)
    assert verified(cloned.site) == "The cache is whole.\n"


def verified(site: Site) -> str:
    """Return what verify finds."""
    return site.runner("cache", "verify").stdout


@pytest.mark.parametrize(
    "kind", ["head", "body", "built entry", "built wheel", "stored file", "metadata"]
)
@pytest.mark.parametrize("how", DAMAGES)
def test_verify_names_what_is_damaged_and_repairs_it(site: Site, kind: str, how: str):
    assert verified(site) == "The cache is whole.\n"
    damage_all(site.cache, FILES[kind], how)
    assert "damaged; remove them with" in verified(site)
    site.runner("cache", "verify", "--repair", expect=0)
    assert verified(site) == "The cache is whole.\n"


def test_a_cache_directory_that_is_a_file_is_left_out(site: Site, tmp_path: Path):
    place = tmp_path / "cache"
    place.write_text("no directory", encoding="utf-8")
    result = site.install("--cache-dir", str(place))
    assert len(warnings(result)) == 1, result.output
    assert place.read_text("utf-8") == "no directory"


def mounted(path: Path, options: str) -> bool:
    """Put a filesystem of memory there; tell whether this machine lets us."""
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(path)]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Yield the root of a filesystem that holds next to nothing."""
    place = tmp_path / "disk"
    if not mounted(place, "size=1m"):
        pytest.skip("filesystems cannot be mounted here")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.mark.parametrize("left", [0, 4, 400])
def test_a_full_disk_is_a_warning_and_the_install_goes_on(site: Site, small_disk: Path, left: int):
    (small_disk / "others").write_bytes(bytes((1024 - left) * 1024))
    result = site.install("--cache-dir", str(small_disk))
    assert len(warnings(result)) == 1, result.output
    assert "No space left on device" in result.stderr


@pytest.fixture
def filling_disk(tmp_path: Path) -> Iterator[Path]:
    """Yield the root of a filesystem with room for a beginning, and not for ``large``."""
    place = tmp_path / "disk"
    if not mounted(place, "size=20m"):
        pytest.skip("filesystems cannot be mounted here")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.fixture
def large(pipwrap: Runner, index: Index, tmp_path: Path) -> Runner:
    """Return a runner whose index has a wheel and an sdist of 30 MB that shrink to nothing."""
    zeros = {"large.bin": bytes(30 * 2**20)}
    index.add(make_wheel(tmp_path / "files", "large", "1.0", files={"large.py": b"", **zeros}))
    index.add(make_sdist(tmp_path / "files", "source", "1.0", extra_files=zeros))
    index.add(make_wheel(tmp_path / "files", "demo", "1.0"))
    return pipwrap


@pytest.mark.parametrize("name", ["large", "source"])
def test_a_cache_whose_disk_fills_up_is_left_out_and_the_install_goes_on(
    large: Runner, filling_disk: Path, name: str
):
    result = large("install", "--cache-dir", filling_disk / "cache", "demo", name, expect=0)
    (warning,) = warnings(result)
    assert f"the disk of {filling_disk / 'cache'} is full." in warning
    assert "starts again without the cache" in warning
    assert large.environment.freeze() == sorted(["demo==1.0", f"{name}==1.0"])
    check_records(large.environment.site_packages)
    assert list((filling_disk / "cache" / "tmp-v1").iterdir()) == []


@pytest.mark.parametrize("name", ["large", "source"])
def test_where_nothing_else_has_room_the_error_names_the_disk(
    large: Runner, filling_disk: Path, name: str
):
    (filling_disk / "tmp").mkdir()
    environ = {"TMPDIR": str(filling_disk / "tmp")}
    cache = filling_disk / "cache"
    result = large("install", "--cache-dir", cache, "demo", name, environ=environ, expect=1)
    assert f"unpack {name}-1.0" in result.stderr
    assert f"the disk of {cache} is full." in result.stderr
    assert "--no-cache-dir" in result.stderr
    assert "Traceback" not in result.stderr
    without = large("install", "--no-cache-dir", name, environ=environ, expect=1)
    assert f"the disk of {filling_disk / 'tmp'} is full." in without.stderr
    assert "TMPDIR" in without.stderr
    assert large.environment.freeze() == []
    assert list((filling_disk / "tmp").iterdir()) == []


@pytest.mark.parametrize("is_temporary", [False, True])
def test_an_environment_whose_disk_fills_up_is_as_it_was(
    large: Runner, filling_disk: Path, *, is_temporary: bool
):
    """It may lie among temporary files, which are not to blame then."""
    target = make_environment(filling_disk / "environment")
    before = target.tree()
    environ = {"TMPDIR": str(filling_disk)} if is_temporary else {}
    result = large.on(target)("install", "demo", "large", environ=environ, expect=1)
    assert f"Could not install packages: the disk of {target.site_packages} is full." in (
        result.stderr
    )
    assert target.tree() == before
    large.on(target)("install", "demo", expect=0)
    assert target.freeze() == ["demo==1.0"]


def test_a_read_only_cache_is_a_warning_and_the_install_goes_on(site: Site, tmp_path: Path):
    place = tmp_path / "disk"
    if not mounted(place, "size=32m"):
        pytest.skip("filesystems cannot be mounted here")
    try:
        site.install("--cache-dir", str(place))
        subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
        result = site.install("--cache-dir", str(place))
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)
    assert len(warnings(result)) == 1, result.output
    assert "Read-only file system" in result.stderr

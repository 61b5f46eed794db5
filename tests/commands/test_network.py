"""On the real index: the few things that no loopback shows. Run where PIPWRAP_TEST_NETWORK is set."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support.environments import make_environment
from support.promises import cached_work
from support.runner import Runner

pytestmark = pytest.mark.network

_KEPT = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")


@pytest.fixture
def runner(pipwrap: Runner) -> Runner:
    """Return a runner that asks the index which this machine's pip asks."""
    if not os.environ.get("PIPWRAP_TEST_NETWORK"):
        pytest.skip("PIPWRAP_TEST_NETWORK is not set")
    environ = dict(pipwrap.environ)
    del environ["PIP_INDEX_URL"], environ["PIP_CONFIG_FILE"]
    environ |= {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    for name in _KEPT:
        for spelling in (name, name.lower()):
            if spelling in os.environ:
                environ[spelling] = os.environ[spelling]
    user = Path(os.path.expanduser("~"), ".config", "pip", "pip.conf")
    if user.is_file():
        copy = Path(environ["XDG_CONFIG_HOME"], "pip", "pip.conf")
        copy.parent.mkdir(parents=True)
        copy.write_bytes(user.read_bytes())
    return Runner(pipwrap.environment, environ, pipwrap.directory)


def test_an_installation_gives_the_versions_that_pip_gives(runner: Runner, tmp_path: Path):
    requirements = ("flask[async]", "sqlalchemy<2.1", "httpx[http2]")
    runner("install", *requirements, expect=0, timeout=240)
    theirs = runner.on(make_environment(tmp_path / "theirs"))
    theirs.pip("install", *requirements, expect=0, timeout=240)
    assert runner.environment.freeze() == theirs.environment.freeze()
    assert runner.pip("check", expect=0).stdout == "No broken requirements found.\n"


def test_sampleproject_is_built_cached_downloaded_and_built_anew(
    runner: Runner, tmp_path: Path, cache_root: Path
):
    build = ("install", "--no-binary", "sampleproject", "sampleproject==4.0.0")
    first = runner(*build, expect=0)
    assert "Building wheel for sampleproject (pyproject.toml): started" in first.stdout
    arguments = ("--no-deps", "--no-binary", ":all:")
    runner("download", "sampleproject==4.0.0", *arguments, expect=0)
    sdist = runner.directory / "sampleproject-4.0.0.tar.gz"
    before = cached_work(cache_root)
    anew = runner("install", "--no-deps", sdist.name, expect=0)
    assert "Building wheel for sampleproject (pyproject.toml): started" in anew.stdout
    assert cached_work(cache_root) == before
    third = runner.on(make_environment(tmp_path / "third"))(*build, expect=0)
    assert "Building wheel" not in third.stdout

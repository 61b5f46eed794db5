"""``--uploaded-prior-to`` leaves out what is too new; ``--refresh-package`` asks anew."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from support.beside import assert_same, beside
from support.index import Index
from support.runner import Runner
from support.sdists import make_sdist
from support.wheels import make_wheel


@pytest.fixture(autouse=True)
def offered(index: Index, tmp_path: Path) -> Index:
    """Return an index with an old version, one of yesterday, and a project without times."""
    wheels = tmp_path / "wheels"
    yesterday = datetime.now(timezone.utc) - timedelta(days=1)
    index.add(make_wheel(wheels, "demo", "1.0"), upload_time="2023-05-06T07:08:09.123456Z")
    index.add(make_wheel(wheels, "demo", "2.0"), upload_time=yesterday.isoformat())
    index.add(make_wheel(wheels, "timeless", "1.0"), upload_time=None)
    index.add(make_sdist(wheels, "built", "1.0", build_requires=["demo"]))
    return index


@pytest.mark.parametrize(
    "moment",
    [
        "P0D",
        "P3D",
        "2023-05-06",
        "2023-05-07",
        "2023-05-06T07:08:09Z",
        "2023-05-06T07:08:10Z",
        "2023-05-06T07:08:09.123456+00:00",
        "P3H",
        "yesterday",
        "P-3D",
    ],
)
@pytest.mark.parametrize("project", ["demo", "timeless"])
def test_the_moment_is_pips(pipwrap: Runner, moment: str, project: str):
    options = ["--uploaded-prior-to", moment]
    assert_same(*beside(pipwrap, "install", "--dry-run", *options, project))


def test_local_files_have_no_age(pipwrap: Runner, tmp_path: Path):
    options = ["--uploaded-prior-to", "2020-01-01", "--no-index", "-f", tmp_path / "wheels"]
    assert_same(*beside(pipwrap, "install", "--dry-run", *options, "demo"))


def test_html_pages_tell_no_times(pipwrap: Runner, index: Index):
    index.json = False
    options = ["--uploaded-prior-to", "P3D"]
    assert_same(*beside(pipwrap, "install", "--dry-run", *options, "demo"))


def test_build_requirements_are_as_old(pipwrap: Runner, index: Index):
    pipwrap("wheel", "--uploaded-prior-to", "P3D", "built", expect=0)
    assert "/files/demo-1.0-py3-none-any.whl" in index.paths()
    assert "/files/demo-2.0-py3-none-any.whl" not in index.paths()


@pytest.mark.parametrize(
    ("option", "asked"),
    [("demo", 2), ("DEMO,other", 2), (":all:", 2), ("other", 1), (":all:,:none:", 1)],
)
def test_refresh_package_revalidates_the_pages_it_names(
    pipwrap: Runner, index: Index, option: str, asked: int
):
    index.headers("/simple/*", {"Cache-Control": "max-age=600"})
    pipwrap("install", "--dry-run", "demo", expect=0)
    pipwrap("install", "--dry-run", "--refresh-package", option, "demo", expect=0)
    pages = [one for one in index.requests if one.path == "/simple/demo/"]
    assert len(pages) == asked
    assert [one.headers.get("cache-control") for one in pages][1:] == ["max-age=0"] * (asked - 1)


def test_refresh_package_wants_a_name(pipwrap: Runner):
    assert_same(*beside(pipwrap, "install", "--refresh-package=-x", "demo"))

"""``file:`` URLs without a slash begin where the user stands, wherever pip takes a URL."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.editables import editable_tree
from support.runner import Runner
from support.wheels import make_sdist, make_wheel

FORMS = [
    "file:{place}",
    "file:./{place}",
    "file:../work/{place}",
    "file:{here}/{place}",
    "file://localhost{here}/{place}",
    "file://{here}/{place}",
    "FILE:{place}",
]


@pytest.fixture
def work(pipwrap: Runner) -> Path:
    """Return the working directory: a tree, an sdist and a wheel of ``demo`` lie in it."""
    editable_tree(pipwrap.directory, extras={"more": ["other"]})
    make_sdist(pipwrap.directory / "files", "demo", "1.0")
    make_wheel(pipwrap.directory / "files", "demo", "1.0")
    make_wheel(pipwrap.directory / "files", "other", "1.0")
    return pipwrap.directory


def _recorded(runner: Runner) -> str:
    text = runner.environment.distribution("demo").read_text("direct_url.json")
    url: str = json.loads(text or "{}")["url"]
    return url


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("{url}", "demo"),
        ("{url}#egg=demo", "files/demo-1.0.tar.gz"),
        ("demo @ {url}", "demo"),
        ("-e {url}", "demo"),
    ],
)
def test_a_project_is_found_and_recorded_where_it_lies(
    pipwrap: Runner, work: Path, form: str, line: str, place: str
):
    if line.startswith("-e") and form.startswith("FILE"):
        pytest.skip("pip takes no editable of this spelling")
    url = form.format(here=work, place=place)
    Path(work, "lines.txt").write_text(line.format(url=url), encoding="utf-8")
    pipwrap("install", "--no-index", "-r", "lines.txt", expect=0)
    assert _recorded(pipwrap).replace("//localhost/", "///") == (work / place).as_uri()
    assert pipwrap.environment.freeze() == ["demo==1.0"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("file:demo",),
        ("file:files/demo-1.0-py3-none-any.whl",),
        ("demo @ file:files/demo-1.0-py3-none-any.whl",),
        ("demo[more]@file:./demo", "-f", "file:files"),
        ("-e", "file:./demo"),
        ("-e", "file:demo[more]", "-f", "file:./files"),
        ("-e", "file:demo#egg=demo"),
        ("-e", "demo@file:demo"),
        ("-f", "file:files", "demo"),
        ("-f", "file:page.html", "demo"),
        ("-r", "file:lists/all.txt"),
        ("-c", "file:./limits.txt", "demo"),
        ("--group", "more"),
    ],
    ids=" ".join,
)
def test_every_place_for_a_url_takes_a_relative_one(
    pipwrap: Runner, work: Path, arguments: tuple[str, ...]
):
    (work / "lists").mkdir()
    for name, content in {
        "lists/all.txt": "-r more.txt",
        "lists/more.txt": "demo @ file:./demo",
        "limits.txt": "demo @ file:./demo",
        "pyproject.toml": '[dependency-groups]\nmore = ["demo @ file:./demo"]\n',
        "page.html": '<a href="files/demo-1.0-py3-none-any.whl">demo-1.0-py3-none-any.whl</a>',
    }.items():
        (work / name).write_text(content, encoding="utf-8")
    line = ("install", "--no-index", "--dry-run", *arguments)
    result = pipwrap(*line, expect=0)
    last = result.stdout.splitlines()[-1]
    assert last.startswith("Would install demo-1.0")
    pip = pipwrap.pip(*line)
    # What pip itself cannot do on a Python whose urlunsplit adds slashes is no reason to fail.
    assert pip.returncode or pip.stdout.splitlines()[-1] == last


@pytest.mark.parametrize("url", ["file:simple", "file:./simple/"])
def test_an_index_may_be_a_relative_url(pipwrap: Runner, work: Path, url: str):
    page = work / "simple" / "demo" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text('<a href="../../files/demo-1.0.tar.gz">demo-1.0.tar.gz</a>', encoding="utf-8")
    pipwrap("install", "-i", url, "demo", expect=0)
    assert pipwrap.environment.freeze() == ["demo==1.0"]


def test_what_is_not_there_is_one_message(pipwrap: Runner, work: Path):
    result = pipwrap("install", "--no-index", "file:./nowhere", expect=1)
    assert str(work / "nowhere") in result.stderr
    assert "Traceback" not in result.output

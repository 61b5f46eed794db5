"""Whatever has changed on pages, the answer and its lines are those of an empty cache."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from support.environments import make_environment
from support.index import Index
from support.runner import Runner
from support.wheels import make_wheel

STALE = {"Cache-Control": "max-age=0", "ETag": "auto"}


@dataclass(frozen=True)
class Outcome:
    """What a run left and said, and what it asked for."""

    status: int
    installed: list[str]
    lines: list[str]
    warnings: list[str]
    asked: list[str]


class Changing:
    """An index that changes, and runs before and after."""

    def __init__(self, pipwrap: Runner, index: Index, directory: Path) -> None:
        self.index = index
        self._pipwrap = pipwrap
        self._directory = directory
        index.headers("*", STALE)

    def offer(self, name: str, version: str, *requires: str, extras: Sequence[str] = ()) -> None:
        """Add a wheel."""
        given = dict.fromkeys(extras, ())
        wheel = make_wheel(
            self._directory / "files", name, version, requires=requires, extras=given
        )
        self.index.add(wheel)

    def withdraw(self, name: str, version: str) -> None:
        """Take a wheel away."""
        self.index.remove(f"{name}-{version}-py3-none-any.whl")

    def run(self, *arguments: str, before: Sequence[str] = (), cache: str | None = None) -> Outcome:
        """Install into a new environment, always at one path, in which ``before`` is installed."""
        place = self._directory / "target"
        shutil.rmtree(place, ignore_errors=True)
        runner = self._pipwrap.on(make_environment(place))
        elsewhere = ("--cache-dir", str(self._directory / "another cache"))
        for each in before:
            runner("install", "--no-deps", each, *elsewhere, expect=0)
        self.index.clear_log()
        options = ("--cache-dir", str(self._directory / cache)) if cache else ()
        result = runner("install", *arguments, *options)
        return Outcome(
            result.returncode,
            runner.environment.freeze(),
            result.stdout.replace("Downloading", "Using cached").splitlines(),
            result.stderr.splitlines(),
            [each.path for each in self.index.requests],
        )

    def compare(self, *arguments: str, before: Sequence[str] = ()) -> Outcome:
        """Run with the cache and without, and return the former; they say and leave the same."""
        warm = self.run(*arguments, before=before)
        cold = self.run(*arguments, before=before, cache=f"new {os.urandom(4).hex()}")
        assert (warm.status, warm.installed) == (cold.status, cold.installed)
        assert warm.warnings == cold.warnings
        assert warm.lines == cold.lines
        return warm


@pytest.fixture
def changing(pipwrap: Runner, index: Index, tmp_path: Path) -> Changing:
    return Changing(pipwrap, index, tmp_path)


def test_a_clause_that_names_a_pre_release_admits_more(changing: Changing):
    changing.offer("x", "1.0")
    changing.offer("x", "2.0rc1")
    changing.offer("lib", "1.0", "x>=0.5")
    changing.offer("demo", "1.0", "lib", "x")
    changing.run("demo", "lib")
    changing.offer("lib", "2.0", "x>=0.5", "x>=0.6rc1")
    assert "x==2.0rc1" in changing.compare("demo", "lib").installed


def test_a_rejected_preference_leaves_what_is_installed_alone(changing: Changing):
    """Only what is impossible otherwise is upgraded without -U."""
    changing.offer("y", "1.0", "w<2")
    changing.offer("y", "2.0", "w")
    for name in ("w", "z"):
        changing.offer(name, "1.0")
        changing.offer(name, "2.0")
    changing.offer("x", "0.9")
    changing.offer("x", "1.0", "z<2")
    changing.offer("lx", "1.0")
    changing.offer("v", "1.0")
    changing.offer("top", "1.0", "y")
    arguments = ("v", "top", "x", "lx")
    changing.run(*arguments, before=("y==1.0",))
    changing.withdraw("lx", "1.0")
    changing.offer("lx", "2.0", "z>=2")
    changing.offer("v", "2.0", "w>=2")
    assert "y==1.0" in changing.compare(*arguments, before=("y==1.0",)).installed


@pytest.fixture
def bounded(changing: Changing) -> Changing:
    """Return a world in which x was bounded by a release that has a successor without the bound."""
    changing.offer("x", "1.0", "Foo>=1")
    changing.offer("x", "2.0", "foo", extras=["new"])
    changing.offer("foo", "1.0")
    changing.offer("lib", "1.0", "x<2")
    changing.offer("demo", "1.0", "lib")
    return changing


def test_what_is_not_the_best_any_more_is_not_looked_at(bounded: Changing):
    """Nothing is said of it, no name is spelled as it does, and no file of it is asked for."""
    bounded.run("demo", "--dry-run")
    bounded.offer("lib", "2.0", "x[new]")
    outcome = bounded.compare("demo")
    assert "x==2.0" in outcome.installed
    assert not [path for path in outcome.asked if "x-1.0" in path]
    bounded.compare("demo")


def test_what_is_gone_and_not_wanted_is_not_missed(bounded: Changing, cache_root: Path):
    bounded.run("demo", "--dry-run")
    bounded.offer("lib", "2.0", "x")
    bounded.index.fault("/files/x-1.0*", status=404)
    shutil.rmtree(cache_root / "sidecars-v1")
    for path in cache_root.glob("bodies-v1/*/*"):
        if b"\nName: x\n" in path.read_bytes():
            path.unlink()
    assert bounded.compare("demo").status == 0


@pytest.mark.parametrize(
    "changed", [pytest.param("0.9", id="nothing follows"), pytest.param("2.0", id="it is taken")]
)
def test_a_warning_about_a_place_is_told_once_each_time(
    changing: Changing, tmp_path: Path, changed: str
):
    changing.offer("lib", "1.0")
    changing.offer("demo", "1.0", "lib")
    arguments = ("demo", "--find-links", str(tmp_path / "nowhere"))
    changing.run(*arguments)
    changing.offer("lib", changed)
    for _ in range(2):
        (warning,) = changing.compare(*arguments).warnings
        assert "nowhere" in warning


def test_a_warning_about_a_page_that_has_not_changed_is_told_again(changing: Changing):
    for name in ("lib", "x"):
        changing.offer(name, "1.0")
    changing.offer("demo", "1.0", "lib", "x")
    changing.index.page("/extra/x/", "nothing", content_type="text/plain")
    arguments = ("demo", "--extra-index-url", changing.index.url_of("/extra"))
    changing.run(*arguments)
    changing.offer("lib", "2.0")
    for _ in range(2):
        assert any("text/plain" in each for each in changing.compare(*arguments).warnings)


def test_a_changed_page_is_asked_for_once(changing: Changing):
    names = [f"p{number}" for number in range(4)]
    for name in names:
        changing.offer(name, "1.0")
    changing.offer("demo", "1.0", *(f"{name}<2" for name in names))
    changing.run("demo")
    for name in names:
        changing.offer(name, "2.0")
    confirmed = changing.compare("demo")
    assert sorted(confirmed.asked) == [f"/simple/{name}/" for name in sorted(("demo", *names))]
    for name in names:
        changing.offer(name, "1.5")
    anew = changing.compare("demo")
    pages = [path for path in anew.asked if path.startswith("/simple/")]
    assert sorted(pages) == [f"/simple/{name}/" for name in sorted(("demo", *names))]


def test_a_server_that_fails_is_asked_no_oftener_for_what_was_found_before(changing: Changing):
    changing.offer("demo", "1.0")
    arguments = ("demo", "--retries", "1")
    changing.run(*arguments)
    changing.index.fault("/simple/demo/", status=503)
    warm = changing.run(*arguments)
    cold = changing.run(*arguments, cache="new")
    assert (warm.status, warm.asked) == (cold.status, cold.asked)


@pytest.mark.parametrize("damage", [5, "?!", None])
def test_with_damaged_active_specifiers_the_resolution_is_made_again(
    changing: Changing, cache_root: Path, damage: object
):
    """What is no text is damage, with a warning; text that is no specifier is never satisfied."""
    changing.offer("lib", "1.0")
    changing.offer("demo", "1.0", "lib")
    changing.run("demo")
    (path,) = cache_root.glob("resolutions-v1/*/*.json")
    content = json.loads(path.read_bytes())
    assert content["resolution"]["active_specifiers"]["lib"] == ""
    content["resolution"]["active_specifiers"]["lib"] = damage
    path.write_text(json.dumps(content))
    changing.offer("lib", "0.9")
    if damage != "?!":
        assert [
            f"Cache entry {path} is damaged" in line for line in changing.run("demo").warnings
        ] == [True]
        changing.offer("lib", "0.8")
    changing.compare("demo")


def test_a_page_that_has_moved_is_another(changing: Changing, tmp_path: Path):
    """Its bytes are the same; what they lead to is relative to where they lie."""
    wheel = make_wheel(tmp_path / "files", "lib", "1.0")
    for place in ("a", "b"):
        link = f'<a href="{wheel.name}#sha256={sha256(wheel.read_bytes()).hexdigest()}">{wheel.name}</a>'
        changing.index.page(f"/{place}/lib/", link)
        changing.index.page(
            f"/{place}/lib/{wheel.name}", wheel.read_bytes(), content_type="application/zip"
        )
    changing.index.redirect("/simple/lib/", "/a/lib/")
    changing.run("lib")
    changing.index.clear_faults()
    changing.index.redirect("/simple/lib/", "/b/lib/")
    changing.index.fault("/a/*", status=404)
    again = changing.run("lib", "--dry-run")
    assert (again.status, again.lines[-1]) == (0, "Would install lib-1.0")

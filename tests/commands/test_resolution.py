"""Which versions are chosen: extras, markers, constraints, pre-releases, yanks, pythons, places."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from support.index import Index
from support.promises import refused
from support.runner import Runner
from support.wheels import make_sdist, make_wheel

NOT_FOUND = "ERROR: No matching distribution found for "


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Return a directory for the files of a test."""
    return tmp_path / "files"


def _chosen(pipwrap: Runner, *arguments: str) -> str:
    """Return what an installation into the empty environment would be."""
    result = pipwrap("install", "--dry-run", *arguments, expect=0)
    last = result.stdout.splitlines()[-1]
    return last.removeprefix("Would install ") if last.startswith("Would") else ""


def test_extras_bring_their_requirements(pipwrap: Runner, index: Index, files: Path):
    extras = {"fast": ["lib"], "all": ["demo[fast]", "more"]}
    index.add(make_wheel(files, "demo", "1.0", extras=extras))
    for name in ("lib", "more"):
        index.add(make_wheel(files, name, "1.0"))
    assert _chosen(pipwrap, "demo") == "demo-1.0"
    assert _chosen(pipwrap, "demo[fast]") == "demo-1.0 lib-1.0"
    assert _chosen(pipwrap, "Demo[ALL]") == "demo-1.0 lib-1.0 more-1.0"


def test_an_unknown_extra_is_a_warning_as_in_pip(pipwrap: Runner, index: Index, files: Path):
    index.add(make_wheel(files, "demo", "1.0"))
    ours = pipwrap("install", "demo[nope]", expect=0)
    pipwrap.pip("uninstall", "-y", "demo", expect=0)
    theirs = pipwrap.pip("install", "--no-cache-dir", "demo[nope]", expect=0)
    assert ours.stderr == theirs.stderr == "WARNING: demo 1.0 does not provide the extra 'nope'\n"


def test_markers_decide_for_the_target(pipwrap: Runner, index: Index, files: Path):
    requires = ['lib ; python_version >= "3"', 'missing ; python_version < "3"']
    index.add(make_wheel(files, "demo", "1.0", requires=requires))
    index.add(make_wheel(files, "lib", "1.0"))
    assert _chosen(pipwrap, "demo") == "demo-1.0 lib-1.0"
    assert "/simple/missing/" not in index.paths()
    ours = pipwrap("install", 'missing ; python_version < "3"', expect=0)
    theirs = pipwrap.pip("install", 'missing ; python_version < "3"', expect=0)
    assert sorted(ours.stdout.splitlines()) == sorted(theirs.stdout.splitlines())


def test_constraints_bind_but_do_not_install(pipwrap: Runner, index: Index, files: Path):
    for version in ("1.0", "2.0"):
        index.add(make_wheel(files, "lib", version))
    index.add(make_wheel(files, "demo", "1.0", requires=["lib"]))
    (pipwrap.directory / "c.txt").write_text("lib<2\nother==3\n", encoding="utf-8")
    assert _chosen(pipwrap, "-c", "c.txt", "demo") == "demo-1.0 lib-1.0"


@pytest.mark.parametrize(
    ("arguments", "chosen"),
    [
        pytest.param(["demo"], "demo-1.0", id="a final release is there"),
        pytest.param(["demo>=2.0a1"], "demo-2.0rc1", id="the specifier names one"),
        pytest.param(["--pre", "demo"], "demo-2.0rc1", id="--pre"),
        pytest.param(["early"], "early-0.1b2", id="there are only pre-releases"),
        pytest.param(["early>0"], "early-0.1b2", id="only pre-releases match"),
        pytest.param(["needs-pre"], "demo-2.0rc1 needs-pre-1.0", id="a dependency names one"),
    ],
)
def test_pre_releases_by_pips_rules(
    pipwrap: Runner, index: Index, files: Path, arguments: list[str], chosen: str
):
    for version in ("1.0", "2.0rc1"):
        index.add(make_wheel(files, "demo", version))
    for version in ("0.1b1", "0.1b2"):
        index.add(make_wheel(files, "early", version))
    index.add(make_wheel(files, "needs-pre", "1.0", requires=["demo>=2.0rc1"]))
    assert _chosen(pipwrap, *arguments).lower().replace("_", "-") == chosen


def test_a_yanked_version_is_taken_only_when_it_is_pinned(
    pipwrap: Runner, index: Index, files: Path
):
    index.add(make_wheel(files, "demo", "1.0"))
    index.add(make_wheel(files, "demo", "2.0"), yanked="it was wrong")
    assert _chosen(pipwrap, "demo") == "demo-1.0"
    pinned = pipwrap("install", "demo==2.0", expect=0)
    theirs = pipwrap.pip("install", "--force-reinstall", "demo==2.0", expect=0)
    assert "Reason for being yanked: it was wrong" in pinned.stderr
    assert pinned.stderr == theirs.stderr
    says = "ERROR: Ignored the following yanked versions: 2.0"
    ours = refused(pipwrap, "install", "demo>1.5,<2", says=says, messages=3)
    assert ours.stderr == pipwrap.pip("install", "demo>1.5,<2", expect=1).stderr


def test_versions_for_other_pythons_are_passed_over_and_named(
    pipwrap: Runner, index: Index, files: Path
):
    index.add(make_wheel(files, "demo", "1.0"))
    index.add(make_wheel(files, "demo", "2.0", requires_python=">=99"))
    assert _chosen(pipwrap, "demo") == "demo-1.0"
    says = "ERROR: Ignored the following versions that require a different python version: 2.0"
    ours = refused(pipwrap, "install", "demo>=2", says=says, messages=3)
    assert ours.stderr == pipwrap.pip("install", "demo>=2", expect=1).stderr
    assert _chosen(pipwrap, "--ignore-requires-python", "demo") == "demo-2.0"


def test_a_newer_release_without_a_usable_wheel_is_built_unless_told_otherwise(
    pipwrap: Runner, index: Index, files: Path
):
    index.add(make_wheel(files, "demo", "1.0"))
    index.add(make_wheel(files, "demo", "2.0", tag="cp27-cp27m-win32"))
    index.add(make_sdist(files, "demo", "2.0"))
    assert _chosen(pipwrap, "demo") == "demo-2.0"
    assert _chosen(pipwrap, "--prefer-binary", "demo") == "demo-1.0"
    assert _chosen(pipwrap, "--only-binary", ":all:", "demo") == "demo-1.0"


def test_an_old_release_is_taken_where_a_newer_one_leads_nowhere(
    pipwrap: Runner, index: Index, files: Path
):
    for version, wanted in (("1.0", "lib<2"), ("2.0", "lib>=2")):
        index.add(make_wheel(files, "demo", version, requires=[wanted]))
    for version in ("1.0", "2.0"):
        index.add(make_wheel(files, "lib", version))
    assert _chosen(pipwrap, "demo", "lib<2") == "demo-1.0 lib-1.0"


def test_a_conflict_says_who_wants_what_in_pips_frame(pipwrap: Runner, index: Index, files: Path):
    index.add(make_wheel(files, "one", "1.0", requires=["lib<2"]))
    index.add(make_wheel(files, "two", "1.0", requires=["lib>=2"]))
    for version in ("1.0", "2.0"):
        index.add(make_wheel(files, "lib", version))
    says = "ERROR: ResolutionImpossible: for help visit https://pip.pypa.io/en/latest/topics/"
    ours = refused(pipwrap, "install", "one", "two", says=says, messages=2)
    theirs = pipwrap.pip("install", "one", "two", expect=1)
    assert ours.stderr == theirs.stderr
    shown = "\nThe conflict is caused by:"
    reasons = ours.stdout[ours.stdout.index(shown) :].splitlines()
    differences = [
        line
        for line in theirs.stdout[theirs.stdout.index(shown) :].splitlines()
        if line not in reasons
    ]
    assert differences == [
        (
            "Additionally, some packages in these conflicts have no matching distributions "
            "available for your environment:"
        ),
        "    lib",
    ], "pip 26.3 says so of every package, and it is not true"


def test_a_conflict_from_the_cache_is_told_once_after_asking_again(
    pipwrap: Runner, index: Index, files: Path
):
    """Where the pages are the same nothing is resolved again; a release that came since is seen."""
    index.headers("/simple/*", {"Cache-Control": "max-age=600", "ETag": "auto"})
    index.add(make_wheel(files, "demo", "1.0", requires=["lib>=2"]))
    index.add(make_wheel(files, "lib", "1.0"))
    first = pipwrap("install", "demo", expect=1)
    index.clear_log()
    second = pipwrap("install", "demo", expect=1)
    assert second.stdout == first.stdout.replace("Downloading", "Using cached")
    assert second.stderr == first.stderr
    # The first run may have ended before the wheel that it fetched ahead was there.
    pages = [each for each in index.requests if each.path.startswith("/simple/")]
    assert sorted((each.path, each.status) for each in pages) == [
        ("/simple/demo/", 304),
        ("/simple/lib/", 304),
    ]
    index.add(make_wheel(files, "lib", "2.0"))
    pipwrap("install", "demo", expect=0)
    assert pipwrap.environment.freeze() == ["demo==1.0", "lib==2.0"]


def test_a_constraint_in_a_conflict_is_named(pipwrap: Runner, index: Index, files: Path):
    index.add(make_wheel(files, "demo", "2.0"))
    (pipwrap.directory / "c.txt").write_text("demo<2\n", encoding="utf-8")
    arguments = ("install", "demo", "-c", "c.txt")
    ours = refused(pipwrap, *arguments, says="ResolutionImpossible", messages=2)
    assert "The user requested (constraint) demo<2" in ours.stdout
    assert ours.stderr == pipwrap.pip(*arguments, expect=1).stderr


def test_a_missing_dependency_names_who_wants_it(pipwrap: Runner, index: Index, files: Path):
    index.add(make_wheel(files, "demo", "1.0", requires=["missing>=3"]))
    says = f"{NOT_FOUND}missing>=3 (from demo)"
    ours = refused(pipwrap, "install", "demo", says=says, messages=2)
    assert ours.stderr == pipwrap.pip("install", "demo", expect=1).stderr


# Where distributions come from


def test_several_indexes_are_one_offer(pipwrap: Runner, index: Index, files: Path):
    """The highest version wins wherever it lies; among equals the last index does, as in pip."""
    index.add(make_wheel(files, "demo", "1.0"))
    tie = make_wheel(files, "tie", "1.0")
    index.add(tie)
    with Index() as second:
        second.add(make_wheel(files, "demo", "2.0"))
        second.add(tie)
        result = pipwrap("install", "--extra-index-url", second.url, "demo", "tie", expect=0)
        assert f"Looking in indexes: {index.url}, {second.url}\n" in result.stdout
        assert pipwrap.environment.freeze() == ["demo==2.0", "tie==1.0"]
        assert f"/files/{tie.name}" in second.paths()
        assert f"/files/{tie.name}" not in index.paths()


def test_one_index_that_fails_does_not_hide_the_other(pipwrap: Runner, index: Index, files: Path):
    index.add(make_wheel(files, "demo", "1.0"))
    with Index() as broken:
        broken.fault("/simple/*", status=403)
        assert _chosen(pipwrap, "--extra-index-url", broken.url, "demo") == "demo-1.0"


def test_find_links_takes_directories_pages_and_files(pipwrap: Runner, index: Index, files: Path):
    index.add(make_wheel(files, "demo", "1.0"))
    local = make_wheel(files / "local", "demo", "2.0")
    alone = make_wheel(files / "alone", "other", "3.0")
    page = files / "page.html"
    page.write_text(f'<a href="{alone.as_uri()}">other</a>', encoding="utf-8")
    before = ("install", "--dry-run", "--no-index", "demo", "--find-links")
    for place in (index.links_url, str(local.parent), local.as_uri(), str(local)):
        shown = pipwrap(*before, place, expect=0).stdout
        assert f"Looking in links: {place}\n" in shown
        version = "1.0" if place == index.links_url else "2.0"
        assert f"Would install demo-{version}\n" in shown
    assert _chosen(pipwrap, "--no-index", "-f", str(page), "other") == "other-3.0"
    assert not [path for path in index.paths() if path.startswith("/simple/")]


def test_an_index_may_be_a_directory(pipwrap: Runner, files: Path):
    wheel = make_wheel(files / "files", "demo", "1.0")
    page = files / "simple" / "demo" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text(f'<a href="../../files/{wheel.name}">{wheel.name}</a>', encoding="utf-8")
    index_url = (files / "simple").as_uri()
    pipwrap("install", "--index-url", index_url, "demo", expect=0)
    assert pipwrap.environment.freeze() == ["demo==1.0"]


@pytest.mark.parametrize("place", ["nowhere.example/simple", ""])
def test_an_index_without_a_scheme_is_named_as_by_pip(pipwrap: Runner, index: Index, place: str):
    arguments = ("install", "--index-url", place, "demo")
    ours = pipwrap(*arguments, expect=1)
    theirs = pipwrap.pip(*arguments, expect=1)
    assert ours.stderr.splitlines()[:4] == theirs.stderr.splitlines()[:4]
    assert "please provide a scheme" in ours.stderr


def test_no_index_asks_nobody(pipwrap: Runner, index: Index, files: Path):
    index.add(make_wheel(files, "demo", "1.0"))
    refused(pipwrap, "install", "--no-index", "demo", says=f"{NOT_FOUND}demo", messages=2)
    assert index.requests == []


def test_a_redirected_page_counts_from_where_it_ends(pipwrap: Runner, index: Index, files: Path):
    index.add(make_wheel(files, "demo", "1.0"))
    with Index() as front:
        front.redirect("/simple/*", f"{index.url}/demo/")
        pipwrap("install", "--index-url", front.url, "demo", expect=0)
    assert pipwrap.environment.freeze() == ["demo==1.0"]


# Hashes


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_a_requirement_with_the_right_hash_is_installed(pipwrap: Runner, index: Index, files: Path):
    wheel = make_wheel(files, "demo", "1.0")
    index.add(wheel)
    line = f"demo==1.0 --hash=sha256:{'0' * 64} --hash=sha256:{_digest(wheel)}\n"
    (pipwrap.directory / "r.txt").write_text(line, encoding="utf-8")
    pipwrap("install", "-r", "r.txt", expect=0)
    assert pipwrap.environment.freeze() == ["demo==1.0"]


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(f"demo==1.0 --hash=sha256:{'0' * 64}\n", id="another"),
        pytest.param("demo==2.0 --hash=sha256:{digest}\n", id="that of another version"),
        pytest.param("demo==1.0 --hash=sha256:{digest}\nlib==1.0\n", id="one without"),
        pytest.param("demo==1.0 --hash=sha256:{digest}\nlib>=1.0\n", id="unpinned"),
    ],
)
def test_hashes_that_do_not_hold_are_refused_in_pips_words(
    pipwrap: Runner, index: Index, files: Path, line: str
):
    wheel = make_wheel(files, "demo", "1.0")
    index.add(wheel)
    index.add(make_wheel(files, "lib", "1.0"))
    index.add(make_wheel(files, "demo", "2.0"))
    text = line.replace("{digest}", _digest(wheel))
    (pipwrap.directory / "r.txt").write_text(text, encoding="utf-8")
    arguments = ("install", "-r", "r.txt")
    ours = refused(pipwrap, *arguments, says="ERROR: ")
    theirs = pipwrap.pip(*arguments, expect=1)
    # pip also names the link of what is not pinned, and the line of what does not match.
    assert ours.stderr.splitlines()[0] == theirs.stderr.splitlines()[0]
    assert len(ours.stderr.splitlines()) == len(theirs.stderr.splitlines())


def test_a_hash_pins_without_a_version(pipwrap: Runner, index: Index, files: Path):
    """As in pip 26.3: the hash admits one file only, whatever else is newer."""
    wheel = make_wheel(files, "demo", "1.0")
    for file in (wheel, make_wheel(files, "demo", "2.0")):
        index.add(file)
    line = f"demo>=1.0 --hash=sha256:{_digest(wheel)}\n"
    (pipwrap.directory / "r.txt").write_text(line, encoding="utf-8")
    pipwrap("install", "-r", "r.txt", expect=0)
    assert pipwrap.environment.freeze() == ["demo==1.0"]


def test_require_hashes_wants_them_for_dependencies_too(pipwrap: Runner, index: Index, files: Path):
    wheel = make_wheel(files, "demo", "1.0", requires=["lib"])
    index.add(wheel)
    index.add(make_wheel(files, "lib", "1.0"))
    (pipwrap.directory / "r.txt").write_text(
        f"demo==1.0 --hash=sha256:{_digest(wheel)}\n", encoding="utf-8"
    )
    refused(pipwrap, "install", "--require-hashes", "-r", "r.txt", says="lib")


@pytest.mark.parametrize("requirements", [("demo==9",), ("demo==1.0", "demo==2.0")], ids=" ".join)
def test_why_there_is_no_answer_is_told_at_any_verbosity(
    pipwrap: Runner, index: Index, files: Path, requirements: tuple[str, ...]
):
    for version in ("1.0", "2.0"):
        index.add(make_wheel(files, "demo", version))
    ours = pipwrap("install", "-qqq", *requirements, expect=1)
    assert ours.output == pipwrap.pip("install", "-qqq", *requirements, expect=1).output


def test_projects_are_named_as_they_were_asked_for(pipwrap: Runner, index: Index, files: Path):
    for version in ("1.0", "2.0"):
        index.add(make_wheel(files, "my-demo", version))
    pipwrap("install", "my-demo<2", expect=0)
    result = pipwrap("install", "-U", "My_Demo", "Not.There; python_version<'3'", expect=0)
    assert "  Attempting uninstall: My_Demo" in result.stdout.splitlines()
    assert "Ignoring Not.There: markers" in result.stdout

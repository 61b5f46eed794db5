"""Bad input: one message in pip's words, pip's exit status, and nothing changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.archives import write_file, zip_bytes
from support.index import Index, unused_port
from support.promises import cached_work, refused
from support.runner import Runner
from support.wheels import make_sdist, make_wheel

NOT_FOUND = "ERROR: No matching distribution found for "


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Return a directory for the files of a test."""
    return tmp_path / "files"


# Requirements, compared with pip's whole stderr


@pytest.mark.parametrize(
    ("arguments", "messages"),
    [
        pytest.param(["no-such-project"], 2, id="name"),
        pytest.param(["demo==9.9"], 2, id="version"),
        pytest.param(["demo=1.0"], 1, id="one equals sign"),
        pytest.param(["demo>="], 1, id="no version"),
        pytest.param(["de mo"], 1, id="space"),
        pytest.param(["./missing.tar.gz"], 1, id="missing path"),
        pytest.param(["missing-1.0.tar.gz"], 1, id="missing sdist"),
        pytest.param(["missing/"], 1, id="missing directory"),
        pytest.param(["-r", "missing.txt"], 1, id="missing requirements file"),
        pytest.param(["-c", "missing.txt", "demo"], 1, id="missing constraints file"),
        pytest.param(["demo==1.0", "demo==2.0"], 2, id="contradiction"),
        pytest.param(["demo", "-r", "bad.txt"], 1, id="bad line"),
        pytest.param(["requirements.txt"], 2, id="requirements.txt without -r"),
        pytest.param([], 1, id="nothing"),
    ],
)
def test_requirements_that_cannot_be_meant_end_as_in_pip(
    pipwrap: Runner, index: Index, files: Path, arguments: list[str], messages: int
):
    for version in ("1.0", "2.0"):
        index.add(make_wheel(files, "demo", version))
    (pipwrap.directory / "bad.txt").write_text("fine\n\nnot fine at all\n", encoding="utf-8")
    theirs = pipwrap.pip("install", *arguments, expect=1)
    result = refused(pipwrap, "install", *arguments, says="ERROR: ", messages=messages)
    assert result.stderr.rstrip() == theirs.stderr.rstrip()


@pytest.mark.parametrize(
    "arguments",
    [["--no-such-option"], ["--upgrade-strategy", "sometimes"], ["--timeout", "x"], ["-r"]],
    ids=lambda arguments: arguments[0],
)
def test_a_wrong_command_line_exits_2_with_pips_usage(pipwrap: Runner, arguments: list[str]):
    ours = pipwrap("install", *arguments, expect=2)
    theirs = pipwrap.pip("install", *arguments, expect=2)
    assert ours.stderr.splitlines()[-1] == theirs.stderr.splitlines()[-1]
    assert "Usage:" in ours.stderr


def test_an_unknown_command_is_answered_as_by_pip(pipwrap: Runner):
    assert (
        pipwrap("instal", "demo", expect=1).stderr == pipwrap.pip("instal", "demo", expect=1).stderr
    )


# Indexes


def test_a_page_that_answers_404_is_no_page(pipwrap: Runner, index: Index):
    index.fault("/simple/demo/", status=404)
    refused(pipwrap, "install", "demo", says=f"{NOT_FOUND}demo", messages=2)


def test_a_page_that_answers_500_is_asked_again_and_named(pipwrap: Runner, index: Index):
    index.fault("/simple/demo/", status=500)
    arguments = ("install", "--retries", "1", "demo")
    result = refused(pipwrap, *arguments, says=f"{NOT_FOUND}demo", messages=2)
    assert index.paths() == ["/simple/demo/"] * 2
    assert f"{index.url}/demo/" in result.stderr
    assert "500" in result.stderr


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        pytest.param("<<<< & \x00 <a <a href=>", "text/html", id="html"),
        pytest.param("{not json", "application/vnd.pypi.simple.v1+json", id="json"),
        pytest.param('{"files": 1}', "application/vnd.pypi.simple.v1+json", id="wrong json"),
        pytest.param('["list"]', "application/vnd.pypi.simple.v1+json", id="list"),
        pytest.param("\x89PNG", "image/png", id="another type"),
    ],
)
def test_garbage_instead_of_a_page_is_no_matching_distribution(
    pipwrap: Runner, index: Index, body: str, kind: str
):
    index.page("/simple/demo/", body, content_type=kind)
    refused(pipwrap, "install", "demo", says=f"{NOT_FOUND}demo", messages=2)


def test_a_slow_index_ends_at_the_timeout(pipwrap: Runner, index: Index):
    index.fault("/simple/demo/", delay=30)
    arguments = ("install", "--timeout", "0.3", "--retries", "0", "demo")
    refused(pipwrap, *arguments, says=f"{NOT_FOUND}demo", messages=2, timeout=15)


def test_an_index_that_is_not_there_is_named(pipwrap: Runner):
    url = f"http://127.0.0.1:{unused_port()}/simple"
    arguments = ("install", "--retries", "0", "--index-url", url, "demo")
    result = refused(pipwrap, *arguments, says=f"{NOT_FOUND}demo", messages=2)
    assert f"{url}/demo/" in result.stderr


def test_a_file_that_answers_404_is_named(pipwrap: Runner, index: Index, files: Path):
    url = index.add(make_wheel(files, "demo", "1.0"))
    index.fault("/files/demo-1.0-py3-none-any.whl", status=404)
    refused(pipwrap, "install", "demo", says=f"404 Client Error: Not Found for url: {url}")


def test_a_url_that_answers_404_is_named(pipwrap: Runner, index: Index):
    url = index.url_of("/files/demo-1.0.tar.gz")
    says = f"because of HTTP error 404 Client Error: Not Found for url: {url} for URL {url}"
    refused(pipwrap, "install", url, says=says)


def test_a_remote_requirements_file_that_is_missing_is_named(pipwrap: Runner, index: Index):
    url = index.url_of("/requirements.txt")
    ours = refused(pipwrap, "install", "-r", url, says="404")
    assert ours.stderr == pipwrap.pip("install", "-r", url, expect=1).stderr


# Wheels


def test_a_download_with_another_digest_than_the_index_says_is_refused(
    pipwrap: Runner, index: Index, files: Path
):
    index.add(make_wheel(files, "demo", "1.0"), hashes={"sha256": "0" * 64})
    result = refused(pipwrap, "install", "demo", says="THESE PACKAGES DO NOT MATCH THE HASHES")
    theirs = pipwrap.pip("install", "demo", expect=1).stderr.splitlines()
    ours = result.stderr.splitlines()
    differences = [line for line in theirs if line not in ours]
    assert differences == ["    unknown package:"], "pipwrap knows which"


def test_a_wheel_whose_metadata_is_of_another_project_is_refused(
    pipwrap: Runner, index: Index, files: Path
):
    metadata = "Metadata-Version: 2.1\nName: other\nVersion: 1.0\n"
    wheel = make_wheel(files, "demo", "1.0", metadata=metadata)
    unavailable = f"{NOT_FOUND}demo (unavailable)"
    refused(pipwrap, "install", wheel, says=unavailable, messages=2)
    index.add(wheel)
    result = refused(pipwrap, "install", "demo", says=f"{NOT_FOUND}demo", messages=2)
    assert "inconsistent Name: expected 'demo', but metadata has 'other'" in result.stdout


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"record": None}, id="no RECORD"),
        pytest.param({"dist_info": "other-1.0.dist-info"}, id="dist-info of another"),
        pytest.param({"wheel": "Wheel-Version: 9.0\n"}, id="future wheel version"),
        pytest.param({"wheel": ""}, id="empty WHEEL"),
        pytest.param({"metadata": b"\xff\xfe"}, id="METADATA is no text"),
        pytest.param({"metadata": "Name: demo\n"}, id="METADATA without a version"),
    ],
)
def test_a_wheel_that_is_none_inside_is_refused(
    pipwrap: Runner, files: Path, wrong: dict[str, str]
):
    wheel = make_wheel(files, "demo", "1.0", **wrong)  # type: ignore[arg-type]
    refused(pipwrap, "install", wheel, says="demo")


@pytest.mark.parametrize(
    ("filename", "content"),
    [
        pytest.param("demo-1.0-py3-none-any.whl", b"no zip", id="no zip"),
        pytest.param("demo-1.0-py3-none-any.whl", zip_bytes({"x": "y"})[:-30], id="cut off"),
        pytest.param("demo-1.0-py3-none-any.whl", zip_bytes({"x": "y"}), id="no dist-info"),
        pytest.param("demo-1.0-py3-none-any.whl", b"", id="empty"),
        pytest.param("demo-1.0.tar.gz", b"no archive", id="sdist"),
        pytest.param("demo-1.0.zip", b"no archive", id="zip sdist"),
    ],
)
def test_a_file_that_is_no_archive_is_refused(
    pipwrap: Runner, index: Index, files: Path, filename: str, content: bytes
):
    file = write_file(files / filename, content)
    refused(pipwrap, "install", file, says="demo")
    index.add(file, metadata=False)
    refused(pipwrap, "install", "demo", says="demo", messages=1)


@pytest.mark.parametrize(
    "filename", ["demo.whl", "demo-1.0.whl", "demo-1.0-py3-none.whl", "demo-x-py3-none-any.whl"]
)
def test_a_wheel_with_an_invalid_name_is_refused(pipwrap: Runner, files: Path, filename: str):
    wheel = make_wheel(files, "demo", "1.0", filename=filename)
    ours = refused(pipwrap, "install", wheel, says="Invalid wheel filename")
    assert ours.stderr == pipwrap.pip("install", wheel, expect=1).stderr


def test_a_wheel_for_another_platform_is_refused_in_pips_words(pipwrap: Runner, files: Path):
    wheel = make_wheel(files, "demo", "1.0", tag="cp27-cp27m-win32")
    ours = refused(pipwrap, "install", wheel, says="is not a supported wheel on this platform.")
    assert ours.stderr == pipwrap.pip("install", wheel, expect=1).stderr


@pytest.mark.parametrize(
    "path", ["../outside.py", "demo/../../outside.py", "/outside.py", "demo-1.0.data/odd/x.py"]
)
def test_a_path_outside_the_scheme_is_refused(
    pipwrap: Runner, files: Path, tmp_path: Path, cache_root: Path, path: str
):
    members = {"demo/__init__.py": "", path: "outside = True\n"}
    wheel = make_wheel(files, "demo", "1.0", files=members)
    refused(pipwrap, "install", wheel, says="demo-1.0-py3-none-any.whl")
    assert not list(tmp_path.rglob("outside.py"))


def test_wrong_hashes_inside_a_wheel_are_a_warning_and_corrected(pipwrap: Runner, files: Path):
    """As in pip, which does not look; the new RECORD has the true values."""
    lie = {"demo/__init__.py": ("sha256=" + "A" * 43, "1")}
    wheel = make_wheel(files, "demo", "1.0", record_rows=lie)
    result = pipwrap("install", wheel, expect=0)
    assert result.stderr.startswith("WARNING: ")
    record = pipwrap.environment.distribution("demo").read_text("RECORD") or ""
    assert "A" * 43 not in record


@pytest.mark.parametrize("record", ["", "one,two,three,four\n"], ids=["empty", "four columns"])
def test_a_record_that_says_nothing_of_its_files_is_completed(
    pipwrap: Runner, files: Path, record: str
):
    """pip installs such a wheel without a word; the RECORD that results is whole and true."""
    pipwrap("install", make_wheel(files, "demo", "1.0", record=record), expect=0)
    written = pipwrap.environment.distribution("demo").read_text("RECORD") or ""
    assert "demo/__init__.py,sha256=" in written
    assert "one" not in written


def test_one_bad_wheel_keeps_the_good_ones_out(
    pipwrap: Runner, index: Index, files: Path, cache_root: Path
):
    """Everything is ready before the first file of the environment changes."""
    index.add(make_wheel(files, "lib", "1.0"))
    index.add(make_wheel(files, "demo", "1.0", requires=["lib"], record=None))
    before = pipwrap.environment.tree()
    result = pipwrap("install", "demo")
    assert result.returncode == 1, result.output
    assert "Traceback" not in result.output
    assert pipwrap.environment.tree() == before
    assert not any("demo" in path for path in cached_work(cache_root)["store-v1"])


def test_an_sdist_with_a_path_outside_is_refused(pipwrap: Runner, files: Path, tmp_path: Path):
    sdist = make_sdist(files, "demo", "1.0", extra_files={"../../outside.py": ""})
    refused(pipwrap, "install", sdist, says="outside")
    assert not list(tmp_path.rglob("outside.py"))


def test_a_wheel_of_another_version_than_its_name_says_is_passed_over_as_in_pip(
    pipwrap: Runner, files: Path
):
    make_wheel(files, "demo", "0.9")
    make_wheel(
        files, "demo", "1.1", dist_info="demo-1.1.dist-info", filename="demo-1.0-py3-none-any.whl"
    )
    arguments = ("install", "--no-index", "--find-links", str(files), "demo")
    ours = pipwrap(*arguments, expect=0)
    assert "has inconsistent version: expected '1.0', but metadata has '1.1'" in ours.stdout
    assert pipwrap.environment.freeze() == ["demo==0.9"]
    theirs = pipwrap.pip(*arguments, "--force-reinstall", expect=0)
    assert "has inconsistent version: expected '1.0', but metadata has '1.1'" in theirs.stdout

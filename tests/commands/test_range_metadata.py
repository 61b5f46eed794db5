"""Metadata of large wheels without a sidecar is read in parts; whatever is odd, the whole is got."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from support.archives import write_file
from support.environments import VirtualEnvironment
from support.index import Index, Logged
from support.promises import refused
from support.runner import Runner
from support.server import Answer
from support.wheels import make_wheel

NOISE = random.Random(0).randbytes(400_000)
FILE = "/files/big-1.0-py3-none-any.whl"
NAME = "big-1.0-py3-none-any.whl"
DOWNLOADING = f"Downloading {NAME} ("


def big_wheel(directory: Path, version: str = "1.0", **keywords: object) -> Path:
    """Write a wheel of 400 kB and return its path."""
    files = {"big.py": "x = 1\n", "big_data.bin": NOISE}
    return make_wheel(directory, "big", version, files=files, **keywords)  # type: ignore[arg-type]


@pytest.fixture
def offered(index: Index, tmp_path: Path) -> Index:
    """Return an index with ``big``, which needs ``lib``, both without sidecar."""
    index.headers("/files/*", {"ETag": "auto"})
    index.headers("/simple/*", {"Cache-Control": "max-age=600"})
    index.add(big_wheel(tmp_path / "files", requires=["lib"]), metadata=False)
    index.add(make_wheel(tmp_path / "files", "lib", "1.0"), metadata=False)
    return index


def asked(index: Index, path: str = FILE) -> list[tuple[int, bool]]:
    """Return status of each request for a file and whether it was for a part, and forget them."""
    found = [(each.status, "range" in each.headers) for each in index.requests if each.path == path]
    index.clear_log()
    return found


def stored(cache_root: Path) -> list[Path]:
    """Return the entries of metadata."""
    return sorted(cache_root.glob("metadata-v2/*/*.json"))


def test_a_dry_run_reads_a_part_of_a_large_wheel_and_then_nothing(
    pipwrap: Runner, offered: Index, cache_root: Path
):
    result = pipwrap("install", "--dry-run", "big", expect=0)
    assert "Would install big-1.0 lib-1.0" in result.stdout
    assert "big-1.0" not in result.stdout.replace("Would install big-1.0", "")
    (part,) = [each for each in offered.requests if each.path == FILE]
    assert (part.status, part.size) == (206, 22 + 0x10000)
    assert len(stored(cache_root)) == 1
    offered.clear_log()
    pipwrap("install", "--dry-run", "big", expect=0)
    assert offered.requests == []


def test_an_install_reads_a_part_and_then_gets_the_wheel_side_by_side(
    pipwrap: Runner, offered: Index, environment: VirtualEnvironment
):
    result = pipwrap("install", "big", expect=0)
    assert environment.freeze() == ["big==1.0", "lib==1.0"]
    assert result.stdout.count(DOWNLOADING) == 1
    assert f"\n{DOWNLOADING}401 kB)\n" in result.stdout, "below no Collecting, as with a sidecar"
    assert "Obtaining" not in result.stdout
    assert result.stderr == ""
    assert asked(offered) == [(206, True), (200, False)]


def test_verbose_says_where_dependencies_come_from(pipwrap: Runner, offered: Index):
    result = pipwrap("install", "-vv", "--dry-run", "big", expect=0)
    assert "  Obtaining dependency information from big 1.0\n" in result.stdout
    assert "Getting all of lib-1.0-py3-none-any.whl for its metadata: it is small" in result.stdout


def test_versions_that_are_not_chosen_are_never_got(
    pipwrap: Runner, offered: Index, tmp_path: Path, environment: VirtualEnvironment
):
    for version in ("2.0", "3.0", "4.0"):
        wheel = big_wheel(tmp_path / "files", version, requires=["lib>=2"])
        offered.add(wheel, metadata=False)
    pipwrap("install", "big", expect=0)
    assert environment.freeze() == ["big==1.0", "lib==1.0"]
    whole = [each for each in offered.requests if each.status == 200 and "/big-" in each.path]
    assert [each.path for each in whole] == [FILE]
    assert sum(each.size for each in offered.requests) < 700_000


def test_a_wheel_whose_size_is_not_known_is_read_in_parts(
    pipwrap: Runner, offered: Index, tmp_path: Path
):
    offered.add(big_wheel(tmp_path / "files", requires=["lib"]), metadata=False, size=False)
    offered.json = False
    pipwrap("install", "--dry-run", "big", expect=0)
    assert asked(offered) == [(206, True)]


def test_hashes_that_are_required_are_of_the_whole_wheel(
    pipwrap: Runner, offered: Index, tmp_path: Path, environment: VirtualEnvironment
):
    lines = "big==1.0 --hash=sha256:{big}\nlib==1.0 --hash=sha256:{lib}\n"
    digests = {each.project: each.hashes["sha256"] for each in offered.files}
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(lines.format(**digests))
    pipwrap("install", "-r", requirements, expect=0)
    assert environment.freeze() == ["big==1.0", "lib==1.0"]
    assert asked(offered) == [(200, False)]


@pytest.mark.parametrize("command", ["download", "wheel"])
def test_what_is_saved_is_the_whole_wheel(
    pipwrap: Runner, offered: Index, tmp_path: Path, command: str
):
    pipwrap(command, "big", expect=0)
    saved, original = pipwrap.directory / NAME, tmp_path / "files" / NAME
    assert saved.read_bytes() == original.read_bytes()
    assert asked(offered) == [(206, True), (200, False)]
    pipwrap(command, "big", expect=0)
    assert asked(offered) == []


# What the cache knows already


def test_a_wheel_in_the_cache_is_asked_for_nothing(
    pipwrap: Runner, offered: Index, cache_root: Path
):
    pipwrap("download", "--dest", "away", "big", expect=0)
    for path in stored(cache_root):
        path.unlink()
    offered.clear_log()
    result = pipwrap("install", "--dry-run", "big", expect=0)
    assert f"  Using cached {NAME} (" in result.stdout
    assert asked(offered) == []


def test_an_unpacked_wheel_tells_its_metadata(pipwrap: Runner, offered: Index, cache_root: Path):
    pipwrap("install", "big", expect=0)
    for path in (*stored(cache_root), *cache_root.glob("bodies-v1/*/*")):
        path.unlink()
    offered.clear_log()
    pipwrap("install", "--dry-run", "--force-reinstall", "big", expect=0)
    assert asked(offered) == []


def test_offline_takes_what_was_kept(pipwrap: Runner, offered: Index):
    pipwrap("install", "--dry-run", "big", expect=0)
    offered.clear_log()
    pipwrap("install", "--dry-run", "--offline", "big", expect=0)
    result = pipwrap("install", "--offline", "big", expect=1)
    assert "is not in the cache, and the network is not to be used" in result.stderr
    assert offered.requests == []


def test_offline_reads_no_parts(pipwrap: Runner, offered: Index, cache_root: Path):
    pipwrap("install", "--dry-run", "big", expect=0)
    for path in stored(cache_root):
        path.unlink()
    offered.clear_log()
    pipwrap("install", "--dry-run", "--offline", "big", expect=1)
    assert offered.requests == []


def unnamed(index: Index, wheel: Path) -> None:
    """Offer a wheel of which the index names neither digest nor size."""
    index.add(wheel, metadata=False, hashes={}, size=False)


def test_without_a_digest_the_etag_says_whether_it_is_the_same(
    pipwrap: Runner, offered: Index, tmp_path: Path
):
    unnamed(offered, big_wheel(tmp_path / "files", requires=["lib"]))
    for status in (206, 304):
        result = pipwrap("install", "--dry-run", "big", expect=0)
        assert "Would install big-1.0 lib-1.0" in result.stdout
        assert asked(offered) == [(status, True)]
    unnamed(offered, big_wheel(tmp_path / "files"))
    result = pipwrap("install", "--dry-run", "big", expect=0)
    assert "Would install big-1.0\n" in result.stdout
    assert asked(offered) == [(206, True)]


@pytest.mark.parametrize(
    "fields", [{"ETag": ""}, {"ETag": 'W/"weak"'}, {"Cache-Control": "no-store"}], ids=str
)
def test_what_nothing_identifies_or_may_not_be_stored_is_not_kept(
    pipwrap: Runner, offered: Index, tmp_path: Path, cache_root: Path, fields: dict[str, str]
):
    unnamed(offered, big_wheel(tmp_path / "files", requires=["lib"]))
    modified = {"Last-Modified": "Wed, 01 Jan 2025 00:00:00 GMT"}
    offered.headers("/files/*", {**modified, **fields})
    for _ in range(2):
        pipwrap("install", "--dry-run", "big", expect=0)
        assert asked(offered) == [(206, True)]
    assert stored(cache_root) == []


def test_credentials_are_sent_and_not_kept(pipwrap: Runner, offered: Index, cache_root: Path):
    offered.require_login("me", "very-secret-value")
    url = offered.url_of("/simple", user="me", password="very-secret-value")
    pipwrap("install", "--dry-run", "--index-url", url, "big", expect=0)
    assert (206, True) in asked(offered)
    assert [b"very-secret" in path.read_bytes() for path in stored(cache_root)] == [False]


# What servers do


def lying(fields: dict[str, str]) -> Callable[[Answer], Answer]:
    """Return a change of a part's header fields."""
    return lambda right: Answer(right.status, {**right.headers, **fields}, right.body)


def early(right: Answer) -> Answer:
    """Hang up in the middle of a part."""
    return Answer(right.status, right.headers, right.body, truncate=1000)


def everything(right: Answer) -> Answer:
    """Say 206 and send another part than was asked for."""
    fields = {**right.headers, "Content-Range": "bytes 0-999/1000"}
    return Answer(206, fields, NOISE[:1000])


FAULTS: dict[str, Callable[[Answer], Answer]] = {
    "another range": lying({"Content-Range": "bytes 0-65535/500000"}),
    "no range named": lying({"Content-Range": ""}),
    "no total": lying({"Content-Range": "bytes 0-65535/*"}),
    "several parts": lying({"Content-Type": "multipart/byteranges; boundary=x"}),
    "compressed": lying({"Content-Encoding": "gzip"}),
    "ends early": early,
    "206 for all": everything,
    "noise": lambda right: Answer(right.status, right.headers, NOISE[: len(right.body)]),
    "an error": lambda right: Answer(500, {}, b"ranges are too hard"),
    "a redirect to nowhere": lambda right: Answer(302, {"Location": "ftp://x.invalid/"}, b""),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_server_that_is_wrong_about_parts_is_asked_for_the_whole(
    pipwrap: Runner,
    offered: Index,
    environment: VirtualEnvironment,
    cache_root: Path,
    fault: Callable[[Answer], Answer],
):
    offered.part_fault("/files/*", fault)
    result = pipwrap("install", "--retries", "0", "big", expect=0)
    assert environment.freeze() == ["big==1.0", "lib==1.0"]
    assert result.stderr == ""
    assert f"  {DOWNLOADING}401 kB)\n" in result.stdout, "below its Collecting, as in pip"
    assert result.stdout.count(DOWNLOADING) == 1
    assert [whole for _, whole in asked(offered)] == [True, False]
    assert stored(cache_root) == []


def test_a_server_without_ranges_is_asked_once(pipwrap: Runner, offered: Index, tmp_path: Path):
    offered.ranges = False
    for version in ("2.0", "3.0"):
        offered.add(big_wheel(tmp_path / "files", version, requires=["lib>=2"]), metadata=False)
    pipwrap("install", "big", expect=0)
    assert len([each for each in offered.requests if "range" in each.headers]) == 1


@pytest.mark.parametrize("named", [True, False], ids=["a digest", "no digest"])
@pytest.mark.parametrize("fields", [{}, {"Cache-Control": "no-store", "ETag": ""}], ids=str)
@pytest.mark.parametrize("path", [FILE, "/elsewhere"], ids=["here", "redirected"])
def test_what_a_server_without_ranges_sends_is_the_wheel(
    pipwrap: Runner,
    offered: Index,
    tmp_path: Path,
    named: bool,  # noqa: FBT001
    fields: dict[str, str],
    path: str,
):
    """One request, and no byte twice; what may be stored is there for the next run."""
    offered.ranges = False
    offered.headers("/files/*", fields)
    wheel = big_wheel(tmp_path / "files", requires=["lib"])
    if named:
        offered.add(wheel, metadata=False)
    else:
        unnamed(offered, wheel)
    if path != FILE:
        offered.page(path, offered.content(NAME), content_type="application/octet-stream")
        offered.headers(path, fields)
        offered.redirect(FILE, path)
    result = pipwrap("install", "big", expect=0)
    assert pipwrap.environment.freeze() == ["big==1.0", "lib==1.0"]
    assert result.stdout.count(DOWNLOADING) == 1
    assert sent([each for each in offered.requests if each.path in {FILE, path}]) < 402_000
    assert asked(offered, path) == [(200, True)]
    if named and not fields:
        pipwrap("install", "--force-reinstall", "big", expect=0)
        assert asked(offered, path) == []


def test_what_a_server_without_ranges_sends_is_compared(
    pipwrap: Runner, offered: Index, tmp_path: Path
):
    offered.ranges = False
    wheel = big_wheel(tmp_path / "files", requires=["lib"])
    for hashes in ({"sha256": "0" * 64}, {"md5": "0" * 32}):
        offered.add(wheel, metadata=False, hashes=hashes)
        refused(pipwrap, "install", "big", says="DO NOT MATCH THE HASHES")


def info_first(path: Path) -> Path:
    """Write a wheel anew with .dist-info as its beginning, and return its path."""
    stream = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(stream, "w") as new:
        for info in sorted(old.infolist(), key=lambda each: ".dist-info/" not in each.filename):
            new.writestr(info, old.read(info))
    return write_file(path, stream.getvalue())


def test_metadata_at_the_beginning_costs_another_request(
    pipwrap: Runner, offered: Index, tmp_path: Path
):
    wheel = info_first(big_wheel(tmp_path / "files", requires=["lib"]))
    offered.add(wheel, metadata=False)
    result = pipwrap("install", "--dry-run", "big", expect=0)
    assert "Would install big-1.0 lib-1.0" in result.stdout
    parts = [each for each in offered.requests if each.path == FILE]
    assert [each.status for each in parts] == [206, 206]
    assert sum(each.size for each in parts) < 67_000
    assert parts[1].headers["if-range"].startswith('"')


@pytest.mark.parametrize("modified", ["", "Wed, 01 Jan 2025 00:00:00 GMT"], ids=["no", "a date"])
@pytest.mark.parametrize("etag", ["", 'W/"weak"'], ids=["no etag", "weak etag"])
def test_a_second_part_needs_no_strong_validator(
    pipwrap: Runner, offered: Index, tmp_path: Path, etag: str, modified: str
):
    offered.headers("/files/*", {"ETag": etag, "Last-Modified": modified})
    wheel = info_first(big_wheel(tmp_path / "files", requires=["lib"]))
    offered.add(wheel, metadata=False)
    for parts in ([(206, True)] * 2, []):
        result = pipwrap("install", "--dry-run", "big", expect=0)
        assert "Would install big-1.0 lib-1.0" in result.stdout
        assert asked(offered) == parts


def test_a_wheel_that_is_replaced_between_two_parts_is_got_whole(
    pipwrap: Runner, offered: Index, tmp_path: Path
):
    wheel = info_first(big_wheel(tmp_path / "files", requires=["lib"]))
    unnamed(offered, wheel)
    other = info_first(big_wheel(tmp_path / "other", requires=["lib"], requires_python=">=3.6"))

    def replace(right: Answer) -> Answer:
        unnamed(offered, other)
        return right

    offered.part_fault(FILE, replace)
    pipwrap("install", "--dry-run", "big", expect=0)
    assert asked(offered) == [(206, True), (200, True)]


def test_redirects_to_another_place_are_followed(pipwrap: Runner, offered: Index):
    offered.page("/elsewhere", (offered.content(NAME)), content_type="application/octet-stream")
    offered.redirect(FILE, "/elsewhere")
    result = pipwrap("install", "--dry-run", "big", expect=0)
    assert "Would install big-1.0 lib-1.0" in result.stdout
    assert [each.status for each in offered.requests if each.path == "/elsewhere"] == [206]


@pytest.mark.parametrize("command", ["install", "download"])
def test_a_server_whose_parts_lie_about_the_wheel_is_an_error(
    pipwrap: Runner, offered: Index, tmp_path: Path, cache_root: Path, command: str
):
    """Nothing changes for metadata that is not the wheel's; the next run has the wheel to ask."""
    other = big_wheel(tmp_path / "other", requires=["another", "lib"]).read_bytes()
    offered.add(make_wheel(tmp_path / "files", "another", "1.0"))
    offered.add(big_wheel(tmp_path / "files", requires=["lib"]), metadata=False, size=False)

    def lie(right: Answer) -> Answer:
        start, stop = len(other) - len(right.body), len(other)
        place = {"Content-Range": f"bytes {start}-{stop - 1}/{stop}"}
        return Answer(206, {**right.headers, **place}, other[start:])

    offered.part_fault(FILE, lie)
    before = pipwrap.environment.tree()
    result = pipwrap(command, "big", expect=1)
    assert "has inconsistent Requires-Dist between the parts of it" in result.stderr
    assert "Traceback" not in result.stderr
    assert pipwrap.environment.tree() == before
    assert stored(cache_root) == []
    assert list(pipwrap.directory.iterdir()) == []
    pipwrap(command, "big", expect=0)


def sent(requests: list[Logged]) -> int:
    """Return how many bytes a server has sent."""
    return sum(each.size for each in requests)


def test_parts_are_shared_by_runs_whatever_the_order_of_versions(
    pipwrap: Runner, offered: Index, tmp_path: Path
):
    """A conflict is resolved again from what is kept: no byte of the refused wheel is sent."""
    offered.add(big_wheel(tmp_path / "files", "2.0", requires=["lib>=2"]), metadata=False)
    pipwrap("install", "--dry-run", "big", expect=0)
    offered.clear_log()
    pipwrap("install", "big", expect=0)
    assert 400_000 < sent(offered.requests) < 402_000

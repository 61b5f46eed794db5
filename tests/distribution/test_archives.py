"""Every archive is acquired once a run and compared with the hashes that apply."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pipwrap import errors
from pipwrap.cache.http.bodies import DigestMismatch
from pipwrap.concurrency.once_map import OnceMap
from pipwrap.distribution.archives import AcquiredArchives, Archives, LocalArchive
from pipwrap.distribution.hashes import HashPolicy
from pipwrap.events import ignore
from pipwrap.model.link import Link
from pipwrap.model.source import Archive

CONTENT = b"content"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
URL = "https://x/a-1.0-py3-none-any.whl"


@dataclass
class Got:
    path: str
    sha256: str = SHA256
    status: int = 200
    problem: str | None = None
    size: int = 7
    from_cache: bool = False


@dataclass
class Files:
    """Answers for the URLs that were set up, and refuses others."""

    known: dict[str, Got]
    asked: list[str] = field(default_factory=list)

    def file(
        self,
        url: str,
        *,
        sha256: str | None = None,
        size_hint: int | None = None,
        is_metadata: bool = False,
        arriving: object = None,
    ) -> Got:
        self.asked.append(url)
        got = self.known[url]
        if sha256 not in (None, got.sha256):
            raise DigestMismatch(url, str(sha256), got.sha256)
        return got


def archives(files: Files, shared: AcquiredArchives | None = None, **policy: object) -> Archives:
    return Archives(files, HashPolicy(**policy), ignore, None, shared or AcquiredArchives())


def acquire(archives: Archives, url: str, sha256: str | None = None) -> LocalArchive:
    hashes = (("sha256", sha256),) if sha256 else ()
    return archives.acquire(Archive(Link(url, hashes=hashes)))


@pytest.fixture
def files(tmp_path: Path) -> Files:
    (tmp_path / "x").write_bytes(CONTENT)
    return Files({URL: Got(str(tmp_path / "x")), URL + ".metadata": Got(str(tmp_path / "x"))})


def test_an_archive_is_fetched_once(files: Files) -> None:
    shared = AcquiredArchives()
    one, other = archives(files, shared), archives(files, shared)
    acquired = acquire(one, URL, SHA256)
    assert acquire(one, URL, SHA256) == acquire(other, URL, SHA256) == acquired
    assert files.asked == [URL]
    assert [line.message for line in acquired.lines] == [
        "Downloading a-1.0-py3-none-any.whl (7 bytes)"
    ]


def test_what_another_resolution_acquired_is_compared_with_the_hashes_of_this_one(
    files: Files,
) -> None:
    shared, source = AcquiredArchives(), Archive(Link(URL))
    archives(files, shared).acquire(source)
    strict = archives(files, shared, allowed_sources={source.identity: (("md5", "00"),)})
    with pytest.raises(errors.HashMismatch, match="a-1\\.0-py3-none-any"):
        strict.acquire(source)
    assert files.asked == [URL]


def test_other_bytes_than_are_asked_for_are_refused(files: Files) -> None:
    with pytest.raises(errors.HashMismatch, match="a-1\\.0-py3-none-any"):
        acquire(archives(files), URL, "00")


def test_an_error_status_is_told_in_pips_words(files: Files) -> None:
    files.known[URL].status = 404
    with pytest.raises(errors.NetworkError, match="because of HTTP error 404"):
        acquire(archives(files), URL)


def test_a_sidecar_is_checked_and_read(files: Files) -> None:
    text, size, lines = archives(files).metadata(Link(URL, metadata_hashes=(("sha256", SHA256),)))
    assert (text, size) == ("content", len("content"))
    assert "Downloading a-1.0-py3-none-any.whl.metadata" in lines[0].message


@pytest.mark.parametrize("algorithm", ["sha512", "sha256", "sha224", "sha1", "md5"])
def test_other_metadata_than_the_index_names_is_refused(files: Files, algorithm: str) -> None:
    right = ((algorithm, hashlib.new(algorithm, CONTENT).hexdigest()),)
    assert archives(files).metadata(Link(URL, metadata_hashes=right))[0] == "content"
    with pytest.raises(errors.HashMismatch):
        archives(files).metadata(Link(URL, metadata_hashes=((algorithm, "00"),)))


def test_a_local_archive_lies_where_it_is(files: Files, tmp_path: Path) -> None:
    acquired = acquire(archives(files), (tmp_path / "x").as_uri())
    assert (acquired.path, acquired.sha256, acquired.size) == (str(tmp_path / "x"), SHA256, 7)
    assert acquired.lines == ()
    with pytest.raises(errors.EnvironmentRefused):
        acquire(archives(files), (tmp_path / "nowhere").as_uri())


def test_a_local_sidecar_that_is_not_there_is_one_message(files: Files, tmp_path: Path) -> None:
    link = Link((tmp_path / "a.whl").as_uri(), metadata_hashes=())
    with pytest.raises(errors.PipwrapError, match="OSError"):
        archives(files).metadata(link)


def test_the_second_caller_gets_the_outcome_of_the_first() -> None:
    once = OnceMap()

    def fail() -> None:
        raise errors.NetworkError("gone")

    for _ in range(2):
        with pytest.raises(errors.NetworkError, match="gone"):
            once("x", fail)
    assert once("y", lambda: 1) == once("y", lambda: 2) == 1

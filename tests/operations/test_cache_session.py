"""The cache lies where it is expected, belongs to the user, and scratch goes with the run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipwrap.cache.layout import CACHEDIR_SIGNATURE
from pipwrap.cache.noop import default_root
from pipwrap.events import Event, WarningMessage, ignore
from pipwrap.operations.cache_session import is_usable, opened


@pytest.mark.parametrize(
    ("environ", "platform", "expected"),
    [
        ({"XDG_CACHE_HOME": "/x"}, "linux", "/x/pipwrap"),
        ({"XDG_CACHE_HOME": ""}, "linux", "/home/u/.cache/pipwrap"),
        ({}, "linux", "/home/u/.cache/pipwrap"),
        ({}, "darwin", "/home/u/Library/Caches/pipwrap"),
        ({"XDG_CACHE_HOME": "/x"}, "darwin", "/x/pipwrap"),
        ({"LOCALAPPDATA": "/l"}, "win32", "/l/pipwrap/Cache"),
    ],
)
def test_the_place_is_the_systems(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], platform: str, expected: str
) -> None:
    monkeypatch.setenv("HOME", "/home/u")
    assert default_root(environ, platform) == expected


def test_a_cache_is_made_and_marked(tmp_path: Path) -> None:
    root = tmp_path / "deep" / "cache"
    with opened(str(root), ignore) as place:
        assert place.is_permanent
        scratch = place.scratch("build-")
        assert os.path.dirname(scratch) == place.layout.temporary
        Path(scratch, "x").touch()
    assert not os.path.exists(scratch)
    assert (root / "CACHEDIR.TAG").read_text(encoding="ascii").startswith(CACHEDIR_SIGNATURE)


def test_without_a_cache_everything_is_gone_afterwards() -> None:
    with opened(None, ignore) as place:
        assert not place.is_permanent
        place.scratch("x")
    assert not os.path.exists(place.layout.root)


def test_a_cache_that_cannot_be_made_is_left_out_with_a_warning(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    events: list[Event] = []
    with opened(str(tmp_path / "file" / "cache"), events.append) as place:
        assert not place.is_permanent
    (warned,) = events
    assert isinstance(warned, WarningMessage)


def test_who_owns_the_nearest_directory_decides(tmp_path: Path) -> None:
    assert is_usable(str(tmp_path / "a" / "b"))
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    assert isinstance(is_usable(str(tmp_path)), bool)


def test_a_link_to_nowhere_is_no_crash(tmp_path: Path) -> None:
    (tmp_path / "cache").symlink_to(tmp_path / "nowhere")
    events: list[Event] = []
    with opened(str(tmp_path / "cache" / "x"), events.append) as place:
        assert not place.is_permanent
    assert len(events) == 1


def test_the_log_of_a_failed_build_outlives_the_run(tmp_path: Path) -> None:
    log = tmp_path / "build.log"
    log.write_text("failed", encoding="utf-8")
    with opened(str(tmp_path / "cache"), ignore) as place:
        kept = place.keep_log(str(log), "../a b/1.0")
    assert Path(kept).read_text(encoding="utf-8") == "failed"
    assert Path(kept).parent == tmp_path / "cache" / "logs-v1"

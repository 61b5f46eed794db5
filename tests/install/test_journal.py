"""The lines of a journal: what they look like on disk, and how much of a damaged one counts."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from pipwrap.install import journal
from pipwrap.install.linking import FileCreation
from pipwrap.install.recovery import recover

ODD = os.fsdecode(b"caf\xe9.txt")
"""A name that is not UTF-8 (PEP 383)."""
BEGIN = '["begin", {"files": {"/p": [["a", 1, 2]]}, "stash": [["/p/x", "/p/.j/stash/0"]]}]'
"""As every version has written it."""


def state_of(directory: Path, *lines: str, end: str = "\n") -> journal.JournalState:
    (directory / "journal").write_text("\n".join(lines) + end, encoding="utf-8")
    return journal.read(str(directory))


def test_a_journal_reads_as_it_was_written(tmp_path: Path):
    written = journal.Journal(str(tmp_path))
    creation = FileCreation(f"/p/{ODD}", 3, 4, 0o644)
    ((path, place),) = written.begin([("/p", {ODD: creation})], [f"/q/{ODD}"])
    written.create(["/p"])
    other = written.stash("/q/y")
    beside = written.beside(f"/q/{ODD}")
    written.rmdir("/q", 0o755)
    written.close()
    state = journal.read(written.directory)
    assert state.files == [(f"/p/{ODD}", 3, 4)]
    assert state.stashed == [(path, place), ("/q/y", other), (f"/q/{ODD}", beside)]
    assert state.beside(written.directory) == [beside]
    assert (state.directories, state.removed) == (["/p"], [("/q", 0o755)])
    assert (state.created, state.restored, state.ended) == (True, False, False)
    journal.append_restored(written.directory)
    assert journal.read(written.directory).restored


def test_the_lines_are_those_of_all_versions(tmp_path: Path):
    written = journal.Journal(str(tmp_path))
    written.begin([("/p", {"a": FileCreation("/p/a", 1, 2, 0o644)})], [])
    written.create(["/p"])
    place = written.stash("/p/x")
    written.rmdir("/q", 0o755)
    written.close()
    lines = Path(written.directory, "journal").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [
        ["begin", {"files": {"/p": [["a", 1, 2]]}, "stash": []}],
        ["create", ["/p"]],
        ["stash", ["/p/x", place]],
        ["rmdir", ["/q", 0o755]],
    ]


@pytest.mark.parametrize(
    "damaged",
    [
        pytest.param('["end", nu', id="no JSON"),
        pytest.param('["stash", ["/p/y"]]', id="too few values"),
        pytest.param('["begin", {"files": {}}]', id="a part is missing"),
        pytest.param('["rmdir", ["/q", "0755"]]', id="another type"),
        pytest.param('["unknown", null]', id="another kind"),
        pytest.param('{"end": null}', id="no array"),
        pytest.param("[]", id="nothing"),
    ],
)
def test_what_follows_a_damaged_line_does_not_count(tmp_path: Path, damaged: str):
    state = state_of(tmp_path, BEGIN, damaged, '["end", null]')
    assert state.files == [("/p/a", 1, 2)]
    assert state.stashed == [("/p/x", "/p/.j/stash/0")]
    assert not state.ended


def test_a_line_that_is_cut_short_says_nothing(tmp_path: Path):
    assert not state_of(tmp_path, BEGIN, '["end", null]', end="").ended
    assert state_of(tmp_path, BEGIN, '["end", null]').ended


def test_what_an_earlier_version_left_is_restored(tmp_path: Path):
    """Its journal has the odd name as JSON escapes it."""
    directory = tmp_path / journal.NAME
    (directory / "stash").mkdir(parents=True)
    (directory / "stash" / "0").write_text("old")
    path, place = str(tmp_path / ODD), str(directory / "stash" / "0")
    made = tmp_path / "new.txt"
    made.write_text("new")
    stat = made.stat()
    files = {str(tmp_path): [["new.txt", stat.st_size, stat.st_mtime_ns]]}
    state_of(
        directory,
        json.dumps(["begin", {"files": files, "stash": [[path, place]]}]),
        json.dumps(["create", []]),
    )
    assert recover([str(tmp_path)], lambda _: None)
    assert os.listdir(tmp_path) == [ODD]
    assert (tmp_path / ODD).read_text() == "old"

"""Records survive the way to JSON and back, and what is no record is one error."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from msgspec import Struct

from pipwrap.cache import records


class Row(NamedTuple):
    path: str
    size: int


class Record(Struct, frozen=True):
    name: str
    rows: tuple[Row, ...]
    digests: dict[str, str | None]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("plain", id="ascii"),
        pytest.param("d\u00e9mo \U0001f40d", id="unicode"),
        pytest.param("d\udcff", id="lone surrogate"),
        pytest.param("d\udcff \U0001f40d", id="lone surrogate and a pair"),
        pytest.param("\\udcff", id="what only looks like one"),
    ],
)
@pytest.mark.parametrize("version", [None, 3])
def test_a_record_is_read_as_it_was_written(text: str, version: int | None):
    record = Record(text, (Row(text, 1),), {text: None})
    content = records.encode(record, version)
    assert records.decode(content, Record) == record
    if version is not None:
        assert records.decode_version(content, Record, version) == record
        assert records.decode_version(content, Record, version + 1) is None


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="cut off"),
        pytest.param(b"[]", id="no object"),
        pytest.param(b"null", id="null"),
        pytest.param(b'{"version": 3}', id="without its fields"),
        pytest.param(b'{"version": "3", "name": "", "rows": [], "digests": {}}', id="text version"),
        pytest.param(b'{"version": 3, "name": 1, "rows": [], "digests": {}}', id="another type"),
        pytest.param(
            b'{"version": 3, "name": "", "rows": [["x"]], "digests": {}}', id="half a row"
        ),
        pytest.param(
            b'{"version": 3, "name": "\\udcff", "rows": 1, "digests": {}}', id="surrogate"
        ),
        pytest.param(b'{"name": "\\udcff", "rows": [], "digests": {}', id="surrogate, cut off"),
        pytest.param(b"\xff\xfe", id="no text"),
        pytest.param(b"[" * 100_000, id="nested too deeply"),
    ],
)
def test_what_is_no_record_is_one_error(content: bytes):
    with pytest.raises(ValueError, match=r"."):
        records.decode_version(content, Record, 3)

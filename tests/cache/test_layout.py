"""Every path of the cache is spelled in one place, and no part of it leaves its directory."""

from __future__ import annotations

import os
from functools import partial

import pytest

from pipwrap.cache import layout
from pipwrap.cache.layout import BUCKETS, GIT, HTTP, WHEELS, Layout

HERE = Layout("/cache")
DIGEST = "ab" * 32


@pytest.mark.parametrize("bad", ["", ".", "..", "a/b", "a\\b", "a\0b", "/a", "../x"])
def test_a_part_that_is_no_single_segment_is_refused(bad: str) -> None:
    for spell in (HERE.bucket, HERE.body, HERE.stored_wheel, partial(HERE.sharded, HTTP)):
        with pytest.raises(ValueError, match="single path segment"):
            spell(bad)
    if bad:
        with pytest.raises(ValueError, match="single path segment"):
            HERE.interpreter(bad)


def test_everything_lies_in_a_bucket_that_purge_knows() -> None:
    paths = [
        HERE.sharded(HTTP, DIGEST),
        HERE.body(DIGEST),
        HERE.sharded(WHEELS, DIGEST),
        HERE.stored_wheel(DIGEST),
        HERE.sharded(GIT, DIGEST),
        HERE.interpreter(DIGEST),
        HERE.temporary,
    ]
    buckets = {HERE.bucket(name) for name in BUCKETS}
    for path in paths:
        first = os.path.relpath(path, HERE.root).split(os.sep)[0]
        assert os.path.join(HERE.root, first) in buckets
    assert len(set(paths)) == len(paths)


def test_the_drawing_names_every_bucket() -> None:
    for name in BUCKETS:
        assert f"{name}/" in (layout.__doc__ or "")


def test_many_entries_are_spread_over_directories() -> None:
    assert HERE.body(DIGEST) == os.path.join("/cache", "bodies-v1", "ab", DIGEST)

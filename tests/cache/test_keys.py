"""A key holds all that is known to change a wheel's bytes, and nothing else."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from pipwrap.cache.keys import BuildKey, settings_key

KEY = BuildKey("ab" * 32, "cpython-311-x86_64-linux-gnu", "sub", (("x", ("1",)),), ("c<1",))


@pytest.mark.parametrize(
    "change",
    [
        {"source_sha256": "cd" * 32},
        {"abi": "cpython-312-x86_64-linux-gnu"},
        {"subdirectory": ""},
        {"config_settings": ()},
        {"config_settings": (("x", ("2",)),)},
        {"config_settings": (("x", ("1", "1")),)},
        {"config_settings": (("y", ("1",)),)},
        {"build_constraints": ()},
    ],
)
def test_every_field_changes_the_identity(change: dict[str, object]) -> None:
    assert replace(KEY, **change).identity != KEY.identity  # type: ignore[arg-type]


def test_the_identity_is_stable_and_one_path_segment() -> None:
    assert KEY.identity == replace(KEY).identity
    assert len(KEY.identity) == 64
    assert BuildKey("a", "b").identity == (
        "62e587400f8b1b3262d53d9b3477bce42efe16b944919cc052cf217083418cd5"
    )


def test_fields_do_not_run_into_each_other() -> None:
    assert BuildKey("a", "b", "c").identity != BuildKey("a", "bc", "").identity


def test_settings_count_whatever_their_order_and_form() -> None:
    assert settings_key({"b": "1", "a": ["2", "3"]}) == (("a", ("2", "3")), ("b", ("1",)))
    assert settings_key({"a": "1"}) == settings_key({"a": ["1"]})
    assert settings_key({"a": ["1", "2"]}) != settings_key({"a": ["2", "1"]})

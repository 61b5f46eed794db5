"""What decides about bytecode, as pip's process on the target would see it."""

from __future__ import annotations

import importlib.util
import sys

import pytest
from msgspec.structs import replace

from install.worlds import World
from pipwrap.install.bytecode_settings import (
    BytecodeSettings,
    bytecode_tag,
    read_settings,
    source_stamp,
)

OWN = sys.version_info[:3]
LEVELS = {"": 0, "0": 0, "1": 1, "2": 2, " 2": 2, "+3": 3, "10": 10, "yes": 1, "-1": 1, "2 ": 1}


@pytest.mark.parametrize(("text", "level"), LEVELS.items())
def test_a_level_is_read_as_python_reads_it(shell: World, text: str, level: int):
    found = read_settings(shell.environment, {"PYTHONOPTIMIZE": text})
    assert found == BytecodeSettings(optimization=level)


def test_what_concerns_only_imports_changes_nothing(shell: World):
    environ = {"PYTHONDONTWRITEBYTECODE": "1", "SOURCE_DATE_EPOCH": "", "PYTHONHASHSEED": "0"}
    assert read_settings(shell.environment, environ) == BytecodeSettings()


@pytest.mark.parametrize(("version", "has_ranges"), [((3, 10, 0), True), ((3, 11, 0), False)])
def test_columns_are_there_since_python_3_11(
    shell: World, version: tuple[int, int, int], *, has_ranges: bool
):
    environment = replace(shell.environment, version=version)
    found = read_settings(environment, {"PYTHONNODEBUGRANGES": "0"})
    assert found.has_ranges == has_ranges


def test_options_of_this_python_count_where_it_is_the_target(
    shell: World, monkeypatch: pytest.MonkeyPatch
):
    environment = replace(shell.environment, executable=sys.executable)
    monkeypatch.setattr(sys, "pycache_prefix", "/elsewhere")
    monkeypatch.setitem(sys._xoptions, "no_debug_ranges", "")
    found = read_settings(environment, {"PYTHONOPTIMIZE": "7"})
    assert found == BytecodeSettings(
        optimization=sys.flags.optimize, has_ranges=False, prefix="/elsewhere"
    )


def test_each_setting_has_a_name_of_its_own(shell: World):
    settings = [
        BytecodeSettings(level, is_hashed, has_ranges)
        for level in (0, 1, 2, 3)
        for is_hashed in (False, True)
        for has_ranges in (False, True)
    ]
    tags = {bytecode_tag(shell.environment, each) for each in settings}
    assert len(tags) == len(settings)
    plain = BytecodeSettings()
    assert bytecode_tag(shell.environment, plain) == "cpython-311-a70d0d0a"
    assert bytecode_tag(shell.environment, replace(plain, prefix="/p")) == "cpython-311-a70d0d0a"


def test_a_changed_source_has_its_own_hash():
    settings = BytecodeSettings(is_hashed=True)
    head = importlib.util.MAGIC_NUMBER + b"\3\0\0\0"
    stamp = source_stamp(settings, head + bytes(20), b"print(1)\n", 0, OWN)
    assert stamp == head + importlib.util.source_hash(b"print(1)\n")

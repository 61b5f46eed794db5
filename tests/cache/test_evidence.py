"""Evidence: what counts, what does not, and what a difference is called."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from msgspec.structs import replace

from pipwrap.cache.evidence import (
    NO_EVIDENCE,
    Evidence,
    InputDirectory,
    InputFile,
    SourceInputs,
    assess,
)

HEADER = InputFile("/usr/include/yaml.h", 10, 1, 1, 7, "d1")


@dataclass
class World:
    """A world in which nothing is that the test did not put there."""

    variables: dict[str, str] = field(default_factory=dict)
    programs: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()
    secret: str = ""
    paths: frozenset[str] = frozenset()
    contents: tuple[InputFile | InputDirectory, ...] = ()
    compilers: dict[str, str] = field(default_factory=dict)

    def variable(self, name: str) -> str | None:
        return self.variables.get(name)

    def key(self) -> str:
        return self.secret

    def has_program(self, name: str) -> bool:
        return name in self.programs

    def has_file(self, name: str) -> bool:
        return name in self.files

    def is_there(self, path: str) -> bool:
        return path in self.paths

    def is_same_file(self, file: InputFile) -> bool:
        return file in self.contents

    def is_same_directory(self, directory: InputDirectory) -> bool:
        return directory in self.contents

    def compiler(self, name: str) -> str | None:
        return self.compilers.get(name)


def evidence_of(**fields: object) -> Evidence:
    """Return evidence of these fields alone."""
    return replace(NO_EVIDENCE, **fields)


CASES = {
    "nothing was read": (evidence_of(), World(), []),
    "a variable is as it was": (
        evidence_of(variables=(("CC", "d1"),)),
        World({"CC": "d1"}),
        [],
    ),
    "a variable has another value": (
        evidence_of(variables=(("CC", "d1"),)),
        World({"CC": "d2"}),
        ["CC was different when the cached wheel was built"],
    ),
    "the key was lost": (
        evidence_of(
            variables=(("CC", "d1"), ("CFLAGS", "d2"), ("LD", None), ("AR", None)), key="k1"
        ),
        World({"CC": "d3", "CFLAGS": "d4", "AR": "d5"}, secret="k2"),
        [
            "AR was different when the cached wheel was built",
            "CC, CFLAGS cannot be compared, because the key of the cache was lost",
        ],
    ),
    "the key was lost, and it takes none to see that a variable is gone": (
        evidence_of(variables=(("CC", "d1"),), key="k1"),
        World(secret="k2"),
        ["CC was different when the cached wheel was built"],
    ),
    "the key was lost, and nothing was ever kept under it": (
        evidence_of(variables=(("CC", None),)),
        World(secret="k2"),
        [],
    ),
    "a variable is gone": (
        evidence_of(variables=(("CC", "d1"),)),
        World(),
        ["CC was different when the cached wheel was built"],
    ),
    "a variable that was not set is set": (
        evidence_of(variables=(("CFLAGS", None),)),
        World({"CFLAGS": "d1"}),
        ["CFLAGS was different when the cached wheel was built"],
    ),
    "a missing compiler is there": (
        evidence_of(missing=("gcc",)),
        World(programs=frozenset({"gcc"})),
        ["gcc was missing when the cached wheel was built"],
    ),
    "a missing compiler is still missing": (evidence_of(missing=("gcc",)), World(), []),
    "a missing header is there": (
        evidence_of(absent_files=("crc32c/crc32c.h",)),
        World(files=frozenset({"crc32c/crc32c.h"})),
        ["crc32c/crc32c.h was missing when the cached wheel was built"],
    ),
    "a missing program is there": (
        evidence_of(missing=("ninja",)),
        World(programs=frozenset({"ninja"})),
        ["ninja was missing when the cached wheel was built"],
    ),
    "a path that was looked for is there": (
        evidence_of(absent=("/usr/local/include/yaml.h", "/opt/x")),
        World(paths=frozenset({"/opt/x"})),
        ["/opt/x was missing when the cached wheel was built"],
    ),
    "a header is as it was": (evidence_of(files=(HEADER,)), World(contents=(HEADER,)), []),
    "a header is another": (
        evidence_of(files=(HEADER,)),
        World(),
        ["/usr/include/yaml.h has changed since the cached wheel was built"],
    ),
    "a directory has other names": (
        evidence_of(directories=(InputDirectory("/opt/parts", "d1"),)),
        World(),
        ["/opt/parts has changed since the cached wheel was built"],
    ),
    "a compiler is another": (
        evidence_of(compilers=(("cc", "gcc"),)),
        World(compilers={"cc": "clang"}),
        ["cc was gcc, not clang, when the cached wheel was built"],
    ),
    "a compiler is the same": (
        evidence_of(compilers=(("cc", "gcc"),)),
        World(compilers={"cc": "gcc"}),
        [],
    ),
    "a compiler is gone": (evidence_of(compilers=(("cc", "gcc"),)), World(), []),
    "a tool that ran and is gone says nothing": (
        evidence_of(ran=("gcc",)),
        World(),
        [],
    ),
}


@pytest.mark.parametrize(("evidence", "world", "reasons"), CASES.values(), ids=CASES)
def test_an_entry_holds_unless_something_better_could_be_built(
    evidence: Evidence, world: World, reasons: list[str]
):
    assessment = assess(evidence, world)
    assert [each.reason for each in assessment.differences] == reasons
    assert assessment.holds == (not reasons)


@pytest.mark.parametrize(
    ("kept", "now", "holds"),
    [("t1", "t1", True), ("t1", "t2", False), ("t1", None, True), (None, "t2", True)],
    ids=["as they were", "others", "not at hand", "git was not asked"],
)
def test_tags_count_for_a_build_that_may_have_asked_git(
    kept: str | None,
    now: str | None,
    holds: bool,  # noqa: FBT001
):
    assessment = assess(evidence_of(tags=kept), World(), SourceInputs(tags=lambda: now))
    assert assessment.holds == holds
    reasons = [each.reason for each in assessment.differences]
    expected = "the repository had other tags when the cached wheel was built"
    assert reasons == ([] if holds else [expected])


def test_tags_are_not_looked_for_where_they_are_no_evidence():
    def refuse() -> str | None:
        raise AssertionError

    assert assess(evidence_of(), World(), SourceInputs(tags=refuse)).holds


@pytest.mark.parametrize(
    ("now", "reasons"),
    [
        ({"numpy": "1.0", "setuptools": "90"}, []),
        (
            {"numpy": "2.0"},
            ["the cached wheel was built with numpy 1.0, which is 2.0 now"],
        ),
        ({}, []),
        (None, []),
    ],
    ids=["as it was", "another", "not required", "not resolved"],
)
def test_a_build_requirement_that_went_into_the_wheel_counts(
    now: dict[str, str] | None, reasons: list[str]
):
    asked: list[tuple[str, ...]] = []

    def versions(required: tuple[str, ...]) -> dict[str, str] | None:
        asked.append(required)
        return now

    evidence = evidence_of(consumed=(("numpy", "1.0"),), required=("numpy", "setuptools"))
    assessment = assess(evidence, World(), SourceInputs(versions=versions))
    assert [each.reason for each in assessment.differences] == reasons
    assert asked == [("numpy", "setuptools")]


def test_requirements_are_not_resolved_where_something_else_differs():
    def refuse(required: tuple[str, ...]) -> dict[str, str] | None:
        raise AssertionError(required)

    evidence = evidence_of(consumed=(("numpy", "1.0"),), missing=("cc",))
    world = World(programs=frozenset({"cc"}))
    assert not assess(evidence, world, SourceInputs(versions=refuse)).holds

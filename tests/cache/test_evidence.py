"""Evidence: what counts, what does not, and what a difference is called."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from msgspec.structs import replace

from pipwrap.cache.evidence import (
    NO_EVIDENCE,
    Evidence,
    Observation,
    Quality,
    assess,
    is_relevant,
    parse_observation,
)

DEGRADED = Quality(degraded="it is pure, because no compiler worked")


@dataclass
class World:
    """A world in which nothing is that the test did not put there."""

    variables: dict[str, str] = field(default_factory=dict)
    programs: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()
    secret: str = ""

    def variable(self, name: str) -> str | None:
        return self.variables.get(name)

    def key(self) -> str:
        return self.secret

    def has_program(self, name: str) -> bool:
        return name in self.programs

    def has_file(self, name: str) -> bool:
        return name in self.files


def evidence_of(**fields: object) -> Evidence:
    """Return evidence of these fields alone."""
    return replace(NO_EVIDENCE, **fields)


CASES = {
    "nothing was read": (evidence_of(), Quality(), World(), []),
    "a variable is as it was": (
        evidence_of(variables=(("CC", "d1"),)),
        Quality(),
        World({"CC": "d1"}),
        [],
    ),
    "a variable has another value": (
        evidence_of(variables=(("CC", "d1"),)),
        Quality(),
        World({"CC": "d2"}),
        ["CC was different when the cached wheel was built"],
    ),
    "the key was lost": (
        evidence_of(
            variables=(("CC", "d1"), ("CFLAGS", "d2"), ("LD", None), ("AR", None)), key="k1"
        ),
        Quality(),
        World({"CC": "d3", "CFLAGS": "d4", "AR": "d5"}, secret="k2"),
        [
            "AR was different when the cached wheel was built",
            "CC, CFLAGS cannot be compared, because the key of the cache was lost",
        ],
    ),
    "the key was lost, and it takes none to see that a variable is gone": (
        evidence_of(variables=(("CC", "d1"),), key="k1"),
        Quality(),
        World(secret="k2"),
        ["CC was different when the cached wheel was built"],
    ),
    "the key was lost, and nothing was ever kept under it": (
        evidence_of(variables=(("CC", None),)),
        Quality(),
        World(secret="k2"),
        [],
    ),
    "a variable is gone": (
        evidence_of(variables=(("CC", "d1"),)),
        Quality(),
        World(),
        ["CC was different when the cached wheel was built"],
    ),
    "a variable that was not set is set": (
        evidence_of(variables=(("CFLAGS", None),)),
        Quality(),
        World({"CFLAGS": "d1"}),
        ["CFLAGS was different when the cached wheel was built"],
    ),
    "a missing compiler is there": (
        evidence_of(missing=("gcc",)),
        DEGRADED,
        World(programs=frozenset({"gcc"})),
        ["gcc was missing when the cached wheel was built"],
    ),
    "a missing compiler is still missing": (evidence_of(missing=("gcc",)), DEGRADED, World(), []),
    "a missing header is there": (
        evidence_of(absent_files=("crc32c/crc32c.h",)),
        DEGRADED,
        World(files=frozenset({"crc32c/crc32c.h"})),
        ["crc32c/crc32c.h was missing when the cached wheel was built"],
    ),
    "what was missing for a whole wheel says nothing": (
        evidence_of(missing=("ninja",)),
        Quality(native=True),
        World(programs=frozenset({"ninja"})),
        [],
    ),
    "a tool that ran and is gone says nothing": (
        evidence_of(ran=("gcc",)),
        Quality(native=True),
        World(),
        [],
    ),
}


@pytest.mark.parametrize(("evidence", "quality", "world", "reasons"), CASES.values(), ids=CASES)
def test_an_entry_holds_unless_something_better_could_be_built(
    evidence: Evidence, quality: Quality, world: World, reasons: list[str]
):
    assessment = assess(evidence, quality, world)
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
    assessment = assess(evidence_of(tags=kept), Quality(), World(), tags=lambda: now)
    assert assessment.holds == holds
    reasons = [each.reason for each in assessment.differences]
    expected = "the repository had other tags when the cached wheel was built"
    assert reasons == ([] if holds else [expected])


def test_tags_are_not_looked_for_where_they_are_no_evidence():
    def refuse() -> str | None:
        raise AssertionError

    assert assess(evidence_of(), Quality(), World(), tags=refuse).holds


@pytest.mark.parametrize(
    ("program", "may"), [("git", True), ("/usr/bin/git", True), ("cmake", True), ("gcc", False)]
)
def test_programs_that_may_run_git(program: str, may: bool):  # noqa: FBT001
    assert Observation(run=frozenset({program})).may_run_git == may


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("CC", True),
        ("WRAPT_INSTALL_EXTENSIONS", True),
        ("PATH", False),
        ("HOME", False),
        ("LC_ALL", False),
        ("PIP_INDEX_URL", False),
        ("SOURCE_DATE_EPOCH", False),
        ("_PYTHON_PROJECT_BASE", False),
        ("_PYTHON_HOST_PLATFORM", True),
    ],
)
def test_ambient_variables_are_no_evidence(name: str, *, counts: bool):
    assert is_relevant(name) is counts


def test_variables_of_compilers_count_when_a_program_ran_that_cannot_be_seen_into():
    seen = Observation(variables=frozenset({"PATH", "FOO"}), run=frozenset({"/usr/bin/cmake"}))
    assert {"FOO", "CFLAGS", "CMAKE_ARGS"} <= seen.relevant_variables
    assert "PATH" not in seen.relevant_variables
    assert Observation(frozenset({"FOO"}), frozenset({"gcc"})).relevant_variables == {"FOO"}


def test_lines_that_are_not_whole_are_left_out():
    seen = parse_observation(["env\tCC\n", "run\tgcc\n", "nonsense\n", "other\tx\n", "missing\tcc"])
    assert seen == Observation(frozenset({"CC"}), frozenset({"gcc"}), frozenset({"cc"}))

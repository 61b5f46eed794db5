"""``cache explain``, ``cache why``: what built wheels depend on, and in what two differ."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping

from packaging.version import Version

from pipwrap import errors
from pipwrap.cache.evidence import Assessment, Confirmed, Evidence
from pipwrap.cache.upkeep import sizes
from pipwrap.cache.wheels import AssessedWheel, BuiltWheel, read_entry_file
from pipwrap.model.requirement import Requirement
from pipwrap.model.wheel import split_filename
from pipwrap.operations.cache_context import CacheContext
from pipwrap.operations.cache_listing import details, kind

_MOST = 3
"""Lines for each cause in which two entries differ."""
_ONE_BY_ONE = 8
"""Pieces of evidence of a kind that are named one by one."""


def explain(context: CacheContext, arguments: tuple[str, ...]) -> int:
    """Print whether a built wheel would be used, and what of its evidence holds."""
    requirement = Requirement.parse(arguments[0])
    entries = [
        entry
        for entry in sizes.matching(context.wheels, requirement.name)
        if requirement.specifier.contains(_version(entry), prereleases=True)
    ]
    if not entries:
        context.console.line(f"No wheel of {requirement.text} was built here.")
        return 1
    host = context.host()
    seen: set[str] = set()
    for entry in entries:
        key = os.path.dirname(entry.directory)
        if key not in seen:
            seen.add(key)
            _explain_key(context, context.wheels.siblings(entry, host))
    return 0


def _explain_key(context: CacheContext, found: list[AssessedWheel]) -> None:
    first = found[0]
    console = context.console
    for each in found:
        entry = each.entry
        console.line(f"{entry.filename} ({kind(entry)})")
        for line in details(entry, None)[:4]:
            console.line(f"  {line}")
        for line in sorted(_held(entry.provenance.evidence, each.assessment), key=len):
            console.line(f"  holds: {line}")
        for reason in sorted((each.reason for each in each.assessment.differences), key=len):
            console.line(f"  does not hold: {reason}")
        for line in _notes(entry.provenance.evidence):
            console.line(f"  {line}")
        if each.is_settled:
            console.line("  settled: building again for that left this wheel in use")
    if first.entry.abi != context.environment.compatibility.abi:
        console.line(f"It was built for another Python than {context.environment.executable}.")
    elif first.is_usable:
        console.line(f"It would be used: {first.entry.name}")
    else:
        reasons = "; ".join(each.reason for each in first.assessment.differences)
        console.line(f"It would be built again: {reasons}")


def _held(evidence: Evidence, assessment: Assessment) -> Iterator[str]:
    """Yield what holds, in words; what is much of a kind is counted."""
    digests = dict(evidence.variables)
    unset = [
        each.name
        for each in assessment.confirmed
        if each.kind == "variable" and digests[each.name] is None
    ]
    by_kind: dict[str, list[Confirmed]] = {}
    for each in assessment.confirmed:
        if each.kind != "variable" or digests[each.name] is not None:
            by_kind.setdefault(each.kind, []).append(each)
    if len(unset) > _ONE_BY_ONE:
        yield f"{len(unset)} variables that were not set are not set"
    else:
        yield from (f"{name} is as it was" for name in unset)
    for name, found in by_kind.items():
        if len(found) > _ONE_BY_ONE:
            yield _COUNTED[name].format(len(found))
        else:
            yield from (_CONFIRMED[name].format(each.name) for each in found)


_CONFIRMED = {
    "variable": "{} is as it was",
    "missing": "{} is still missing",
    "compiler": "{}",
    "content": "{} is as it was",
    "tags": "{} has the tags that it had",
    "requirement": "{} is what would be built with",
    "needs": "what its compiled files need is here: {}",
}
_COUNTED = {
    "variable": "{} variables are as they were",
    "missing": "{} things that were looked for are still missing",
    "compiler": "{} compilers are what they were",
    "content": "{} files and directories are as they were",
    "requirement": "{} build requirements are what would be built with",
}


def _notes(evidence: Evidence) -> Iterator[str]:
    """Yield what is recorded and decides nothing, or is compared by an installation alone."""
    for name, version in evidence.consumed:
        yield f"built from files of {name} {version}: an installation compares what is current"
    if evidence.partial is not None:
        yield f"partial: {evidence.partial}"


def why(context: CacheContext, arguments: tuple[str, ...]) -> int:
    """Print in what two entries differ; exit 0 when they do not."""
    first, second = (_entry(context, name) for name in arguments)
    lines = list(differing(first, second))
    if not lines:
        context.console.line("Both were built from the same inputs.")
    for line in lines:
        context.console.line(line)
    return 1 if lines else 0


def _entry(context: CacheContext, name: str) -> BuiltWheel:
    """Return the entry of this name, or the one that a file describes."""
    for entry in context.wheels.all():
        if entry.name == name:
            return entry
    if not os.path.isfile(name):
        raise errors.CommandError(f"No built wheel, and no file of one, is called {name}")
    try:
        return read_entry_file(name)
    except (OSError, ValueError) as error:
        raise errors.CommandError(f"{name} does not describe a built wheel: {error}") from error


def differing(first: BuiltWheel, second: BuiltWheel) -> Iterator[str]:
    """Yield in what two entries differ, at most three lines a cause."""
    one, other = first.provenance, second.provenance
    facts = {
        "the source": (first.source_sha256, second.source_sha256),
        "the ABI": (first.abi, second.abi),
        "Python": (one.python, other.python),
    }
    for name, (before, after) in facts.items():
        if before != after:
            yield f"{name}: {before}, and {after}"
    yield from _evidence(one.evidence, other.evidence)


def _evidence(one: Evidence, other: Evidence) -> Iterator[str]:
    variables, others = dict(one.variables), dict(other.variables)
    if one.key and other.key and one.key != other.key:
        # Digests under two keys cannot be compared: whether each was set can.
        variables = {name: digest and "set" for name, digest in variables.items()}
        others = {name: digest and "set" for name, digest in others.items()}
    for name, value in _WORDS.items():
        before, after = value(one), value(other)
        if name == "variable":
            before, after = variables, others
            shared = before.keys() & after.keys()
            before = {each: before[each] for each in before if each in shared or before[each]}
            after = {each: after[each] for each in after if each in shared or after[each]}
        yield from _named(name, before, after)


_WORDS: Mapping[str, Callable[[Evidence], Mapping[str, str | None]]] = {
    "variable": lambda each: dict(each.variables),
    "compiler": lambda each: dict(each.compilers),
    "file": lambda each: {file.path: file.sha256 for file in each.files},
    "directory": lambda each: {known.path: known.names + known.files for known in each.directories},
    "absence": lambda each: dict.fromkeys((*each.missing, *each.absent_files, *each.absent), ""),
    "failed program": lambda each: dict.fromkeys(each.failed, ""),
    "build requirement": lambda each: {
        name: version for name, _, version in (text.partition("==") for text in each.requirements)
    },
    "tags": lambda each: {"of the repository": each.tags} if each.tags else {},
    "toolchain": lambda each: dict.fromkeys(each.toolchain, ""),
}
"""What evidence has of each kind, by name."""


def _named(
    name: str, before: Mapping[str, str | None], after: Mapping[str, str | None]
) -> Iterator[str]:
    different = sorted(each for each in before.keys() & after.keys() if before[each] != after[each])
    lines = [
        *(f"{name} {each}: {_both(name, before[each], after[each])}" for each in different),
        *_only(name, "first", before.keys() - after.keys()),
        *_only(name, "second", after.keys() - before.keys()),
    ]
    yield from lines[: _MOST if len(lines) <= _MOST else _MOST - 1]
    if len(lines) > _MOST:
        yield f"{name}: {len(lines) - _MOST + 1} more differ"


def _both(name: str, before: str | None, after: str | None) -> str:
    if name in {"compiler", "build requirement"}:
        return f"{before}, and {after}"
    if before is None or after is None:
        return f"set for the {'second' if before is None else 'first'} alone"
    return "differs"


def _only(name: str, which: str, names: Iterable[str]) -> Iterator[str]:
    yield from (f"{name} {each}: in the {which} alone" for each in sorted(names))


def _version(entry: BuiltWheel) -> Version:
    return Version(split_filename(entry.filename)[1])

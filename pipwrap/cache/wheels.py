"""Wheels that we built: one directory for each key, one entry in it for each build.

<identity>/<entry>/NAME.whl       as the backend made it
<identity>/<entry>/entry.json     what it is, where it came from, and what it depends on
<identity>/<entry>/build.log      everything the backend printed
<identity>/<entry>/settled-*.json what a later build read that failed, or gave a worse wheel

There is one entry for each state of what a build reads: it is stored with the values that were
read, so that the next lookup in the same state finds it. A build that failed, or gave a worse
wheel, is an answer with evidence too: while that holds, the entry is used and nothing is built.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct, to_builtins

from pipwrap.cache import build_logs, disk, records
from pipwrap.cache.evidence import (
    NO_SOURCE,
    Assessment,
    Evidence,
    HostInputs,
    Quality,
    SourceInputs,
    assess,
)
from pipwrap.cache.keys import BuildKey
from pipwrap.cache.layout import WHEELS, Layout
from pipwrap.cache.native_needs import NativeNeeds
from pipwrap.cache.upkeep.usage import Grown, uncounted
from pipwrap.errors import cause_of
from pipwrap.events import Listener, WarningMessage
from pipwrap.model.compiled_interfaces import CompiledAgainst, compiled_against, mismatches

_VERSION = 4
_ENTRY = "entry.json"
_LOG = "build.log"
_SETTLED = "settled-"


class Provenance(Struct, frozen=True):
    """What is known of a build besides its key and its wheel; a part of entry.json."""

    source_url: str
    """Where the sdist came from, without credentials."""
    evidence: Evidence
    quality: Quality
    seconds: float = 0.0
    """How long the build took."""
    python: str = ""
    """The target's version, and with the key's ABI what it was built for."""
    needs: NativeNeeds | None = None
    """What its compiled files need of a machine; ``None`` where that was not looked at."""
    beside: tuple[tuple[str, str], ...] = ()
    """(project, version) of what it was compiled against, as it was in the target environment."""

    def mismatches(self, present: Mapping[str, str]) -> tuple[CompiledAgainst, ...]:
        """Return what compiled code was compiled against that does not go with ``present``."""
        if not self.quality.native:
            return ()
        return mismatches(compiled_against(self.evidence.compiled_from), present)


class _WheelFacts(Struct, frozen=True):
    """The other part of entry.json: the wheel file, the key of its build, and when that was."""

    filename: str
    sha256: str
    size: int
    source_sha256: str
    abi: str
    built_at: float


class BuiltWheel(Struct, frozen=True):
    """One entry."""

    path: str
    """Of the wheel file."""
    sha256: str
    size: int
    source_sha256: str
    abi: str
    built_at: float
    """Seconds since the epoch."""
    provenance: Provenance

    @property
    def filename(self) -> str:
        """Return the name of the wheel file."""
        return os.path.basename(self.path)

    @property
    def log(self) -> str:
        """Return the path of what the backend printed."""
        return os.path.join(self.directory, _LOG)

    @property
    def name(self) -> str:
        """Return the entry's own name, by which ``cache log`` finds it."""
        return os.path.basename(self.directory)

    @property
    def directory(self) -> str:
        """Return the entry's directory."""
        return os.path.dirname(self.path)

    @property
    def place(self) -> str:
        """Return the entry's name in its bucket: that of its key, and its own."""
        return f"{os.path.basename(os.path.dirname(self.directory))}/{self.name}"


class AssessedWheel(Struct, frozen=True):
    """An entry of a key, and whether its evidence holds."""

    entry: BuiltWheel
    assessment: Assessment
    is_settled: bool = False
    """It does not hold, but building again gave nothing better, and would not now."""

    @property
    def is_usable(self) -> bool:
        """Return whether there is no reason to build again."""
        return self.assessment.holds or self.is_settled


class BuiltWheels:
    """Finds and stores built wheels; an entry is published whole or not at all."""

    def __init__(
        self,
        layout: Layout,
        listener: Listener,
        clock: Callable[[], float],
        grown: Grown = uncounted,
    ) -> None:
        """Read nothing yet."""
        self._layout = layout
        self._grown = grown
        self._listener = listener
        self._clock = clock
        self._broken: set[str] = set()

    @property
    def broken(self) -> tuple[str, ...]:
        """Return the directories that were met and hold no whole entry, sorted."""
        return tuple(sorted(self._broken))

    def find(
        self,
        key: BuildKey,
        host: HostInputs,
        source: SourceInputs = NO_SOURCE,
        present: Mapping[str, str] | None = None,
    ) -> AssessedWheel | None:
        """Return the best entry of a key, compared with what is there now.

        ``present`` are the versions in the target of what extensions are compiled against.

        What may be used comes before what may not, compiled code before a degraded wheel, evidence
        that holds before differences that were settled, then the newest.
        """
        directory = self._layout.sharded(WHEELS, key.identity)
        return max(
            self._assessed(directory, host, source, present or {}), key=_preference, default=None
        )

    def siblings(self, entry: BuiltWheel, host: HostInputs) -> list[AssessedWheel]:
        """Return every entry of an entry's key with its assessment, the preferred one first."""
        directory = os.path.dirname(entry.directory)
        return sorted(self._assessed(directory, host, NO_SOURCE, {}), key=_preference, reverse=True)

    def settle(self, entry: BuiltWheel, evidence: Evidence) -> None:
        """Store what a build read that failed, or gave a worse wheel than ``entry``."""
        content = records.encode(evidence, _VERSION)
        name = f"{_SETTLED}{hashlib.sha256(content).hexdigest()}.json"
        path = os.path.join(entry.directory, name)
        disk.write(path, content, self._layout.temporary)

    def _assessed(
        self, directory: str, host: HostInputs, source: SourceInputs, present: Mapping[str, str]
    ) -> Iterator[AssessedWheel]:
        for entry in self._entries(directory):
            build = entry.provenance
            assessment = assess(build.evidence, host, source).with_needs(build.needs, host)
            # What was built for this very version cannot become better.
            assessment = assessment.without_fit(
                f"the cached wheel is compiled against {each.project} {each.built}, which does "
                f"not go with {each.project} {each.present}"
                for each in build.mismatches(present)
                if (each.project, each.present) not in build.beside
            )
            is_settled = (not assessment.holds and assessment.fits) and any(
                assess(evidence, host, source).holds for evidence in _settled(entry.directory)
            )
            yield AssessedWheel(entry, assessment, is_settled)

    def add(
        self, key: BuildKey, wheel: str, provenance: Provenance, log: str | None = None
    ) -> BuiltWheel:
        """Copy a wheel (and its build's log) into the cache and return its entry.

        Broken entries of the same key are removed.
        Raises ``OSError`` when the cache cannot be written.
        """
        disk.make_directory(self._layout.temporary)
        prepared = disk.unused_name(self._layout.temporary)
        os.mkdir(prepared, disk.DIRECTORY_MODE)
        try:
            filename = os.path.basename(wheel)
            facts = _WheelFacts(
                filename=filename,
                sha256=_copy(wheel, os.path.join(prepared, filename)),
                size=os.path.getsize(wheel),
                source_sha256=key.source_sha256,
                abi=key.abi,
                built_at=self._clock(),
            )
            if log is not None and os.path.exists(log):
                build_logs.store(log, os.path.join(prepared, _LOG))
            with open(os.path.join(prepared, _ENTRY), "xb") as stream:
                fields = {**to_builtins(facts), **to_builtins(provenance)}
                stream.write(records.encode(fields, _VERSION))
            target = disk.unused_name(self._layout.sharded(WHEELS, key.identity))
            entry = _entry(target, facts, provenance)
            self._grown(sum(os.path.getsize(each.path) for each in os.scandir(prepared)))
            disk.publish_directory(prepared, target)
        except BaseException:
            disk.remove_tree(prepared)
            raise
        for directory in self.broken:
            if os.path.dirname(directory) == os.path.dirname(target):
                disk.remove_tree(directory, through=self._layout.temporary)
        return entry

    def all(self) -> list[BuiltWheel]:
        """Return every entry there is, in no order."""
        root = self._layout.bucket(WHEELS)
        return [
            entry
            for shard in disk.listed(root)
            for identity in disk.listed(os.path.join(root, shard))
            for entry in self._entries(os.path.join(root, shard, identity))
        ]

    def discard(self, entry: BuiltWheel) -> None:
        """Remove an entry that turned out to be broken."""
        disk.remove_tree(entry.directory, through=self._layout.temporary)

    def _entries(self, directory: str) -> Iterator[BuiltWheel]:
        for name in disk.listed(directory):
            path = os.path.join(directory, name)
            if os.path.isdir(path) and (entry := self._read(path)) is not None:
                yield entry

    def _read(self, directory: str) -> BuiltWheel | None:
        """Return the entry in a directory; a broken one is a miss with a warning."""
        try:
            entry = _decoded(os.path.join(directory, _ENTRY))
            if entry is None:
                return None
            whole = os.path.getsize(entry.path) == entry.size
        except FileNotFoundError:
            self._broken.add(directory)
            return None
        except (OSError, ValueError) as error:
            self._ignore(directory, f"is not readable and is ignored: {cause_of(error)}")
            return None
        if not whole:
            self._ignore(directory, "is truncated and is ignored.")
            return None
        return entry

    def _ignore(self, directory: str, reason: str) -> None:
        """Report once that an entry is broken."""
        if directory not in self._broken:
            self._broken.add(directory)
            self._listener(WarningMessage(f"Cache entry {directory} {reason}"))


def read_entry_file(path: str) -> BuiltWheel:
    """Return what an entry.json says, of whatever cache; ``OSError``, ``ValueError``."""
    entry = _decoded(path)
    if entry is None:
        message = f"it is no entry of version {_VERSION}"
        raise ValueError(message)
    return entry


def _decoded(path: str) -> BuiltWheel | None:
    """Return the entry in a file; ``None`` where it is of another version."""
    with open(path, "rb") as stream:
        content = stream.read()
    provenance = records.decode_version(content, Provenance, _VERSION)
    if provenance is None:
        return None
    return _entry(os.path.dirname(path), records.decode(content, _WheelFacts), provenance)


def _entry(directory: str, facts: _WheelFacts, provenance: Provenance) -> BuiltWheel:
    """Return the entry in a directory, outside of which its wheel file cannot be."""
    return BuiltWheel(
        path=os.path.join(directory, os.path.basename(facts.filename)),
        sha256=facts.sha256,
        size=facts.size,
        source_sha256=facts.source_sha256,
        abi=facts.abi,
        built_at=facts.built_at,
        provenance=provenance,
    )


def _settled(directory: str) -> Iterator[Evidence]:
    """Yield what builds read that gave nothing better; a file that is not readable is ignored."""
    for path in disk.within(directory):
        if os.path.basename(path).startswith(_SETTLED):
            try:
                with open(path, "rb") as stream:
                    evidence = records.decode_version(stream.read(), Evidence, _VERSION)
            except (OSError, ValueError):
                continue
            if evidence is not None:
                yield evidence


def _preference(found: AssessedWheel) -> tuple[object, ...]:
    entry = found.entry
    quality = entry.provenance.quality
    return (
        found.is_usable,
        found.assessment.fits,
        quality.degraded is None,
        quality.native,
        found.assessment.holds,
        entry.built_at,
    )


def _copy(source: str, target: str) -> str:
    """Copy a file and return the sha256 of what was copied."""
    digest = hashlib.sha256()
    with open(source, "rb") as reading, open(target, "xb") as writing:
        os.chmod(target, disk.FILE_MODE)
        while chunk := reading.read(1 << 20):
            digest.update(chunk)
            writing.write(chunk)
    return digest.hexdigest()

"""Resolutions of earlier runs, used again while what they depend on is as it was.

Resolving is a function of two things: the request, and what indexes and installed distributions
offer. The request, down to the last option, is the *key* of an entry (``resolution_key``). What
was read to answer it is its *evidence*: every page by its status and digest, and by its stat every
local place and every metadata file of an installed distribution. So an entry whose evidence holds
is what resolving again would come to; no page is decoded to know it::

    request --key--> entry: evidence, resolution, lines
                       |
                       |  each page that is not fresh is requested again (RFC 9111 section 4.3)
                       |
        evidence holds +-----------------------------------------------> Hit
                       |
         pages changed +-- each pin from them is still the best one of
                       |   its active specifiers ----------------------> Hit, evidence renewed
                       +-- otherwise: resolve again; the pins from the
                       |   pages that are as they were are preferred --> Preferences
                       |
          places or installed metadata changed, a page did not arrive,
          no key, no entry, a damaged entry ---------------------------> Miss

    Preferences | Miss --resolve--> resolution --store--> entry

A changed page rarely changes the answer. A resolution that never backtracked chose the best version
of each project under all specifiers that were active then (``resolution.active_specifiers``), and
chooses it again wherever it is still the best (decision record 0016). Where it is not, a
preference saves reading a page that has not changed; one that may be wrong is rejected, and
the resolution starts again without it (``resolution.engine``).

An entry is written as soon as all metadata that the resolution read is verified: by a digest of
the index, or by the wheel in the store. Metadata that was read from parts of a file is verified
only when the file is there (``settle``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from pipwrap.cache.resolutions import PageState, ResolutionEntry, Resolutions, StoredLine
from pipwrap.cache.upkeep.usage import Note, UsageKind
from pipwrap.events import Event, Info, WarningMessage
from pipwrap.index.candidates import Offers
from pipwrap.index.locations import path_state
from pipwrap.install.installed import metadata_files
from pipwrap.model.candidate import Candidate, InstalledCandidate
from pipwrap.operations.context import CommandContext
from pipwrap.operations.resolution_key import ResolutionInputs, resolution_key
from pipwrap.operations.resolve_request import ResolveRequest
from pipwrap.resolution.choice import Choice
from pipwrap.resolution.outcome import Resolution, from_stored, to_stored

if TYPE_CHECKING:
    from pipwrap.operations.metadata_provider import DistributionMetadataProvider
    from pipwrap.resolution.preferences import Preference

_FETCHED, _CACHED = "Downloading ", "Using cached "


class Hit(Struct, frozen=True):
    """The resolution of an earlier run, which resolving again would come to."""

    resolution: Resolution


class Preferences(Struct, frozen=True):
    """What of an earlier resolution can be taken over: some of its pages have changed."""

    versions: Mapping[str, Preference]
    """By project, from pages that have not changed."""
    evidence: tuple[PageState, ...]
    """The pages and places that this depends on."""
    events: tuple[Event, ...]
    """What was reported while the changed pages were read."""


class Miss(Struct, frozen=True):
    """Nothing can be taken over."""

    events: tuple[Event, ...] = ()
    """What was reported while changed pages were read."""


class _Pending(Struct, frozen=True):
    """An entry that is written once the metadata of ``looked_at`` is verified."""

    entry: ResolutionEntry
    looked_at: tuple[Choice, ...]


class ResolutionCache:
    """Looks up and stores the resolutions of one session."""

    def __init__(
        self,
        context: CommandContext,
        entries: Resolutions,
        offers: Offers,
        inputs: ResolutionInputs,
        is_stored: Callable[[str], bool],
        note: Note,
    ) -> None:
        """Store the ports.

        ``is_stored`` returns whether the wheel of a sha256 is in the store; ``note`` records what
        was used.
        """
        self.console = context.events
        self._context = context
        self._entries = entries
        self._offers = offers
        self._inputs = inputs
        self._is_stored = is_stored
        self._note = note
        self._pending: _Pending | None = None

    # Looking up

    def find(self, request: ResolveRequest) -> Hit | Preferences | Miss:
        """Return what an earlier run resolved for a request, as far as it still holds."""
        key = self._key(request)
        entry = self._entries.read(key) if key is not None else None
        if entry is None:
            return Miss()
        try:
            resolution = from_stored(entry.resolution, request.installed)
        except ValueError:
            self._entries.warn(entry.key)
            return Miss()
        changed = self._offers.collector.changed(entry.evidence)
        if changed is None:
            return Miss()
        if changed:
            return self._find_changed(request, entry, resolution, changed)
        return self._hit(entry, resolution)

    def _find_changed(
        self,
        request: ResolveRequest,
        entry: ResolutionEntry,
        resolution: Resolution,
        changed: Collection[str],
    ) -> Hit | Preferences | Miss:
        """Compare the changed pages with what was chosen from them."""
        # A page that is not one project's alone has no active specifiers.
        project_of = self._offers.collector.scope.project_of
        projects = {url: project_of(url) or "" for url in sorted(changed)}
        if not resolution.active_specifiers.keys() >= set(projects.values()):
            return Miss()
        with self.console.recording() as events:
            evidence = self._renewed(request, entry, resolution, projects)
        if evidence is not None:
            entry = replace(entry, evidence=evidence)
            self._entries.write(entry)
            return self._hit(entry, resolution, events)
        # A warning about a page is reported when it is read: all of them are read again.
        if any(line.is_warning for line in entry.lines):
            return Miss(tuple(events))
        return Preferences(
            _preferences(request, resolution, projects.values()),
            tuple(seen for seen in entry.evidence if seen.place not in changed),
            tuple(events),
        )

    def _renewed(
        self,
        request: ResolveRequest,
        entry: ResolutionEntry,
        resolution: Resolution,
        changed: Mapping[str, str],
    ) -> tuple[PageState, ...] | None:
        """Return the evidence with the changed pages as they are now, where they change nothing.

        ``None`` where they do, or where only resolving again can decide it. ``changed`` is projects
        by their pages.
        """
        from pipwrap.resolution.admission import is_still_best  # noqa: PLC0415 - where a page has changed

        collector, renewed = self._offers.collector, dict[str, PageState]()
        projects = dict.fromkeys(changed.values())
        for project in projects:
            collector.prefetch(project)
        for project in projects:
            choice, clauses = resolution.choices[project], resolution.active_specifiers[project]
            if not is_still_best(
                choice, clauses, self._offers, request.installed, request.releases
            ):
                return None
            renewed |= {seen.place: seen for seen in collector.find(project).evidence}
        if not renewed.keys() >= changed.keys() or self._offers.evidence() is None:
            return None
        return tuple(renewed.get(seen.place, seen) for seen in entry.evidence)

    def _hit(
        self, entry: ResolutionEntry, resolution: Resolution, reported: Sequence[Event] = ()
    ) -> Hit:
        """Note what is used, and print the lines of the resolution."""
        self._note(UsageKind.RESOLUTION, f"{entry.key}.json")
        for seen in entry.evidence:
            if seen.kind == "page":
                self._note(UsageKind.BODY, seen.state.rpartition(" ")[2])
        for choice in resolution.choices.values():
            if isinstance(choice, Candidate):
                for _, digest in choice.link.metadata_hashes or ():
                    self._note(UsageKind.BODY, digest)
        for line in entry.lines if self._inputs.reports else ():
            event = _event_of(line)
            if event not in reported:
                self.console(event)
        return Hit(resolution)

    # Storing

    def store(
        self,
        request: ResolveRequest,
        resolution: Resolution,
        found: Preferences | Miss,
        events: Iterable[Event],
    ) -> None:
        """Store a resolution, if the pages that were read decide it alone.

        ``found`` is what it began with, ``events`` what was reported on the way.
        """
        key, evidence = self._key(request), self._offers.evidence()
        if key is None or evidence is None or not resolution.depends_on_pages:
            return
        evidence += _of_installed((*resolution.looked_at, *resolution.choices.values()))
        places = {seen.place for seen in evidence}
        if isinstance(found, Preferences):
            evidence += tuple(seen for seen in found.evidence if seen.place not in places)
        lines = tuple(
            line for event in (*found.events, *events) if (line := _line_of(event)) is not None
        )
        entry = ResolutionEntry(key, evidence, to_stored(resolution), lines)
        self._pending = _Pending(entry, resolution.looked_at)
        self.settle()

    def settle(self) -> None:
        """Write the pending entry if all metadata is verified, as when the wheels are stored."""
        pending = self._pending
        if pending is not None and all(map(self._is_verified, pending.looked_at)):
            self._entries.write(pending.entry)
            self._pending = None

    def _is_verified(self, choice: Choice) -> bool:
        """Return whether a digest of the index, or a wheel in the store, verifies the metadata."""
        if not isinstance(choice, Candidate) or choice.link.metadata_hashes is not None:
            return True
        return self._is_stored(choice.link.sha256 or "")

    def _key(self, request: ResolveRequest) -> str | None:
        return resolution_key(self._context, self._offers, self._inputs, request)


def cached_or_resolved(
    provider: DistributionMetadataProvider, request: ResolveRequest
) -> Resolution:
    """Return the resolution, looked up or made; ``operations.resolve`` says what it raises."""
    cache = provider.resolution_cache
    found = cache.find(request)
    if isinstance(found, Hit):
        return found.resolution
    from pipwrap.operations.resolve import resolve  # noqa: PLC0415 - the resolver, on a miss

    preferences = found.versions if isinstance(found, Preferences) else {}
    with cache.console.recording() as events:
        resolution = resolve(provider, request, preferences)
    cache.store(request, resolution, found, events)
    return resolution


def _preferences(
    request: ResolveRequest, resolution: Resolution, changed: Collection[str]
) -> dict[str, Preference]:
    """Return what was chosen of projects that are not ``changed``, and is plain."""
    from pipwrap.resolution.preferences import Preference  # noqa: PLC0415 - where a page has changed

    preferences: dict[str, Preference] = {}
    for project, specifiers in resolution.active_specifiers.items():
        choice = resolution.choices[project]
        if project in changed or project in request.installed:
            continue
        if isinstance(choice, Candidate) and choice.is_plain:
            preferences[project] = Preference(choice, specifiers)
    return preferences


def _of_installed(choices: Iterable[Choice]) -> tuple[PageState, ...]:
    """Return the state of all metadata that was read of installed distributions.

    A version does not fix it: METADATA may be edited, or another build of it be installed.
    """
    read = dict.fromkeys(each for each in choices if isinstance(each, InstalledCandidate))
    files = (path for each in read for path in metadata_files(each.distribution))
    return tuple(PageState("path", path, path_state(path)) for path in files)


def _line_of(event: Event) -> StoredLine | None:
    """Return a line that is printed whatever the verbosity; ``None`` for other events."""
    if isinstance(event, WarningMessage):
        return StoredLine(event.message, event.indent, is_warning=True)
    if isinstance(event, Info) and event.level <= 0:
        # By then it is in the cache.
        message = event.message
        if event.indent and message.startswith(_FETCHED):
            message = _CACHED + message.removeprefix(_FETCHED)
        return StoredLine(message, event.indent, is_warning=False)
    return None


def _event_of(line: StoredLine) -> Event:
    if line.is_warning:
        return WarningMessage(line.message, line.indent)
    return Info(line.message, 0, line.indent)

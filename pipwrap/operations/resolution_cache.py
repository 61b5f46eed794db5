"""Resolutions that were found before: recalled while what they rest on is as it was.

What is asked is the key, down to the last option; what was seen of the world is the evidence: every
page of every index by its status and digest, the metadata that was read of installed distributions
by its stat. A page that is not fresh is asked for again. So a recalled resolution is what resolving
again would come to, without reading a page. A page that has changed is asked whether what was
chosen from it is still the first that its grounds admit; if not, what was chosen from the others is
presumed and resolved again (decision record 0016).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from pipwrap import __version__
from pipwrap.cache.keys import digest_of
from pipwrap.cache.resolutions import PageState, Resolutions
from pipwrap.cache.upkeep.usage import Note, UsageKind
from pipwrap.events import Event, Info, WarningMessage
from pipwrap.index.candidates import Offers
from pipwrap.index.locations import path_state
from pipwrap.install.installed import metadata_files
from pipwrap.model.candidate import Candidate, InstalledCandidate
from pipwrap.operations.context import CommandContext
from pipwrap.operations.resolve_request import ResolveRequest, ResolveTools
from pipwrap.resolution.choice import Choice
from pipwrap.resolution.outcome import Resolution, fields_of, from_fields

if TYPE_CHECKING:
    from pipwrap.resolution.preferences import Preference

_FETCHED, _CACHED = "Downloading ", "Using cached "


class ResolutionCache:
    """The recollection of one resolution's tools."""

    def __init__(
        self,
        context: CommandContext,
        kept: Resolutions,
        offers: Offers,
        settings: object,
        *,
        told: bool,
        saves: bool,
        is_stored: Callable[[str], bool],
        note: Note,
    ) -> None:
        """Keep the ports.

        ``settings`` is everything besides the question, and what ``offers`` judges by, that decides
        about the answer. ``told`` has the lines of the run told again; a command that ``saves``
        files says more than these. ``is_stored`` tells whether a wheel lies in the store, ``note``
        hears what was used.
        """
        self.console = context.console
        self._context = context
        self._kept = kept
        self._offers = offers
        self._settings = settings
        self._told = told
        self._saves = saves
        self._is_stored = is_stored
        self._note = note
        self.preferences: dict[str, Preference] = {}
        """What resolving begins with, where a page has changed that a recalled answer rests on."""
        self._confirmed: tuple[PageState, ...] = ()
        """The pages and places that this rests on."""
        self._heard: tuple[Event, ...] = ()
        """What was told while changed pages were looked at."""
        self._waiting: Callable[[], None] | None = None
        self._looked_at: tuple[Choice, ...] = ()

    def recall(self, request: ResolveRequest) -> Resolution | None:
        """Return what the question came to before, if it would come to that again.

        Otherwise ``preferences`` is what may be taken from that.
        """
        key = self._key(request)
        known = self._kept.read(key) if key is not None else None
        if key is None or known is None:
            return None
        evidence, fields = known
        try:
            resolution = from_fields(fields["resolution"], request.installed)
            events = [_event(row) for row in fields["told"]]
        except (ValueError, TypeError, KeyError, AttributeError):
            self._kept.warn(key)
            return None
        changed = self._offers.repository.changed(evidence)
        if changed is None:
            return None
        heard: list[Event] = []
        if changed:
            # By the page that changed; one that is not a project's alone has no grounds.
            project_of = self._offers.repository.scope.project_of
            projects = {url: project_of(url) or "" for url in sorted(changed)}
            if not resolution.active_specifiers.keys() >= set(projects.values()):
                return None
            with self.console.recording() as heard:
                renewed = self._renewed(request, resolution, evidence, projects)
            self._heard = tuple(heard)
            if renewed is None:
                # What a page has warned of is told by those who look at it.
                if not any(isinstance(event, WarningMessage) for event in events):
                    self._prefer(request, resolution, projects.values())
                    self._confirmed = tuple(seen for seen in evidence if seen.place not in changed)
                return None
            evidence = renewed
            self._kept.write(key, evidence, fields)
        self._note_used(key, evidence, resolution)
        for event in events if self._told else ():
            if event not in heard:
                self.console(event)
        return resolution

    def _renewed(
        self,
        request: ResolveRequest,
        resolution: Resolution,
        evidence: Sequence[PageState],
        changed: Mapping[str, str],
    ) -> tuple[PageState, ...] | None:
        """Return the evidence with these pages as they are now, where they change nothing.

        ``None`` where they do, or where that cannot be told without resolving.
        """
        from pipwrap.resolution.admission import is_still_best  # noqa: PLC0415 - where a page has changed

        repository, renewed = self._offers.repository, dict[str, PageState]()
        projects = dict.fromkeys(changed.values())
        for project in projects:
            repository.prefetch(project)
        for project in projects:
            choice, clauses = resolution.choices[project], resolution.active_specifiers[project]
            if not is_still_best(
                choice, clauses, self._offers, request.installed, request.releases
            ):
                return None
            renewed |= {seen.place: seen for seen in repository.find(project).evidence}
        if not renewed.keys() >= changed.keys() or self._offers.evidence() is None:
            return None
        return tuple(renewed.get(seen.place, seen) for seen in evidence)

    def _prefer(
        self, request: ResolveRequest, resolution: Resolution, changed: Collection[str]
    ) -> None:
        """Presume what was chosen of other projects than these, if it may be chosen alone."""
        from pipwrap.resolution.preferences import Preference  # noqa: PLC0415 - where a page has changed

        for project, active_specifiers in resolution.active_specifiers.items():
            choice = resolution.choices[project]
            if project in changed or project in request.installed:
                continue
            if isinstance(choice, Candidate) and choice.is_plain:
                self.preferences[project] = Preference(choice, active_specifiers)

    def _note_used(self, key: str, evidence: Sequence[PageState], resolution: Resolution) -> None:
        """Remember what resolving anew would read, so that it is not the first to make room."""
        self._note(UsageKind.RESOLUTION, f"{key}.json")
        for seen in evidence:
            if seen.kind == "page":
                self._note(UsageKind.BODY, seen.state.rpartition(" ")[2])
        for choice in resolution.choices.values():
            if isinstance(choice, Candidate):
                for _, digest in choice.link.metadata_hashes or ():
                    self._note(UsageKind.BODY, digest)

    def keep(self, request: ResolveRequest, resolution: Resolution, heard: Sequence[Event]) -> None:
        """Keep what a question came to, where the pages that were read decide it alone."""
        key, evidence = self._key(request), self._offers.evidence()
        if key is None or evidence is None or not resolution.depends_on_pages:
            return
        evidence += _of_installed((*resolution.looked_at, *resolution.choices.values()))
        anew = {seen.place for seen in evidence}
        evidence += tuple(seen for seen in self._confirmed if seen.place not in anew)
        told = [row for event in (*self._heard, *heard) if (row := _row(event)) is not None]
        fields = {"resolution": fields_of(resolution), "told": told}
        self._waiting = lambda: self._kept.write(key, evidence, fields)
        self._looked_at = resolution.looked_at
        self.settle()

    def settle(self) -> None:
        """Keep it once all metadata is vouched for, as when the wheels lie in the store at last."""
        if self._waiting is not None and all(map(self._is_verified, self._looked_at)):
            self._waiting()
            self._waiting = None

    def _is_verified(self, choice: Choice) -> bool:
        """Tell metadata that an index or a wheel in the store vouches for from parts of a file."""
        if not isinstance(choice, Candidate) or choice.link.metadata_hashes is not None:
            return True
        return self._is_stored(choice.link.sha256 or "")

    def _key(self, request: ResolveRequest) -> str | None:
        """Return the digest of all that is asked; ``None`` for what is never recalled.

        That is what paths, URLs and lock files name; what asks for pages anew or by the clock; and
        what tells more of a run than its plain lines.
        """
        options, search = self._context.options, self._context.options.search
        if (
            self._saves
            or options.verbosity > 0
            or options.log is not None
            or not self._context.place.is_kept
            or self._context.environment.site.has_finders
            or self._offers.locked
            or search.refreshed
            or self._offers.selector.uploaded_prior_to is not None
            or any(
                root_requirement.source is not None
                for root_requirement in request.root_requirements
            )
            or any(each.sources for each in request.constraints.values())
        ):
            return None
        installed = [
            (
                project,
                each.version,
                request.keeps(project),
                request.show_path(each.distribution.location),
            )
            for project, each in sorted(request.installed.items())
        ]
        asked = (
            request.root_requirements,
            request.constraints,
            request.releases,
            request.ignore_dependencies,
            request.ignore_requires_python,
        )
        selector = self._offers.selector
        return digest_of((__version__, asked, installed, selector, self._settings, self._told))


def _of_installed(choices: Iterable[Choice]) -> tuple[PageState, ...]:
    """Return the state of all metadata that was read of installed distributions.

    A version does not fix it: people edit METADATA, or install another build of one version.
    """
    read = dict.fromkeys(each for each in choices if isinstance(each, InstalledCandidate))
    files = (path for each in read for path in metadata_files(each.distribution))
    return tuple(PageState("path", path, path_state(path)) for path in files)


class CachedResolveTools(ResolveTools, Protocol):
    """The tools of a resolution, and what they were used for before."""

    @property
    def resolution_cache(self) -> ResolutionCache:
        """Return what was resolved before."""


def cached_or_resolved(tools: CachedResolveTools, request: ResolveRequest) -> Resolution:
    """Return the resolution, recalled or made; ``operations.resolve`` says what it raises."""
    resolution_cache = tools.resolution_cache
    recalled = resolution_cache.recall(request)
    if recalled is not None:
        return recalled
    from pipwrap.operations.resolve import resolve  # noqa: PLC0415 - the resolver, when it has to be

    with resolution_cache.console.recording() as heard:
        resolution = resolve(tools, request, resolution_cache.preferences)
    resolution_cache.keep(request, resolution, heard)
    return resolution


def _row(event: Event) -> list[object] | None:
    """Return a line that is told whatever the verbosity, as JSON has it."""
    if isinstance(event, WarningMessage):
        return ["warned", event.message, event.indent]
    if isinstance(event, Info) and event.level <= 0:
        # By then it is in the cache.
        message = event.message
        if event.indent and message.startswith(_FETCHED):
            message = _CACHED + message.removeprefix(_FETCHED)
        return ["told", message, event.indent]
    return None


def _event(row: list[Any]) -> Event:
    kind, message, indent = row
    if kind == "warned":
        return WarningMessage(str(message), int(indent))
    return Info(str(message), 0, int(indent))

"""What a project offers here: links judged and ordered, and why the others are left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, field
from packaging.version import Version

from pipwrap import errors
from pipwrap.cache.resolutions import PageState
from pipwrap.index.link_collector import LinkCollector
from pipwrap.index.project_links import ProjectLinks, SkippedPage
from pipwrap.index.selection import Selector
from pipwrap.model.candidate import Candidate, Rejection
from pipwrap.model.format_control import FormatControl
from pipwrap.model.link import Link

if TYPE_CHECKING:
    from concurrent.futures import Future


class Judged(Struct, frozen=True):
    """Everything that was found for one project."""

    candidates: tuple[Candidate, ...]
    """Best first."""
    rejections: tuple[Rejection, ...]
    skipped: tuple[SkippedPage, ...]

    @property
    def versions(self) -> tuple[Version, ...]:
        """Return the versions with a usable file that is not yanked, ascending."""
        return self._versions(yanked=False)

    @property
    def yanked_versions(self) -> tuple[Version, ...]:
        """Return the versions with a usable file that is yanked, ascending."""
        return self._versions(yanked=True)

    @property
    def other_pythons(self) -> tuple[str, ...]:
        """Return what is left out for its Requires-Python, as pip prints it."""
        reasons = {each.reason for each in self.rejections if each.kind == "requires_python"}
        return tuple(sorted(reasons))

    def _versions(self, *, yanked: bool) -> tuple[Version, ...]:
        found = {each.version for each in self.candidates if each.is_yanked is yanked}
        return tuple(sorted(found))


class Offers(Struct):
    """The candidates of every project, judged once."""

    collector: LinkCollector
    selector: Selector
    format_control: FormatControl = field(default_factory=FormatControl)
    hashes: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    """What the user allows, by project."""
    locked: Mapping[str, ProjectLinks] = field(default_factory=dict)
    """The one file of a project that a lock file allows; no index is searched for it."""
    _usable: dict[str, tuple[ProjectLinks, tuple[Candidate, ...]]] = field(default_factory=dict)
    _ahead: dict[str, tuple[ProjectLinks, tuple[Candidate, ...]]] = field(default_factory=dict)
    """The same, of projects that were looked at ahead."""

    def prefetch(self, project: str) -> Future[ProjectLinks]:
        """Begin to request a project, without waiting."""
        if project not in self.locked:
            return self.collector.prefetch(project)
        from concurrent.futures import Future  # noqa: PLC0415 - lock files only

        known: Future[ProjectLinks] = Future()
        known.set_result(self.locked[project])
        return known

    def candidates(self, project: str) -> tuple[Candidate, ...]:
        """Return the installable files of a project, best first."""
        found = self.prefetch(project).result()
        known = self._usable.get(project)
        if known is None or known[0] is not found:
            known = self._ahead.get(project)
            if known is None or known[0] is not found:
                known = (found, self._ordered(project, found))
            self._usable[project] = known
        return known[1]

    def ahead(self, project: str) -> tuple[Candidate, ...]:
        """Return what ``candidates`` will, from any thread; no dependence is recorded yet."""
        found = self.prefetch(project).result()
        known = self._ahead.get(project)
        if known is None or known[0] is not found:
            known = self._ahead[project] = (found, self._ordered(project, found))
        return known[1]

    def judged(self, project: str) -> Judged:
        """Return everything that was found, and why some of it cannot be used."""
        candidates = self.candidates(project)
        found = self.prefetch(project).result()
        judged = self._judge(project, found.links)
        rejected = tuple(each for each in judged if isinstance(each, Rejection))
        return Judged(candidates, rejected, found.skipped)

    def forget(self) -> None:
        """Release all that was found, which is most of what a large resolution holds."""
        self._usable.clear()
        self._ahead.clear()
        self.collector.forget()

    @property
    def was_read(self) -> bool:
        """Return whether any index or file of a lock was looked at."""
        return bool(self._usable) or bool(self.locked)

    def evidence(self) -> tuple[PageState, ...] | None:
        """Return what all that was judged depends on; ``None`` where a page did not arrive."""
        looked_at = [found for found, _ in self._usable.values()]
        if not all(found.is_certain for found in looked_at):
            return None
        return tuple(dict.fromkeys(seen for found in looked_at for seen in found.evidence))

    def _ordered(self, project: str, found: ProjectLinks) -> tuple[Candidate, ...]:
        """Return what can be used, best first."""
        usable = self._usable_of(project, found)
        hashes = frozenset(self.hashes.get(project, ()))
        return self.selector.ordered(usable, hashes)

    def _usable_of(self, project: str, found: ProjectLinks) -> list[Candidate]:
        judged = self._judge(project, found.files)
        if project in self.locked:
            _refuse(project, judged)
        usable = [each for each in judged if isinstance(each, Candidate)]
        for listing in found.listings:
            usable += self.selector.usable(
                project,
                listing,
                **self._allows(project),
                every_sdist=bool(self.hashes.get(project)),
            )
        return usable

    def _judge(self, project: str, links: Iterable[Link]) -> list[Candidate | Rejection]:
        allows = self._allows(project)
        return [self.selector.judge(project, link, **allows) for link in dict.fromkeys(links)]

    def _allows(self, project: str) -> dict[str, bool]:
        return {
            "allows_binary": self.format_control.allows_binary(project),
            "allows_source": self.format_control.allows_source(project),
        }


def _refuse(project: str, judged: Sequence[Candidate | Rejection]) -> None:
    """Raise pip's error for a locked file that cannot be used: nothing may replace it."""
    for each in judged:
        if isinstance(each, Rejection):
            raise errors.InvalidRequirement(
                f"Could not install locked package {project!r} from {each.link.comes_from!r}: "
                f"{each.reason}"
            )


def has_native(collector: LinkCollector, candidate: Candidate) -> bool:
    """Return whether the index lists platform wheels of a candidate's version."""
    prefix = f"-{candidate.version}-"
    return any(
        link.is_wheel and prefix in link.filename and not link.filename.endswith("-any.whl")
        for link in collector.find(candidate.project).links
    )

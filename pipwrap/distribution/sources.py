"""Source trees made ready to build, and what identifies each: a digest, a commit, nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable

from pipwrap import errors
from pipwrap.build import source_tree
from pipwrap.build.source_build import BuildContext, SourceBuild
from pipwrap.cache import disk
from pipwrap.cache.keys import BuildKey, repository_identity, settings_key
from pipwrap.concurrency.once_map import OnceMap
from pipwrap.distribution.admitted import Admitted
from pipwrap.distribution.archives import LocalArchive
from pipwrap.events import Info
from pipwrap.model.candidate import Candidate
from pipwrap.model.distribution import Distribution, display_name, key_of, project_of, settings_name
from pipwrap.model.link import Link
from pipwrap.model.metadata import Metadata
from pipwrap.model.source import Archive, Directory, Repository, without_password
from pipwrap.vcs.repositories import Checkout


class Sources:
    """The builds of a run, each begun once."""

    def __init__(
        self,
        workshop: BuildContext,
        admitted: Admitted,
        repaired: Callable[[Link], LocalArchive | None],
    ) -> None:
        """Keep the ports.

        ``repaired`` returns an archive anew that cannot be read any more, ``None`` where it can.
        """
        self._repaired = repaired
        self._workshop = workshop
        self._admitted = admitted
        self._once = OnceMap()

    def key(self, wanted: Distribution) -> BuildKey | None:
        """Return the key of a source's wheel; ``None`` for what skips the cache.

        A directory's content has no identity, nor has an environment that anything may change;
        an sdist that the user names outright is built anew. A repository counts by the commit
        that its revision is now.
        """
        rules = self._workshop.rules
        if isinstance(wanted, Directory) or not rules.isolated:
            return None
        if isinstance(wanted, Archive) and wanted.explicit:
            return None
        link = wanted.link
        if isinstance(wanted, Repository):
            if wanted.editable:
                return None
            source = repository_identity(without_password(wanted.clone_url), self._commit(wanted))
        else:
            source = self._admitted.sha256(wanted)
        return BuildKey(
            source_sha256=source,
            abi=self._workshop.target.abi,
            subdirectory=link.subdirectory or "",
            config_settings=settings_key(rules.settings.get(settings_name(wanted), {})),
            build_constraints=rules.constraints,
        )

    def is_fixed(self, wanted: Distribution) -> bool:
        """Tell what its key identifies for good from a branch that is named like a commit."""
        return not isinstance(wanted, Repository) or self.checkout(wanted).is_fixed

    def identity(self, wanted: Distribution) -> str:
        """Return what direct_url.json says of the source."""
        if isinstance(wanted, Directory):
            return ""
        if isinstance(wanted, Repository):
            return self.checkout(wanted).root if wanted.editable else self._commit(wanted)
        return self._admitted.acquire(wanted).sha256

    def checkout(self, wanted: Repository) -> Checkout:
        """Return the clone of a repository."""
        return self._workshop.repositories.checkout(wanted, display_name(wanted))

    def reuse_lines(self, wanted: Distribution, filename: str) -> tuple[Info, ...]:
        """Return what tells that a wheel stands in for a source, and for which commit."""
        used = Info(f"Using cached {filename}", indent=1)
        if not isinstance(wanted, Repository):
            return (used,)
        return (*self._workshop.repositories.lines(wanted, display_name(wanted)), used)

    def tags(self, wanted: Distribution) -> str | None:
        """Return a digest of what describes a repository's commit; ``None`` where nothing does."""
        if not isinstance(wanted, Repository):
            return None
        return self._workshop.repositories.tags(wanted, display_name(wanted))

    def _commit(self, wanted: Repository) -> str:
        return self._workshop.repositories.commit(wanted, display_name(wanted))

    def build(self, wanted: Distribution) -> SourceBuild:
        """Return the build of a source whose tree lies ready; nothing of it runs yet."""
        return self._once(key_of(wanted), lambda: self._start(wanted))

    def _start(self, wanted: Distribution) -> SourceBuild:
        name, project = display_name(wanted), project_of(wanted)
        self._refuse_cycle(project or name)
        if isinstance(wanted, Directory):
            root = wanted.path
        elif isinstance(wanted, Repository):
            root = self.checkout(wanted).root
        else:
            root = self._unpack(wanted, name)
        root = source_tree.installable_root(root, wanted.link.subdirectory, name)
        return SourceBuild(
            root,
            project or name,
            self._workshop,
            project=project,
            link=wanted.link.redacted,
            key=settings_name(wanted),
            editable=not isinstance(wanted, Candidate) and wanted.editable,
            tags=lambda: self.tags(wanted),
        )

    def static_metadata(self, link: Link, acquired: LocalArchive) -> Metadata | None:
        """Return an archive's metadata where no build can change what matters."""
        try:
            return source_tree.static_metadata(acquired.path, link.filename)
        except errors.InvalidDistribution:
            again = self._repaired(link)
            if again is None:
                raise
            return source_tree.static_metadata(again.path, link.filename)

    def pinned(self, path: str) -> str:
        """Return another name of a cached wheel, which stays though the cache be purged.

        Raises ``FileNotFoundError`` when it was purged already.
        """
        own = os.path.join(self._workshop.scratch("wheel-"), os.path.basename(path))
        try:
            os.link(path, own)
        except FileNotFoundError:
            raise
        except OSError:
            # Not every filesystem gives a file a second name.
            with disk.filling(f"copy {os.path.basename(path)}", own):
                shutil.copyfile(path, own)
        return own

    def _unpack(self, wanted: Candidate | Archive, name: str) -> str:
        """Return the tree of an archive; one that was purged meanwhile is fetched again."""
        directory = self._workshop.scratch("source-")
        try:
            return source_tree.unpack(self._admitted.acquire(wanted).path, directory, name)
        except errors.InvalidDistribution:
            again = self._repaired(wanted.link)
            if again is None:
                raise
        return source_tree.unpack(again.path, self._workshop.scratch("source-"), name)

    def _refuse_cycle(self, name: str) -> None:
        """Refuse to build what is already being built: its own build would need itself."""
        if name in self._workshop.building:
            raise errors.BuildFailed(
                f"{name} is already being built: {' -> '.join((*self._workshop.building, name))}",
                step=errors.BUILD_CYCLE,
            )

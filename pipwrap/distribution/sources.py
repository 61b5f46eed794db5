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
        build_context: BuildContext,
        admitted: Admitted,
        repaired: Callable[[Link], LocalArchive | None],
    ) -> None:
        """Keep the ports.

        ``repaired`` returns an archive anew that cannot be read any more, ``None`` where it can.
        """
        self._repaired = repaired
        self._build_context = build_context
        self._admitted = admitted
        self._once = OnceMap()

    def key(self, distribution: Distribution) -> BuildKey | None:
        """Return the key of a source's wheel; ``None`` for what skips the cache.

        A directory's content has no identity, nor has an environment that anything may change;
        an sdist that the user names outright is built anew. A repository counts by the commit
        that its revision is now.
        """
        rules = self._build_context.rules
        if isinstance(distribution, Directory) or not rules.isolated:
            return None
        if isinstance(distribution, Archive) and distribution.explicit:
            return None
        link = distribution.link
        if isinstance(distribution, Repository):
            if distribution.editable:
                return None
            source = repository_identity(
                without_password(distribution.clone_url), self._commit(distribution)
            )
        else:
            source = self._admitted.sha256(distribution)
        return BuildKey(
            source_sha256=source,
            abi=self._build_context.target.compatibility.abi,
            subdirectory=link.subdirectory or "",
            config_settings=settings_key(rules.settings.get(settings_name(distribution), {})),
            build_constraints=rules.constraints,
        )

    def is_fixed(self, distribution: Distribution) -> bool:
        """Tell what its key identifies for good from a branch that is named like a commit."""
        return not isinstance(distribution, Repository) or self.checkout(distribution).is_fixed

    def identity(self, distribution: Distribution) -> str:
        """Return what direct_url.json says of the source."""
        if isinstance(distribution, Directory):
            return ""
        if isinstance(distribution, Repository):
            return (
                self.checkout(distribution).root
                if distribution.editable
                else self._commit(distribution)
            )
        return self._admitted.acquire(distribution).sha256

    def checkout(self, distribution: Repository) -> Checkout:
        """Return the clone of a repository."""
        return self._build_context.repositories.checkout(distribution, display_name(distribution))

    def reuse_lines(self, distribution: Distribution, filename: str) -> tuple[Info, ...]:
        """Return what tells that a wheel stands in for a source, and for which commit."""
        used = Info(f"Using cached {filename}", indent=1)
        if not isinstance(distribution, Repository):
            return (used,)
        return (
            *self._build_context.repositories.lines(distribution, display_name(distribution)),
            used,
        )

    def tags(self, distribution: Distribution) -> str | None:
        """Return a digest of what describes a repository's commit; ``None`` where nothing does."""
        if not isinstance(distribution, Repository):
            return None
        return self._build_context.repositories.tags(distribution, display_name(distribution))

    def _commit(self, distribution: Repository) -> str:
        return self._build_context.repositories.commit(distribution, display_name(distribution))

    def build(self, distribution: Distribution) -> SourceBuild:
        """Return the build of a source whose tree lies ready; nothing of it runs yet."""
        return self._once(key_of(distribution), lambda: self._start(distribution))

    def _start(self, distribution: Distribution) -> SourceBuild:
        name, project = display_name(distribution), project_of(distribution)
        self._refuse_cycle(project or name)
        if isinstance(distribution, Directory):
            root = distribution.path
        elif isinstance(distribution, Repository):
            root = self.checkout(distribution).root
        else:
            root = self._unpack(distribution, name)
        root = source_tree.installable_root(root, distribution.link.subdirectory, name)
        return SourceBuild(
            root,
            project or name,
            self._build_context,
            project=project,
            link=distribution.link.redacted,
            key=settings_name(distribution),
            editable=not isinstance(distribution, Candidate) and distribution.editable,
            tags=lambda: self.tags(distribution),
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
        own = os.path.join(self._build_context.scratch("wheel-"), os.path.basename(path))
        try:
            os.link(path, own)
        except FileNotFoundError:
            raise
        except OSError:
            # Not every filesystem gives a file a second name.
            with disk.filling(f"copy {os.path.basename(path)}", own):
                shutil.copyfile(path, own)
        return own

    def _unpack(self, distribution: Candidate | Archive, name: str) -> str:
        """Return the tree of an archive; one that was purged meanwhile is fetched again."""
        directory = self._build_context.scratch("source-")
        try:
            return source_tree.unpack(self._admitted.acquire(distribution).path, directory, name)
        except errors.InvalidDistribution:
            again = self._repaired(distribution.link)
            if again is None:
                raise
        return source_tree.unpack(again.path, self._build_context.scratch("source-"), name)

    def _refuse_cycle(self, name: str) -> None:
        """Refuse to build what is already being built: its own build would need itself."""
        building = self._build_context.building
        if name in building:
            raise errors.BuildFailed(
                f"{name} is already being built: {' -> '.join((*building, name))}",
                step=errors.BUILD_CYCLE,
            )

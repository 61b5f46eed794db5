"""Source trees ready to build, and what identifies each: a digest, a commit, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from msgspec import Struct

from pipwrap import errors
from pipwrap.build import source_tree
from pipwrap.build.build_context import BuildContext, SourceTree, no_versions
from pipwrap.build.source_build import SourceBuild
from pipwrap.cache.evidence import NO_SOURCE, SourceInputs
from pipwrap.cache.keys import BuildKey, repository_identity, settings_key
from pipwrap.concurrency.once_map import OnceMap
from pipwrap.distribution.archives import Archives, LocalArchive
from pipwrap.events import Info
from pipwrap.model.candidate import Candidate
from pipwrap.model.distribution import Distribution, display_name, key_of, project_of, settings_name
from pipwrap.model.link import Link, redact
from pipwrap.model.metadata import Metadata
from pipwrap.model.source import Archive, Directory, Repository, without_password
from pipwrap.vcs.repositories import Checkout


class CacheableSource(Struct, frozen=True):
    """What the cache of built wheels needs to know of a source."""

    key: BuildKey | None
    """``None`` for a source that skips the cache."""
    project: str | None
    """``None`` while it is known only from a wheel."""
    url: str
    """Without credentials."""
    inputs: SourceInputs = NO_SOURCE
    """What evidence of its builds is compared with."""
    candidate: Candidate | None = None
    """What the index lists, if it is from one."""
    target_versions: Callable[[], Mapping[str, str] | None] = no_versions
    """Returns what extensions will be used beside (``BuildContext``)."""


class Sources:
    """The sources of one resolution, each unpacked or checked out once."""

    def __init__(self, build_context: BuildContext, archives: Archives) -> None:
        """Store the ports; nothing is fetched or built yet."""
        self._build_context = build_context
        self._archives = archives
        self._once = OnceMap()

    @property
    def verifies(self) -> bool:
        """Return whether built wheels are compared with their source (``wheel --no-verify``)."""
        return self._build_context.rules.verifies

    def cacheable(self, distribution: Distribution) -> CacheableSource:
        """Return what the cache of built wheels has to know; it may take acquiring the source."""
        return CacheableSource(
            self._key(distribution),
            project_of(distribution),
            redact(distribution.link.url),
            SourceInputs(
                lambda: self.tags(distribution),
                partial(self._build_context.versions, display_name(distribution)),
            ),
            distribution if isinstance(distribution, Candidate) else None,
            self._build_context.target_versions,
        )

    def _key(self, distribution: Distribution) -> BuildKey | None:
        """Return the key of a source's wheel; ``None`` for a source that skips the cache.

        A directory's content has no identity, nor has an environment that anything may change; an
        sdist that the user names outright is built again. A repository counts by the commit that
        its revision is now.
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
            source = self._archives.sha256(distribution)
        return BuildKey(
            source_sha256=source,
            abi=self._build_context.target.compatibility.abi,
            subdirectory=link.subdirectory or "",
            config_settings=settings_key(rules.settings.get(settings_name(distribution), {})),
            build_constraints=rules.constraints,
        )

    def is_fixed(self, distribution: Distribution) -> bool:
        """Return whether its key identifies it for good: a branch may be named like a commit."""
        return not isinstance(distribution, Repository) or self.checkout(distribution).is_fixed

    def identity(self, distribution: Distribution) -> str:
        """Return what identifies the source in direct_url.json (PEP 610)."""
        if isinstance(distribution, Directory):
            return ""
        if isinstance(distribution, Repository):
            return (
                self.checkout(distribution).root
                if distribution.editable
                else self._commit(distribution)
            )
        return self._archives.acquire(distribution).sha256

    def checkout(self, distribution: Repository) -> Checkout:
        """Return the clone of a repository."""
        return self._build_context.repositories.checkout(distribution, display_name(distribution))

    def reuse_lines(self, distribution: Distribution, filename: str) -> tuple[Info, ...]:
        """Return the lines for a cached wheel of a source, with the commit of a repository."""
        used = Info(f"Using cached {filename}", indent=1)
        if not isinstance(distribution, Repository):
            return (used,)
        return (
            *self._build_context.repositories.lines(distribution, display_name(distribution)),
            used,
        )

    def tags(self, distribution: Distribution) -> str | None:
        """Return a digest of the tags that lead to a repository's commit, if there is one."""
        if not isinstance(distribution, Repository):
            return None
        return self._build_context.repositories.tags(distribution, display_name(distribution))

    def _commit(self, distribution: Repository) -> str:
        return self._build_context.repositories.commit(distribution, display_name(distribution))

    def build(self, distribution: Distribution) -> SourceBuild:
        """Return the build of a source whose tree is on disk; nothing of it runs yet."""
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
        tree = SourceTree(
            root,
            project or name,
            distribution.link.redacted,
            project=project,
            settings_name=settings_name(distribution),
            editable=not isinstance(distribution, Candidate) and distribution.editable,
            tags=lambda: self.tags(distribution),
        )
        return SourceBuild(tree, self._build_context)

    def static_metadata(self, link: Link, acquired: LocalArchive) -> Metadata | None:
        """Return an archive's metadata where no build can change what matters."""
        try:
            return source_tree.static_metadata(acquired.path, link.filename)
        except errors.InvalidDistribution:
            again = self._archives.repaired(link)
            if again is None:
                raise
            return source_tree.static_metadata(again.path, link.filename)

    def _unpack(self, distribution: Candidate | Archive, name: str) -> str:
        """Return the tree of an archive; one that was purged meanwhile is fetched again."""
        directory = self._build_context.directories.scratch("source-")
        try:
            return source_tree.unpack(self._archives.acquire(distribution).path, directory, name)
        except errors.InvalidDistribution:
            again = self._archives.repaired(distribution.link)
            if again is None:
                raise
        return source_tree.unpack(
            again.path, self._build_context.directories.scratch("source-"), name
        )

    def _refuse_cycle(self, name: str) -> None:
        """Refuse to build what is already being built: its own build would need itself."""
        building = self._build_context.building
        if name in building:
            raise errors.BuildFailed(
                f"{name} is already being built: {' -> '.join((*building, name))}",
                step=errors.BUILD_CYCLE,
            )

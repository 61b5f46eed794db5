"""What a chosen version needs: metadata to requirements, by markers and extra; pure."""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct
from packaging.version import InvalidVersion, Version

from pipwrap import errors
from pipwrap.model.metadata import Metadata
from pipwrap.model.names import canonicalize_name
from pipwrap.model.requirement import Requirement
from pipwrap.model.source import Source


class Dependencies(Struct, frozen=True):
    """The interpreted metadata of one version."""

    requires: tuple[Requirement, ...]
    extras: frozenset[str]
    requires_python: str | None
    name: str = ""
    """As the metadata spells it."""

    @classmethod
    def of(cls, metadata: Metadata) -> Dependencies:
        """Return the dependencies; raises ``errors.UnusableMetadata`` for unreadable ones."""
        try:
            requires = _parsed(metadata.requires_dist)
        except errors.InvalidRequirement as error:
            raise errors.UnusableMetadata(
                f"Requested {metadata.name}=={metadata.version} has invalid metadata: {error}"
            ) from error
        return cls(
            requires,
            frozenset(canonicalize_name(extra) for extra in metadata.provides_extra),
            metadata.requires_python,
            metadata.name,
        )

    def needed(self, environment: dict[str, str], extra: str | None) -> tuple[Requirement, ...]:
        """Return what applies without an extra, or what ``extra`` adds to that."""
        if extra is None:
            return tuple(each for each in self.requires if each.applies(environment))
        return tuple(
            each
            for each in self.requires
            if each.applies(environment, (extra,)) and not each.applies(environment)
        )


@lru_cache(maxsize=4096)
def _parsed(texts: tuple[str, ...]) -> tuple[Requirement, ...]:
    """Return requirements; many versions of a project have the same."""
    return tuple(Requirement.parse(text) for text in texts)


def check_name(project: str, source: Source, metadata: Metadata) -> None:
    """Raise ``errors.UnusableMetadata`` where a URL leads to another project than was named."""
    name = canonicalize_name(metadata.name)
    if name != project:
        requested = f"{project} from {source.link.redacted}"
        raise errors.InconsistentMetadata(requested, "name", project, name)


def version_of(metadata: Metadata) -> Version:
    """Return the version; raises ``errors.UnusableMetadata`` for what is none."""
    try:
        return Version(metadata.version)
    except InvalidVersion as error:
        raise errors.UnusableMetadata(str(error)) from error

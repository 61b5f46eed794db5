"""Requirements: what a distribution or a user asks for (the packaging specification); pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from pipwrap import errors
from pipwrap.model.link import joined_url, redact
from pipwrap.model.names import canonicalize_name
from pipwrap.model.source import Source

if TYPE_CHECKING:
    from packaging.markers import Marker
    from packaging.specifiers import SpecifierSet

_PLAIN = re.compile(r"[A-Z0-9](?:[A-Z0-9._-]*[A-Z0-9])?", re.ASCII | re.IGNORECASE)
"""A name and nothing else, which is a whole requirement (PEP 508)."""
_NAME = re.compile(r"[A-Za-z0-9._-]+")


class Requirement(Struct, frozen=True):
    """One dependency specifier, parsed; equal when it requires the same."""

    name: str
    """Canonical."""
    text: str
    """Without its marker, as pip prints it."""
    extras: tuple[str, ...] = ()
    """Canonical and sorted."""
    clauses: str = ""
    """The versions it admits: its specifier as text, sorted."""
    url: str | None = None
    marker: Marker | None = None

    @classmethod
    def parse(cls, text: str) -> Requirement:
        """Return the requirement in ``text``; raises ``errors.InvalidRequirement``."""
        return _parse(text)

    @property
    def specifier(self) -> SpecifierSet:
        """Return the versions that it admits."""
        return _specifier(self.clauses)

    @property
    def name_as_written(self) -> str:
        """Return the project as the requirement spells it."""
        match = _NAME.match(self.text)
        return match[0] if match else self.name

    @property
    def without_extras(self) -> str:
        """Return the text without its extras."""
        return re.sub(r"\A([A-Za-z0-9._-]+)\[[^\]]*\]", r"\1", self.text)

    def applies(self, environment: dict[str, str], extras: tuple[str, ...] = ()) -> bool:
        """Return whether the marker holds in ``environment``, for any of ``extras`` or for none."""
        if self.marker is None:
            return True
        return any(_holds(self.marker, environment, extra) for extra in extras or ("",))

    @property
    def is_pinned(self) -> bool:
        """Return whether it has ``===``, or ``==`` without a wildcard."""
        return is_pinned(self.specifier)


def is_pinned(specifier: SpecifierSet) -> bool:
    """Return whether a set admits one version only, as PEP 592 means it for yanked files."""
    return any(
        part.operator == "===" or (part.operator == "==" and not part.version.endswith(".*"))
        for part in specifier
    )


def _holds(marker: Marker, environment: dict[str, str], extra: str) -> bool:
    from packaging.markers import UndefinedEnvironmentName  # noqa: PLC0415 - there is a marker

    try:
        return marker.evaluate({**environment, "extra": extra})
    except UndefinedEnvironmentName:
        return False


@lru_cache(maxsize=8192)
def _specifier(clauses: str) -> SpecifierSet:
    from packaging.specifiers import SpecifierSet  # noqa: PLC0415 - a cached resolution needs none

    return SpecifierSet(clauses)


@lru_cache(maxsize=8192)
def _parse(text: str) -> Requirement:
    if _PLAIN.fullmatch(text):
        return Requirement(canonicalize_name(text), text)
    from packaging.requirements import (  # noqa: PLC0415 - most that users ask for are names
        InvalidRequirement as PackagingInvalidRequirement,
    )
    from packaging.requirements import Requirement as ParsedRequirement  # noqa: PLC0415

    try:
        parsed = ParsedRequirement(text)
    except PackagingInvalidRequirement as error:
        raise errors.InvalidRequirement(f"Invalid requirement: {text!r}: {error}") from error
    marker, parsed.marker = parsed.marker, None
    text = str(parsed)
    if parsed.url is not None:
        text = text.replace(parsed.url, redact(joined_url(urlsplit(parsed.url))))
    return Requirement(
        name=canonicalize_name(parsed.name),
        text=text,
        extras=tuple(sorted({canonicalize_name(extra) for extra in parsed.extras})),
        clauses=str(parsed.specifier),
        url=parsed.url,
        marker=marker,
    )


class UserRequirement(Struct, frozen=True):
    """One thing that the user asked for: by name, by path or by URL."""

    text: str
    """As it was written, without its marker."""
    requirement: Requirement | None
    """``None`` for a path or URL whose project is known only after its metadata is."""
    source: Source | None = None
    """Where a direct reference is."""
    extras: tuple[str, ...] = ()
    comes_from: str | None = None
    """``-r FILE (line N)`` for what a file asked for."""
    hashes: tuple[tuple[str, str], ...] = ()
    """Allowed (algorithm, hex digest) pairs; empty allows everything."""
    marker: Marker | None = None
    config_settings: tuple[tuple[str, str], ...] = ()
    """(key, value) for its build, in order; keys may repeat."""

    @property
    def origin(self) -> str:
        """Return how pip names it as the origin of a dependency."""
        shown = self.requirement.text if self.requirement else self.text
        return f"{shown}->{self.comes_from}" if self.comes_from else shown

    @property
    def named_project(self) -> str | None:
        """Return the canonical name of its project, where that is known."""
        return self.requirement.name if self.requirement else None

    def named(self, requirement: Requirement) -> UserRequirement:
        """Return the same once its project is known."""
        return replace(self, requirement=requirement)


class Constraint(Struct, frozen=True):
    """What a constraints file says of one project, should it be needed."""

    name: str
    """Canonical."""
    specifier: SpecifierSet
    hash_sets: tuple[tuple[tuple[str, str], ...], ...] = ()
    """The hashes of each line that names any."""
    sources: tuple[Source, ...] = ()
    """Where the project must come from, when the constraint is a URL: from all of them at once."""
    texts: tuple[str, ...] = ()
    """The lines it was made of, for messages."""

    @property
    def hashes(self) -> tuple[tuple[str, str], ...]:
        """Return the hashes that all lines with hashes name; nothing where these disagree."""
        return common_hashes(self.hash_sets)

    def merged(self, other: Constraint) -> Constraint:
        """Return both constraints in one."""
        return replace(
            self,
            specifier=self.specifier & other.specifier,
            hash_sets=self.hash_sets + other.hash_sets,
            sources=tuple({each.identity: each for each in self.sources + other.sources}.values()),
            texts=self.texts + other.texts,
        )


def common_hashes(
    hash_sets: Sequence[tuple[tuple[str, str], ...]],
) -> tuple[tuple[str, str], ...]:
    """Return the hashes that are in every set, in the order of the first; nothing for no sets."""
    if not hash_sets:
        return ()
    first, *others = hash_sets
    return tuple(pair for pair in first if all(pair in each for each in others))

"""What a resolution comes to, and the same as plain fields that can be kept; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field
from packaging.version import Version

from pipwrap.model.candidate import Candidate, InstalledCandidate
from pipwrap.model.link import Link
from pipwrap.resolution.choice import Choice


class Resolution(Struct, frozen=True):
    """One choice for every project that is needed, and who needs whom."""

    choices: Mapping[str, Choice]
    """By canonical name, in the order in which they were first needed."""
    edges: tuple[tuple[str, str], ...]
    """(parent, child) projects, extras folded into their project."""
    extras: Mapping[str, tuple[str, ...]]
    """The extras that were asked for, by project."""
    names: Mapping[str, str]
    """Each project as whoever first asked for it spells it: pip's lines use that."""
    looked_at: tuple[Choice, ...] = ()
    """Everything whose metadata was read on the way."""
    active_specifiers: Mapping[str, str] = field(default_factory=dict)
    """``resolution.active_specifiers``."""

    @property
    def depends_on_pages(self) -> bool:
        """Tell whether the pages of indexes alone decide it: they name every byte that was read.

        That is so for wheels with a sha256, whose metadata is fixed with them. What an sdist says
        may be its build's word, and what a direct reference leads to is not on any page.
        """
        return all(
            isinstance(choice, InstalledCandidate)
            or (isinstance(choice, Candidate) and choice.is_wheel and choice.link.sha256)
            for choice in (*self.looked_at, *self.choices.values())
        )


def fields_of(resolution: Resolution) -> dict[str, Any]:
    """Return a resolution of candidates and installed distributions as JSON can have it."""
    return {
        "choices": [_choice_fields(project, each) for project, each in resolution.choices.items()],
        "edges": resolution.edges,
        "extras": resolution.extras,
        "names": resolution.names,
        "grounds": resolution.active_specifiers,
    }


def from_fields(
    fields: Mapping[str, Any], installed: Mapping[str, InstalledCandidate]
) -> Resolution:
    """Return the resolution that ``fields_of`` made fields of.

    ``TypeError``, ``ValueError`` or ``KeyError`` where they are damaged, or where something that
    it kept is not installed.
    """
    choices = {row[0]: _choice(row, installed) for row in fields["choices"]}
    return Resolution(
        choices,
        tuple((parent, child) for parent, child in fields["edges"]),
        {project: tuple(names) for project, names in fields["extras"].items()},
        dict(fields["names"]),
        active_specifiers={project: str(fields["grounds"][project]) for project in choices}
        if fields["grounds"]
        else {},
    )


def _choice_fields(project: str, choice: Choice) -> list[Any]:
    if not isinstance(choice, Candidate):
        return [project]
    link = choice.link
    return [
        project,
        str(choice.version),
        choice.tag_rank,
        choice.build,
        link.url,
        link.hashes,
        link.requires_python,
        link.yanked,
        link.metadata_hashes,
        link.upload_time,
        link.size,
        link.comes_from,
    ]


def _choice(row: list[Any], installed: Mapping[str, InstalledCandidate]) -> Choice:
    if len(row) == 1:
        return installed[row[0]]
    project, version, tag_rank, build, url, hashes, python, yanked, sidecar, *rest = row
    metadata_hashes = None if sidecar is None else _pairs(sidecar)
    link = Link(url, _pairs(hashes), python, yanked, metadata_hashes, *rest)
    return Candidate(project, Version(version), link, tag_rank, tuple(build))


def _pairs(rows: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, digest) for name, digest in rows)

"""What a command is asked for: arguments and files to wishes, constraints and search options."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipwrap import errors
from pipwrap.artifacts.hashes import UNPINNED, Hashes, HashPolicy
from pipwrap.cli.context import Context
from pipwrap.cli.options import SearchOptions, check_hash_options
from pipwrap.cli.request_files import RequestFiles
from pipwrap.cli.requirements import (
    Line,
    applicable,
    merged,
    parse_constraint,
    parse_requirement,
    parse_specifier,
)
from pipwrap.model.link import Link
from pipwrap.model.requirement import Constraint, UserRequirement, common_hashes
from pipwrap.model.source import Archive, Directory, Repository, Source
from pipwrap.values import field, frozen, replace


@frozen
class Request:
    """Everything that decides what is resolved."""

    wishes: tuple[UserRequirement, ...]
    constraints: dict[str, Constraint]
    search: SearchOptions
    has_hashed_constraints: bool = False
    """Also those whose markers do not hold, as in pip."""
    build_constraints: dict[str, Constraint] = field(default_factory=dict)
    locked: dict[str, Link] = field(default_factory=dict)
    """The only file that may satisfy a project, by lock files."""
    files: tuple[str, ...] = ()
    """Every file and URL that was read for it."""
    variables: frozenset[str] = frozenset()
    """Names of the environment variables that the files ask for."""

    @property
    def hash_policy(self) -> HashPolicy:
        """Return which bytes are allowed; one --hash anywhere asks for hashes everywhere.

        As in pip, the first requirement of a project decides: by its own hashes, else by those of
        constraints. What the others name counts for which file is preferred.
        """
        allowed = {name: each.hashes for name, each in self.constraints.items() if each.hashes}
        sets = {name: each.hash_sets for name, each in self.constraints.items()}
        first = self.first_by_name
        allowed |= {name: wish.hashes for name, wish in first.items() if wish.hashes}
        for wish in self.wishes:
            if wish.requirement is not None and wish.hashes:
                name = wish.requirement.name
                sets[name] = (*sets.get(name, ()), wish.hashes)
        preferred = {name: common_hashes(each) for name, each in sets.items()}
        sources = {
            source.identity: _of_source(first[name], source)
            for name, constraint in self.constraints.items()
            if name in first
            for source in constraint.sources
        }
        for wish in self.wishes:
            if wish.source is not None:
                sources.setdefault(wish.source.identity, _of_source(wish, wish.source))
        wishes: dict[str, UserRequirement] = {}
        for wish in self.wishes:
            if wish.source is not None:
                wishes.setdefault(wish.source.identity, wish)
            elif wish.requirement is not None:
                wishes.setdefault(wish.requirement.name, wish)
        return HashPolicy(allowed, preferred, sources, self.requires_hashes, wishes)

    @property
    def first_by_name(self) -> dict[str, UserRequirement]:
        """Return the first requirement of each project that comes from an index."""
        found: dict[str, UserRequirement] = {}
        for wish in self.wishes:
            if wish.requirement is not None and wish.source is None:
                found.setdefault(wish.requirement.name, wish)
        return found

    @property
    def requires_hashes(self) -> bool:
        """Tell whether every archive needs an allowed hash."""
        if self.search.no_require_hashes:
            return False
        return (
            self.search.require_hashes
            or self.has_hashed_constraints
            or any(wish.hashes for wish in self.wishes)
        )


def read_request(context: Context, fetch: Callable[[str], bytes]) -> Request:
    """Return the request; raises pip's errors, and ``errors.HandOver`` for what is pip's.

    ``fetch`` returns the bytes of a remote file.
    """
    options = context.options
    files = RequestFiles(context, fetch)
    check_hash_options(files.search)
    settings = options.build.config_settings
    wishes = [
        replace(parse_requirement(Line(text), context.console), config_settings=settings)
        for text in options.arguments
    ]
    wishes += map(parse_specifier, files.of_groups())
    wishes += [
        replace(_editable(text, context), config_settings=settings) for text in options.editables
    ]
    constraints = []
    for line in files.lines:
        if isinstance(line, UserRequirement):
            wishes.append(line)
        elif line.is_constraint:
            user, constraint = parse_constraint(Line.of(line), context.console)
            constraints.append((user, constraint))
        else:
            wish = parse_requirement(Line.of(line), context.console)
            wishes.append(replace(wish, config_settings=line.config_settings))
    wishes += map(parse_specifier, files.of_scripts())
    _refuse_decisions(wishes, context)
    markers = context.environment.marker_environment
    kept = applicable(wishes, markers, context.console)
    build_constraints = merged(files.build_constraints(), markers)
    has_hashes = any(constraint.hashes for _, constraint in constraints)
    limits = merged(constraints, markers)
    request = Request(
        kept,
        limits,
        files.search,
        has_hashes,
        build_constraints,
        files.links,
        files=files.read,
        variables=files.variables,
    )
    if request.requires_hashes:
        _check_pinned(request)
    return request


def _editable(text: str, context: Context) -> UserRequirement:
    return parse_requirement(Line(text, is_editable=True), context.console)


def _refuse_decisions(wishes: Sequence[UserRequirement], context: Context) -> None:
    """Leave it to the real pip to ask what becomes of a directory that an editable would need."""
    cloned = [
        (wish, wish.source)
        for wish in wishes
        if isinstance(wish.source, Repository) and wish.source.editable
    ]
    if not cloned:
        return
    from pipwrap.artifacts.repositories import needs_decision  # noqa: PLC0415 - VCS editables only
    from pipwrap.cli.workroom import git_settings  # noqa: PLC0415

    settings = git_settings(context)
    for wish, source in cloned:
        if needs_decision(source, settings):
            raise errors.HandOver(f"the directory that is in the way of {wish.text}")


def _of_source(wish: UserRequirement, source: Source) -> Hashes:
    """Return what a direct reference may be: by --hash, or the first hash of its fragment."""
    return (*wish.hashes, *source.link.hashes[:1])


def _check_pinned(request: Request) -> None:
    """Raise pip's error for requirements that no hash can hold still."""
    for constraint in request.constraints.values():
        if any(not isinstance(source, Archive) for source in constraint.sources):
            raise errors.HandOver(f"the constraint {constraint.texts[0]} when requiring hashes")
    for wish in request.wishes:
        if wish.source is not None and wish.source.editable:
            raise errors.HashMismatch(
                f"The editable requirement {wish.text} cannot be installed when requiring hashes, "
                "because there is no single file to hash."
            )
    repositories = [w for w in request.wishes if isinstance(w.source, Repository)]
    if repositories:
        listed = "\n".join(f"    {wish.origin}" for wish in repositories)
        raise errors.HashMismatch(
            "Can't verify hashes for these requirements because we don't have a way to hash "
            f"version control repositories:\n{listed}"
        )
    directories = [w for w in request.wishes if isinstance(w.source, Directory)]
    if directories:
        listed = "\n".join(f"    {wish.source.link.url}" for wish in directories if wish.source)
        raise errors.HashMismatch(
            "Can't verify hashes for these file:// requirements because they point to "
            f"directories:\n{listed}"
        )
    loose = [
        wish
        for name, wish in request.first_by_name.items()
        if wish.requirement is not None
        and not wish.requirement.is_pinned
        and not wish.hashes  # they pin, since pip 26.3
        and not _pinned_by_constraint(name, request)
    ]
    if loose:
        listed = "\n".join(
            f"    {wish.text}{f' (from {wish.comes_from})' if wish.comes_from else ''}"
            for wish in loose
        )
        raise errors.HashMismatch(f"{UNPINNED}\n{listed}")


def _pinned_by_constraint(name: str, request: Request) -> bool:
    constraint = request.constraints.get(name)
    return constraint is not None and bool(constraint.hashes or constraint.sources)

"""What a command is asked for: arguments and files to wishes, constraints and search options."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct, field
from msgspec.structs import replace

from pipwrap import errors
from pipwrap.distribution.hashes import Hashes, HashPolicy
from pipwrap.events import DeprecationMessage, Info, WarningMessage
from pipwrap.model.link import Link, redact
from pipwrap.model.requirement import Constraint, UserRequirement, common_hashes
from pipwrap.model.source import Archive, Directory, Repository, Source
from pipwrap.network.origins import is_host
from pipwrap.operations.context import Context
from pipwrap.operations.request_files import RequestFiles
from pipwrap.options.options import SearchOptions, check_hash_options
from pipwrap.requirements.parse import (
    RequirementText,
    applicable,
    merged,
    parse_constraint,
    parse_requirement,
    parse_specifier,
)

if TYPE_CHECKING:
    from pipwrap.requirements.file_grammar import RequirementLine

_FORMS_OF_CONSTRAINTS = (
    "Constraints are only allowed to take the form of a package name and a version specifier. "
    "Other forms were originally permitted as an accident of the implementation, but were "
    "undocumented. The new implementation of the resolver no longer supports these forms. "
    "A possible replacement is replacing the constraint with a requirement. "
    "Discussion can be found at https://github.com/pypa/pip/issues/8210"
)


class Request(Struct, frozen=True):
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
    for host in files.search.trusted_hosts:
        if not is_host(host):
            raise errors.CommandError(
                f"--trusted-host takes a host or HOST:PORT, which {host!r} is not"
            )
    settings = options.build.config_settings
    wishes = [
        replace(parse_requirement(RequirementText(text), context.console), config_settings=settings)
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
            constraints.append(line)
        else:
            wish = parse_requirement(RequirementText.of(line), context.console)
            wishes.append(replace(wish, config_settings=line.config_settings))
    wishes += map(parse_specifier, files.of_scripts())
    _refuse_decisions(wishes, context)
    markers = context.environment.marker_environment
    kept = applicable(wishes, markers, context.console)
    build_constraints = merged(files.build_constraints(), markers)
    limits = merged([_constraint(line, context, files.search) for line in constraints], markers)
    request = Request(
        kept,
        limits,
        files.search,
        any(line.hashes for line in constraints),
        build_constraints,
        files.links,
        files=files.read,
        variables=files.variables,
    )
    if request.requires_hashes:
        _check_pinned(request)
    return request


def _constraint(
    line: RequirementLine, context: Context, search: SearchOptions
) -> tuple[UserRequirement, Constraint]:
    """Return what a line of a constraints file says; pip looks at its form last of all."""
    try:
        return parse_constraint(RequirementText.of(line), context.console)
    except errors.InvalidConstraint:
        announce_places(context, search)
        context.console(DeprecationMessage(_FORMS_OF_CONSTRAINTS))
        raise


def announce_places(context: Context, search: SearchOptions) -> None:
    """Print where distributions are looked for, where that is not the default, as pip does."""
    if search.ignored_indexes:
        ignored = ",".join(map(redact, search.ignored_indexes))
        context.console(Info(f"Ignoring indexes: {ignored}", level=2))
    indexes = [redact(url) for url in search.index_urls]
    if indexes and indexes != [context.default_index_url]:
        for index in indexes:
            parts = urlsplit(index)
            if not parts.scheme and not parts.netloc:
                context.console(
                    WarningMessage(
                        f'The index url "{index}" seems invalid, please provide a scheme.'
                    )
                )
        context.console(Info(f"Looking in indexes: {', '.join(indexes)}"))
    if search.find_links:
        shown = ", ".join(redact(url) for url in search.find_links)
        context.console(Info(f"Looking in links: {shown}"))


def _editable(text: str, context: Context) -> UserRequirement:
    return parse_requirement(RequirementText(text, is_editable=True), context.console)


def _refuse_decisions(wishes: Sequence[UserRequirement], context: Context) -> None:
    """Leave it to the real pip to ask what becomes of a directory that an editable would need."""
    cloned = [
        (wish, wish.source)
        for wish in wishes
        if isinstance(wish.source, Repository) and wish.source.editable
    ]
    if not cloned:
        return
    from pipwrap.operations.builders import git_settings  # noqa: PLC0415
    from pipwrap.vcs.repositories import needs_decision  # noqa: PLC0415 - VCS editables only

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
        places = (f" (from {wish.comes_from})" if wish.comes_from else "" for wish in loose)
        raise errors.HashMismatch.unpinned(
            [f"{wish.text}{place}" for wish, place in zip(loose, places, strict=True)]
        )


def _pinned_by_constraint(name: str, request: Request) -> bool:
    constraint = request.constraints.get(name)
    return constraint is not None and bool(constraint.hashes or constraint.sources)

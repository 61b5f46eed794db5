"""The request: arguments and files to root requirements, constraints and search options."""

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
from pipwrap.operations.context import CommandContext
from pipwrap.operations.request_files import RequestFiles
from pipwrap.options.options import SearchOptions, check_hash_options
from pipwrap.requirements.constraints import applicable, merged, parse_constraint
from pipwrap.requirements.parse import RequirementText, parse_requirement, parse_specifier

if TYPE_CHECKING:
    from pipwrap.requirements.file_grammar import RequirementLine

_FORMS_OF_CONSTRAINTS = (
    "Constraints are only allowed to take the form of a package name and a version specifier. "
    "Other forms were originally permitted as an accident of the implementation, but were "
    "undocumented. The new implementation of the resolver no longer supports these forms. "
    "A possible replacement is replacing the constraint with a requirement. "
    "Discussion can be found at https://github.com/pypa/pip/issues/8210"
)


class UserRequest(Struct, frozen=True):
    """Everything that decides what is resolved."""

    root_requirements: tuple[UserRequirement, ...]
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
        allowed |= {
            name: root_requirement.hashes
            for name, root_requirement in first.items()
            if root_requirement.hashes
        }
        for root_requirement in self.root_requirements:
            if root_requirement.requirement is not None and root_requirement.hashes:
                name = root_requirement.requirement.name
                sets[name] = (*sets.get(name, ()), root_requirement.hashes)
        preferred = {name: common_hashes(each) for name, each in sets.items()}
        sources = {
            source.identity: _of_source(first[name], source)
            for name, constraint in self.constraints.items()
            if name in first
            for source in constraint.sources
        }
        for root_requirement in self.root_requirements:
            if root_requirement.source is not None:
                sources.setdefault(
                    root_requirement.source.identity,
                    _of_source(root_requirement, root_requirement.source),
                )
        root_requirements: dict[str, UserRequirement] = {}
        for root_requirement in self.root_requirements:
            if root_requirement.source is not None:
                root_requirements.setdefault(root_requirement.source.identity, root_requirement)
            elif root_requirement.requirement is not None:
                root_requirements.setdefault(root_requirement.requirement.name, root_requirement)
        return HashPolicy(allowed, preferred, sources, self.requires_hashes, root_requirements)

    @property
    def first_by_name(self) -> dict[str, UserRequirement]:
        """Return the first requirement of each project that comes from an index."""
        found: dict[str, UserRequirement] = {}
        for root_requirement in self.root_requirements:
            if root_requirement.requirement is not None and root_requirement.source is None:
                found.setdefault(root_requirement.requirement.name, root_requirement)
        return found

    @property
    def requires_hashes(self) -> bool:
        """Return whether every archive needs an allowed hash."""
        if self.search.no_require_hashes:
            return False
        return (
            self.search.require_hashes
            or self.has_hashed_constraints
            or any(root_requirement.hashes for root_requirement in self.root_requirements)
        )


def read_request(context: CommandContext, fetch: Callable[[str], bytes]) -> UserRequest:
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
    root_requirements = [
        replace(parse_requirement(RequirementText(text), context.events), config_settings=settings)
        for text in options.arguments
    ]
    root_requirements += map(parse_specifier, files.of_groups())
    root_requirements += [
        replace(_editable(text, context), config_settings=settings) for text in options.editables
    ]
    constraints = []
    for line in files.lines:
        if isinstance(line, UserRequirement):
            root_requirements.append(line)
        elif line.is_constraint:
            constraints.append(line)
        else:
            root_requirement = parse_requirement(RequirementText.of(line), context.events)
            root_requirements.append(
                replace(root_requirement, config_settings=line.config_settings)
            )
    root_requirements += map(parse_specifier, files.of_scripts())
    _refuse_decisions(root_requirements, context)
    markers = context.environment.marker_environment
    applying = applicable(root_requirements, markers, context.events)
    build_constraints = merged(files.build_constraints(), markers)
    limits = merged([_constraint(line, context, files.search) for line in constraints], markers)
    request = UserRequest(
        applying,
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
    line: RequirementLine, context: CommandContext, search: SearchOptions
) -> tuple[UserRequirement, Constraint]:
    """Return what a line of a constraints file says; pip looks at its form last of all."""
    try:
        return parse_constraint(RequirementText.of(line), context.events)
    except errors.InvalidConstraint:
        announce_places(context, search)
        context.events(DeprecationMessage(_FORMS_OF_CONSTRAINTS))
        raise


def announce_places(context: CommandContext, search: SearchOptions) -> None:
    """Print where distributions are looked for, where that is not the default, as pip does."""
    if search.ignored_indexes:
        ignored = ",".join(map(redact, search.ignored_indexes))
        context.events(Info(f"Ignoring indexes: {ignored}", level=2))
    indexes = [redact(url) for url in search.index_urls]
    if indexes and indexes != [context.default_index_url]:
        for index in indexes:
            parts = urlsplit(index)
            if not parts.scheme and not parts.netloc:
                context.events(
                    WarningMessage(
                        f'The index url "{index}" seems invalid, please provide a scheme.'
                    )
                )
        context.events(Info(f"Looking in indexes: {', '.join(indexes)}"))
    if search.find_links:
        shown = ", ".join(redact(url) for url in search.find_links)
        context.events(Info(f"Looking in links: {shown}"))


def _editable(text: str, context: CommandContext) -> UserRequirement:
    return parse_requirement(RequirementText(text, is_editable=True), context.events)


def _refuse_decisions(
    root_requirements: Sequence[UserRequirement], context: CommandContext
) -> None:
    """Hand over where pip would prompt for what becomes of a directory of an editable."""
    cloned = [
        (root_requirement, root_requirement.source)
        for root_requirement in root_requirements
        if isinstance(root_requirement.source, Repository) and root_requirement.source.editable
    ]
    if not cloned:
        return
    from pipwrap.operations.builders import git_settings  # noqa: PLC0415
    from pipwrap.vcs.repositories import needs_decision  # noqa: PLC0415 - VCS editables only

    settings = git_settings(context)
    for root_requirement, source in cloned:
        if needs_decision(source, settings):
            raise errors.HandOver(f"the directory that is in the way of {root_requirement.text}")


def _of_source(root_requirement: UserRequirement, source: Source) -> Hashes:
    """Return what a direct reference may be: by --hash, or the first hash of its fragment."""
    return (*root_requirement.hashes, *source.link.hashes[:1])


def _check_pinned(request: UserRequest) -> None:
    """Raise pip's error for requirements that no hash can pin."""
    for constraint in request.constraints.values():
        if any(not isinstance(source, Archive) for source in constraint.sources):
            raise errors.HandOver(f"the constraint {constraint.texts[0]} when requiring hashes")
    for root_requirement in request.root_requirements:
        if root_requirement.source is not None and root_requirement.source.editable:
            raise errors.HashMismatch(
                f"The editable requirement {root_requirement.text} cannot be installed when "
                "requiring hashes, because there is no single file to hash."
            )
    repositories = [w for w in request.root_requirements if isinstance(w.source, Repository)]
    if repositories:
        listed = "\n".join(f"    {root_requirement.origin}" for root_requirement in repositories)
        raise errors.HashMismatch(
            "Can't verify hashes for these requirements because we don't have a way to hash "
            f"version control repositories:\n{listed}"
        )
    directories = [w for w in request.root_requirements if isinstance(w.source, Directory)]
    if directories:
        listed = "\n".join(
            f"    {root_requirement.source.link.url}"
            for root_requirement in directories
            if root_requirement.source
        )
        raise errors.HashMismatch(
            "Can't verify hashes for these file:// requirements because they point to "
            f"directories:\n{listed}"
        )
    loose = [
        root_requirement
        for name, root_requirement in request.first_by_name.items()
        if root_requirement.requirement is not None
        and not root_requirement.requirement.is_pinned
        and not root_requirement.hashes  # they pin, since pip 26.3
        and not _pinned_by_constraint(name, request)
    ]
    if loose:
        places = (
            f" (from {root_requirement.comes_from})" if root_requirement.comes_from else ""
            for root_requirement in loose
        )
        raise errors.HashMismatch.unpinned(
            [
                f"{root_requirement.text}{place}"
                for root_requirement, place in zip(loose, places, strict=True)
            ]
        )


def _pinned_by_constraint(name: str, request: UserRequest) -> bool:
    constraint = request.constraints.get(name)
    return constraint is not None and bool(constraint.hashes or constraint.sources)

"""What the files of a line say: requirements, constraints, locks, groups, scripts.

The readers are loaded for a line that names a file, and only then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from pipwrap import errors
from pipwrap.model.link import Link
from pipwrap.model.requirement import Constraint, UserRequirement
from pipwrap.operations.context import CommandContext
from pipwrap.requirements.constraints import parse_constraint
from pipwrap.requirements.parse import RequirementText

if TYPE_CHECKING:
    from pipwrap.requirements.file_grammar import RequirementLine
    from pipwrap.requirements.file_reader import RequirementFileReader
    from pipwrap.requirements.pylock import LockRequest


class RequestFiles:
    """All files of one line; ``fetch`` returns the bytes of a remote one.

    Requirements, constraints and locks are read at once, which raises pip's errors and
    ``errors.HandOver`` for what is pip's; the rest when it is asked for.
    """

    def __init__(self, context: CommandContext, fetch: Callable[[str], bytes]) -> None:
        """Read what --requirement, --constraint and --group name."""
        self._context = context
        self._fetch = fetch
        self._projects: list[str] = []
        self.search = context.options.search
        """The options that the files leave."""
        self.lines: list[RequirementLine | UserRequirement] = []
        """In pip's order."""
        self.links: dict[str, Link] = {}
        """The only file that may satisfy a project, by lock files."""
        self.read: tuple[str, ...] = ()
        """Every file and URL that was read."""
        self.variables: frozenset[str] = frozenset()
        """Names of the environment variables that the files ask for."""
        options = context.options
        if options.requirements or options.groups or options.constraints:
            self._read()

    def of_groups(self) -> Iterator[str]:
        """Yield the requirements of the groups of projects."""
        if self._projects:
            from pipwrap.requirements.pyproject import group_requirements  # noqa: PLC0415

            yield from group_requirements(self._projects)

    def of_scripts(self) -> Iterator[str]:
        """Yield the requirements that a script has in its head (PEP 723)."""
        context, options = self._context, self._context.options
        if len(options.scripts) > 1:
            raise errors.CommandError("--requirements-from-script can only be given once")
        if options.scripts and options.target_python.is_given:
            raise errors.HandOver("a script for another Python")
        version = None if options.ignore_requires_python else context.environment.python_version
        for script in options.scripts:
            from pipwrap.requirements.pyproject import script_requirements  # noqa: PLC0415

            yield from script_requirements(script, version)

    def build_constraints(self) -> Iterator[tuple[UserRequirement, Constraint]]:
        """Yield what the files of --build-constraint say; their options are ignored."""
        context = self._context
        for location in context.options.build.constraints:
            for line in self._reader().read(location, context.options.search).requirements:
                user, constraint = parse_constraint(RequirementText.of(line), context.events)
                if constraint.sources:
                    raise errors.HandOver(f"the build constraint {user.text}, which is a URL")
                yield user, constraint

    def _reader(self) -> RequirementFileReader:
        from pipwrap.requirements.file_reader import RequirementFileReader  # noqa: PLC0415

        return RequirementFileReader(self._context.environ, self._fetch, self._context.events)

    def _read(self) -> None:
        from pipwrap.requirements.pylock import LockRequest, sources  # noqa: PLC0415

        options, reader = self._context.options, self._reader()
        files, self._projects = sources(options.requirements, options.groups)
        constraints: Sequence[str | LockRequest] = options.constraints
        ordered = [*((each, True) for each in constraints), *((each, False) for each in files)]
        for each, is_constraint in ordered:
            if isinstance(each, LockRequest):
                self._add_lock(each)
                continue
            contents = reader.read(each, self.search, is_constraint=is_constraint)
            self.read += contents.files
            self.variables |= contents.variables
            if contents.handed_over:
                raise errors.HandOver(f"the option {contents.handed_over} in a requirements file")
            self.lines += contents.requirements
            self.search = contents.search

    def _add_lock(self, lock: LockRequest) -> None:
        """Add what a lock file asks for, and the files that it names."""
        from pipwrap.requirements.pylock import LockContext, locked  # noqa: PLC0415

        context = self._context
        lock_context = LockContext(
            context.environment, self.search.format_control, self._fetch, context.events
        )
        for root_requirement, link in locked(lock, lock_context):
            self.lines.append(root_requirement)
            if link is None or root_requirement.requirement is None:
                continue
            name = root_requirement.requirement.name
            if name in self.links:
                raise errors.InvalidRequirement(
                    f"Multiple locked links provided for {name}: {_shown(self.links[name])} and "
                    f"{_shown(link)}"
                )
            self.links[name] = link


def _shown(link: Link) -> str:
    return f"{link.redacted} (from {link.comes_from})"

"""When ``install`` found nothing to do, and the no-op cache may say so without looking again."""

from __future__ import annotations

from collections.abc import Iterable

from pipwrap.cache import noop
from pipwrap.model.environment import InstalledDistribution
from pipwrap.model.release_control import ReleaseControl
from pipwrap.operations.context import CommandContext
from pipwrap.operations.request import UserRequest


def record_satisfied(
    context: CommandContext, request: UserRequest, installed: Iterable[InstalledDistribution]
) -> None:
    """Record that everything is satisfied and what that depends on, where it is known whole."""
    if not _is_plain(context, request):
        return
    recorder = context.noop_recorder
    recorder.depends_on(request.files)
    recorder.depends_on(request.variables, kind=noop.VARIABLE)
    recorder.depends_on_installed(installed)
    recorder.complete()


def _is_plain(context: CommandContext, request: UserRequest) -> bool:
    """Return whether a line names projects only, and reads only files of this machine."""
    options = context.options
    return not (
        options.upgrade
        or options.editables
        or options.groups
        or options.scripts
        or options.force_reinstall
        or options.ignore_installed
        or options.report
        or options.log
        or options.verbosity > 0
        or options.target_dir
        or options.prefix_path
        or options.root_path
        or options.build.constraints
        or options.extensions
        or request.locked
        or request.search.releases != ReleaseControl()
        or any(
            root_requirement.source is not None for root_requirement in request.root_requirements
        )
        or any("://" in file for file in request.files)
        or not context.place.is_permanent
        or context.place.layout.root != noop.root(context.environ)
    )

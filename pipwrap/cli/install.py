"""``install``: the story from the request to the changed environment."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from pipwrap.cache import noop
from pipwrap.events import ErrorMessage, Info
from pipwrap.install.linking import LinkMode
from pipwrap.install.plan import Plan
from pipwrap.model.candidate import InstalledCandidate
from pipwrap.model.environment import InstalledDistribution
from pipwrap.model.release_control import ReleaseControl
from pipwrap.operations import conflicts as consistency
from pipwrap.operations import (
    install_scheme,
    install_target,
    network,
    only_dependencies,
    own_distribution,
    wiring,
)
from pipwrap.operations import plan as planning
from pipwrap.operations.context import CommandContext
from pipwrap.operations.request import UserRequest, announce_places, read_request
from pipwrap.operations.resolution_cache import cached_or_resolved
from pipwrap.operations.resolve_request import ResolveRequest, resolve_request_of
from pipwrap.operations.session import InstallSession
from pipwrap.resolution.outcome import Resolution


def run(context: CommandContext) -> int:
    """Install what is asked for and return the exit status."""
    options = context.options
    install_scheme.check_combination(options)
    if install_scheme.is_in_environment(options) and not options.break_system_packages:
        install_target.check_externally_managed(context.environment)
    only_dependencies.check(options)
    place = install_scheme.choose(context)
    request = read_request(context, lambda url: network.fetch_text(context, url))
    announce_places(context, request.search)
    with wiring.opened(context, request.search) as shared:
        session = wiring.open_session(shared, request)
        try:
            installed, candidates = wiring.installed_candidates(
                context.environment, context.console
            )
            seen = {} if place.ignores_installed else installed
            resolution = _resolved(context, session, request, seen, candidates, place)
            replaced = own_distribution.with_former(
                place.replaceable(installed, context.environment)
            )
            distribution = planning.distribution(
                resolution, replaced, context.console, force=options.force_reinstall
            )
            distribution = only_dependencies.kept(
                distribution, resolution, request.root_requirements, options
            )
            own_distribution.check_names(distribution, place)
            place.check_precedence(distribution, installed, context.environment)
            if options.report:
                from pipwrap.operations import report  # noqa: PLC0415 - for one option

                asked = planning.requested(resolution, request.root_requirements)
                report.write_report(context, session, resolution, distribution, asked)
            if options.dry_run:
                _tell_what_would_be_installed(session, resolution, list(distribution))
                return 0
            wheels = session.wheels(distribution, resolution.names)
            plan = planning.make_plan(
                resolution, wheels, replaced, place.scheme, request.root_requirements
            )
            if plan.install:
                _carry_out(context, session, replace(plan, relocation=place.relocation), installed)
            elif _is_plain(context, request) and not session.offers.was_asked:
                context.noop_recorder.depends_on(request.files)
                context.noop_recorder.depends_on(request.variables, kind=noop.VARIABLE)
                context.noop_recorder.depends_on_installed(installed.values())
                context.noop_recorder.complete()
        finally:
            session.close()
    install_target.warn_if_root(context)
    return 0


def _to_fetch(resolve_request: ResolveRequest, request: UserRequest) -> set[str]:
    """Return the projects that the user names and that no installed version stands for."""
    named = {
        root_requirement.requirement.name
        for root_requirement in request.root_requirements
        if root_requirement.requirement is not None
    }
    return {
        name
        for name in named
        if name not in resolve_request.installed or not resolve_request.keeps(name)
    }


def _is_plain(context: CommandContext, request: UserRequest) -> bool:
    """Tell a line that names projects only, and that reads nothing but files of this machine."""
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
        or not context.place.is_kept
        or context.place.layout.root != noop.root(context.environ)
    )


def _resolved(
    context: CommandContext,
    session: InstallSession,
    request: UserRequest,
    installed: dict[str, InstalledDistribution],
    candidates: dict[str, InstalledCandidate],
    place: install_scheme.InstallScheme,
) -> Resolution:
    """Return the resolution; raises pip's error where a version that it would replace is none.

    Also before another project of this program's name is asked for.
    """

    def check(projects: Iterable[str]) -> None:
        if not context.options.force_reinstall:
            for project in installed.keys() & set(projects) - candidates.keys():
                consistency.check_version(installed[project])

    candidates = candidates if installed else {}
    check(root_requirement.named_project or "" for root_requirement in request.root_requirements)
    resolve_request = _resolve_request(context, request, candidates)
    own_distribution.check_names(_to_fetch(resolve_request, request), place)
    resolution = cached_or_resolved(session, resolve_request)
    check(resolution.choices)
    return resolution


def _resolve_request(
    context: CommandContext, request: UserRequest, candidates: dict[str, InstalledCandidate]
) -> ResolveRequest:
    """Return what is resolved; which installed versions stay is --upgrade's to say."""
    options = context.options
    asked = {
        root_requirement.requirement.name
        for root_requirement in request.root_requirements
        if root_requirement.requirement is not None
    }
    eager = options.upgrade and options.upgrade_strategy == "eager"

    def keeps(project: str) -> bool:
        return not eager and not (options.upgrade and project in asked)

    return replace(
        resolve_request_of(context, request),
        installed={} if options.force_reinstall else candidates,
        keeps=keeps,
    )


def _tell_what_would_be_installed(
    session: InstallSession, resolution: Resolution, projects: list[str]
) -> None:
    """Print pip's line for --dry-run: each name as its own metadata spells it."""
    items = []
    for project in projects:
        choice = resolution.choices[project]
        source = planning.source_of(choice)
        metadata = session.metadata(source).metadata
        items.append((metadata.name, metadata.version))
    if items:
        names = " ".join("-".join(item) for item in sorted(items))
        session.listener(Info(f"Would install {names}"))


def _carry_out(
    context: CommandContext,
    session: InstallSession,
    plan: Plan,
    installed: dict[str, InstalledDistribution],
) -> None:
    options = context.options
    own_distribution.check_plan(plan)
    plan = replace(
        plan,
        compile_bytecode=options.compile,
        names_paths=options.verbosity > 0,
        link_mode=LinkMode(options.link_mode or "auto"),
        warn_script_location=options.warn_script_location
        and not (options.target_dir or options.prefix_path),
    )
    names = ", ".join(each.display_name for each in plan.install)
    context.console(Info(f"Installing collected packages: {names}"))
    install_scheme.check_bases(options)
    conflicts = None
    if options.warn_conflicts and not options.no_deps:
        conflicts = consistency.conflict_report(
            plan, installed, context.environment, context.console
        )
    session.apply(plan)
    if conflicts:
        context.console(ErrorMessage(conflicts, is_critical=True))
    done = sorted((each.display_name, each.version) for each in plan.install)
    items = " ".join(f"{name}-{version}" for name, version in done)
    context.console(Info(f"Successfully installed {items}"))

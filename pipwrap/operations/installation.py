"""The end of ``install``: a plan is carried out and reported."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from pipwrap.events import ErrorMessage, Info
from pipwrap.install.linking import LinkMode
from pipwrap.install.plan import Plan
from pipwrap.model.environment import InstalledDistribution
from pipwrap.operations import conflicts, install_scheme, own_distribution
from pipwrap.operations import plan as planning
from pipwrap.operations.context import CommandContext
from pipwrap.operations.session import InstallSession
from pipwrap.resolution.outcome import Resolution


def announce_dry_run(
    session: InstallSession, resolution: Resolution, projects: Iterable[str]
) -> None:
    """Print pip's line for --dry-run: each name as its own metadata spells it."""
    items = []
    for project in projects:
        source = planning.source_of(resolution.choices[project])
        metadata = session.resolver.metadata(source).metadata
        items.append((metadata.name, metadata.version))
    if items:
        names = " ".join("-".join(item) for item in sorted(items))
        session.resolver.listener(Info(f"Would install {names}"))


def install_plan(
    context: CommandContext,
    session: InstallSession,
    plan: Plan,
    installed: Mapping[str, InstalledDistribution],
) -> None:
    """Carry out a plan by the user's options, and report the conflicts that it leaves."""
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
    context.events(Info(f"Installing collected packages: {names}"))
    install_scheme.check_bases(options)
    report = None
    if options.warn_conflicts and not options.no_deps:
        report = conflicts.conflict_report(plan, installed, context.environment, context.events)
    session.apply(plan)
    if report:
        context.events(ErrorMessage(report, is_critical=True))
    done = sorted((each.display_name, each.version) for each in plan.install)
    items = " ".join(f"{name}-{version}" for name, version in done)
    context.events(Info(f"Successfully installed {items}"))

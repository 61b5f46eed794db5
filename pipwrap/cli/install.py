"""``install``: from the request to the changed environment."""

from __future__ import annotations

from msgspec.structs import replace

from pipwrap.operations import install_scheme, install_target, only_dependencies, own_distribution
from pipwrap.operations import plan as planning
from pipwrap.operations.command_session import command_session
from pipwrap.operations.context import CommandContext
from pipwrap.operations.install_resolution import resolve_for_install
from pipwrap.operations.installation import announce_dry_run, install_plan
from pipwrap.operations.installed_set import read_installed
from pipwrap.operations.noop_answer import record_satisfied


def run(context: CommandContext) -> int:
    """Install what is requested and return the exit status."""
    options, environment = context.options, context.environment
    install_scheme.check_combination(options)
    if install_scheme.is_in_environment(options) and not options.break_system_packages:
        install_target.check_externally_managed(environment)
    only_dependencies.check(options)
    place = install_scheme.choose(context)
    with command_session(context) as (request, session):
        installed = read_installed(environment, context.events)
        resolution = resolve_for_install(context, request, session, installed, place)
        replaced = own_distribution.with_former(
            place.replaceable(installed.distributions, environment)
        )
        distributions = planning.distribution(
            resolution, replaced, context.events, force=options.force_reinstall
        )
        distributions = only_dependencies.without_requested(
            distributions, resolution, request.root_requirements, options
        )
        own_distribution.check_names(distributions, place)
        place.check_precedence(distributions, installed.distributions, environment)
        if options.report:
            from pipwrap.operations import report  # noqa: PLC0415 - for one option

            requested = planning.requested(resolution, request.root_requirements)
            report.write_report(context, session.files(), resolution, distributions, requested)
        if options.dry_run:
            announce_dry_run(session, resolution, distributions)
            return 0
        wheels = session.wheel_provider.wheels(distributions, resolution.names)
        plan = planning.make_plan(
            resolution, wheels, replaced, place.scheme, request.root_requirements
        )
        if plan.install:
            plan = replace(plan, relocation=place.relocation)
            install_plan(context, session, plan, installed.distributions)
        elif not session.resolver.offers.was_read:
            record_satisfied(context, request, installed.distributions.values())
    install_target.warn_if_root(context)
    return 0

"""``uninstall``: remove distributions, all of them or none."""

from __future__ import annotations

import os
from collections.abc import Iterable

from packaging.utils import canonicalize_name

from pipwrap import errors
from pipwrap.cli import install_target, wiring
from pipwrap.cli.context import Context
from pipwrap.cli.options import no_requirement
from pipwrap.cli.requirement_reader import RequirementFileReader
from pipwrap.cli.requirements import Line, parse_requirement
from pipwrap.events import Told, Warned
from pipwrap.install import transaction
from pipwrap.install.plan import Plan
from pipwrap.install.uninstall import find_removal
from pipwrap.model.environment import InstalledDistribution


def run(context: Context) -> int:
    """Remove what is named and return the exit status."""
    options = context.options
    names = _names(context)
    if not names:
        raise no_requirement("uninstall")
    if not options.break_system_packages:
        install_target.check_externally_managed(context.environment)
    installed, _ = wiring.installed_candidates(context.environment, context.console)
    remove: list[InstalledDistribution] = []
    for name in names:
        distribution = installed.get(canonicalize_name(name))
        if distribution is None:
            context.console(Warned(f"Skipping {name} as it is not installed."))
        elif _agreed(context, distribution):
            remove.append(distribution)
    if remove:
        plan = Plan(context.environment.scheme, remove=tuple(remove), announced=not options.yes)
        with wiring.store_of(context) as store:
            transaction.apply(plan, context.environment, store, context.console)
    install_target.warn_if_root(context)
    return 0


def _names(context: Context) -> list[str]:
    """Return the projects that arguments and -r files name, each once."""
    lines = [Line(text) for text in context.options.arguments]
    reader = RequirementFileReader(
        context.environ, lambda url: wiring.fetch_text(context, url), context.console
    )
    for location in context.options.requirements:
        contents = reader.read(location, context.options.search)
        lines += [Line.of(line) for line in contents.requirements if not line.is_constraint]
    found = [parse_requirement(line, context.console) for line in lines]
    names: dict[str, str] = {}
    for wish in found:
        if wish.requirement is None:
            context.console(
                Warned(
                    f"Invalid requirement: {wish.text!r} ignored - the uninstall command "
                    "expects named requirements."
                )
            )
        else:
            names[wish.requirement.name] = _typed(wish.requirement.text)
    return list(names.values())


def _typed(text: str) -> str:
    for position, character in enumerate(text):
        if not (character.isalnum() or character in "._-"):
            return text[:position]
    return text


def _agreed(context: Context, distribution: InstalledDistribution) -> bool:
    """Ask before removing, unless -y; the answer of a closed input is no."""
    if context.options.yes:
        return True
    console = context.console
    console(Told(f"Found existing installation: {distribution.name} {distribution.version}"))
    removal = find_removal(distribution, context.environment)
    if removal.note:
        return True
    console(Told(f"Uninstalling {distribution.name}-{distribution.version}:"))
    console(Told("  Would remove:"))
    for path in sorted(shown_paths(removal.paths)):
        console(Told(f"    {path}"))
    question = "Proceed (Y/n)? "
    if context.options.network.no_input:
        raise errors.CommandError(
            f"No input was expected ($PIP_NO_INPUT set); question: {question}"
        )
    try:
        answer = input(question)
    except EOFError:
        return False
    return answer.strip().lower() in {"", "y"}


def shown_paths(paths: Iterable[str]) -> set[str]:
    """Return paths as pip lists them: whole directories as ``DIRECTORY/*``."""
    directories = set()
    files = set()
    for path in paths:
        if path.endswith(".pyc") or os.path.isdir(path):
            continue
        if os.path.basename(path) == "__init__.py" or ".dist-info" in path:
            directories.add(os.path.dirname(path))
        files.add(path)
    outermost = {
        directory
        for directory in directories
        if not any(directory.startswith(other + os.sep) for other in directories)
    }
    loose = {
        path
        for path in files
        if not any(path.startswith(directory + os.sep) for directory in outermost)
    }
    return loose | {os.path.join(directory, "*") for directory in outermost}

"""``uninstall``: remove distributions, all of them or none."""

from __future__ import annotations

from pipwrap import errors
from pipwrap.events import CommandOutput, Info, WarningMessage
from pipwrap.install import removal_listing, transaction
from pipwrap.install.plan import Plan
from pipwrap.install.removal import Folders, Removal
from pipwrap.install.uninstall import find_removal
from pipwrap.model.environment import InstalledDistribution
from pipwrap.model.names import canonicalize_name
from pipwrap.operations import install_target, network, wiring
from pipwrap.operations.context import CommandContext
from pipwrap.operations.installed_set import read_installed
from pipwrap.options.options import no_requirement
from pipwrap.requirements.file_reader import RequirementFileReader
from pipwrap.requirements.parse import RequirementText, parse_requirement

_ANSWERS = ("y", "n", "")
_UNANSWERED = 2
"""pip's exit status where its question cannot be answered."""


def run(context: CommandContext) -> int:
    """Remove what is named and return the exit status."""
    options = context.options
    names = _names(context)
    if not names:
        raise no_requirement("uninstall")
    if not options.break_system_packages:
        install_target.check_externally_managed(context.environment)
    installed = read_installed(context.environment, context.events).distributions
    remove: list[InstalledDistribution] = []
    folders = Folders(context.environment)  # read once for all questions
    for project, name in names.items():
        distribution = installed.get(project)
        if distribution is None:
            context.events(WarningMessage(f"Skipping {name} as it is not installed."))
        elif options.yes or _agreed(context, distribution, folders):
            remove.append(distribution)
    if remove:
        plan = Plan(
            context.environment.scheme,
            remove=tuple(remove),
            announced=not options.yes,
            names_paths=options.verbosity > 0,
        )
        store = wiring.store_of(context)
        transaction.apply(plan, context.environment, store, context.events)
    install_target.warn_if_root(context)
    return 0


def _names(context: CommandContext) -> dict[str, str]:
    """Return the projects that arguments and -r files name, each once and as it was typed last."""
    names: dict[str, str] = {}
    for text in context.options.arguments:
        name = _name(RequirementText(text), context)
        if name is None:
            context.events(
                WarningMessage(
                    f"Invalid requirement: {text!r} ignored - the uninstall command "
                    "expects named requirements."
                )
            )
        else:
            names[canonicalize_name(name)] = name
    reader = RequirementFileReader(
        context.environ, lambda url: network.fetch_text(context, url), context.events
    )
    for location in context.options.requirements:
        for line in reader.read(location, context.options.search).requirements:
            name = _name(RequirementText.of(line), context)
            if name is not None:
                names[canonicalize_name(name)] = name
    return names


def _name(line: RequirementText, context: CommandContext) -> str | None:
    """Return the project that a requirement names, as it is spelled; ``None`` for a path or URL."""
    root_requirement = parse_requirement(line, context.events)
    return (
        None if root_requirement.requirement is None else _typed(root_requirement.requirement.text)
    )


def _typed(text: str) -> str:
    for position, character in enumerate(text):
        if not (character.isalnum() or character in "._-"):
            return text[:position]
    return text


def _agreed(context: CommandContext, distribution: InstalledDistribution, folders: Folders) -> bool:
    """Print what is there and prompt before it is removed; raises pip's refusals."""
    console, label = context.events, f"{distribution.name}-{distribution.version}"
    console(Info(f"Found existing installation: {distribution.name} {distribution.version}"))
    removal = find_removal(distribution, context.environment, folders)
    if removal.note:
        console(Info(removal.note))
    if not removal.paths:
        console(Info(f"Can't uninstall '{distribution.name}'. No files were found to uninstall."))
        return False
    console(Info(f"Uninstalling {label}:"))
    return _confirmed(context, removal)


def _confirmed(context: CommandContext, removal: Removal) -> bool:
    console, options = context.events, context.options
    for section in removal_listing.sections(removal, verbose=options.verbosity > 0):
        console(Info(section.heading, indent=1))
        for path in section.paths:
            console(Info(path, indent=2))
    prompt = "Proceed (Y/n)? "
    while True:
        if options.network.no_input:
            raise _unanswered(f"No input was expected ($PIP_NO_INPUT set); question: {prompt}")
        try:
            answer = input(prompt).strip().lower()
        except EOFError:
            raise _unanswered(f"There is nobody to answer the question: {prompt}") from None
        if answer in _ANSWERS:
            return answer != "n"
        expected = ", ".join(_ANSWERS)
        text = f"Your response ({answer!r}) was not one of the expected responses: {expected}"
        console(CommandOutput(text))


def _unanswered(message: str) -> errors.PipwrapError:
    error = errors.CommandError(message, hint="Say --yes to remove without a question.")
    error.exit_status = _UNANSWERED
    return error

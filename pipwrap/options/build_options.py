"""Options for builds, and the rules that they give for the root requirements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from pipwrap.build.settings import BuildSettings, ConfigSettings
from pipwrap.errors import CommandError
from pipwrap.model.requirement import Constraint, UserRequirement
from pipwrap.options.values import Values

Settings = tuple[tuple[str, str], ...]
"""(key, value) in order; keys may repeat."""


class BuildOptions(Struct, frozen=True):
    """What the command line says of builds."""

    config_settings: Settings = ()
    """For what the command line itself names."""
    constraints: tuple[str, ...] = ()
    """Files and URLs of ``--build-constraint``."""
    isolation: bool = True
    checks_requirements: bool = False
    cleans: bool = True
    verifies: bool = True


def build_options(values: Values) -> BuildOptions:
    """Return the values of the options; raises pip's error for a pair that cannot be."""
    if "build_constraints" not in values:
        return BuildOptions()
    if values["build_constraints"] and not values["build_isolation"]:
        raise CommandError("--build-constraint cannot be used with --no-build-isolation.")
    settings = (text.partition("=") for _, text in values.get("config_settings", ()))
    return BuildOptions(
        tuple((key, value) for key, _, value in settings),
        values["build_constraints"],
        values["build_isolation"],
        values["check_build_deps"],
        not values["no_clean"],
        not values.get("no_verify", False),
    )


def build_rules(
    options: BuildOptions,
    root_requirements: Iterable[UserRequirement],
    constraints: Mapping[str, Constraint],
    build_constraints: Mapping[str, Constraint],
) -> BuildSettings:
    """Return the rules for the builds of a command.

    Settings belong to what is named, by project or by URL; dependencies get none. Of two root
    requirements for one project the first one counts. A constraint that says where a named project
    comes from passes them on; what is named by that very URL has its own.
    """
    settings: dict[str, ConfigSettings] = {}
    for root_requirement in root_requirements:
        if root_requirement.source is not None:
            settings.setdefault(
                root_requirement.source.identity, _merged(root_requirement.config_settings)
            )
        elif root_requirement.requirement is not None:
            settings.setdefault(
                root_requirement.requirement.name, _merged(root_requirement.config_settings)
            )
    for name in settings.keys() & constraints.keys():
        for source in constraints[name].sources:
            settings.setdefault(source.identity, settings[name])
    return BuildSettings(
        settings,
        texts_of(build_constraints),
        isolated=options.isolation,
        checks_requirements=options.checks_requirements,
        verifies=options.verifies,
    )


def texts_of(constraints: Mapping[str, Constraint]) -> tuple[str, ...]:
    """Return what the build constraints say, in the order and form of a cache key."""
    return tuple(
        sorted(
            " ".join((text, *(f"--hash={name}:{digest}" for name, digest in each.hashes)))
            for each in constraints.values()
            for text in each.texts
        )
    )


def _merged(settings: Settings) -> ConfigSettings:
    """Return the settings as backends get them: a key that repeats has a list."""
    found: dict[str, list[str]] = {}
    for key, value in settings:
        found.setdefault(key, []).append(value)
    return {key: values[0] if len(values) == 1 else values for key, values in found.items()}

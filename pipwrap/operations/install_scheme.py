"""Where an installation goes: --target, --prefix, --root, --user and its fallback."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from msgspec import Struct

from pipwrap import errors
from pipwrap.events import Info
from pipwrap.install.plan import Relocation
from pipwrap.model.environment import Environment, InstalledDistribution, Scheme
from pipwrap.operations.context import CommandContext
from pipwrap.options.options import Options

_HOME = ".pipwrap-home"
"""The base of --target's scheme. Never made: everything below it is relocated."""


class InstallScheme(Struct, frozen=True):
    """Where an installation goes, and what of the environment it looks at."""

    scheme: Scheme
    is_user: bool = False
    relocation: Relocation | None = None
    ignores_installed: bool = False

    def replaceable(
        self, installed: Mapping[str, InstalledDistribution], environment: Environment
    ) -> dict[str, InstalledDistribution]:
        """Return what an installation here replaces, by project.

        What is in the system's site-packages stays when the user scheme shadows it.
        """
        if self.ignores_installed:
            return {}
        if not self.is_user:
            return dict(installed)
        home = (environment.user_scheme.purelib, environment.user_scheme.platlib)
        return {name: each for name, each in installed.items() if each.location in home}

    def check_precedence(
        self,
        projects: Iterable[str],
        installed: Mapping[str, InstalledDistribution],
        environment: Environment,
    ) -> None:
        """Raise pip's error when the user site would come behind what is installed."""
        if not self.is_user or not environment.is_virtual or self.ignores_installed:
            return
        for name in projects:
            found = installed.get(name)
            if found is not None and found.location == environment.scheme.purelib:
                raise errors.EnvironmentRefused(
                    "Will not install to the user site because it will lack sys.path precedence "
                    f"to {found.name} in {found.location}"
                )


def check_combination(options: Options) -> None:
    """Raise pip's error for --user with --target, which it looks at before all others."""
    if options.user and options.target_dir is not None:
        raise errors.CommandError("Can not combine '--user' and '--target'")


def check_bases(options: Options) -> None:
    """Raise pip's error for two bases, which it meets when it begins to install."""
    if options.target_dir and options.prefix_path:
        raise errors.CommandError("Cannot set --home and --prefix together")


def is_in_environment(options: Options) -> bool:
    """Return whether the environment itself is changed, which its distributor may forbid."""
    only_asks = options.dry_run and options.report
    places = (options.root_path, options.target_dir, options.prefix_path)
    return not only_asks and all(place is None for place in places)


def choose(context: CommandContext) -> InstallScheme:
    """Return where to install; raises pip's errors for places that do not go together."""
    options, environment = context.options, context.environment
    is_user = _is_user(context)
    if options.target_dir:
        if options.root_path:
            # pip leaves everything in a temporary directory below that root.
            raise errors.HandOver("the options --target and --root together")
        return _relocated(options.target_dir, options, environment)
    scheme = environment.user_scheme if is_user else environment.scheme
    if options.prefix_path:
        scheme = environment.schemes.prefix_scheme.below(os.path.expanduser(options.prefix_path))
    if options.root_path:
        scheme = scheme.inside(os.path.expanduser(options.root_path))
    return InstallScheme(
        scheme.below(context.working_directory),
        is_user,
        ignores_installed=options.ignore_installed,
    )


def _relocated(target: str, options: Options, environment: Environment) -> InstallScheme:
    directory = os.path.abspath(target)
    if os.path.exists(directory) and not os.path.isdir(directory):
        raise errors.CommandError("Target path exists but is not a directory, will not continue.")
    base = os.path.join(os.path.realpath(directory), _HOME)
    return InstallScheme(
        environment.schemes.home_scheme.below(base),
        relocation=Relocation(base, directory, replaces=options.upgrade),
        ignores_installed=True,
    )


def _is_user(context: CommandContext) -> bool:
    """Return whether to install into the user site, by pip's rules for --user and its fallback."""
    options, environment = context.options, context.environment
    if options.user is False:
        return False
    if options.user:
        _check_user(options, environment)
        return True
    if options.prefix_path or options.target_dir or not environment.site.user_enabled:
        return False
    scheme = environment.scheme
    if options.root_path:
        # A relative root that is not there counts as not writeable, in pip as well.
        scheme = scheme.inside(options.root_path)
    if _is_writable(scheme):
        return False
    context.events(
        Info("Defaulting to user installation because normal site-packages is not writeable")
    )
    return True


def _check_user(options: Options, environment: Environment) -> None:
    if options.prefix_path:
        raise errors.CommandError(
            "Can not combine '--user' and '--prefix' as they imply different installation locations"
        )
    if environment.is_virtual and environment.site.isolated:
        raise errors.CommandError(
            "Can not perform a '--user' install. User site-packages are not visible in "
            "this virtualenv."
        )
    if not environment.site.user_enabled:
        raise errors.CommandError(
            "Can not perform a '--user' install. User site-packages are disabled for this Python."
        )


def _is_writable(scheme: Scheme) -> bool:
    return all(_directory_is_writable(path) for path in {scheme.purelib, scheme.platlib})


def _directory_is_writable(path: str) -> bool:
    while not os.path.isdir(path):
        parent = os.path.dirname(path)
        if parent == path:
            return False
        path = parent
    return os.access(path, os.W_OK)

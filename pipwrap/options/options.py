"""The options of a command as frozen values: what the line says, over configuration and defaults.

The order in which pip looks at things: ``requested_python`` (what stands before the sub-command),
then ``handed_over``, then ``build_options``.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec import Struct, field

from pipwrap.errors import CommandError
from pipwrap.model.format_control import FormatControl
from pipwrap.model.pylock_names import is_lock, split_extras
from pipwrap.model.release_control import ReleaseControl
from pipwrap.options import build_options as builds
from pipwrap.options.caching_options import (
    CachingOptions,
    UpkeepOptions,
    cache_limit,
    caching_options,
    upkeep_options,
)
from pipwrap.options.configuration import Configuration
from pipwrap.options.network_options import NetworkOptions, expanded, network_options
from pipwrap.options.parser import Parsed
from pipwrap.options.selection_options import (
    option_error,
    refreshed,
    release_control,
    uploaded_prior_to,
)
from pipwrap.options.table import ALWAYS_ENABLED_FEATURES
from pipwrap.options.target_python import TargetPython, check_target_python, target_python
from pipwrap.options.values import Values, requested_python, values_of
from pipwrap.options.values import handed_over as _handed_over

if TYPE_CHECKING:
    import datetime as dt


class SearchOptions(Struct, frozen=True, kw_only=True):
    """Where distributions come from and which are admitted; requirements files may change it."""

    index_urls: tuple[str, ...] = ()
    """All indexes, the main one first; empty with ``--no-index``."""
    no_index: bool = False
    ignored_indexes: tuple[str, ...] = ()
    """What ``index_urls`` would be without the option ``--no-index``."""
    find_links: tuple[str, ...] = ()
    format_control: FormatControl = field(default_factory=FormatControl)
    releases: ReleaseControl = field(default_factory=ReleaseControl)
    """``--pre``, ``--all-releases``, ``--only-final``."""
    uploaded_prior_to: dt.datetime | None = None
    refreshed: frozenset[str] = frozenset()
    """Projects whose pages are requested again, perhaps ``:all:``."""
    prefer_binary: bool = False
    require_hashes: bool = False
    no_require_hashes: bool = False
    trusted_hosts: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    """``--use-feature``."""


class Options(Struct, frozen=True, kw_only=True):
    """The options of a command; what a command does not have keeps its default."""

    command: str
    arguments: tuple[str, ...] = ()
    """Requirements without empty ones; the action and patterns of ``cache``."""
    network: NetworkOptions = field(default_factory=NetworkOptions)
    search: SearchOptions = SearchOptions()
    target_python: TargetPython = field(default_factory=TargetPython)
    build: builds.BuildOptions = field(default_factory=builds.BuildOptions)

    verbosity: int = 0
    """-v minus -q; 2 with ``--debug``."""
    debug: bool = False
    isolated: bool = False
    require_virtualenv: bool = False
    log: str | None = None
    """File to which everything is appended."""
    exists_action: tuple[str, ...] = ()
    """What to do about a checkout that is there already: the first that fits the question."""
    no_color: bool = False
    disable_pip_version_check: bool = False
    cache_enabled: bool = True
    cache_dir: str | None = None
    """Absolute; ``None`` is the default place."""

    requirements: tuple[str, ...] = ()
    """Files and URLs of ``-r``."""
    constraints: tuple[str, ...] = ()
    editables: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    """``[PATH:]GROUP``."""
    scripts: tuple[str, ...] = ()
    """Of ``--requirements-from-script``."""
    no_deps: bool = False
    only_deps: bool = False
    ignore_requires_python: bool = False
    progress_bar: str = "auto"
    """``on``, ``off`` or ``raw``; ``auto`` is decided by the verbosity, as pip does."""
    root_user_action: str = "warn"
    break_system_packages: bool = False

    dry_run: bool = False
    report: str | None = None
    """The file of ``--report``; ``-`` is stdout."""
    target_dir: str | None = None
    """Of ``--target``, as it was typed; so are the next two."""
    prefix_path: str | None = None
    root_path: str | None = None
    src_dir: str | None = None
    """Of ``--src``, where editables from a repository are checked out: absolute."""
    ignore_installed: bool = False
    """Counts with ``target_dir`` always."""
    user: bool | None = None
    """``None`` when neither asked for nor refused."""
    upgrade: bool = False
    upgrade_strategy: str = "only-if-needed"
    """Counts with ``upgrade`` only."""
    force_reinstall: bool = False
    compile: bool = True
    link_mode: str | None = None
    """How files come from the store: ``clone``, ``hardlink``, ``copy``; ``None`` is ``auto``."""
    warn_script_location: bool = True
    warn_conflicts: bool = True

    destination_dir: str | None = None
    """Of ``download -d`` and ``wheel -w``: absolute."""
    yes: bool = False
    """Of ``uninstall``."""
    list_format: str = "human"
    """Of ``cache list``."""

    cache_limit: int | None = None
    """Bytes that the cache may have; pipwrap's own ``cache-max-size``."""
    caching: CachingOptions = CachingOptions()
    upkeep: UpkeepOptions = UpkeepOptions()
    extensions: tuple[str, ...] = ()
    """The options on the line that pip does not have."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return what pip warns of before the command starts."""
        always = sorted(set(self.search.features).intersection(ALWAYS_ENABLED_FEATURES))
        if not always:
            return ()
        return (f"The following features are always enabled: {', '.join(always)}. ",)


def handed_over(parsed: Parsed, configuration: Configuration) -> str | None:
    """Return why the whole command goes to the real pip, or ``None`` when it is ours."""
    if not parsed.is_ours:
        return parsed.pips_command
    values = _values(parsed, configuration)
    option = _handed_over(parsed.command, values)
    return None if option is None else f"the option {option}"


_AS_THEY_ARE = {
    "requirements": "requirements",
    "constraints": "constraints",
    "editables": "editables",
    "scripts": "requirements_from_scripts",
    "no_deps": "ignore_dependencies",
    "only_deps": "only_dependencies",
    "ignore_requires_python": "ignore_requires_python",
    "root_user_action": "root_user_action",
    "break_system_packages": "override_externally_managed",
    "dry_run": "dry_run",
    "report": "json_report_file",
    "target_dir": "target_dir",
    "prefix_path": "prefix_path",
    "root_path": "root_path",
    "ignore_installed": "ignore_installed",
    "user": "use_user_site",
    "upgrade": "upgrade",
    "upgrade_strategy": "upgrade_strategy",
    "force_reinstall": "force_reinstall",
    "compile": "compile",
    "link_mode": "link_mode",
    "warn_script_location": "warn_script_location",
    "warn_conflicts": "warn_about_conflicts",
    "yes": "yes",
    "list_format": "list_format",
    "debug": "debug_mode",
    "isolated": "isolated_mode",
    "require_virtualenv": "require_venv",
    "exists_action": "exists_action",
    "no_color": "no_color",
    "disable_pip_version_check": "disable_pip_version_check",
}
"""Fields whose value needs no reading, and what the option table calls them."""


_SOURCES = ("requirements", "editables", "dependency_groups", "requirements_from_scripts")
"""Options that name something to work on."""


def build_options(
    parsed: Parsed, configuration: Configuration, *, default_index_url: str
) -> Options:
    """Return the final options of one of our commands; raise pip's errors.

    ``default_index_url`` is the index where none is named.
    """
    values = _values(parsed, configuration)
    if values["python"] and not requested_python(parsed, configuration):
        raise CommandError("The --python option must be placed before the pip subcommand name")
    _check_requirements(parsed, values)
    target = target_python(values, parsed.command)
    search = _search(values, parsed.command, default_index_url)
    check_target_python(target, values, search.format_control)
    verbosity = 2 if values["debug_mode"] else values["verbose"] - values["quiet"]
    return Options(
        **{field: values[name] for field, name in _AS_THEY_ARE.items() if name in values},
        command=parsed.command,
        arguments=_arguments(parsed),
        network=network_options(values),
        search=search,
        target_python=target,
        build=builds.build_options(values),
        groups=_groups(values, parsed.command),
        verbosity=verbosity,
        log=expanded(values["log"]),
        cache_enabled=values["cache_dir"] is None or bool(values["cache_dir"]),
        cache_dir=_directory(values["cache_dir"]) if values["cache_dir"] else None,
        progress_bar=_progress_bar(values.get("progress_bar", "auto"), verbosity),
        src_dir=_directory(values["src_dir"]) if values.get("src_dir") else None,
        destination_dir=_destination(values),
        cache_limit=cache_limit(configuration, isolated=_is_isolated(parsed)),
        caching=caching_options(values),
        upkeep=upkeep_options(values),
        extensions=tuple(option.long for option, _ in parsed.given if option.is_extension),
    )


def check_hash_options(search: SearchOptions) -> None:
    """Raise pip's error when hashes are both required and not; to be called after all -r files."""
    if search.require_hashes and search.no_require_hashes:
        raise CommandError("--require-hashes and --no-require-hashes are mutually exclusive")


def no_requirement(command: str, find_links: tuple[str, ...] = ()) -> CommandError:
    """Return pip's error for a command that was given nothing to work on."""
    advice = f'maybe you meant "pip {command} {" ".join(find_links)}"?'
    if not find_links:
        advice = f'see "pip help {command}"'
    return CommandError(f"You must give at least one requirement to {command} ({advice})")


def _values(parsed: Parsed, configuration: Configuration) -> Values:
    configured = configuration.items(parsed.command, isolated=_is_isolated(parsed))
    return values_of(parsed.command, configured, parsed.given)


def _is_isolated(parsed: Parsed) -> bool:
    """Return whether the word itself is there, as pip does: a variable does not isolate."""
    return "--isolated" in parsed.argv


def _arguments(parsed: Parsed) -> tuple[str, ...]:
    if parsed.command == "cache":
        return parsed.arguments
    return tuple(argument for argument in parsed.arguments if argument.strip())


def _check_requirements(parsed: Parsed, values: Values) -> None:
    if parsed.command == "cache" or parsed.arguments:
        return
    if not any(values.get(source) for source in _SOURCES):
        raise no_requirement(parsed.command, values.get("find_links", ()))


def _search(values: Values, command: str, default_index_url: str) -> SearchOptions:
    common = SearchOptions(
        trusted_hosts=values["trusted_hosts"], features=values["features_enabled"]
    )
    if "format_control" not in values:
        return common
    format_control = add_formats(FormatControl(), values["format_control"])
    index_url = default_index_url if values["index_url"] is None else values["index_url"]
    indexes = (index_url, *values["extra_index_urls"])
    return SearchOptions(
        index_urls=() if values["no_index"] else indexes,
        no_index=values["no_index"],
        ignored_indexes=indexes if values["no_index"] else (),
        find_links=tuple(map(_existing, values["find_links"])),
        format_control=format_control,
        releases=release_control(values),
        uploaded_prior_to=uploaded_prior_to(values, command),
        refreshed=refreshed(values),
        prefer_binary=values["prefer_binary"],
        require_hashes=values["require_hashes"],
        no_require_hashes=values["no_require_hashes"],
        trusted_hosts=common.trusted_hosts,
        features=common.features,
    )


def add_formats(
    format_control: FormatControl, selections: tuple[tuple[str, str], ...]
) -> FormatControl:
    """Return the control after (option, names) pairs, in their order."""
    for option, names in selections:
        if option == "--no-binary":
            format_control = format_control.with_no_binary(names)
        else:
            format_control = format_control.with_only_binary(names)
    return format_control


def _groups(values: Values, command: str) -> tuple[str, ...]:
    groups = tuple(value for _, value in values.get("dependency_groups", ()))
    for path, colon, _ in (group.rpartition(":") for group in groups):
        is_project = not colon or os.path.basename(path) == "pyproject.toml"
        if not is_project and not is_lock(split_extras(path)[0], allows_urls=False):
            reason = "group paths use local 'pyproject.toml' or 'pylock.toml' files"
            raise option_error(command, "--group", reason)
    return groups


def _progress_bar(choice: str, verbosity: int) -> str:
    if choice != "auto":
        return choice
    return "on" if verbosity >= 0 else "off"


def _destination(values: Values) -> str | None:
    destination = values.get("download_dir", values.get("wheel_dir"))
    return None if destination is None else _directory(destination)


def _directory(path: str) -> str:
    """Return the path as pip's normalize_path does."""
    return os.path.normcase(os.path.realpath(os.path.expanduser(path)))


def _existing(location: str) -> str:
    """Return a ``~`` path of ``--find-links`` expanded, if that exists."""
    if location.startswith("~") and os.path.exists(expanded := _directory(location)):
        return expanded
    return location

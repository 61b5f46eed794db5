"""The options of pip 26.3 as tables; pure.

``ours`` is the one place that says what pipwrap does itself: ``True``, ``False`` (the whole command
goes to the real pip), or the values that are ours. Read on every start: imports nothing else.
"""

from pipwrap.options.option import (
    COUNT,
    FLOAT,
    HASH,
    HELP,
    INTEGER,
    KEY_VALUE,
    NEGATIVE_FLAG,
    NO_CACHE,
    PATH,
    REPEATABLE,
    SELECTOR,
    STRING,
    VALUE,
    Extension,
    Option,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

COMMANDS = ("install", "download", "wheel", "uninstall", "cache")
"""The sub-commands that pipwrap has itself."""

ALWAYS_ENABLED_FEATURES = ("truststore", "no-binary-enable-wheel-cache", "build-constraint")


def _value(
    destination: str,
    *spellings: str,
    default: object = None,
    value_type: str = STRING,
    choices: "tuple[str, ...]" = (),
    ours: "bool | tuple[str, ...]" = True,
) -> Option:
    return Option(
        destination,
        *spellings,
        kind=VALUE,
        default=default,
        value_type=value_type,
        choices=choices,
        ours=ours,
    )


def _repeatable(
    destination: str,
    *spellings: str,
    choices: "tuple[str, ...]" = (),
    ours: "bool | tuple[str, ...]" = True,
) -> Option:
    return Option(destination, *spellings, kind=REPEATABLE, default=(), choices=choices, ours=ours)


def _selector(
    destination: str, *spellings: str, value_type: str = STRING, ours: bool = True
) -> Option:
    return Option(
        destination, *spellings, kind=SELECTOR, default=(), value_type=value_type, ours=ours
    )


def _negative(destination: str, *spellings: str, ours: bool = True) -> Option:
    return Option(destination, *spellings, kind=NEGATIVE_FLAG, default=True, ours=ours)


_USE_FEATURE = _repeatable(
    "features_enabled",
    "--use-feature",
    choices=("fast-deps", "inprocess-build-deps", "venv-isolation", *ALWAYS_ENABLED_FEATURES),
    ours=("fast-deps", "inprocess-build-deps", *ALWAYS_ENABLED_FEATURES),
)
_TRUSTED_HOST = _repeatable("trusted_hosts", "--trusted-host")

GENERAL = (
    Option("help", "-h", "--help", kind=HELP),
    Option("debug_mode", "--debug"),
    Option("isolated_mode", "--isolated"),
    Option("require_venv", "--require-virtualenv", "--require-venv"),
    _value("python", "--python"),
    Option("verbose", "-v", "--verbose", kind=COUNT, default=0),
    Option("quiet", "-q", "--quiet", kind=COUNT, default=0),
    _value("log", "--log", "--log-file", "--local-log", value_type=PATH),
    Option("no_input", "--no-input"),
    _value(
        "keyring_provider",
        "--keyring-provider",
        default="auto",
        choices=("auto", "disabled", "import", "subprocess"),
    ),
    _value("proxy", "--proxy"),
    Option("no_proxy_env", "--no-proxy-env"),
    _value("retries", "--retries", default=5, value_type=INTEGER),
    _value("timeout", "--timeout", "--default-timeout", default=15.0, value_type=FLOAT),
    _repeatable("exists_action", "--exists-action", choices=("s", "i", "w", "b", "a")),
    _TRUSTED_HOST,
    _value("cert", "--cert", value_type=PATH),
    _value("client_cert", "--client-cert", value_type=PATH),
    _value("cache_dir", "--cache-dir", value_type=PATH),
    Option("cache_dir", "--no-cache-dir", kind=NO_CACHE, default=None),
    Option("disable_pip_version_check", "--disable-pip-version-check"),
    Option("no_color", "--no-color"),
    Option("no_python_version_warning", "--no-python-version-warning"),
    _USE_FEATURE,
    _repeatable(
        "deprecated_features_enabled",
        "--use-deprecated",
        choices=("legacy-resolver", "legacy-certs"),
        ours=("legacy-certs",),
    ),
    _value("resume_retries", "--resume-retries", default=5, value_type=INTEGER),
)

MAIN = (Option("version", "-V", "--version"), *GENERAL)
"""What may stand before the sub-command."""

_INDEX_URL = _value("index_url", "-i", "--index-url", "--pypi-url")
_EXTRA_INDEX_URL = _repeatable("extra_index_urls", "--extra-index-url")
_NO_INDEX = Option("no_index", "--no-index")
_FIND_LINKS = _repeatable("find_links", "-f", "--find-links")
_PRE = Option("pre", "--pre")
_ALL_RELEASES = _selector("release_control", "--all-releases")
_ONLY_FINAL = _selector("release_control", "--only-final")
_NO_BINARY = _selector("format_control", "--no-binary")
_ONLY_BINARY = _selector("format_control", "--only-binary")
_PREFER_BINARY = Option("prefer_binary", "--prefer-binary")
_REQUIREMENT = _repeatable("requirements", "-r", "--requirement")
_CONSTRAINT = _repeatable("constraints", "-c", "--constraint")
_EDITABLE = _repeatable("editables", "-e", "--editable")
_REQUIRE_HASHES = Option("require_hashes", "--require-hashes")
_NO_REQUIRE_HASHES = Option("no_require_hashes", "--no-require-hashes")
_CONFIG_SETTINGS = _selector("config_settings", "-C", "--config-settings", value_type=KEY_VALUE)
_BREAK_SYSTEM_PACKAGES = Option("override_externally_managed", "--break-system-packages")
_ROOT_USER_ACTION = _value(
    "root_user_action", "--root-user-action", default="warn", choices=("warn", "ignore")
)

_EXTENSIONS = (
    Extension("rebuild", "--rebuild", kind=SELECTOR, default=()),
    Extension("require_native", "--require-native", kind=SELECTOR, default=()),
    Extension("refresh", "--refresh"),
    Extension("offline", "--offline"),
    Extension("allow_stale", "--allow-stale"),
)
"""What pip does not have; docs/cache.md explains it."""

_REQUIREMENT_COMMANDS = (
    *_EXTENSIONS,
    _CONSTRAINT,
    _repeatable("build_constraints", "--build-constraint"),
    _REQUIREMENT,
    _repeatable("requirements_from_scripts", "--requirements-from-script"),
    Option("ignore_dependencies", "--no-deps", "--no-dependencies"),
    Option("only_dependencies", "--only-deps", "--only-dependencies"),
    _value(
        "src_dir",
        "--src",
        "--source",
        "--source-dir",
        "--source-directory",
        value_type=PATH,
    ),
    _REQUIRE_HASHES,
    _NO_REQUIRE_HASHES,
    _value(
        "progress_bar",
        "--progress-bar",
        default="auto",
        choices=("auto", "on", "off", "raw"),
    ),
    _negative("build_isolation", "--no-build-isolation"),
    Option("use_pep517", "--use-pep517", default=True),
    Option("check_build_deps", "--check-build-dependencies"),
    Option("ignore_requires_python", "--ignore-requires-python"),
    _selector("dependency_groups", "--group"),
    Option("no_clean", "--no-clean"),
    _INDEX_URL,
    _EXTRA_INDEX_URL,
    _NO_INDEX,
    _selector("refresh_package", "--refresh-package"),
    _FIND_LINKS,
    _value("uploaded_prior_to", "--uploaded-prior-to"),
    _PRE,
    _ALL_RELEASES,
    _ONLY_FINAL,
    _NO_BINARY,
    _ONLY_BINARY,
    _PREFER_BINARY,
)

_TARGET_PYTHON = (
    _repeatable("platforms", "--platform"),
    _value("python_version", "--python-version"),
    _value("implementation", "--implementation"),
    _repeatable("abis", "--abi"),
)

_INSTALL = (
    *_REQUIREMENT_COMMANDS,
    *_TARGET_PYTHON,
    _EDITABLE,
    Option("dry_run", "--dry-run"),
    _value("target_dir", "-t", "--target"),
    Option("use_user_site", "--user", default=None),
    Option("use_user_site", "--no-user", kind=NEGATIVE_FLAG, default=None),
    _value("root_path", "--root"),
    _value("prefix_path", "--prefix"),
    Option("upgrade", "-U", "--upgrade"),
    _value(
        "upgrade_strategy",
        "--upgrade-strategy",
        default="only-if-needed",
        choices=("only-if-needed", "eager"),
    ),
    Option("force_reinstall", "--force-reinstall"),
    Extension(
        "link_mode",
        "--link-mode",
        kind=VALUE,
        default=None,
        choices=("auto", "clone", "hardlink", "copy"),
    ),
    Option("ignore_installed", "-I", "--ignore-installed"),
    _BREAK_SYSTEM_PACKAGES,
    _CONFIG_SETTINGS,
    Option("compile", "--compile", default=True),
    _negative("compile", "--no-compile"),
    _negative("warn_script_location", "--no-warn-script-location"),
    _negative("warn_about_conflicts", "--no-warn-conflicts"),
    _ROOT_USER_ACTION,
    _value("json_report_file", "--report"),
)

_DOWNLOAD = (
    *_REQUIREMENT_COMMANDS,
    *_TARGET_PYTHON,
    _value(
        "download_dir",
        "-d",
        "--dest",
        "--destination-dir",
        "--destination-directory",
        default=".",
    ),
)

_WHEEL = (
    *_REQUIREMENT_COMMANDS,
    _EDITABLE,
    _value("wheel_dir", "-w", "--wheel-dir", default="."),
    Option("no_verify", "--no-verify"),
    _CONFIG_SETTINGS,
)

_UNINSTALL = (
    _REQUIREMENT,
    Option("yes", "-y", "--yes"),
    _ROOT_USER_ACTION,
    _BREAK_SYSTEM_PACKAGES,
)

_CACHE = (
    _value("list_format", "--format", default="human", choices=("human", "abspath", "json")),
    Extension("only_http", "--http"),
    Extension("only_degraded", "--degraded"),
    Extension("repair", "--repair"),
    Extension("max_size", "--max-size", kind=VALUE, default=None),
    Extension("unused_for", "--unused-for", kind=VALUE, default=None),
    Extension("for_ci", "--ci"),
    Extension("dry_run", "--dry-run"),
)

REQUIREMENT_FILE = (
    _INDEX_URL,
    _EXTRA_INDEX_URL,
    _NO_INDEX,
    _CONSTRAINT,
    _REQUIREMENT,
    _EDITABLE,
    _FIND_LINKS,
    _NO_BINARY,
    _ONLY_BINARY,
    _PREFER_BINARY,
    _REQUIRE_HASHES,
    _NO_REQUIRE_HASHES,
    _PRE,
    _ALL_RELEASES,
    _ONLY_FINAL,
    _TRUSTED_HOST,
    _USE_FEATURE,
    _selector("hashes", "--hash", value_type=HASH),
    _CONFIG_SETTINGS,
)
"""What a line of a requirements file may say."""

_TABLES = {
    "": MAIN,
    "install": (*_INSTALL, *GENERAL),
    "download": (*_DOWNLOAD, *GENERAL),
    "wheel": (*_WHEEL, *GENERAL),
    "uninstall": (*_UNINSTALL, *GENERAL),
    "cache": (*_CACHE, *GENERAL),
}


def options_of(command: str) -> "tuple[Option, ...]":
    """Return all options of one of our commands; ``""`` is what stands before the command."""
    return _TABLES[command]


def by_spelling(options: "Iterable[Option]") -> "dict[str, Option]":
    """Return the options under each of their spellings, short and long."""
    return {spelling: option for option in options for spelling in option.spellings}

"""The options that pip does not have: what may come from the cache, and its upkeep."""

from __future__ import annotations

from msgspec import Struct

from pipwrap.errors import CommandError, ConfigurationError
from pipwrap.model.selection import NameSelection
from pipwrap.options.configuration import CACHE_MAX_SIZE, Configuration
from pipwrap.options.values import Values


class UpkeepOptions(Struct, frozen=True, kw_only=True):
    """What ``cache`` has beyond pip."""

    only_http: bool = False
    only_degraded: bool = False
    repair: bool = False
    max_size: str | None = None
    unused_for: str | None = None
    for_ci: bool = False
    dry_run: bool = False


class CachingOptions(Struct, frozen=True, kw_only=True):
    """What may come from the cache."""

    rebuild: NameSelection = NameSelection()
    """Built again whatever the evidence says."""
    require_native: NameSelection = NameSelection()
    """A degraded wheel of these is an error."""
    offline: bool = False
    """Everything comes from the cache."""
    allow_stale: bool = False
    """A stored page is used where its index cannot be reached."""


def caching_options(values: Values) -> CachingOptions:
    """Return what the options of a command say."""
    return CachingOptions(
        rebuild=_names(values.get("rebuild", ())),
        require_native=_names(values.get("require_native", ())),
        offline=values.get("offline", False),
        allow_stale=values.get("allow_stale", False),
    )


def cache_limit(configuration: Configuration, *, isolated: bool) -> int | None:
    """Return the size that the cache is kept below; ``None`` where none is configured."""
    setting = configuration.own(CACHE_MAX_SIZE, isolated=isolated)
    if setting is None:
        return None
    from pipwrap.cache.upkeep.prune import parse_size  # noqa: PLC0415 - where a limit is set

    try:
        return parse_size(setting.value)
    except CommandError as error:
        raise ConfigurationError(
            f"An error occurred during configuration: {CACHE_MAX_SIZE} in {setting.source}: "
            f"{error.message}. {error.hint}"
        ) from None


def upkeep_options(values: Values) -> UpkeepOptions:
    """Return what the options of ``cache`` say."""
    if "only_http" not in values:
        return UpkeepOptions()
    return UpkeepOptions(
        only_http=values["only_http"],
        only_degraded=values["only_degraded"],
        repair=values["repair"],
        max_size=values["max_size"],
        unused_for=values["unused_for"],
        for_ci=values["for_ci"],
        dry_run=values["dry_run"],
    )


def _names(selections: tuple[tuple[str, str], ...]) -> NameSelection:
    names = NameSelection()
    for _, text in selections:
        names = names.adding(text)
    return names

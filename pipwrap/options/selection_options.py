"""Options that say which distributions are admitted, as values: releases, age, refreshing."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from pipwrap.errors import CommandError, UsageError
from pipwrap.model.format_control import ALL, NONE
from pipwrap.model.names import canonicalize_name
from pipwrap.model.release_control import ReleaseControl
from pipwrap.options.option import Option
from pipwrap.options.table import by_spelling, options_of
from pipwrap.options.values import Values

if TYPE_CHECKING:
    import datetime as dt

_DAYS = re.compile(r"P(\d+)D", re.ASCII)


def add_releases(
    releases: ReleaseControl, selections: tuple[tuple[str, str], ...]
) -> ReleaseControl:
    """Return the control after (option, names) pairs, in their order."""
    for option, names in selections:
        if option == "--all-releases":
            releases = releases.with_all_releases(names)
        else:
            releases = releases.with_only_final(names)
    return releases


def release_control(values: Values) -> ReleaseControl:
    """Return what a command's options say of pre-releases; raises pip's error for a bad pair."""
    releases = add_releases(ReleaseControl(), values["release_control"])
    if not values["pre"]:
        return releases
    if releases != ReleaseControl():
        raise CommandError("--pre cannot be used with --all-releases or --only-final.")
    return releases.with_pre()


def refreshed(values: Values) -> frozenset[str]:
    """Return the projects of ``--refresh-package``, perhaps with ``:all:``."""
    names: frozenset[str] = frozenset((ALL,)) if values.get("refresh") else frozenset()
    for _, value in values["refresh_package"]:
        if value.startswith("-"):
            raise CommandError("--refresh-package option requires 1 argument.")
        names = _with_names(names, value.split(","))
    return names


def _with_names(names: frozenset[str], more: list[str]) -> frozenset[str]:
    if ALL in more:
        names = frozenset((ALL,))
        more = more[len(more) - more[::-1].index(ALL) :]
        # `:all:` covers the names behind it, unless a `:none:` among them empties the set again.
        more = more if NONE in more else []
    for name in more:
        names = frozenset() if name == NONE else names | {canonicalize_name(name)}
    return names


def uploaded_prior_to(values: Values, command: str) -> dt.datetime | None:
    """Return the moment of ``--uploaded-prior-to``; raises pip's usage error.

    ``PnD`` counts back from now; a time without an offset is local time.
    """
    text: str | None = values["uploaded_prior_to"]
    if text is None:
        return None
    import datetime as dt  # noqa: PLC0415 - for one option

    if days := _DAYS.fullmatch(text):
        return dt.datetime.now(dt.timezone.utc) - dt.timedelta(int(days[1]))
    try:
        moment = dt.datetime.fromisoformat(_with_offset(text))
    except ValueError as error:
        reason = (
            f"invalid value: {text!r}: {error}. Expected an ISO 8601 datetime string (e.g., "
            "'2023-01-01' or '2023-01-01T00:00:00Z') or a duration in days (e.g., 'P3D')"
        )
        raise option_error(command, "--uploaded-prior-to", reason) from error
    return moment if moment.tzinfo else moment.astimezone()


def _with_offset(text: str) -> str:
    """Return the text with the ``Z`` that Python 3.10 cannot read spelled out."""
    if sys.version_info < (3, 11) and text.endswith("Z") and ("T" in text or " " in text.strip()):
        return text[:-1] + "+00:00"
    return text


def option_error(command: str, spelling: str, reason: str) -> UsageError:
    """Return the error for a value that is well formed and yet wrong, in pip's form."""
    import textwrap  # noqa: PLC0415 - errors only

    option: Option = by_spelling(options_of(command))[spelling]
    message = " ".join(f"{option} error: {reason}".split())
    return UsageError(textwrap.fill(message), command=command)

"""The final value of every option: defaults, then configuration, then the command line; pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pipwrap.errors import ConfigurationError, UsageError
from pipwrap.options.option import (
    COUNT,
    FLAG,
    HELP,
    NEGATIVE_FLAG,
    NO_CACHE,
    REPEATABLE,
    SELECTOR,
    Option,
)
from pipwrap.options.parser import BadArgument, check_value
from pipwrap.options.table import options_of

if TYPE_CHECKING:
    from pipwrap.options.configuration import Configuration
    from pipwrap.options.parser import Given, Parsed

Values = dict[str, Any]
"""By destination: bool, int, float or str; a tuple for what repeats; (option, text) pairs for
selectors; ``False`` for a ``cache_dir`` that is switched off."""

_TRUE = ("y", "yes", "t", "true", "on", "1")
_FALSE = ("n", "no", "f", "false", "off", "0")


def values_of(command: str, configured: Iterable[tuple[str, str]], given: Given) -> Values:
    """Return all values for a command, ``""`` being pip before its sub-command.

    ``configured`` is in the order in which it applies; keys that are no option of the command are
    ignored. Among configured values a later one replaces an earlier one; what the command line
    repeats is added to them. Selectors always add up. Raises pip's errors for bad values.
    """
    options = options_of(command)
    values = {option.destination: option.default for option in options}
    by_key = {
        spelling: option
        for option in options
        for spelling in option.spellings
        if spelling.startswith("--")
    }
    for key, text in configured:
        option = by_key.get(f"--{key}")
        if option is not None and option.kind != HELP:
            _configure(values, option, key, text, command)
    add_given(values, given)
    return values


def add_given(values: Values, given: Given) -> None:
    """Put what a command line gives into ``values``."""
    for option, value in given:
        destination = option.destination
        if option.kind == REPEATABLE:
            values[destination] = (*values[destination], value)
        elif option.kind == SELECTOR:
            values[destination] = (*values[destination], (option.long, value))
        elif option.kind == COUNT:
            values[destination] += value
        elif option.kind == NO_CACHE:
            values[destination] = False
        else:
            values[destination] = value


def handed_over(command: str, values: Values) -> str | None:
    """Return the option whose value only the real pip honours, or ``None`` when all are ours."""
    for option in options_of(command):
        value = values[option.destination]
        if value == option.default:
            continue
        if option.kind == SELECTOR:
            uses = [text for name, text in value if name == option.long]
        else:
            uses = value if option.kind == REPEATABLE else [value]
        for one in uses:
            if not honours(option, one):
                return describe(option, one)
    return None


def honours(option: Option, value: object) -> bool:
    """Return whether pipwrap itself does what ``option`` with this value asks for."""
    return option.ours if isinstance(option.ours, bool) else value in option.ours


def describe(option: Option, value: object) -> str:
    """Return the option as a user would name it; with its value where only that matters."""
    return option.long if isinstance(option.ours, bool) else f"{option.long}={value}"


def _configure(values: Values, option: Option, key: str, text: str, command: str) -> None:
    """Put one configured value into ``values``."""
    destination = option.destination
    if option.kind in (FLAG, NEGATIVE_FLAG):
        # The value of a negative option is the value itself: `no-compile = no` does not compile.
        values[destination] = _truth(key, text, command)
    elif option.kind == COUNT:
        values[destination] = _count(key, text, command)
    elif option.kind == NO_CACHE:
        if _truth_value(text) is None:
            raise UsageError(
                _wrap(f"{option} error: invalid truth value {text.lower()!r}"),
                command=command or None,
            )
        # Even a false value switches the cache off: pip keeps that for compatibility.
        values[destination] = False
    elif option.kind == REPEATABLE:
        values[destination] = tuple(_check(option, key, part) for part in text.split())
    elif option.kind == SELECTOR:
        try:
            checked = check_value(option, option.long, text)
        except BadArgument as error:
            raise UsageError(str(error), command=command or None) from None
        values[destination] = (*values[destination], (option.long, checked))
    else:
        values[destination] = _check(option, key, text)


def _check(option: Option, key: str, text: str) -> Any:
    try:
        return check_value(option, key, text)
    except BadArgument as error:
        raise ConfigurationError(
            f"An error occurred during configuration: {error}. "
            "Check your pip configuration files or environment variables for this value. "
            "See https://pip.pypa.io/en/stable/topics/configuration/ for more information."
        ) from None


def _truth(key: str, text: str, command: str) -> bool:
    value = _truth_value(text)
    if value is None:
        raise UsageError(
            f"{text} is not a valid value for {key} option, please specify a boolean value like "
            "yes/no, true/false or 1/0 instead.",
            command=command or None,
        )
    return value


def _truth_value(text: str) -> bool | None:
    """Return what a text says, or ``None`` when it says neither yes nor no."""
    if text.lower() in _TRUE:
        return True
    return False if text.lower() in _FALSE else None


def _count(key: str, text: str, command: str) -> int:
    value = _truth_value(text)
    if value is not None:
        return int(value)
    try:
        number = int(text)
    except ValueError:
        number = -1
    if number < 0:
        raise UsageError(
            f"{text} is not a valid value for {key} option, please instead specify either a "
            "non-negative integer or a boolean value like yes/no or false/true which is "
            "equivalent to 1/0.",
            command=command or None,
        )
    return number


def _wrap(message: str) -> str:
    import textwrap  # noqa: PLC0415

    return textwrap.fill(message)


def requested_python(parsed: Parsed, configuration: Configuration) -> str | None:
    """Return the value of ``--python`` as pip reads it before it looks at the sub-command.

    Raises pip's errors for badly configured general options, in which pip ignores ``--isolated``.
    """
    values = values_of("", configuration.items("global"), parsed.general)
    python: str | None = values["python"]
    return python or None

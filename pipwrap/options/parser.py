"""pip's command-line grammar: argv to ``Parsed``, or pip's words for what is wrong; pure.

Like pip, the line is read twice: up to the sub-command with the general options, then the whole
line without the sub-command's name with the sub-command's options. Read on every start.
"""

from __future__ import annotations

from pipwrap.errors import UsageError
from pipwrap.options.option import (
    COUNT,
    FLOAT,
    HASH,
    HASH_ALGORITHMS,
    HELP,
    INTEGER,
    KEY_VALUE,
    NEGATIVE_FLAG,
    Option,
)
from pipwrap.options.table import COMMANDS, by_spelling, options_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    Value = str | int | float | bool
    Given = tuple[tuple[Option, Value], ...]


class BadArgument(ValueError):
    """An option that does not exist, is ambiguous, or has a value that it does not take."""


class Parsed:
    """What a command line says, before defaults and configuration; never changed."""

    __slots__ = ("arguments", "argv", "command", "general", "given")

    def __init__(
        self,
        argv: tuple[str, ...],
        command: str = "",
        general: Given = (),
        given: Given = (),
        arguments: tuple[str, ...] = (),
    ) -> None:
        """Store the parts."""
        self.argv = argv
        """The whole line, for the real pip."""
        self.command = command
        """The sub-command, perhaps unknown; ``""`` when there is none."""
        self.general = general
        """Options before the sub-command, with their values, in order."""
        self.given = given
        """All options of the line as the sub-command reads them (one of ours only)."""
        self.arguments = arguments
        """What is left: requirements, or the action of ``cache``."""

    @property
    def help(self) -> bool:
        """Return whether ``--help`` was met before any mistake."""
        return _has_help(self.general) or _has_help(self.given)

    @property
    def version(self) -> bool:
        """Return whether ``--version`` stands before the sub-command."""
        return any(option.destination == "version" for option, _ in self.general)

    @property
    def is_ours(self) -> bool:
        """Return whether the command is one of ours; everything else goes to the real pip."""
        return self.command in COMMANDS and not self.help and not self.version

    @property
    def pips_command(self) -> str:
        """Return what to call the command where the real pip carries it out."""
        return f"pip {self.command}".strip()


def parse(argv: Iterable[str]) -> Parsed:
    """Return what ``argv`` (without the program's name) says; raise ``UsageError`` as pip would."""
    argv = tuple(argv)
    try:
        general, rest = read_arguments(argv, options_of(""), interspersed=False)
    except BadArgument as error:
        raise UsageError(str(error)) from None
    command = rest[0] if rest else ""
    parsed = Parsed(argv, command, general)
    if parsed.help or command not in COMMANDS:
        return parsed
    remaining = list(argv)
    # The first equal word goes, even where it is an option's value, as in pip's parse_command.
    remaining.remove(command)
    try:
        given, arguments = read_arguments(remaining, options_of(command))
    except BadArgument as error:
        if parsed.version:
            return parsed
        raise UsageError(str(error), command=command) from None
    return Parsed(argv, command, general, given, arguments)


def read_arguments(
    words: Iterable[str], options: Iterable[Option], *, interspersed: bool = True
) -> tuple[Given, tuple[str, ...]]:
    """Return the options met, with converted values, and the words that are left.

    Not ``interspersed`` stops at the first word that is no option. ``--help`` ends the reading,
    so that what is wrong behind it is not met. Raises ``BadArgument``.
    """
    remaining = list(words)
    spellings = by_spelling(options)
    given: list[tuple[Option, Value]] = []
    left: list[str] = []
    while remaining:
        word = remaining[0]
        if word == "--":
            del remaining[0]
            break
        if word.startswith("--"):
            del remaining[0]
            given.append(_read_long(word, remaining, spellings))
        elif word.startswith("-") and word != "-":
            del remaining[0]
            given.extend(_read_short(word, remaining, spellings))
        elif interspersed:
            left.append(remaining.pop(0))
        else:
            break
        if _has_help(given[-1:]):
            break
    return tuple(given), (*left, *remaining)


def check_value(option: Option, spelling: str, value: str) -> Value:
    """Return ``value`` as the option's type; raise ``BadArgument`` in optparse's words."""
    if option.choices and value not in option.choices:
        choices = ", ".join(map(repr, option.choices))
        raise BadArgument(f"option {spelling}: invalid choice: {value!r} (choose from {choices})")
    if option.value_type == KEY_VALUE and "=" not in value:
        raise BadArgument(f"Arguments to {spelling} must be of the form KEY=VAL")
    if option.value_type == HASH:
        _check_hash(spelling, value)
    try:
        if option.value_type == INTEGER:
            return _integer(value)
        if option.value_type == FLOAT:
            return float(value)
    except ValueError:
        raise BadArgument(
            f"option {spelling}: invalid {option.value_type} value: {value!r}"
        ) from None
    return value


def _check_hash(spelling: str, value: str) -> None:
    algorithm, colon, _ = value.partition(":")
    if not colon:
        raise BadArgument(
            f"Arguments to {spelling} must be a hash name "
            "followed by a value, like --hash=sha256:abcde..."
        )
    if algorithm not in HASH_ALGORITHMS:
        raise BadArgument(
            f"Allowed hash algorithms for {spelling} are {', '.join(HASH_ALGORITHMS)}."
        )


def _read_long(
    word: str, remaining: list[str], spellings: dict[str, Option]
) -> tuple[Option, Value]:
    """Return one long option, perhaps abbreviated; takes its value from ``remaining``."""
    abbreviation, equals, attached = word.partition("=")
    spelling = _complete(abbreviation, spellings)
    option = spellings[spelling]
    if not option.takes_value:
        if equals:
            raise BadArgument(f"{spelling} option does not take a value")
        return option, _value_of_flag(option)
    if equals:
        remaining.insert(0, attached)
    return option, _take_value(option, spelling, remaining)


def _read_short(
    word: str, remaining: list[str], spellings: dict[str, Option]
) -> Iterable[tuple[Option, Value]]:
    """Yield the options of a cluster such as ``-qUr``; the rest of the word may be a value."""
    for position, letter in enumerate(word[1:], start=2):
        spelling = f"-{letter}"
        if letter == "-" or spelling not in spellings:
            raise BadArgument(f"no such option: {spelling}")
        option = spellings[spelling]
        if option.takes_value:
            if word[position:]:
                remaining.insert(0, word[position:])
            yield option, _take_value(option, spelling, remaining)
            return
        yield option, _value_of_flag(option)
        if option.kind == HELP:
            return


def _complete(abbreviation: str, spellings: dict[str, Option]) -> str:
    """Return the long spelling that is meant: itself, or the only one that starts so."""
    if abbreviation in spellings:
        return abbreviation
    possible = sorted(
        spelling
        for spelling in spellings
        if spelling.startswith("--")
        and spelling.startswith(abbreviation)
        and not spellings[spelling].is_extension
    )
    if not possible:
        raise BadArgument(f"no such option: {abbreviation}")
    if len(possible) > 1:
        raise BadArgument(f"ambiguous option: {abbreviation} ({', '.join(possible)}?)")
    return possible[0]


def _take_value(option: Option, spelling: str, remaining: list[str]) -> Value:
    if not remaining:
        raise BadArgument(f"{spelling} option requires 1 argument")
    return check_value(option, spelling, remaining.pop(0))


def _value_of_flag(option: Option) -> Value:
    if option.kind == COUNT:
        return 1
    return option.kind != NEGATIVE_FLAG


def _integer(text: str) -> int:
    """Return a number in optparse's notations: 0x.. and 0b.., and octal after a zero."""
    prefix = text[:2].lower()
    if prefix == "0x":
        return int(text, 16)
    if prefix == "0b":
        return int(text[2:] or "0", 2)
    return int(text, 8 if text.startswith("0") else 10)


def _has_help(given: Iterable[tuple[Option, Value]]) -> bool:
    return any(option.kind == HELP for option, _ in given)

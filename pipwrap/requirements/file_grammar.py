"""The grammar of requirements and constraints files; pure.

The grammar is pip's own (https://pip.pypa.io/en/stable/reference/requirements-file-format/). A
line is a requirement, perhaps with options of its own, or options for the whole run.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from pipwrap.errors import InvalidRequirement
from pipwrap.options.option import Option
from pipwrap.options.parser import BadArgument, read_arguments
from pipwrap.options.table import REQUIREMENT_FILE
from pipwrap.options.values import describe, honours

if TYPE_CHECKING:
    from pipwrap.options.parser import Given

_COMMENT = re.compile(r"(^|\s+)#.*$")
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")


class RequirementLine(Struct, frozen=True):
    """One requirement as it is written, not yet understood."""

    filename: str
    """Path or URL, as it was reached."""
    line_number: int
    """Of the first of joined lines."""
    text: str
    """What precedes the options, or the value of ``-e``."""
    is_editable: bool = False
    is_constraint: bool = False
    hashes: tuple[tuple[str, str], ...] = ()
    """(algorithm, hex digest); never of an editable."""
    config_settings: tuple[tuple[str, str], ...] = ()
    """(key, value) in order; keys may repeat."""
    handed_over: str | None = None
    """The option on the line that only the real pip honours."""

    @property
    def comes_from(self) -> str:
        """Return where the requirement stands, as pip says it: ``-r x.txt (line 3)``."""
        flag = "-c" if self.is_constraint else "-r"
        return f"{flag} {self.filename} (line {self.line_number})"

    @property
    def line_source(self) -> str:
        """Return where the line stands, for pip's errors: ``line 3 of x.txt``."""
        return f"line {self.line_number} of {self.filename}"


class NestedFile(Struct, frozen=True):
    """What ``-r`` and ``-c`` name inside a file."""

    location: str
    """As it is written."""
    is_constraint: bool


class OptionLine(Struct, frozen=True):
    """Options for the whole run."""

    filename: str
    line_number: int
    given: Given

    def values(self, destination: str) -> tuple[str, ...]:
        """Return all values that the line gives for a destination of the option table."""
        return tuple(
            str(value) for option, value in self.given if option.destination == destination
        )

    @property
    def nested(self) -> NestedFile | None:
        """Return the file that the line includes.

        One file a line: the first ``-r``, or else the first ``-c``.
        """
        for destination, is_constraint in (("requirements", False), ("constraints", True)):
            if locations := self.values(destination):
                return NestedFile(locations[0], is_constraint)
        return None

    @property
    def handed_over(self) -> str | None:
        """Return the option that only the real pip honours, if there is one."""
        return _handed_over(self.given)


Line = RequirementLine | OptionLine


def parse_lines(
    text: str, filename: str, environ: Mapping[str, str], *, is_constraint: bool = False
) -> tuple[Line, ...]:
    """Return the lines of a file; raise ``InvalidRequirement`` for bad options.

    ``${NAME}`` is replaced by what ``environ`` has, if that is not empty.
    """
    return tuple(
        line
        for number, content in _logical_lines(text)
        for line in _parse_line(_expand(content, environ), filename, number, is_constraint)
    )


def variables_in(text: str) -> frozenset[str]:
    """Return the names of the environment variables that the text's meaning depends on."""
    return frozenset(
        name for _, content in _logical_lines(text) for name in _VARIABLE.findall(content)
    )


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield (first line's number, content) with continuations joined and comments removed."""
    for number, line in _joined(text.splitlines()):
        content = _COMMENT.sub("", line).strip()
        if content:
            yield number, content


def _joined(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Yield lines with what a backslash continues; a comment line is never continued."""
    first = 0
    parts: list[str] = []
    for number, line in enumerate(lines, start=1):
        is_comment = _COMMENT.match(line) is not None
        first = first if parts else number
        if line.endswith("\\") and not is_comment:
            parts.append(line.strip("\\"))
            continue
        # The space keeps a comment a comment when it ends a continued line.
        parts.append(f" {line}" if is_comment else line)
        yield first, "".join(parts)
        parts = []
    if parts:
        yield first, "".join(parts)


def _expand(line: str, environ: Mapping[str, str]) -> str:
    for name in _VARIABLE.findall(line):
        if value := environ.get(name):
            line = line.replace(f"${{{name}}}", value)
    return line


def _parse_line(content: str, filename: str, number: int, is_constraint: bool) -> Iterator[Line]:  # noqa: FBT001
    text, options = _split(content)
    given = _read_options(content, options)
    editables = [str(value) for option, value in given if option.destination == "editables"]
    if not text and not editables:
        yield OptionLine(filename, number, given)
        return
    # pip ignores run-wide options beside a requirement, except those that it takes up while it
    # reads the line: those of formats.
    formats = tuple(pair for pair in given if pair[0].destination == "format_control")
    if formats:
        yield OptionLine(filename, number, formats)
    yield RequirementLine(
        filename,
        number,
        text or editables[0],
        is_editable=bool(editables),
        is_constraint=is_constraint,
        hashes=() if editables else _pairs(given, "hashes", ":"),
        config_settings=_pairs(given, "config_settings", "="),
        handed_over=_handed_over(given),
    )


def _split(content: str) -> tuple[str, str]:
    """Return what stands before the first word with a hyphen, and the rest.

    Only the rest is split as a shell would: markers have quotes of their own.
    """
    words = content.split(" ")
    for position, word in enumerate(words):
        if word.startswith("-"):
            return " ".join(words[:position]), " ".join(words[position:])
    return content, ""


def _read_options(content: str, options: str) -> Given:
    try:
        words = shlex.split(options)
    except ValueError:
        raise InvalidRequirement(
            f"Invalid requirement: {content}\nCould not split options: {options}"
        ) from None
    try:
        given, _ = read_arguments(words, REQUIREMENT_FILE)
    except BadArgument as error:
        message = f"Invalid requirement: {content}\npip: error: {error}"
        raise InvalidRequirement(message, preamble="Usage: pip [options]\n") from None
    return given


def _pairs(given: Given, destination: str, separator: str) -> tuple[tuple[str, str], ...]:
    parts = (
        str(value).partition(separator)
        for option, value in given
        if option.destination == destination
    )
    return tuple((key, value) for key, _, value in parts)


def _handed_over(given: Given) -> str | None:
    reasons: Iterator[tuple[Option, object]] = (
        (option, value) for option, value in given if not honours(option, value)
    )
    return next((describe(option, value) for option, value in reasons), None)

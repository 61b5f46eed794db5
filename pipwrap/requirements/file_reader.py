"""Reads requirements and constraints files, and all files that they include, in order."""

from __future__ import annotations

import codecs
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urljoin, urlsplit

from msgspec import Struct
from msgspec.structs import replace

from pipwrap.errors import InvalidRequirement
from pipwrap.events import Listener, WarningMessage, ignore
from pipwrap.model.location import absolute_url, url_to_path
from pipwrap.model.release_control import ReleaseControl
from pipwrap.options.options import SearchOptions, add_formats
from pipwrap.options.selection_options import add_releases
from pipwrap.requirements.file_grammar import (
    Line,
    OptionLine,
    RequirementLine,
    parse_lines,
    variables_in,
)

# The order matters: the mark of UTF-16-LE begins that of UTF-32-LE.
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
)
_PEP_263 = re.compile(rb"coding[:=]\s*([-\w.]+)")
_URL = re.compile(r"(http|https|file):", re.IGNORECASE)


class RequirementFileContents(Struct, frozen=True):
    """Everything that some requirements or constraints files say."""

    requirements: tuple[RequirementLine, ...]
    """In the order in which pip meets them."""
    search: SearchOptions
    """The options that were passed in, as the files changed them."""
    files: tuple[str, ...]
    """Every file and URL that was read, in order."""
    variables: frozenset[str]
    """Names of the environment variables that ``${...}`` asks for."""
    handed_over: str | None
    """The first option in the files that only the real pip honours."""


class _Opened(Struct, frozen=True):
    location: str
    text: str


class RequirementFileReader(Struct, frozen=True):
    """The edge: files come from the disk, URLs through ``fetch``."""

    environ: Mapping[str, str]
    fetch: Callable[[str], bytes]
    """Returns the body of an http(s) URL, or raises ``NetworkError``."""
    listener: Listener = ignore

    def read(
        self, location: str, search: SearchOptions, *, is_constraint: bool = False
    ) -> RequirementFileContents:
        """Return what a file or URL says, nested files included.

        Raises ``InvalidRequirement`` for a file that cannot be opened, decoded or split into
        options, or that includes itself.
        """
        requirements: list[RequirementLine] = []
        opened: list[_Opened] = []
        reasons: list[str | None] = []
        for found in self._walk(location, is_constraint):
            if isinstance(found, _Opened):
                opened.append(found)
                continue
            reasons.append(found.handed_over)
            if isinstance(found, RequirementLine):
                requirements.append(found)
            else:
                self._warn_of_hashes(found)
                search = apply_options(search, found)
        return RequirementFileContents(
            tuple(requirements),
            search,
            files=tuple(file.location for file in opened),
            variables=frozenset().union(*(variables_in(file.text) for file in opened)),
            handed_over=next(filter(None, reasons), None),
        )

    def _walk(
        self,
        location: str,
        is_constraint: bool,  # noqa: FBT001
    ) -> Iterator[_Opened | RequirementLine | OptionLine]:
        """Yield what a file says, nested files in place, at any depth."""
        including: dict[str, str | None] = {_identity(location): None}
        """The files that are open, in order, each with the one that includes it."""
        opened = self._open(location, is_constraint)
        yield opened
        open_files = [self._lines(opened, is_constraint)]
        while open_files:
            location, lines = open_files[-1]
            line = next(lines, None)
            if line is None:
                open_files.pop()
                including.popitem()
            elif isinstance(line, RequirementLine) or line.nested is None:
                yield line
            else:
                nested = _relative_to(location, line.nested.location)
                _refuse_recursion(nested, location, including)
                including[nested] = location
                opened = self._open(nested, line.nested.is_constraint)
                yield opened
                open_files.append(self._lines(opened, line.nested.is_constraint))

    def _open(self, location: str, is_constraint: bool) -> _Opened:  # noqa: FBT001
        return _Opened(location, self._text(location, is_constraint))

    def _lines(
        self,
        opened: _Opened,
        is_constraint: bool,  # noqa: FBT001
    ) -> tuple[str, Iterator[Line]]:
        location = opened.location
        lines = parse_lines(opened.text, location, self.environ, is_constraint=is_constraint)
        return location, iter(lines)

    def _warn_of_hashes(self, line: OptionLine) -> None:
        if line.values("hashes"):
            self.listener(
                WarningMessage(
                    f"{line.filename} line {line.line_number} has --hash but no requirement, "
                    "and will be ignored."
                )
            )

    def _text(self, location: str, is_constraint: bool) -> str:  # noqa: FBT001
        scheme = urlsplit(location).scheme.lower()
        if scheme in ("http", "https"):
            return self._decode(self.fetch(location), location)
        try:
            with open(url_to_path(location) if scheme == "file" else location, "rb") as file:
                content = file.read()
        except (OSError, ValueError) as error:
            kind = "constraint" if is_constraint else "requirements"
            raise InvalidRequirement(f"Could not open {kind} file: {error}") from error
        return self._decode(content, location)

    def _decode(self, content: bytes, location: str) -> str:
        """Return the text: by byte order mark, PEP 263 comment, UTF-8, or the locale."""
        for mark, encoding in _BYTE_ORDER_MARKS:
            if content.startswith(mark):
                return _decoded(content[len(mark) :], encoding, location)
        for line in content.split(b"\n")[:2]:
            declared = _PEP_263.search(line) if line.startswith(b"#") else None
            if declared is not None:
                return _decoded(content, declared[1].decode("ascii", "replace"), location)
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError:
            return self._decode_by_locale(content, location)

    def _decode_by_locale(self, content: bytes, location: str) -> str:
        encoding = _locale_encoding()
        self.listener(
            WarningMessage(
                f"unable to decode data from {location} with default encoding utf-8, "
                f"falling back to encoding from locale: {encoding}. "
                "If this is intentional you should specify the encoding with a "
                f"PEP-263 style comment, e.g. '# -*- coding: {encoding} -*-'"
            )
        )
        return _decoded(content, encoding, location)


def apply_options(search: SearchOptions, line: OptionLine) -> SearchOptions:
    """Return the options after one line of a file has changed them.

    ``--index-url`` replaces every index; ``--no-index`` stays, whatever follows. Only the first
    ``--find-links`` of a line counts: a path beside the file if there is one, else as it is.
    """
    given = {option.destination for option, _ in line.given}
    no_index = search.no_index or "no_index" in given
    features = (f for f in line.values("features_enabled") if f not in search.features)
    formats = tuple(
        (option.long, str(value))
        for option, value in line.given
        if option.destination == "format_control"
    )
    links = line.values("find_links")[:1]
    return replace(
        search,
        no_index=no_index,
        index_urls=() if no_index else _index_urls(search, line),
        find_links=(*search.find_links, *(_beside(line.filename, link) for link in links)),
        format_control=add_formats(search.format_control, formats),
        releases=_releases(search, line),
        prefer_binary=search.prefer_binary or "prefer_binary" in given,
        require_hashes=search.require_hashes or "require_hashes" in given,
        no_require_hashes=search.no_require_hashes or "no_require_hashes" in given,
        trusted_hosts=(*search.trusted_hosts, *line.values("trusted_hosts")),
        features=(*search.features, *dict.fromkeys(features)),
    )


def _releases(search: SearchOptions, line: OptionLine) -> ReleaseControl:
    """Return the control after the line; ``--pre`` beside other options is no error in a file."""
    selections = tuple(
        (option.long, str(value))
        for option, value in line.given
        if option.destination == "release_control"
    )
    releases = add_releases(search.releases, selections)
    pre = any(option.destination == "pre" for option, _ in line.given)
    return releases.with_pre() if pre else releases


def _index_urls(search: SearchOptions, line: OptionLine) -> tuple[str, ...]:
    main = line.values("index_url")
    indexes = main[-1:] if main and main[-1] else search.index_urls
    return (*indexes, *line.values("extra_index_urls"))


def _beside(filename: str, location: str) -> str:
    beside = os.path.join(os.path.dirname(os.path.abspath(filename)), location)
    return beside if os.path.exists(beside) else location


def _relative_to(including: str, location: str) -> str:
    """Return where a nested file is: relative to the file or URL that includes it."""
    if _URL.match(including):
        is_file = including.lower().startswith("file:")
        base = absolute_url(including, os.getcwd()) if is_file else including
        return urljoin(base, location)
    if _URL.match(location):
        return location
    return os.path.abspath(os.path.join(os.path.dirname(including), location))


def _identity(location: str) -> str:
    return location if _URL.match(location) else os.path.abspath(location)


def _refuse_recursion(nested: str, location: str, including: dict[str, str | None]) -> None:
    if nested not in including:
        return
    first = including[nested]
    tail = "" if first is None else f" and again in {first}"
    raise InvalidRequirement(f"{nested} recursively references itself in {location}{tail}")


def _decoded(content: bytes, encoding: str, location: str) -> str:
    try:
        return content.decode(encoding)
    except (LookupError, UnicodeDecodeError) as error:
        raise InvalidRequirement(
            f"Could not decode requirements file {location}: {error}"
        ) from error


def _locale_encoding() -> str:
    import locale  # noqa: PLC0415

    if sys.version_info >= (3, 11):
        return locale.getencoding()
    return locale.getpreferredencoding(do_setlocale=False)

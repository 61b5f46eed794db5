"""Readers of the header fields that caching depends on; what is malformed is absent; pure."""

from __future__ import annotations

import re
from datetime import datetime, timezone

from msgspec import Struct

LONGEST = 2**31
"""Seconds; what does not fit counts as this much (RFC 9111 section 1.2.2)."""

_DIRECTIVE = re.compile(
    r"""[\s,]*
    (?P<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+)
    (?:=(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<token>[^\s,]*)))?
    (?P<rest>[^,]*)""",
    re.VERBOSE,
)
_IMF_FIXDATE = re.compile(r"[A-Za-z]{3}, (\d\d) ([A-Za-z]{3}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT")
_RFC850 = re.compile(r"[A-Za-z]{6,9}, (\d\d)-([A-Za-z]{3})-(\d\d) (\d\d):(\d\d):(\d\d) GMT")
_ASCTIME = re.compile(r"[A-Za-z]{3} ([A-Za-z]{3}) ([ \d]\d) (\d\d):(\d\d):(\d\d) (\d{4})")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


class Directives(Struct, frozen=True):
    """The members of ``Cache-Control``: lower-case names, arguments without their quotes."""

    members: tuple[tuple[str, str | None], ...] = ()

    @classmethod
    def parse(cls, values: tuple[str, ...]) -> Directives:
        """Return the directives of every field line (RFC 9111 section 5.2)."""
        members = []
        for match in _DIRECTIVE.finditer(", ".join(values)):
            argument = match["token"] if match["quoted"] is None else match["quoted"]
            if argument is not None:
                # Leftovers make an argument invalid: ``max-age=1 0`` is no number.
                argument += match["rest"].rstrip()
            members.append((match["name"].lower(), argument))
        return cls(tuple(members))

    def __contains__(self, name: str) -> bool:
        return any(member == name for member, _ in self.members)

    def seconds(self, name: str) -> int | None:
        """Return the argument of a delta-seconds directive, ``None`` where it is absent.

        What is invalid, or given twice with different values, is 0: encouraged for
        responses, and the careful reading of requests (RFC 9111 section 4.2.1).
        """
        found = {argument for member, argument in self.members if member == name}
        if not found:
            return None
        seconds = delta_seconds(found.pop() or "")
        return 0 if found or seconds is None else seconds


def delta_seconds(text: str) -> int | None:
    """Return a non-negative integer, ``None`` for anything else (RFC 9111 section 1.2.2)."""
    text = text.strip()
    if not (text.isascii() and text.isdigit()):
        return None
    return LONGEST if len(text) > len(str(LONGEST)) else min(int(text), LONGEST)


def http_date(text: str | None, *, now: float) -> float | None:
    """Return the time of an HTTP-date, ``None`` for anything else (RFC 9110 section 5.6.7).

    A two-digit year is one of the last century's when it would be over 50 years ahead of ``now``.
    """
    text = (text or "").strip()
    if match := _IMF_FIXDATE.fullmatch(text):
        day, month, year, *clock = match.groups()
    elif match := _RFC850.fullmatch(text):
        day, month, year, *clock = match.groups()
        year = _whole_year(int(year), now)
    elif match := _ASCTIME.fullmatch(text):
        month, day, *clock, year = match.groups()
    else:
        return None
    return _timestamp(int(year), month, int(day), *map(int, clock))


def members(values: tuple[str, ...]) -> tuple[str, ...]:
    """Return the lower-case members of a list of tokens, as in Vary and Connection."""
    listed = (member.strip().lower() for value in values for member in value.split(","))
    return tuple(member for member in listed if member)


def _whole_year(year: int, now: float) -> int:
    """Return the year that two digits mean."""
    this_year = 1970 + int(now // (365.2425 * 86400))
    whole = this_year - this_year % 100 + year
    return whole - 100 if whole > this_year + 50 else whole


def _timestamp(
    year: int, month: str, day: int, hour: int, minute: int, second: int
) -> float | None:
    """Return the time of these fields, ``None`` where no such day or moment exists."""
    if month.lower() not in _MONTHS or hour > 23 or minute > 59 or second > 60:  # noqa: PLR2004
        return None
    number = _MONTHS.index(month.lower()) + 1
    try:
        midnight = datetime(year, number, day, tzinfo=timezone.utc)
    except ValueError:
        return None
    return midnight.timestamp() + hour * 3600 + minute * 60 + second  # 60 is a leap second

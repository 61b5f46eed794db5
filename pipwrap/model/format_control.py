"""Which projects may be wheels, which sdists: ``--no-binary``, ``--only-binary``; pure."""

from __future__ import annotations

from msgspec import Struct

from pipwrap.errors import CommandError
from pipwrap.model.names import canonicalize_name

ALL = ":all:"
NONE = ":none:"
_OPTIONS = "--no-binary / --only-binary"


class FormatControl(Struct, frozen=True):
    """Two disjoint sets of canonical names, each of which may also hold ``:all:``.

    A name beats ``:all:``; what is given later beats what was given before.
    """

    no_binary: frozenset[str] = frozenset()
    only_binary: frozenset[str] = frozenset()

    def with_no_binary(self, value: str) -> FormatControl:
        """Return the control after one more ``--no-binary=value``."""
        no_binary, only_binary = added(value, self.no_binary, self.only_binary, _OPTIONS)
        return FormatControl(no_binary, only_binary)

    def with_only_binary(self, value: str) -> FormatControl:
        """Return the control after one more ``--only-binary=value``."""
        only_binary, no_binary = added(value, self.only_binary, self.no_binary, _OPTIONS)
        return FormatControl(no_binary, only_binary)

    def allows_binary(self, name: str) -> bool:
        """Return whether wheels of the project, by canonical name, may be used."""
        if name in self.only_binary:
            return True
        if name in self.no_binary:
            return False
        return ALL in self.only_binary or ALL not in self.no_binary

    def allows_source(self, name: str) -> bool:
        """Return whether sdists of the project, by canonical name, may be used."""
        if name in self.only_binary:
            return False
        if name in self.no_binary:
            return True
        return ALL not in self.only_binary


def added(
    value: str, target: frozenset[str], other: frozenset[str], options: str
) -> tuple[frozenset[str], frozenset[str]]:
    """Return both sets after ``value`` (names with commas, ``:all:``, ``:none:``) for the first.

    ``options`` is what the error calls the pair of options.
    """
    if value.startswith("-"):
        raise CommandError(f"{options} option requires 1 argument.")
    names = value.split(",")
    if ALL in names:
        target, other = frozenset((ALL,)), frozenset()
        names = names[len(names) - names[::-1].index(ALL) :]
        # `:all:` covers the names behind it, unless a `:none:` among them empties the set again.
        names = names if NONE in names else []
    for name in names:
        if name == NONE:
            target = frozenset()
        else:
            canonical = canonicalize_name(name)
            target, other = target | {canonical}, other - {canonical}
    return target, other

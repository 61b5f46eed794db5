"""Which projects an option means: names, ``:all:`` or ``:none:``; pure."""

from __future__ import annotations

from msgspec import Struct

from pipwrap.model.names import canonicalize_name


class NameSelection(Struct, frozen=True):
    """Some projects, or all of them."""

    names: frozenset[str] = frozenset()
    """Canonical; may hold ``:all:``."""

    def __contains__(self, project: str) -> bool:
        """Return whether a canonical name is meant."""
        return ":all:" in self.names or project in self.names

    def adding(self, text: str) -> NameSelection:
        """Return this selection with a comma-separated list more; ``:none:`` empties it."""
        names = set(self.names)
        for name in filter(None, (part.strip() for part in text.split(","))):
            if name == ":none:":
                names.clear()
            else:
                names.add(name if name == ":all:" else canonicalize_name(name))
        return NameSelection(frozenset(names))

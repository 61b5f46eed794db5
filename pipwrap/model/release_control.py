"""Which projects may be pre-releases: ``--all-releases``, ``--only-final``, ``--pre``; pure."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from pipwrap.model.format_control import ALL, added

_OPTIONS = "--all-releases / --only-final"


class ReleaseControl(Struct, frozen=True):
    """Two sets of canonical names, each of which may also hold ``:all:``.

    A name beats ``:all:``; what is given later beats what was given before.
    """

    all_releases: frozenset[str] = frozenset()
    only_final: frozenset[str] = frozenset()

    def with_all_releases(self, value: str) -> ReleaseControl:
        """Return the control after one more ``--all-releases=value``."""
        all_releases, only_final = added(value, self.all_releases, self.only_final, _OPTIONS)
        return ReleaseControl(all_releases, only_final)

    def with_only_final(self, value: str) -> ReleaseControl:
        """Return the control after one more ``--only-final=value``."""
        only_final, all_releases = added(value, self.only_final, self.all_releases, _OPTIONS)
        return ReleaseControl(all_releases, only_final)

    def with_pre(self) -> ReleaseControl:
        """Return the control after ``--pre``, which takes nothing away from ``--only-final``."""
        return replace(self, all_releases=self.all_releases | {ALL})

    def allows_prereleases(self, project: str) -> bool | None:
        """Return whether pre-releases of a canonical name count; ``None`` leaves it to PEP 440."""
        for name in (project, ALL):
            if name in self.all_releases:
                return True
            if name in self.only_final:
                return False
        return None

"""Versions of an earlier resolution that are taken without a look at their pages; pure.

A page that has not changed since offers what it offered then. So the version that was chosen from
it is chosen again, as long as everything that was required of its project is required again
(``active_specifiers``). A preference that may be wrong is dropped, and the resolution starts again
if a version map was made of it (``RestartReason.PREFERENCE_REJECTED``).
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from packaging.specifiers import SpecifierSet

from pipwrap.model.candidate import Candidate
from pipwrap.resolution.restart import RestartReason, RestartRequired
from pipwrap.resolution.version_map import VersionMap


class Preference(Struct, frozen=True):
    """What was chosen before, from pages that are the same now (``active_specifiers``)."""

    candidate: Candidate
    active_specifiers: str

    def is_first(self, active_specifiers: str) -> bool:
        """Return whether it is the best version again: all that was required before is required.

        More clauses admit less, except one that names a pre-release where none did (PEP 440).
        """
        if not set(self.active_specifiers.split(",")) <= {*active_specifiers.split(","), ""}:
            return False
        return (
            SpecifierSet(active_specifiers).prereleases
            == SpecifierSet(self.active_specifiers).prereleases
        )


class PreferredVersions:
    """The preferences of one resolution that still hold."""

    def __init__(
        self, preferences: Mapping[str, Preference], version_maps: Mapping[str, VersionMap]
    ) -> None:
        """Hold them by project; ``version_maps`` has those that are in use."""
        self._preferences = dict(preferences)
        self._version_maps = version_maps

    def get(self, project: str) -> Preference | None:
        """Return the preference of a project, if it has one."""
        return self._preferences.get(project)

    def check(self, project: str, active_specifiers: str) -> None:
        """Reject the preference of a project where other versions may be better by now."""
        preference = self._preferences.get(project)
        if preference is not None and not preference.is_first(active_specifiers):
            self.reject(project)

    def reject(self, project: str) -> None:
        """Drop the preference of a project; ``RestartRequired`` if it is in use."""
        if self._preferences.pop(project, None) is not None and self._is_used(project):
            raise RestartRequired(RestartReason.PREFERENCE_REJECTED, project)

    def reject_all(self) -> None:
        """Drop every preference; ``RestartRequired`` if any is in use."""
        preferences, self._preferences = self._preferences, {}
        used = tuple(filter(self._is_used, preferences))
        if used:
            raise RestartRequired(RestartReason.PREFERENCE_REJECTED, *used)

    def _is_used(self, project: str) -> bool:
        known = self._version_maps.get(project)
        return known is not None and known.is_partial

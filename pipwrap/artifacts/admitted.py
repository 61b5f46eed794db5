"""Archives that the user's hashes admit: fetched, or found where an earlier run left them."""

from __future__ import annotations

import os

from pipwrap.artifacts.archives import Acquired, Archives, Once, present
from pipwrap.artifacts.hashes import Hashes, HashPolicy, trusted
from pipwrap.artifacts.wanted import key_of
from pipwrap.events import Listener
from pipwrap.model.candidate import Candidate
from pipwrap.model.link import checked_file_name
from pipwrap.model.source import Archive


class Admitted:
    """Every archive of a run, checked against what the user allows."""

    def __init__(
        self, archives: Archives, policy: HashPolicy, listener: Listener, directory: str | None
    ) -> None:
        """Keep the ports; what lies in ``directory`` with the right hash is not fetched again."""
        self._archives = archives
        self._policy = policy
        self._listener = listener
        self._directory = directory
        self._once = Once()

    def acquire(self, wanted: Candidate | Archive) -> Acquired:
        """Return an archive; raises what ``Archives.acquire`` raises, and for other hashes too."""
        name = self._shown(wanted)
        acquired = self.present(wanted) or self._archives.acquire(wanted.link, name)
        self._policy.check(self._allowed(wanted), name, acquired.path, acquired.sha256)
        return acquired

    def present(self, wanted: Candidate | Archive) -> Acquired | None:
        """Return what an earlier run left in the destination, when its hash says that it is it."""
        if self._directory is None:
            return None
        path = os.path.join(self._directory, checked_file_name(wanted.link.filename))
        expected = self._allowed(wanted) or trusted(wanted.link.hashes)
        return self._once(key_of(wanted), lambda: present(path, expected, self._listener))

    def may_be_described(self, wanted: Candidate | Archive) -> bool:
        """Tell whether something else than the archive may say what is in it.

        Not where hashes are required, which say nothing of a description, nor where the archive
        is there already.
        """
        return not self._policy.required and self.present(wanted) is None

    def _allowed(self, wanted: Candidate | Archive) -> Hashes:
        """Return what the user allows it to be."""
        if isinstance(wanted, Candidate):
            return self._policy.of(wanted.project)
        return self._policy.of_source(wanted.identity) or wanted.link.hashes

    def _shown(self, wanted: Candidate | Archive) -> str:
        """Return how pip names it where hashes differ."""
        if isinstance(wanted, Candidate):
            pin = f"{wanted.project}=={wanted.version}"
            return self._policy.shown(wanted.project, pin, wanted.link.redacted)
        return self._policy.shown(wanted.identity, "", wanted.link.redacted_whole)

"""Archives that the user's hashes admit: fetched, or found where an earlier run left them."""

from __future__ import annotations

import os

from pipwrap.concurrency.once_map import OnceMap
from pipwrap.distribution.archives import Archives, LocalArchive, present
from pipwrap.distribution.hashes import HashPolicy
from pipwrap.events import Listener
from pipwrap.model.candidate import Candidate
from pipwrap.model.distribution import key_of
from pipwrap.model.link import checked_file_name
from pipwrap.model.source import Archive
from pipwrap.network.transport import Response


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
        self._once = OnceMap()

    def acquire(
        self, distribution: Candidate | Archive, arriving: Response | None = None
    ) -> LocalArchive:
        """Return an archive; raises what ``Archives.acquire`` raises, and for other hashes too.

        ``arriving`` is an answer that sends it already.
        """
        return self._once(
            ("acquire", key_of(distribution)), lambda: self._acquire(distribution, arriving)
        )

    def sha256(self, distribution: Candidate | Archive) -> str:
        """Return the digest of an archive; it is fetched where the named one may not be its own."""
        named = distribution.link.sha256
        is_certain = ("sha256", named) in self._policy.expected(distribution)
        return named if named and is_certain else self.acquire(distribution).sha256

    def _acquire(
        self, distribution: Candidate | Archive, arriving: Response | None
    ) -> LocalArchive:
        name, digest = self._shown(distribution), self._policy.digest(distribution)
        acquired = self.present(distribution)
        if acquired is None:
            acquired = self._archives.acquire(distribution.link, name, digest, arriving)
        expected = self._policy.expected(distribution)
        self._policy.check(expected, name, acquired.path, acquired.sha256)
        return acquired

    def present(self, distribution: Candidate | Archive) -> LocalArchive | None:
        """Return what an earlier run left in the destination, when its hash says that it is it."""
        if self._directory is None:
            return None
        path = os.path.join(self._directory, checked_file_name(distribution.link.filename))
        expected = self._policy.expected(distribution)
        return self._once(
            ("present", key_of(distribution)), lambda: present(path, expected, self._listener)
        )

    def may_be_described(self, distribution: Candidate | Archive) -> bool:
        """Tell whether something else than the archive may say what is in it.

        Not where hashes are required, which say nothing of a description, nor where the archive
        is there already.
        """
        return not self._policy.required and self.present(distribution) is None

    def _shown(self, distribution: Candidate | Archive) -> str:
        """Return how pip names it where hashes differ."""
        if isinstance(distribution, Candidate):
            pin = f"{distribution.project}=={distribution.version}"
            return self._policy.shown(distribution.project, pin, distribution.link.redacted)
        return self._policy.shown(distribution.identity, "", distribution.link.redacted_whole)

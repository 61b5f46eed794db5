"""What looking for links reports: each warning once, and each page at -vv."""

from __future__ import annotations

from pipwrap.concurrency.warn_once import WarnOnce
from pipwrap.events import Info, Listener
from pipwrap.model.link import redact


class IndexMessages:
    """Used from many threads."""

    def __init__(self, listener: Listener) -> None:
        """Report to a listener."""
        self._listener = listener
        self.warn = WarnOnce(listener)
        """Reports a warning once a run, however many projects meet it."""

    def fetching(self, url: str) -> None:
        """Report that a page is about to be read."""
        self._listener(Info(f"Fetching project page and analyzing links: {redact(url)}", 2))

    def skipping(self, url: str, reason: str) -> None:
        """Report that a page could not be had."""
        self._listener(Info(f"Could not fetch URL {redact(url)}: {reason} - skipping", 2))

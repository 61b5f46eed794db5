"""Values that are made by their first use."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Made = TypeVar("Made")


class OnDemand(Generic[Made]):
    """One value, made by its first use in whatever thread that is, so that an unused one is free.

    Making one may load modules and begin threads: a command whose wheels are all in the store
    loads nothing of the network and of builds.
    """

    def __init__(self, make: Callable[[], Made]) -> None:
        """Store how the value is made."""
        self._make = make
        self._lock = threading.RLock()
        self._made: list[Made] = []

    def __call__(self) -> Made:
        """Return the value, the same each time."""
        with self._lock:
            if not self._made:
                self._made.append(self._make())
            return self._made[0]

    @property
    def made(self) -> Made | None:
        """Return the value if it was used already."""
        return self._made[0] if self._made else None

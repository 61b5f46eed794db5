"""Where the wheels of a command lie, and what finds or makes them."""

from __future__ import annotations

from msgspec import Struct

from pipwrap.cache.store import WheelStore
from pipwrap.cache.unpackers import Unpack
from pipwrap.distribution.built_wheels import BuiltWheelLookup
from pipwrap.distribution.lazy_wheel import LazyWheels


class WheelStores(Struct, frozen=True):
    """Where wheels lie: the cache's, and a run's own for what must leave the cache alone."""

    store: WheelStore
    private: WheelStore
    remote: LazyWheels
    reuse: BuiltWheelLookup
    unpack: Unpack

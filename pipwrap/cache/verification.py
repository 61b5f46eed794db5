"""Hashing everything that the cache holds, and removing what is not what it should be."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass

from pipwrap.cache import disk
from pipwrap.cache.layout import BODIES, HTTP, STORE, Layout
from pipwrap.cache.store import Store
from pipwrap.cache.wheels import BuiltWheels


@dataclass(frozen=True, slots=True)
class Damage:
    """Something that is not what it should be."""

    path: str
    reason: str


def verify(layout: Layout, store: Store, wheels: BuiltWheels) -> Iterator[Damage]:
    """Yield what is damaged: bodies, responses, built wheels, and every file of the store.

    What another process removes meanwhile is no damage.
    """
    found = itertools.chain(
        _bodies(layout), _responses(layout), _built(wheels), _stored(layout, store)
    )
    return (damage for damage in found if os.path.lexists(damage.path))


def repair(layout: Layout, damage: Damage) -> None:
    """Remove what is damaged; it is fetched or built again when it is wanted."""
    if os.path.isdir(damage.path) and not os.path.islink(damage.path):
        disk.remove_tree(damage.path, through=layout.temporary)
    else:
        disk.unlink(damage.path)


def _bodies(layout: Layout) -> Iterator[Damage]:
    for path in disk.sharded(layout, BODIES):
        if _sha256(path) != os.path.basename(path):
            yield Damage(path, "its content has another digest than its name")


def _built(wheels: BuiltWheels) -> Iterator[Damage]:
    for entry in wheels.all():
        if _sha256(entry.path) != entry.sha256:
            yield Damage(entry.directory, f"{entry.filename} is not the wheel that was built")
    for directory in wheels.broken:
        yield Damage(directory, "its entry cannot be read")


def _responses(layout: Layout) -> Iterator[Damage]:
    for directory in disk.sharded(layout, HTTP):
        if not os.path.isdir(directory):
            yield Damage(directory, "it is not a directory")
            continue
        for name in disk.listed(directory):
            path = os.path.join(directory, name)
            try:
                with open(path, "rb") as stream:
                    json.load(stream)
            except (OSError, ValueError) as error:
                yield Damage(path, f"it cannot be read: {error}")


def _stored(layout: Layout, store: Store) -> Iterator[Damage]:
    for directory in disk.sharded(layout, STORE):
        wheel = store.find(os.path.basename(directory))
        if wheel is None:
            yield Damage(directory, "its entry cannot be read")
            continue
        for stored in wheel.files:
            digest = _sha256(f"{wheel.tree}/{stored.path}")
            if digest is None or _record_digest(digest) != stored.sha256:
                yield Damage(directory, f"{stored.path} is not as it was unpacked")
                break


def _record_digest(hexadecimal: str) -> str:
    """Return a digest as RECORD has it: urlsafe base64 without padding."""
    return base64.urlsafe_b64encode(bytes.fromhex(hexadecimal)).rstrip(b"=").decode("ascii")


def _sha256(path: str) -> str | None:
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as stream:
            while chunk := stream.read(1 << 20):
                digest.update(chunk)
    except OSError:
        return None
    return digest.hexdigest()

"""Hashing everything that the cache holds, and removing what is not what it should be."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import os
from collections.abc import Iterator

from msgspec import Struct

from pipwrap.cache import checksummed, clones, disk, metadata, noop
from pipwrap.cache.http.entries import read_head
from pipwrap.cache.layout import (
    BODIES,
    GIT,
    HTTP,
    METADATA,
    RESOLUTIONS,
    SATISFIED,
    SIDECARS,
    STORE,
    Layout,
)
from pipwrap.cache.store import WheelStore
from pipwrap.cache.wheels import BuiltWheels
from pipwrap.errors import cause_of


class Damage(Struct, frozen=True):
    """Something that is not what it should be."""

    path: str
    reason: str


def verify(layout: Layout, store: WheelStore, wheels: BuiltWheels) -> Iterator[Damage]:
    """Yield what is damaged: bodies, responses, wheels, metadata, files of store and clones.

    What another process removes meanwhile is no damage.
    """
    found = itertools.chain(
        _bodies(layout),
        _responses(layout),
        filter(None, map(_unreadable, disk.sharded(layout, RESOLUTIONS))),
        _answers(layout),
        _built(wheels),
        _metadata(layout),
        _checksummed(layout),
        _stored(layout, store),
        _clones(layout),
    )
    return (damage for damage in found if os.path.lexists(damage.path))


def repair(layout: Layout, damage: Damage) -> None:
    """Remove what is damaged; it is fetched or built again when it is needed."""
    disk.remove(damage.path, through=layout.temporary)


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
        for path in disk.within(directory):
            try:
                read_head(path)
            except (OSError, ValueError) as error:
                yield Damage(path, f"it cannot be read: {cause_of(error)}")


def _answers(layout: Layout) -> Iterator[Damage]:
    for path in disk.within(layout.bucket(SATISFIED)):
        try:
            with open(path, "rb") as stream:
                checksum, _, content = stream.read().partition(b"\0")
        except OSError as error:
            yield Damage(path, f"it cannot be read: {cause_of(error)}")
            continue
        if checksum != noop.number(content).encode("ascii"):
            yield Damage(path, "it is not as it was written")


def _unreadable(path: str) -> Damage | None:
    """Return what is wrong with a file that should hold JSON, if anything is."""
    try:
        with open(path, "rb") as stream:
            json.load(stream)
    except (OSError, ValueError) as error:
        return Damage(path, f"it cannot be read: {cause_of(error)}")
    return None


def _metadata(layout: Layout) -> Iterator[Damage]:
    for path in disk.sharded(layout, METADATA):
        try:
            metadata.read(path)
        except (OSError, ValueError) as error:
            yield Damage(path, f"it cannot be read: {cause_of(error)}")


def _checksummed(layout: Layout) -> Iterator[Damage]:
    for path in disk.sharded(layout, SIDECARS):
        try:
            checksummed.read(path)
        except (OSError, ValueError) as error:
            yield Damage(path, f"it cannot be read: {cause_of(error)}")


def _stored(layout: Layout, store: WheelStore) -> Iterator[Damage]:
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


def _clones(layout: Layout) -> Iterator[Damage]:
    for directory in disk.sharded(layout, GIT):
        try:
            files = clones.read(directory).files
        except clones.UNREADABLE:
            yield Damage(directory, "it is no whole clone")
            continue
        for each in files:
            if _sha256(os.path.join(directory, each.path)) != each.sha256:
                yield Damage(directory, f"{each.path} is not as it was cloned")
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

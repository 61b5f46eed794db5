"""Source identity and build request to key; pure.

A key holds everything that we know beforehand to change a wheel's bytes. What a build turns out
to read besides is evidence (``cache.evidence``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from msgspec import Struct

_IS_ITS_TEXT = {
    ("packaging.markers", "Marker"),
    ("packaging.specifiers", "SpecifierSet"),
    ("packaging.version", "Version"),
    ("datetime", "datetime"),
}
"""Types, by name, so that none has to be imported to recognise its values."""


class BuildKey(Struct, frozen=True):
    """What is built, and for which target."""

    source_sha256: str
    """Of the sdist's bytes, whatever URL or mirror they came from; of a repository's identity."""
    abi: str
    """Implementation, SOABI, platform and libc family of the target."""
    subdirectory: str = ""
    config_settings: tuple[tuple[str, tuple[str, ...]], ...] = ()
    build_constraints: tuple[str, ...] = ()

    @property
    def identity(self) -> str:
        """Return the hex digest that names the entries of this key."""
        fields = {
            "source": self.source_sha256,
            "subdirectory": self.subdirectory,
            "abi": self.abi,
            "config_settings": [[name, list(values)] for name, values in self.config_settings],
            "build_constraints": list(self.build_constraints),
        }
        canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def repository_identity(url: str, commit: str) -> str:
    """Return what stands for the bytes of a repository at a commit."""
    return hashlib.sha256(f"git {commit} {url}".encode()).hexdigest()


def settings_key(
    settings: Mapping[str, str | Sequence[str]],
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return config settings in the order and form of a key."""
    return tuple(
        (name, (value,) if isinstance(value, str) else tuple(value))
        for name, value in sorted(settings.items())
    )


def digest_of(value: object) -> str:
    """Return a sha256 that is the same for equal values, in whatever process.

    Frozen values, mappings, sequences and sets of them, and what is its text. ``TypeError`` for
    anything else: what cannot be distinguished must not be a key.
    """
    canonical = json.dumps(_plain(value), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def _plain(value: object) -> object:
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, Mapping):
        return [[_plain(name), _plain(value[name])] for name in sorted(value, key=str)]
    if isinstance(value, frozenset):
        return ["set", *sorted(map(str, value))]
    if isinstance(value, Sequence):
        return [_plain(each) for each in value]
    names = getattr(value, "__struct_fields__", None)
    if names is not None:
        return [
            type(value).__name__,
            *(_plain(getattr(value, name)) for name in names),
        ]
    name = type(value).__name__
    if (type(value).__module__, name) in _IS_ITS_TEXT:
        return [name, str(value)]
    message = f"not a value that a key can hold: {value!r}"
    raise TypeError(message)

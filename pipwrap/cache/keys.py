"""Source identity and build request to key; pure.

A key holds everything that we know beforehand to change a wheel's bytes. What a build turns out
to read besides is evidence (``cache.evidence``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BuildKey:
    """What is built, and for whom."""

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
    """Return config settings in the order and form that a key wants."""
    return tuple(
        (name, (value,) if isinstance(value, str) else tuple(value))
        for name, value in sorted(settings.items())
    )

"""Core metadata as far as an installer reads it (the packaging specification); pure."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from pipwrap.events import Info
from pipwrap.model.names import canonicalize_name


class Metadata(Struct, frozen=True):
    """The fields that resolution and installation need, uninterpreted."""

    name: str
    version: str
    requires_dist: tuple[str, ...] = ()
    requires_python: str | None = None
    provides_extra: tuple[str, ...] = ()
    metadata_version: str = ""
    dynamic: tuple[str, ...] = ()
    """Lower-case names of the fields that a build may still change (sdists, PEP 643)."""
    text: str = ""
    """The whole file, for what prints or stores it."""

    @classmethod
    def parse(cls, text: str) -> Metadata:
        """Return the metadata in a METADATA or PKG-INFO file; never fails, fields may be empty."""
        import email.parser  # noqa: PLC0415 - most metadata was read before
        import email.policy  # noqa: PLC0415

        # What stands behind an empty line is a description, and the parser splits it into lines.
        header = text.partition("\n\n")[0].partition("\n\r\n")[0]
        message = email.parser.HeaderParser(policy=email.policy.compat32).parsestr(header)

        def one(field: str) -> str:
            return str(message.get(field) or "").strip()

        def many(field: str) -> tuple[str, ...]:
            return tuple(
                str(value).replace("\n", " ").strip() for value in message.get_all(field, ())
            )

        return cls(
            name=one("Name"),
            version=one("Version"),
            requires_dist=many("Requires-Dist"),
            requires_python=one("Requires-Python") or None,
            provides_extra=many("Provides-Extra"),
            metadata_version=one("Metadata-Version"),
            dynamic=tuple(value.lower() for value in many("Dynamic")),
            text=text,
        )

    @property
    def canonical_name(self) -> str:
        """Return the normalised project name."""
        return canonicalize_name(self.name)


class MetadataOrigin(Enum):
    """Where metadata was read; all but the first are compared with the wheel when it is there."""

    ITSELF = "the wheel or its source"
    SIDECAR = "its PEP 658 .metadata file"
    PARTS = "the parts of it that were read first"
    STORE = "what was unpacked of it"


class MetadataResult(Struct, frozen=True):
    """Metadata, and the lines that say how it was obtained."""

    metadata: Metadata
    lines: tuple[Info, ...] = ()
    origin: MetadataOrigin = MetadataOrigin.ITSELF
    is_built: bool = False
    """It was read from a wheel that was built of the source before."""

"""Records: what the cache stores as JSON, of declared types, validated when it is decoded; pure.

msgspec neither encodes nor decodes lone surrogates, as which bytes that are no UTF-8 arrive in
arguments and names of files (PEP 383). For such text alone the standard library's JSON takes its
place: it escapes them, and what it reads is converted to the declared type with the same
validation.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from msgspec import Struct

T = TypeVar("T")
_ESCAPED_SURROGATE = b"\\ud"


class _Head(Struct, frozen=True):
    version: int


def encode(record: object, version: int | None = None) -> bytes:
    """Return the JSON of a value, with the version of its format where one is given."""
    if version is not None:
        record = {"version": version, **msgspec.to_builtins(record)}
    try:
        return msgspec.json.encode(record)
    except UnicodeEncodeError:
        import json  # noqa: PLC0415 - for lone surrogates alone

        return json.dumps(msgspec.to_builtins(record), separators=(",", ":")).encode("ascii")


def decode(content: bytes, kind: type[T]) -> T:
    """Return the value that JSON holds; ``ValueError`` when it is not one of ``kind``."""
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        if _ESCAPED_SURROGATE not in content:
            raise
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    import json  # noqa: PLC0415 - for lone surrogates alone

    fields: Any = json.loads(content)
    return msgspec.convert(fields, kind)


def decode_version(content: bytes, kind: type[T], version: int) -> T | None:
    """Return the value as ``decode`` does; ``None`` for one of another version of the format."""
    if decode(content, _Head).version != version:
        return None
    return decode(content, kind)

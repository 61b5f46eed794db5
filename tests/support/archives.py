"""Archives with the same bytes each time: no clock, no order of a directory, no owner."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path

Content = str | bytes
StrPath = str | os.PathLike[str]


def encoded(content: Content) -> bytes:
    """Return the bytes of a member, text in UTF-8."""
    return content.encode() if isinstance(content, str) else content


def zip_bytes(members: Mapping[str, Content], executable: Collection[str] = ()) -> bytes:
    """Return a zip of ``members`` in the given order; names are not checked at all."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o100755 if name in executable else 0o100644) << 16
            archive.writestr(entry, encoded(content), compresslevel=1)
    return stream.getvalue()


def tar_gz_bytes(members: Mapping[str, Content], executable: Collection[str] = ()) -> bytes:
    """Return a gzipped tar of ``members`` in the given order; names are not checked at all."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.mode = 0o755 if name in executable else 0o644
            entry.size = len(encoded(content))
            archive.addfile(entry, io.BytesIO(encoded(content)))
    return gzip.compress(stream.getvalue(), compresslevel=1, mtime=0)


def write_file(path: StrPath, content: bytes) -> Path:
    """Write ``content`` at ``path``, its directory made if need be, and return the path."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    return target

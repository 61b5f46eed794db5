"""Wheels and sdists that are made on the spot, the same bytes each time."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from collections.abc import Mapping

_METADATA = "Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
_WHEEL = "Wheel-Version: 1.0\nGenerator: lies\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def wheel(name: str, version: str, files: Mapping[str, str]) -> bytes:
    """Return a pure wheel."""
    info = f"{name}-{version}.dist-info"
    members = {
        **files,
        f"{info}/METADATA": _METADATA.format(name=name, version=version),
        f"{info}/WHEEL": _WHEEL,
    }
    record = "".join(f"{path},,\n" for path in (*members, f"{info}/RECORD"))
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for path, text in {**members, f"{info}/RECORD": record}.items():
            archive.writestr(zipfile.ZipInfo(path), text)
    return made.getvalue()


def sdist(name: str, version: str, files: Mapping[str, str]) -> bytes:
    """Return an sdist as a .tar.gz; PKG-INFO is added."""
    top = f"{name.replace('-', '_')}-{version}"
    made = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=made, mode="wb", mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for path, text in {
            "PKG-INFO": _METADATA.format(name=name, version=version),
            **files,
        }.items():
            member = tarfile.TarInfo(f"{top}/{path}")
            content = text.encode()
            member.size, member.mtime = len(content), 1_700_000_000
            archive.addfile(member, io.BytesIO(content))
    return made.getvalue()

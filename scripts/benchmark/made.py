"""Wheels that are made here: many small ones, to see how time grows, and one that is big."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import random
import zipfile

from benchmark import mirror

BIG_NAME = "bench-big"
BIG_BYTES = 200 * 10**6
MODULES = 4
"""In each small wheel; each has some functions, so that there is something to compile."""
DATE = (2024, 1, 1, 0, 0, 0)
UPLOADED = "2024-01-01T00:00:00.000000Z"


def small_name(number: int) -> str:
    """Return the project name of a small wheel."""
    return f"bench-{number:04d}"


def make_small(directory: str, count: int) -> None:
    """Make pages and files of so many small wheels, as a ``Mirror`` reads them."""
    for number in range(count):
        name = small_name(number)
        module = name.replace("-", "_")
        files = {f"{module}/part_{part}.py": _source(part) for part in range(MODULES)}
        _offer(directory, name, {f"{module}/__init__.py": b"", **files})


def make_big(directory: str) -> None:
    """Make the page and the file of the big wheel."""
    noise = random.Random(0).randbytes(BIG_BYTES)
    _offer(directory, BIG_NAME, {"bench_big/__init__.py": b"", "bench_big/noise.bin": noise})


def _source(part: int) -> bytes:
    return "\n\n".join(
        f"def work_{part}_{n}(value):\n    return value + {n}" for n in range(20)
    ).encode()


def _offer(directory: str, name: str, files: dict[str, bytes]) -> None:
    """Write one wheel with its sidecar and its page."""
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode()
    filename = f"{name.replace('-', '_')}-1.0-py3-none-any.whl"
    wheel = _wheel(f"{name.replace('-', '_')}-1.0.dist-info", files, metadata)
    place = os.path.join(directory, "files", name, filename)
    mirror.write(place, wheel)
    mirror.write(place + mirror.SIDECAR, metadata)
    entry = {
        "filename": filename,
        "url": filename,
        "hashes": {"sha256": hashlib.sha256(wheel).hexdigest()},
        "size": len(wheel),
        "upload-time": UPLOADED,
        "yanked": False,
    }
    page = {"meta": {"api-version": "1.1"}, "name": name, "versions": ["1.0"], "files": [entry]}
    mirror.write(os.path.join(directory, "pages", f"{name}.json"), json.dumps(page).encode())


def _wheel(info: str, files: dict[str, bytes], metadata: bytes) -> bytes:
    """Return a wheel; what is big is stored, the rest deflated."""
    described = b"Wheel-Version: 1.0\nGenerator: bench\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files = {**files, f"{info}/METADATA": metadata, f"{info}/WHEEL": described}
    rows = "".join(f"{name},{_digest(content)},{len(content)}\n" for name, content in files.items())
    files[f"{info}/RECORD"] = f"{rows}{info}/RECORD,,\n".encode()
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, DATE)
            entry.external_attr = 0o644 << 16
            big = len(content) > BIG_BYTES // 2
            entry.compress_type = zipfile.ZIP_STORED if big else zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return made.getvalue()


def _digest(content: bytes) -> str:
    encoded = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
    return f"sha256={encoded.decode()}"

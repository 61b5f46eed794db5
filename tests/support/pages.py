"""The pages of a Simple index: PEP 503 HTML and PEP 691 JSON of the same files."""

from __future__ import annotations

import hashlib
import html
import json
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.metadata import parse_email
from packaging.utils import canonicalize_name, parse_sdist_filename, parse_wheel_filename

from support.archives import Content, encoded

HTML = "text/html; charset=utf-8"
JSON = "application/vnd.pypi.simple.v1+json"


@dataclass(frozen=True)
class Listed:
    """A file that the index offers, with all it says of it."""

    filename: str
    project: str
    version: str
    content: bytes
    hashes: Mapping[str, str]
    requires_python: str | None
    yanked: str | bool
    metadata: bytes | None
    metadata_hashes: Mapping[str, str]
    upload_time: str | None
    size: int | None


def listed(
    file: Path,
    *,
    name: str | None,
    hashes: Mapping[str, str] | None,
    requires_python: str | None,
    yanked: str | bool,
    metadata: Content | bool,
    metadata_hashes: Mapping[str, str] | bool,
    upload_time: str | None,
    size: int | bool,
) -> Listed:
    """Return the entry of a file; see ``Index.add`` for the arguments."""
    content = file.read_bytes()
    project, version = _name_and_version(file.name, name)
    inside = _wheel_metadata(file)
    sidecar = inside if metadata is True else None if metadata is False else encoded(metadata)
    if metadata_hashes is True:
        metadata_hashes = {"sha256": hashlib.sha256(sidecar or b"").hexdigest()}
    if requires_python is None and inside is not None:
        requires_python = parse_email(inside)[0].get("requires_python")
    return Listed(
        filename=file.name,
        project=project,
        version=version,
        content=content,
        hashes={"sha256": hashlib.sha256(content).hexdigest()} if hashes is None else hashes,
        requires_python=requires_python,
        yanked=yanked,
        metadata=sidecar,
        metadata_hashes=metadata_hashes or {},
        upload_time=upload_time,
        size=(len(content) if size else None) if isinstance(size, bool) else size,
    )


def _name_and_version(filename: str, name: str | None) -> tuple[str, str]:
    """Return the normalised project name and the version; wrong file names need ``name``."""
    if name is not None:
        return canonicalize_name(name), "0"
    if filename.endswith(".whl"):
        project, version, _, _ = parse_wheel_filename(filename)
    else:
        project, version = parse_sdist_filename(filename)
    return project, str(version)


def _wheel_metadata(file: Path) -> bytes | None:
    """Return METADATA of a wheel; a file that is not a readable wheel has none."""
    if file.suffix != ".whl" or not zipfile.is_zipfile(file):
        return None
    with zipfile.ZipFile(file) as archive:
        found = [one for one in archive.namelist() if one.endswith(".dist-info/METADATA")]
        return archive.read(found[0]) if found else None


def accepts_json(accept: str) -> bool:
    """Tell whether an Accept field prefers JSON: named, and not below HTML."""
    weights = {"json": 0.0, "html": 0.0}
    for item in accept.split(","):
        kind, _, parameters = item.strip().partition(";")
        weight = float(parameters.partition("q=")[2] or 1)
        if kind == JSON:
            weights["json"] = weight
        elif kind in {"text/html", "application/vnd.pypi.simple.v1+html"}:
            weights["html"] = max(weights["html"], weight)
    return weights["json"] > 0 and weights["json"] >= weights["html"]


def json_page(project: str, files: Iterable[Listed], base: str) -> bytes:
    """Return the PEP 691 page, with the fields of PEP 700 and PEP 714."""
    entries = []
    for file in files:
        entry: dict[str, object] = {
            "filename": file.filename,
            "url": base + file.filename,
            "hashes": file.hashes,
            "yanked": file.yanked,
        }
        if file.requires_python is not None:
            entry["requires-python"] = file.requires_python
        if file.metadata is not None:
            entry["core-metadata"] = file.metadata_hashes or True
        if file.size is not None:
            entry["size"] = file.size
        if file.upload_time is not None:
            entry["upload-time"] = file.upload_time
        entries.append(entry)
    page = {
        "meta": {"api-version": "1.1"},
        "name": project,
        "versions": sorted({file.version for file in files}),
        "files": entries,
    }
    return json.dumps(page).encode()


def html_page(project: str, files: Iterable[Listed], base: str) -> bytes:
    """Return the PEP 503 page with the attributes of PEP 592, 658 and 714."""
    anchors = []
    for file in files:
        algorithm, digest = next(iter(file.hashes.items()), ("", ""))
        fragment = f"#{algorithm}={digest}" if digest else ""
        attributes = {"href": base + file.filename + fragment}
        if file.requires_python is not None:
            attributes["data-requires-python"] = file.requires_python
        if file.yanked is not False:
            attributes["data-yanked"] = "" if file.yanked is True else file.yanked
        if file.metadata is not None:
            sidecar = next(iter(file.metadata_hashes.items()), None)
            attributes["data-core-metadata"] = "=".join(sidecar) if sidecar else "true"
        inside = " ".join(f'{key}="{html.escape(value)}"' for key, value in attributes.items())
        anchors.append(f"<a {inside}>{html.escape(file.filename)}</a><br>")
    head = '<meta name="pypi:repository-version" content="1.1">'
    text = f"<!DOCTYPE html><html><head>{head}<title>{project}</title></head><body>\n"
    return (text + "\n".join(anchors) + "\n</body></html>\n").encode()

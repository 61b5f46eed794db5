"""From a stored wheel to the files of an installation: the one door to ``installer``.

``installer`` decides scripts and generated files through its two ports. Whole trees need no
decision (what lies at the wheel's root, and below .data but for scripts): they are added by
``finalize_installation``, and not file by file.
Nothing is written here; the result is a list of files to come.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import os
import posixpath
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import BinaryIO

import installer
from installer.destinations import WheelDestination
from installer.exceptions import InstallerError
from installer.records import Hash, RecordEntry
from installer.scripts import Script
from installer.sources import WheelSource
from installer.utils import Scheme as SchemeKey
from installer.utils import get_launcher_kind
from msgspec import Struct

from pipwrap.cache.store import StoredWheelChanged
from pipwrap.errors import InvalidDistribution
from pipwrap.install import scripts
from pipwrap.install.bytecode_settings import BytecodeSettings, source_stamp
from pipwrap.install.linking import FileCreation, file_mode
from pipwrap.install.plan import Installation
from pipwrap.model.environment import Scheme
from pipwrap.model.wheel import StoredFile, StoredWheel

INSTALLER = b"pipwrap\n"
_DATA_PARTS = 2
"""``NAME.data/key/`` stands before the path of a file in a scheme."""


class InstallTarget(Struct, frozen=True):
    """What every installation of one command has in common."""

    scheme: Scheme
    executable: str
    """For the first line of scripts."""
    python_version: tuple[int, ...]
    cache_tag: str
    bytecode: BytecodeSettings
    umask: int
    now_ns: int
    """The time that written files get."""


class WheelFiles(Struct, frozen=True):
    """The files of one distribution, and which of them are console scripts."""

    folders: Mapping[str, dict[str, FileCreation]]
    """By directory and name."""
    scripts: tuple[str, ...]


class _Stream(io.BytesIO):
    """Stands for the content of a stored file, which is linked and not read."""

    def __init__(self, stored: StoredFile) -> None:
        super().__init__()
        self.stored = stored


def prepare(
    installation: Installation, target: InstallTarget, bytecode: tuple[StoredFile, ...], tag: str
) -> WheelFiles:
    """Return every file that installing a distribution makes.

    ``StoredWheelChanged`` when what is read of the store was tampered with (what is linked is
    compared when it is linked), ``InvalidDistribution`` (in pip's words) for entry points that
    cannot be scripts.
    """
    wheel = installation.wheel
    try:
        entry_points = _entry_points(wheel)
        made = scripts.find_scripts(entry_points, target.python_version, target.scheme.scripts)
        destination = _Destination(installation, target, bytecode, tag, made)
        source = _StoredSource(wheel, entry_points)
        installer.install(source, destination, _additional_metadata(installation))
    except InvalidDistribution as error:
        requirement = f"{installation.name}=={installation.version}"
        raise InvalidDistribution(f"For req: {requirement}. {error.message}") from error
    except (InstallerError, AssertionError, ValueError) as error:
        raise InvalidDistribution(f"{wheel.filename} cannot be installed: {error}") from error
    return WheelFiles(destination.folders, tuple(destination.console_scripts))


def _entry_points(wheel: StoredWheel) -> scripts.EntryPoints:
    stored = wheel.dist_info_file("entry_points.txt")
    if stored is None:
        return scripts.EntryPoints()
    try:
        text = _read(wheel, wheel.tree, stored).decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidDistribution(
            f"Error decoding metadata for {wheel.filename}: {error} in entry_points.txt file"
        ) from error
    return scripts.parse_entry_points(text)


def _read(wheel: StoredWheel, directory: str, stored: StoredFile) -> bytes:
    """Return a stored file's content; ``StoredWheelChanged`` when it is not as it was stored."""
    path = f"{directory}/{stored.path}"
    try:
        with open(path, "rb") as stream:
            found = os.fstat(stream.fileno())
            if (found.st_size, found.st_mtime_ns) == (stored.size, stored.mtime_ns):
                return stream.read()
    except OSError as error:
        raise StoredWheelChanged(wheel, path) from error
    raise StoredWheelChanged(wheel, path)


def _additional_metadata(installation: Installation) -> dict[str, bytes]:
    metadata = {"INSTALLER": INSTALLER}
    if installation.direct_url is not None:
        metadata["direct_url.json"] = installation.direct_url.encode()
    if installation.requested:
        metadata["REQUESTED"] = b""
    return metadata


class _StoredSource(WheelSource):
    """``installer``'s port to a wheel, over the store."""

    def __init__(self, wheel: StoredWheel, entry_points: scripts.EntryPoints) -> None:
        stem = wheel.dist_info.removesuffix(".dist-info")
        name, _, version = stem.rpartition("-")
        super().__init__(name, version)
        self._wheel = wheel
        self._entry_points = entry_points

    @property
    def dist_info_filenames(self) -> list[str]:
        """Leave out entry_points.txt: ``installer`` refuses names and comments that pip takes."""
        return ["WHEEL"]

    def read_dist_info(self, filename: str) -> str:
        del filename
        purelib = "true" if self._wheel.root_is_purelib else "false"
        return f"Wheel-Version: 1.0\nRoot-Is-Purelib: {purelib}\n"

    def get_contents(self) -> Iterator[tuple[tuple[str, str, str], BinaryIO, bool]]:
        """Yield the scripts in .data; all such directories count, whatever they are named."""
        for stored in self._wheel.files:
            if ".data/scripts/" not in stored.path:
                continue
            top, _, rest = stored.path.partition("/")
            if _is_data(stored.path) and rest.startswith("scripts/") and not self._is_wrapper(rest):
                row = (f"{top}/{rest}", "", "")
                yield row, _Stream(stored), stored.executable

    def _is_wrapper(self, rest: str) -> bool:
        """Tell setuptools' own scripts for entry points, which are generated anew."""
        name = posixpath.basename(rest)
        for suffix in (".exe", "-script.py", ".pya"):
            if name.lower().endswith(suffix):
                name = name[: -len(suffix)]
                break
        return name in self._entry_points.names


class _Destination(WheelDestination):
    """``installer``'s port to an environment: collects what is to be made."""

    def __init__(
        self,
        installation: Installation,
        target: InstallTarget,
        bytecode: tuple[StoredFile, ...],
        tag: str,
        made_scripts: tuple[scripts.Script, ...],
    ) -> None:
        scheme = target.scheme
        self._scripts = made_scripts
        self._target = target
        self._wheel = installation.wheel
        self._bytecode_root = installation.wheel.bytecode(tag)
        self._modes = (file_mode(target.umask), file_mode(target.umask, executable=True))
        self._directories: Mapping[str, str] = {
            "purelib": scheme.purelib,
            "platlib": scheme.platlib,
            "headers": os.path.join(scheme.headers, installation.display_name),
            "scripts": scheme.scripts,
            "data": scheme.data,
        }
        self._root = scheme.purelib if installation.wheel.root_is_purelib else scheme.platlib
        self._compiled = {stored.path: stored for stored in bytecode}
        self._rows: dict[str, str] = {}
        """Digest and size, as RECORD has them, by path from the root."""
        self.folders: dict[str, dict[str, FileCreation]] = {}
        self.console_scripts: list[str] = []
        self._decided: list[FileCreation] = []
        """What was planned one by one, through the port."""

    def _written_script(self, script: scripts.Script) -> tuple[SchemeKey, RecordEntry]:
        """Plan the script of an entry point."""
        name, executable = script.name, self._target.executable
        module, attribute = script.module, script.attribute
        if os.name == "nt":
            section = "console" if script.is_console else "gui"
            name, content = Script(name, module, attribute, section).generate(  # type: ignore[arg-type]
                executable, get_launcher_kind()
            )
        else:
            version = self._target.python_version
            content = scripts.script_text(_shebang(executable), module, attribute, version)
        mode = self._modes[0] | 0o555
        path = os.path.join(self._directories["scripts"], name)
        if script.is_console:
            self.console_scripts.append(path)
        return SchemeKey("scripts"), self._written(path, name, content, mode)

    def write_file(
        self,
        scheme: SchemeKey,
        path: str | os.PathLike[str],
        stream: BinaryIO,
        is_executable: bool,  # noqa: FBT001  # the port's
    ) -> RecordEntry:
        """Plan a script of .data, or a file that the installer adds to .dist-info."""
        del is_executable
        relative = os.fspath(path)
        target_path = os.path.join(self._directories[scheme], relative)
        if not isinstance(stream, _Stream):
            return self._written(target_path, relative, stream.read(), self._modes[0])
        stored = stream.stored
        content = _read(self._wheel, self._wheel.tree, stored)
        changed = _with_shebang(content, self._target.executable)
        if changed is None:
            self._decided.append(self._linked(target_path, self._wheel.tree, stored))
            entry = RecordEntry(relative, Hash("sha256", stored.sha256), stored.size)
        else:
            mode = self._modes[stored.executable]
            entry = self._written(target_path, relative, changed, mode)
        self._add_bytecode(target_path, stored, changed)
        return entry

    def finalize_installation(
        self,
        scheme: SchemeKey,
        record_file_path: str,
        records: Iterable[tuple[SchemeKey, RecordEntry]],
    ) -> None:
        """Plan the scripts of entry points, which replace those of .data; the trees; RECORD."""
        del scheme
        written = [*records, *map(self._written_script, self._scripts)]
        self._link_trees(self._wheel.files, self._wheel.tree, hashed=True)
        if self._target.bytecode.prefix is None:
            self._link_trees(self._compiled.values(), self._bytecode_root, hashed=False)
        else:
            self._link_bytecode()
        for creation in self._decided:  # as with pip, no file of a wheel replaces one of ours
            self._plan(creation)
        for key, record in written:
            _, digest, size = record.to_row()
            self._add_row(os.path.join(self._directories[key], record.path), digest, size)
        path = f"{self._root}/{record_file_path}"
        self._written(path, path, _record(self._rows), self._modes[0])

    def _link_trees(self, files: Iterable[StoredFile], source: str, *, hashed: bool) -> None:
        """Plan what lies at the wheel's root, then what lies below .data, as pip does."""
        data = []
        here, names, directory, origin, shown = "/", {}, "", "", ""
        rows, modes, new = self._rows, self._modes, tuple.__new__  # 14,000 times
        for stored in files:
            path, size, mtime_ns, mode, executable, sha256 = stored
            folder, _, name = path.rpartition("/")
            if folder != here:
                if _is_data(path):
                    data.append(stored)
                    continue
                here = folder
                shown = folder and f"{folder}/"
                directory, origin = (f"{top}/{folder}".rstrip("/") for top in (self._root, source))
                names = self.folders.setdefault(directory, {})
            target, found = f"{directory}/{name}", f"{origin}/{name}"
            made = (target, size, mtime_ns, modes[executable], found, b"", mode)
            names[name] = new(FileCreation, made)
            rows[shown + name] = f"sha256={sha256},{size}" if hashed else ","
        for stored in data:
            _, key, rest = stored.path.split("/", 2)
            if key != "scripts":
                target = os.path.join(self._directories[key], rest)
                self._linked(target, source, stored)
                row = (f"sha256={stored.sha256}", stored.size) if hashed else ("", "")
                self._add_row(target, *row)

    def _link_bytecode(self) -> None:
        """Plan the bytecode that lies in a tree of its own, except that of scripts."""
        for stored in self._compiled.values():
            folder, _, name = f"/{stored.path}".rpartition("/__pycache__/")
            parts, top = folder.strip("/").split("/"), self._root
            if parts[0].endswith(".data"):
                if parts[1] == "scripts":
                    continue
                top, parts = self._directories[parts[1]], parts[2:]
            directory = os.path.join(top, *parts).rstrip(os.sep)
            target = os.path.join(self._target.bytecode.directory(directory), name)
            self._linked(target, self._bytecode_root, stored)
            self._add_row(target, "", "")

    def _linked(self, path: str, directory: str, stored: StoredFile) -> FileCreation:
        relative, size, mtime_ns, mode, executable, _ = stored
        wanted, source = self._modes[executable], f"{directory}/{relative}"
        creation = FileCreation(path, size, mtime_ns, wanted, source, b"", mode)
        self._plan(creation)
        return creation

    def _plan(self, creation: FileCreation) -> None:
        directory, name = os.path.split(creation.path)
        self.folders.setdefault(directory, {})[name] = creation

    def _written(self, path: str, relative: str, content: bytes, mode: int) -> RecordEntry:
        creation = FileCreation(path, len(content), self._target.now_ns, mode, None, content)
        self._decided.append(creation)
        self._plan(creation)
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
        return RecordEntry(relative, Hash("sha256", digest), len(content))

    def _add_row(self, path: str, digest: str, size: int | str) -> None:
        """Name a file by its path from the root; another drive has none (Windows)."""
        inside = path.removeprefix(f"{self._root}/")
        if inside == path or "//" in inside or "/." in f"/{inside}":
            try:
                inside = os.path.relpath(path, self._root)
            except ValueError:
                inside = os.path.abspath(path)
            inside = inside.replace(os.sep, "/")
        self._rows[inside] = f"{digest},{size}"

    def _add_bytecode(self, path: str, stored: StoredFile, changed: bytes | None) -> None:
        """Plan the compiled form of a module in .data."""
        target, settings = self._target, self._target.bytecode
        compiled = self._compiled.get(settings.cached_path(stored.path, target.cache_tag))
        if compiled is None:
            return
        directory, name = os.path.split(path)
        cached_name = settings.cached_name(name, target.cache_tag)
        target_path = os.path.join(settings.directory(directory), cached_name)
        if changed is None:
            self._linked(target_path, self._bytecode_root, compiled)
        else:
            content = _read(self._wheel, self._bytecode_root, compiled)
            head = source_stamp(settings, content, changed, target.now_ns, target.python_version)
            if not head:
                return
            self._written(target_path, target_path, head + content[len(head) :], self._modes[0])
        self._add_row(target_path, "", "")


def _record(rows: Mapping[str, str]) -> bytes:
    """Return RECORD, sorted by path as pip's; csv is for names that need quotes."""
    names = "".join(rows)
    if not any(mark in names for mark in '",\r\n'):
        lines = [f"{path},{rows[path]}\r\n" for path in sorted(rows)]
        return "".join(lines).encode()
    content = io.StringIO(newline="")
    csv.writer(content).writerows((path, *row.split(",")) for path, row in sorted(rows.items()))
    return content.getvalue().encode()


def _is_data(path: str) -> bool:
    """Tell what lies in a .data directory, whatever that is named, from the wheel's root."""
    return ".data/" in path and path.partition("/")[0].endswith(".data")


def _shebang(executable: str) -> bytes:
    try:
        with open(executable, "rb") as stream:
            is_script = stream.read(2) == b"#!"
    except OSError:
        is_script = False
    limit = 512 if sys.platform == "darwin" else 127
    return scripts.shebang(executable, is_script=is_script, limit=limit)


def _with_shebang(content: bytes, executable: str) -> bytes | None:
    """Return a script with its ``#!python`` line replaced; ``None`` when it has none."""
    if not content.startswith(b"#!python"):
        return None
    return _shebang(executable) + content.partition(b"\n")[2]

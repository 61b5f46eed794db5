"""From a stored wheel to the files of an installation: the only importer of ``installer``.

``installer`` decides scripts and generated files through its two ports. Whole trees need no
decision (what is at the wheel's root, and below .data but for scripts): they are added by
``finalize_installation``, and not file by file.
Nothing is written here; the result is a list of files to come.
"""

from __future__ import annotations

import io
import os
import posixpath
import sys
from collections.abc import Iterable, Iterator
from typing import BinaryIO

import installer
from installer.destinations import WheelDestination
from installer.exceptions import InstallerError
from installer.records import Hash, RecordEntry
from installer.scripts import Script
from installer.sources import WheelSource
from installer.utils import Scheme as SchemeKey
from installer.utils import get_launcher_kind

from pipwrap.cache.store import StoredWheelChanged
from pipwrap.errors import InvalidDistribution
from pipwrap.install import scripts
from pipwrap.install.bytecode_settings import source_stamp
from pipwrap.install.file_plan import FilePlan, InstallTarget, PlannedWheel, is_data
from pipwrap.install.plan import Installation
from pipwrap.model.wheel import StoredFile, StoredWheel

INSTALLER = b"pipwrap\n"
_DATA_PARTS = 2
"""``NAME.data/key/`` precedes the path of a file in a scheme."""


class _Stream(io.BytesIO):
    """The content of a stored file, which is linked and not read."""

    def __init__(self, stored: StoredFile) -> None:
        super().__init__()
        self.stored = stored


def prepare(
    installation: Installation, target: InstallTarget, bytecode: tuple[StoredFile, ...], tag: str
) -> PlannedWheel:
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
    return PlannedWheel(destination.files.folders, tuple(destination.console_scripts))


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
            if is_data(stored.path) and rest.startswith("scripts/") and not self._is_wrapper(rest):
                row = (f"{top}/{rest}", "", "")
                yield row, _Stream(stored), stored.executable

    def _is_wrapper(self, rest: str) -> bool:
        """Return whether setuptools made a script for an entry point: those are generated anew."""
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
        self._scripts = made_scripts
        self._target = target
        self._wheel = installation.wheel
        self._bytecode_root = installation.wheel.bytecode(tag)
        self._compiled = {stored.path: stored for stored in bytecode}
        self.files = FilePlan(installation, target)
        self.console_scripts: list[str] = []

    def _write_script(self, script: scripts.Script) -> tuple[SchemeKey, RecordEntry]:
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
        mode = self.files.mode() | 0o555
        path = os.path.join(self.files.directories["scripts"], name)
        if script.is_console:
            self.console_scripts.append(path)
        return SchemeKey("scripts"), self._write(path, name, content, mode)

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
        target_path = os.path.join(self.files.directories[scheme], relative)
        if not isinstance(stream, _Stream):
            return self._write(target_path, relative, stream.read(), self.files.mode())
        stored = stream.stored
        content = _read(self._wheel, self._wheel.tree, stored)
        changed = _with_shebang(content, self._target.executable)
        if changed is None:
            self.files.decide(self.files.link(target_path, self._wheel.tree, stored))
            entry = RecordEntry(relative, Hash("sha256", stored.sha256), stored.size)
        else:
            mode = self.files.mode(executable=stored.executable)
            entry = self._write(target_path, relative, changed, mode)
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
        written = [*records, *map(self._write_script, self._scripts)]
        files = self.files
        files.link_trees(self._wheel.files, self._wheel.tree, hashed=True)
        compiled = self._compiled.values()
        if self._target.bytecode.prefix is None:
            files.link_trees(compiled, self._bytecode_root, hashed=False)
        else:
            files.link_bytecode(compiled, self._bytecode_root)
        for key, record in written:
            _, digest, size = record.to_row()
            files.add_row(os.path.join(files.directories[key], record.path), digest, size)
        files.write_record(record_file_path)

    def _write(self, path: str, relative: str, content: bytes, mode: int) -> RecordEntry:
        digest = self.files.write(path, content, mode)
        return RecordEntry(relative, Hash("sha256", digest), len(content))

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
            self.files.link(target_path, self._bytecode_root, compiled)
        else:
            content = _read(self._wheel, self._bytecode_root, compiled)
            head = source_stamp(settings, content, changed, target.now_ns, target.python_version)
            if not head:
                return
            self.files.write(target_path, head + content[len(head) :], self.files.mode())
        self.files.add_row(target_path, "", "")


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

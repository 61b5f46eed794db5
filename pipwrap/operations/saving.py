"""Files that ``download`` and ``wheel`` leave where the user wants them."""

from __future__ import annotations

import os
import shutil

from pipwrap import errors
from pipwrap.cache import disk
from pipwrap.events import Info
from pipwrap.model.link import checked_file_name
from pipwrap.operations.context import CommandContext
from pipwrap.operations.distribution_files import SavableFile


def save_archive(context: CommandContext, file: SavableFile, directory: str) -> None:
    """Copy one file, whole or not at all; an identical one is left as it is."""
    target = os.path.join(directory, checked_file_name(file.name))
    shown = context.show_path(target)
    if file.path == target:
        return
    if os.path.exists(target):
        if _same(file.path, target):
            context.events(Info(f"File was already downloaded {target}", indent=1))
            return
        context.events(Info(f"Replacing {shown}, which is another file", 1))
    _save(file, directory)
    context.events(Info(f"Saved {shown}"))


def save_wheel(
    context: CommandContext, file: SavableFile, directory: str, *, is_announced: bool
) -> None:
    """Copy one wheel, over one of the same name; what is there itself stays."""
    if file.path == os.path.join(directory, file.name):
        return
    target = _save(file, directory)
    if is_announced:
        context.events(Info(f"Saved {context.show_path(target)}"))


def _save(file: SavableFile, directory: str) -> str:
    """Copy a file to where the user wants it and return its path.

    It is written under an unpredictable name, so that no file is replaced and no link is followed,
    and renamed at the end. Raises ``errors.EnvironmentRefused``, and ``errors.InvalidDistribution``
    for what is no file name.
    """
    target = os.path.join(directory, checked_file_name(file.name))
    beside = disk.unused_name(directory, ".part")
    try:
        os.makedirs(directory, exist_ok=True)
        with open(file.path, "rb") as content, open(beside, "xb", opener=_new_file) as copy:
            shutil.copyfileobj(content, copy)
        os.replace(beside, target)
    except OSError as error:
        disk.unlink(beside)
        raise errors.EnvironmentRefused(
            f"Could not save {target}: {errors.cause_of(error)}"
        ) from error
    return target


def _new_file(path: str, flags: int) -> int:
    """Open a file that must not be there, and be no link; ``os.open`` as ``open`` calls it."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o666)


def _same(one: str, other: str) -> bool:
    import filecmp  # noqa: PLC0415 - only when something is there

    return filecmp.cmp(one, other, shallow=False)

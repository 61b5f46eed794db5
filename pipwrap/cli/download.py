"""``download``: the files themselves, into a directory; project code runs only when it must."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from pipwrap import errors
from pipwrap.cache import disk
from pipwrap.distribution.results import SaveOptions
from pipwrap.events import Info
from pipwrap.model.candidate import Candidate
from pipwrap.model.distribution import Distribution
from pipwrap.model.link import checked_file_name
from pipwrap.model.source import Archive, Directory, Repository
from pipwrap.operations import network, only_dependencies, plan, wiring
from pipwrap.operations.context import CommandContext
from pipwrap.operations.request import announce_places, read_request
from pipwrap.operations.resolution_cache import cached_or_resolved
from pipwrap.operations.resolve_request import resolve_request_of
from pipwrap.operations.session import InstallSession


def run(context: CommandContext) -> int:
    """Download what is asked for and return the exit status."""
    options = context.options
    only_dependencies.check(options)
    request = read_request(context, lambda url: network.fetch_text(context, url))
    announce_places(context, request.search)
    directory = options.destination_dir or context.working_directory
    with wiring.opened(context, request.search) as shared:
        session = wiring.open_session(shared, request, SaveOptions(directory, archives=True))
        try:
            resolution = cached_or_resolved(session, resolve_request_of(context, request))
            distribution = plan.distributions_in_order(resolution, context.console)
            distribution = only_dependencies.kept(
                distribution, resolution, request.root_requirements, options
            )
            files = _archives(session, list(distribution.values()))
            spelled = {resolution.names[project]: each for project, each in distribution.items()}
            files |= _packed(context, session, spelled, directory)
            for each in distribution.values():
                if each in files:
                    _save(context, *files[each], directory)
            names = [resolution.names[project] for project in distribution]
        finally:
            session.close()
    if names:
        context.console(Info(f"Successfully downloaded {' '.join(names)}"))
    return 0


def _archives(
    session: InstallSession, distribution: Sequence[Distribution]
) -> dict[Distribution, tuple[str, str]]:
    """Return path and name of all archives, downloaded side by side: none is saved without all.

    Like pip, what lies in a local directory is not saved, but for editables (``_packed``).
    """
    archives = [each for each in distribution if isinstance(each, Candidate | Archive)]
    found: dict[Distribution, tuple[str, str]] = {}
    with ThreadPoolExecutor() as pool:
        acquired = pool.map(session.preparer.files.archive, archives)
        for each, archive in zip(archives, acquired, strict=True):
            found[each] = archive.path, each.link.filename
            for line in session.preparer.files.new_lines(each):
                session.listener(line)
    return found


def _packed(
    context: CommandContext,
    session: InstallSession,
    spelled: Mapping[str, Distribution],
    directory: str,
) -> dict[Distribution, tuple[str, str]]:
    """Return path and name of a zip of each repository and each editable: no file can be copied.

    Like pip, which packs no other directory, and names the zip as the user spells the project.
    """
    from pipwrap.build.source_tree import pack  # noqa: PLC0415 - source trees only

    found: dict[Distribution, tuple[str, str]] = {}
    for name, each in spelled.items():
        if isinstance(each, Directory) and each.editable:
            root = each.path
        elif isinstance(each, Repository):
            root = session.preparer.builder.sources.checkout(each).root
        else:
            continue
        filename = checked_file_name(f"{name}-{session.metadata(each).metadata.version}.zip")
        if os.path.exists(os.path.join(directory, filename)):
            raise errors.HandOver(f"a decision about {filename}, which is there already")
        path = os.path.join(context.place.scratch("zip-"), filename)
        pack(os.path.join(root, each.link.subdirectory or ""), name, path)
        found[each] = path, filename
    return found


def _save(context: CommandContext, path: str, filename: str, directory: str) -> None:
    """Copy one file, whole or not at all; an identical one is left as it is."""
    target = os.path.join(directory, checked_file_name(filename))
    shown = context.show_path(target)
    if path == target:
        return
    if os.path.exists(target):
        if _same(path, target):
            context.console(Info(f"File was already downloaded {target}", indent=1))
            return
        context.console(Info(f"Replacing {shown}, which is another file", 1))
    save_file(path, directory, filename)
    context.console(Info(f"Saved {shown}"))


def save_file(source: str, directory: str, filename: str) -> str:
    """Copy a file to where the user wants it and return its path.

    It is written under a name that nobody can know before, where nothing lies and no link leads
    elsewhere, and renamed at the end. Raises ``errors.EnvironmentRefused``, and
    ``errors.InvalidDistribution`` for what is no file name.
    """
    target = os.path.join(directory, checked_file_name(filename))
    beside = disk.unused_name(directory, ".part")
    try:
        os.makedirs(directory, exist_ok=True)
        with open(source, "rb") as content, open(beside, "xb", opener=_new_file) as copy:
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

"""``download``: the files themselves, into a directory; project code runs only when it must."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from pipwrap import errors
from pipwrap.artifacts.wanted import Saving, Wanted
from pipwrap.cli import connecting, only_dependencies, planning, wiring
from pipwrap.cli.bench import Bench
from pipwrap.cli.context import Context
from pipwrap.cli.question import question_of
from pipwrap.cli.recollection import resolution_of
from pipwrap.cli.request import announce_places, read_request
from pipwrap.events import Told
from pipwrap.model.candidate import Candidate
from pipwrap.model.source import Archive, Repository


def run(context: Context) -> int:
    """Download what is asked for and return the exit status."""
    options = context.options
    only_dependencies.check(options)
    request = read_request(context, lambda url: connecting.fetch_text(context, url))
    announce_places(context, request.search)
    directory = options.destination_dir or context.working_directory
    with wiring.opened(context, request.search) as shared:
        bench = wiring.bench_for(shared, request, Saving(directory, archives=True))
        try:
            resolution = resolution_of(bench, question_of(context, request))
            wanted = planning.wanted_in_order(resolution, context.console)
            wanted = only_dependencies.kept(wanted, resolution, request.wishes, options)
            files = _archives(bench, list(wanted.values()))
            files |= _clones(context, bench, list(wanted.values()), directory)
            for each in wanted.values():
                if each in files:
                    _save(context, *files[each], directory)
            names = [resolution.names[project] for project in wanted]
        finally:
            bench.close()
    if names:
        context.console(Told(f"Successfully downloaded {' '.join(names)}"))
    return 0


def _archives(bench: Bench, wanted: Sequence[Wanted]) -> dict[Wanted, tuple[str, str]]:
    """Return path and name of all archives, downloaded side by side: none is saved without all.

    Like pip, what lies in a local directory is not saved.
    """
    archives = [each for each in wanted if isinstance(each, Candidate | Archive)]
    found: dict[Wanted, tuple[str, str]] = {}
    with ThreadPoolExecutor() as pool:
        acquired = pool.map(bench.preparer.archive, archives)
        for each, archive in zip(archives, acquired, strict=True):
            found[each] = archive.path, each.link.filename
            for line in bench.preparer.new_lines(each):
                bench.listener(line)
    return found


def _clones(
    context: Context, bench: Bench, wanted: Sequence[Wanted], directory: str
) -> dict[Wanted, tuple[str, str]]:
    """Return path and name of a zip of each repository: there is no file to be copied."""
    from pipwrap.artifacts.source_tree import pack  # noqa: PLC0415 - repositories only

    found: dict[Wanted, tuple[str, str]] = {}
    for each in wanted:
        if not isinstance(each, Repository):
            continue
        metadata = bench.metadata(each).metadata
        filename = f"{metadata.name}-{metadata.version}.zip"
        if os.path.exists(os.path.join(directory, filename)):
            raise errors.HandOver(f"a decision about {filename}, which is there already")
        path = os.path.join(context.place.scratch("zip-"), filename)
        pack(
            os.path.join(bench.preparer.sources.checkout(each).root, each.link.subdirectory or ""),
            metadata.name,
            path,
        )
        found[each] = path, filename
    return found


def _save(context: Context, path: str, filename: str, directory: str) -> None:
    """Copy one file, whole or not at all; an identical one is left as it is."""
    target = os.path.join(directory, filename)
    shown = context.show_path(target)
    if path == target:
        return
    if os.path.exists(target):
        if _same(path, target):
            context.console(Told(f"File was already downloaded {target}", indent=1))
            return
        context.console(Told(f"Replacing {shown}, which is another file", 1))
    save_file(path, target)
    context.console(Told(f"Saved {shown}"))


def save_file(source: str, target: str) -> None:
    """Copy a file to where the user wants it; raises ``errors.EnvironmentRefused``."""
    beside = f"{target}.{os.getpid()}.part"
    try:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copyfile(source, beside)
        os.replace(beside, target)
    except OSError as error:
        if os.path.exists(beside):
            os.unlink(beside)
        raise errors.EnvironmentRefused(f"Could not save {target}: {error}") from error


def _same(one: str, other: str) -> bool:
    import filecmp  # noqa: PLC0415 - only when something is there

    return filecmp.cmp(one, other, shallow=False)

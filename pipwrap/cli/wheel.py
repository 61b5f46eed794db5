"""``wheel``: wheels for everything that is asked for, built where there are none."""

from __future__ import annotations

import os

from pipwrap.cli import connecting, only_dependencies, planning, wiring
from pipwrap.cli.context import Context
from pipwrap.cli.download import save_file
from pipwrap.cli.install import announce_places
from pipwrap.cli.request import read_request
from pipwrap.cli.resolve import question_of, resolve
from pipwrap.events import Told


def run(context: Context) -> int:
    """Make the wheels and return the exit status."""
    options = context.options
    only_dependencies.check(options)
    request = read_request(context, lambda url: connecting.fetch_text(context, url))
    announce_places(context, request)
    directory = options.destination_dir or context.working_directory
    with wiring.opened(context, request.search) as shared:
        bench = wiring.bench_for(shared, request)
        try:
            resolution = resolve(bench, question_of(context, request))
            wanted = planning.wanted_in_order(resolution, context.console)
            wanted = only_dependencies.kept(wanted, resolution, request.wishes, options)
            bench.preparer.wheels(wanted, resolution.names)
            for project, each in wanted.items():
                path, filename = bench.preparer.wheel_file(each, project)
                target = os.path.join(directory, filename)
                if each.is_wheel and os.path.exists(target):
                    context.console(Told(f"File was already downloaded {target}", indent=1))
                    continue
                save_file(path, target)
                if each.is_wheel:
                    context.console(Told(f"Saved {context.show_path(target)}"))
        finally:
            bench.close()
    return 0

"""Lists of requirements that scenarios read: small wheels, and pins of now and of two years ago."""

from __future__ import annotations

import datetime as dt
import os
import subprocess

from benchmark import made, tools
from benchmark.directories import RunningIndex, Site

PAST = dt.timedelta(days=730)


def make_small(site: Site, count: int) -> None:
    """Write small-COUNT.txt: the names of the first small wheels."""
    with open(os.path.join(site.lists, f"small-{count}.txt"), "w", encoding="utf-8") as stream:
        stream.writelines(f"{made.small_name(number)}\n" for number in range(count))


def make_pins(site: Site, index: RunningIndex, name: str) -> None:
    """Write NAME-new.txt and NAME-old.txt unless they are there; they stay as the pages do."""
    now = dt.datetime.now(dt.timezone.utc)
    for age, moment in (("new", now), ("old", now - PAST)):
        path = os.path.join(site.lists, f"{name}-{age}.txt")
        if not os.path.exists(path):
            pins = _compiled(site, index, name, moment.strftime("%Y-%m-%dT00:00:00Z"))
            with open(path, "w", encoding="utf-8") as stream:
                stream.write(pins)


def _compiled(site: Site, index: RunningIndex, name: str, moment: str) -> str:
    """Return the pins of what was there at a moment; RuntimeError says why there are none."""
    home = os.path.join(site.work, "home")
    os.makedirs(os.path.join(home, "tmp"), exist_ok=True)
    done = subprocess.run(
        [
            *(os.path.join(site.programs, "uv"), "pip", "compile", "-", "--quiet", "--no-header"),
            *("--no-annotate", "--exclude-newer", moment),
            *("--python", os.path.join(site.programs, "python")),
        ],
        env=tools.environ(home, os.path.join(site.work, "caches", "lists"), index.url),
        input=name,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"the requirements of {name} cannot be listed: {done.stderr}")
    return done.stdout

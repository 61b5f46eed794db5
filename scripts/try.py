"""Use pipwrap for real: install the requirements into two new environments and compare.

The first round fills an empty cache; the second must build nothing and download nothing. All of it
lies under .scratch/try. Arguments go to ``pipwrap install`` as they are.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Sequence
from dataclasses import dataclass

PROJECT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT = os.path.join(PROJECT, ".scratch", "try")
CACHE = os.path.join(ROOT, "cache")
NAMES_SHOWN = 6
DEFAULT = ("rich", "requests", "markupsafe", "--no-binary", "markupsafe")
LINES = {
    "downloaded": re.compile(r"\s*Downloading (\S+)(?<!\.metadata) "),
    "read metadata of": re.compile(r"\s*Downloading (\S+)\.metadata "),
    "built": re.compile(r"\s*Building wheel for (\S+) .*: finished with status 'done'"),
    "reused": re.compile(r"\s*Using cached (\S+)"),
}
IMPORT_REQUESTED = """
import importlib, importlib.metadata as metadata
wanted = {one.name for one in metadata.distributions() if one.read_text("REQUESTED") is not None}
assert wanted, "nothing is marked as requested"
for module, names in sorted(metadata.packages_distributions().items()):
    if wanted & set(names) and module.isidentifier() and not module.startswith("_"):
        importlib.import_module(module)
        print("imported", module)
"""


@dataclass(frozen=True)
class Round:
    """One installation as its output and the cache tell it."""

    seconds: float
    status: int
    told: dict[str, tuple[str, ...]]
    """File or project names of each kind in ``LINES``."""
    stored: dict[str, int]
    """How many files each bucket of the cache gained."""


def binary(environment: str, name: str) -> str:
    """Return the path of a program of an environment."""
    return os.path.join(environment, "Scripts" if os.name == "nt" else "bin", name)


def install_pipwrap(tool: str) -> None:
    """Install this checkout, not editable, into an environment of its own."""
    if not os.path.exists(binary(tool, "python")):
        venv.create(tool, with_pip=True, symlinks=os.name != "nt")
    command = [binary(tool, "python"), "-m", "pip", "install", "--quiet", "--upgrade", PROJECT]
    subprocess.run([*command, "--disable-pip-version-check"], check=True)


def count_files(buckets: Sequence[str]) -> dict[str, int]:
    """Return how many files lie in each bucket."""
    walked = {bucket: os.walk(os.path.join(CACHE, bucket)) for bucket in buckets}
    return {bucket: sum(len(row[2]) for row in rows) for bucket, rows in walked.items()}


def install(tool: str, target: str, arguments: Sequence[str], buckets: Sequence[str]) -> Round:
    """Install into a new environment, showing the output, and return what happened."""
    venv.create(target, symlinks=os.name != "nt")
    options = ["--python", binary(target, "python"), "--cache-dir", CACHE]
    before, started, output = count_files(buckets), time.monotonic(), []
    with subprocess.Popen(
        [binary(tool, "pipwrap"), *options, "install", *arguments],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        encoding="utf-8",
    ) as process:
        for line in process.stdout or ():
            sys.stdout.write(f"  {line}")
            sys.stdout.flush()
            output.append(line)
    seconds = time.monotonic() - started
    told = {
        kind: tuple(found[1] for line in output if (found := pattern.match(line)))
        for kind, pattern in LINES.items()
    }
    stored = {name: count - before[name] for name, count in count_files(buckets).items()}
    return Round(seconds, process.returncode, told, stored)


def describe(title: str, result: Round) -> None:
    """Print one round's counts and time."""
    print(f"{title}: {result.seconds:.2f} s, exit status {result.status}")
    for kind, names in result.told.items():
        shown = " ".join(names[:NAMES_SHOWN]) + (" ..." if names[NAMES_SHOWN:] else "")
        print(f"  {kind:<16} {len(names):>3}  {shown}".rstrip())
    gained = ", ".join(f"{bucket} {count}" for bucket, count in result.stored.items() if count)
    print(f"  the cache gained: {gained or 'nothing'}")


def faults(first: Round, second: Round) -> list[str]:
    """Return what is not as it must be."""
    found = [
        f"the {title} round ended with exit status {result.status}"
        for title, result in (("first", first), ("second", second))
        if result.status
    ]
    found += [
        f"the second round {kind} {' '.join(second.told[kind])}"
        for kind in ("downloaded", "read metadata of", "built")
        if second.told[kind]
    ]
    gained = [bucket for bucket, count in second.stored.items() if count]
    if gained:
        found.append(f"the second round added to {' '.join(gained)}")
    return found


def main(arguments: Sequence[str]) -> int:
    """Run both rounds; return 0 only when all is well."""
    sys.path.insert(0, PROJECT)
    from pipwrap.cache import layout  # noqa: PLC0415 - the only speller of bucket names

    buckets = (layout.BODIES, layout.WHEELS, layout.STORE)
    tool, one, two = (os.path.join(ROOT, name) for name in ("tool", "one", "two"))
    for path in (CACHE, one, two):
        shutil.rmtree(path, ignore_errors=True)
    print("Installing pipwrap into .scratch/try/tool", flush=True)
    install_pipwrap(tool)
    wanted = list(arguments) or list(DEFAULT)
    rounds = []
    for number, target in enumerate((one, two), start=1):
        print(f"Round {number}: pipwrap install {' '.join(wanted)}", flush=True)
        rounds.append(install(tool, target, wanted, buckets))
    imported = [
        subprocess.run([binary(target, "python"), "-Ic", IMPORT_REQUESTED], check=False).returncode
        for target in (one, two)
    ]
    for number, result in enumerate(rounds, start=1):
        describe(f"Round {number}", result)
    problems = faults(*rounds)
    if not arguments and not (rounds[0].told["built"] and rounds[0].stored[layout.WHEELS]):
        problems.append("the first round built no wheel, or did not keep it")
    if any(imported):
        problems.append("what was installed cannot be imported")
    for problem in problems:
        print(f"NOT WELL: {problem}")
    if not problems:
        print("All is well: the second round built nothing and downloaded nothing.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

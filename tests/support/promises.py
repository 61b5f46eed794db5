"""What every failing command promises: exit status, one message, nothing changed."""

from __future__ import annotations

import re
from pathlib import Path

from support.archives import StrPath
from support.environments import snapshot
from support.runner import Result, Runner

CACHED_WORK = ("wheels-v2", "store-v1")
"""The buckets of what was built and unpacked."""


def cached_work(cache: StrPath) -> dict[str, dict[str, str]]:
    """Return all that lies in the cache's built and unpacked wheels."""
    return {bucket: snapshot(Path(cache, bucket)) for bucket in CACHED_WORK}


def only_fetched(before: dict[str, dict[str, str]], after: dict[str, dict[str, str]]) -> bool:
    """Tell whether nothing changed but that whole wheels may have come into the store."""
    built, stored = CACHED_WORK
    new = {path: after[stored][path] for path in after[stored] if path not in before[stored]}
    entries = {path.rpartition("/")[0] for path in new if path.endswith("/entry.json")}
    inside = all(
        any(path.startswith(f"{entry}/") or entry.startswith(path) for entry in entries)
        for path in new
    )
    kept = {path: after[stored].get(path) for path in before[stored]} == before[stored]
    return after[built] == before[built] and kept and inside


def error_messages(result: Result) -> list[str]:
    """Return the first lines of the errors on stderr: pip's ``ERROR: ...`` and framed ones."""
    return re.findall(r"^(?:ERROR|error): .*", result.stderr, re.MULTILINE)


def refused(
    runner: Runner,
    *arguments: StrPath,
    says: str,
    code: int = 1,
    messages: int = 1,
    keeps_cache: bool = True,
    **keywords: object,
) -> Result:
    """Run a command that must fail, and return its result.

    Asserts the exit status, the number of error messages (pip itself prints two for what it
    cannot find), that ``says`` is on stderr, no traceback, and that neither the environment nor
    what the cache holds of built and unpacked wheels is another than before, but for good wheels
    that were fetched ahead; ``keeps_cache=False`` is for what fails after other changes.
    """
    cache = Path(runner.environ["XDG_CACHE_HOME"], "pipwrap")
    before = runner.environment.tree(), cached_work(cache)
    result = runner(*arguments, **keywords)  # type: ignore[arg-type]
    assert result.returncode == code, result.output
    assert "Traceback" not in result.stdout + result.stderr, result.output
    assert says in result.stderr, result.output
    assert len(error_messages(result)) == messages, result.output
    assert runner.environment.tree() == before[0], result.output
    assert not keeps_cache or only_fetched(before[1], cached_work(cache)), result.output
    return result

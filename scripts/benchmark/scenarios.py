"""The table of scenarios: what is done, from which state, and what the budget says of it."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace

from benchmark.figures import Budget, Limit, Measure
from benchmark.tools import (
    PIP,
    PIP_WITHOUT_BYTECODE,
    PIPWRAP,
    PYTHON,
    UV,
    UV_WITH_BYTECODE,
    Action,
    Tool,
)


class Cache(enum.Enum):
    """What a tool's cache holds when the clock starts."""

    COLD = "nothing"
    WARM = "what the same command left there"
    SEEDED = "the seeds alone, copied anew for each run"


class Target(enum.Enum):
    """The environment that the command works on."""

    NONE = "none"
    FRESH = "a new one for each run"
    KEPT = "one for all runs"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One row of the table; ``{lists}`` in arguments is where lists of requirements lie."""

    name: str
    title: str
    action: Action
    tools: tuple[Tool, ...]
    arguments: tuple[str, ...] = ()
    cache: Cache = Cache.WARM
    target: Target = Target.FRESH
    before: tuple[str, ...] = ()
    """What is installed in the environment before the clock starts."""
    seeds: tuple[str, ...] = ()
    delay: float = 0.0
    """Seconds that the index waits before each answer."""
    limit: float = 300.0
    repeats: int = 1
    """Runs in each round."""
    fails: bool = False
    """The requirements cannot be met: the right end is an error."""
    budget: Budget | None = None


THREE = (PIP, UV, PIPWRAP)
COMPILING = (PIP, UV, UV_WITH_BYTECODE, PIPWRAP)
INSTALLERS = (PIP, PIP_WITHOUT_BYTECODE, UV, UV_WITH_BYTECODE, PIPWRAP)

START = Budget("2 × the bare `python -c pass`", (Limit(PYTHON.label, 2),))
MEMORY = Limit(None, allowance=100e6, measure=Measure.PEAK)
COLD = Budget(
    "no slower than uv given the same work; 3 × faster than pip; 100 MB at the peak",
    (Limit(UV_WITH_BYTECODE.label), Limit(PIP.label, 1 / 3), MEMORY),
)
RESOLVING = Budget("no slower than uv; ends where pip gives up", (Limit(UV.label),))

_STARTUP = Scenario(
    "version",
    "`--version`",
    Action.VERSION,
    (PYTHON, *THREE),
    target=Target.NONE,
    repeats=10,
    budget=START,
)
_WARM = Scenario(
    "warm",
    "warm install: jupyterlab",
    Action.INSTALL,
    INSTALLERS,
    ("jupyterlab",),
    budget=Budget(
        "faster than uv without bytecode; 20 × faster than pip; 100 MB at the peak",
        (Limit(UV.label), Limit(PIP.label, 1 / 20), MEMORY),
    ),
)
_RESOLVE = Scenario(
    "resolve-small",
    "resolution: requests flask",
    Action.RESOLVE,
    THREE,
    ("requests", "flask"),
    limit=120.0,
    budget=RESOLVING,
)

SCENARIOS = (
    _STARTUP,
    replace(_STARTUP, name="help", title="`--help`", action=Action.HELP),
    Scenario(
        "no-op",
        "no-op install: jupyterlab is there",
        Action.INSTALL,
        (PYTHON, *THREE),
        ("jupyterlab",),
        target=Target.KEPT,
        before=("jupyterlab",),
        repeats=5,
        budget=START,
    ),
    _WARM,
    replace(
        _WARM,
        name="cold",
        title="cold install: jupyterlab",
        cache=Cache.COLD,
        tools=COMPILING,
        budget=COLD,
    ),
)

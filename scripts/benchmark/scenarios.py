"""The table of scenarios: what is done, from which state, and what the budget says of it."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace

from benchmark import made
from benchmark.figures import Budget, Limit, Measure
from benchmark.tools import (
    BACKEND,
    PIP,
    PIP_WITHOUT_BYTECODE,
    PIPWRAP,
    PYTHON,
    SMALL_WHEEL,
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
    small_wheels: int = 0
    """How many of the small wheels that are made here it needs."""


THREE = (PIP, UV, PIPWRAP)
COMPILING = (PIP, UV, UV_WITH_BYTECODE, PIPWRAP)
INSTALLERS = (PIP, PIP_WITHOUT_BYTECODE, UV, UV_WITH_BYTECODE, PIPWRAP)

SDISTS = (
    "six==1.17.0",
    "docopt==0.6.2",
    "certifi==2025.1.31",
    "toolz==1.0.0",
    "mccabe==0.7.0",
    "idna==3.10",
    "tomli==2.2.1",
    "pyparsing==3.2.1",
    "itsdangerous==2.2.0",
    "colorama==0.4.6",
)
"""Pure ones that require nothing, by setuptools, flit and hatchling."""
BACKENDS = ("setuptools", "wheel", "flit_core<4", "hatchling")
GROWTH = (10, 100, 1000)

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
    limit=60.0,
    budget=RESOLVING,
)

_COLD = replace(
    _WARM,
    name="cold",
    title="cold install: jupyterlab",
    cache=Cache.COLD,
    tools=COMPILING,
    budget=COLD,
)


def _from_source(*pins: str) -> tuple[str, ...]:
    """Return arguments that have these built."""
    names = (pin.partition("==")[0] for pin in pins)
    return (*pins, *(part for name in names for part in ("--no-binary", name)))


def _building(count: int) -> Budget:
    """Return the budget of so many builds."""
    allowed = 0.15 * count
    text = f"{allowed:.2g} s beyond the time inside the backend's hooks"
    return Budget(text, (Limit(BACKEND.label, allowance=allowed),))


_BUILD = Scenario(
    "sdist-one",
    "one sdist, new to the cache; its build backend is not",
    Action.INSTALL,
    (*THREE, BACKEND),
    _from_source(SDISTS[0]),
    cache=Cache.SEEDED,
    seeds=BACKENDS,
    budget=_building(1),
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
    _COLD,
    replace(
        _COLD,
        name="latency",
        title="cold install: jupyterlab, 50 ms latency",
        delay=0.05,
    ),
    _RESOLVE,
    replace(
        _RESOLVE,
        name="resolve-jupyterlab",
        title="resolution: jupyterlab",
        arguments=("jupyterlab",),
    ),
    replace(
        _RESOLVE,
        name="resolve-s3fs",
        title="resolution: s3fs boto3 (both want botocore)",
        arguments=("s3fs", "boto3"),
    ),
    replace(
        _RESOLVE,
        name="resolve-boto3",
        title="resolution: boto3 requests>=2.32 urllib3<1.25 (a long way back)",
        arguments=("boto3", "requests>=2.32", "urllib3<1.25"),
    ),
    replace(
        _RESOLVE,
        name="resolve-fastapi",
        title="resolution: fastapi>=0.115.2 starlette<=0.36 (impossible)",
        arguments=("fastapi>=0.115.2", "starlette<=0.36"),
        fails=True,
    ),
    _BUILD,
    replace(
        _BUILD,
        name="sdist-ten",
        title="ten sdists, new to the cache",
        arguments=_from_source(*SDISTS),
        budget=_building(len(SDISTS)),
    ),
    Scenario(
        "replace",
        "replace: jupyterlab's set by the one of two years later",
        Action.INSTALL,
        COMPILING,
        ("-r", "{lists}/jupyterlab-new.txt"),
        before=("-r", "{lists}/jupyterlab-old.txt"),
    ),
    Scenario(
        "uninstall",
        "uninstall: all of jupyterlab's set",
        Action.UNINSTALL,
        THREE,
        ("-r", "{lists}/jupyterlab-new.txt"),
        before=("-r", "{lists}/jupyterlab-new.txt"),
    ),
    Scenario(
        "big",
        "cold install: one wheel of 200 MB",
        Action.INSTALL,
        (SMALL_WHEEL, *THREE),
        (made.BIG_NAME,),
        cache=Cache.COLD,
        small_wheels=1,
        budget=Budget(
            "under 10 MB for it at the peak",
            (Limit(SMALL_WHEEL.label, allowance=10e6, measure=Measure.PEAK),),
        ),
    ),
    *(
        Scenario(
            f"growth-{count}",
            f"warm install: {count:,} small wheels",
            Action.INSTALL,
            COMPILING,
            ("-r", f"{{lists}}/small-{count}.txt"),
            small_wheels=count,
        )
        for count in GROWTH
    ),
)

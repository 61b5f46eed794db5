"""Proxies by variable and by option: which of them a command connects through, beside pip."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.index import Index
from support.runner import Runner
from support.wheels import make_wheel

DEAD = "http://127.0.0.1:9"
"""A proxy that is not there."""
ALONE = ("--retries", "0", "--timeout", "5")


@pytest.mark.parametrize(
    ("options", "status"),
    [
        pytest.param((), 1, id="the variable's"),
        pytest.param(("--no-proxy-env",), 0, id="none without the environment"),
        pytest.param(("--proxy", ""), 0, id="none by an empty option"),
        pytest.param(("--proxy", DEAD, "--no-proxy-env"), 1, id="the option's all the same"),
    ],
)
def test_a_proxy_by_variable_and_by_option(
    pipwrap: Runner, index: Index, tmp_path: Path, options: tuple[str, ...], status: int
):
    index.add(make_wheel(tmp_path, "demo", "1.0"))
    environ = {"http_proxy": DEAD, "no_proxy": None, "NO_PROXY": None}
    for run in (pipwrap, pipwrap.pip):
        run(
            "download",
            "--no-deps",
            "-d",
            tmp_path / "d",
            *ALONE,
            *options,
            "demo",
            environ=environ,
            expect=status,
        )

"""Asks the real pip's own parsers, many questions in one process: what it makes of a line."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Question:
    """A command line in its surroundings, which are nothing but these."""

    argv: Sequence[str]
    environ: Mapping[str, str] = field(default_factory=dict)
    etc: str = "/nowhere"
    prefix: str = "/nowhere"


@dataclass(frozen=True)
class Answer:
    """What pip makes of it: values by destination, or a status with what it wrote."""

    values: dict[str, Any]
    arguments: list[str]
    status: int | None
    stderr: str


def ask_pip(questions: Sequence[Question]) -> list[Answer]:
    """Return pip's answers; nothing is run, parsing is all that happens."""
    completed = subprocess.run(
        [sys.executable, "-I", "-c", _SCRIPT],
        input=json.dumps([asdict(question) for question in questions]),
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "", "COLUMNS": "200", "LC_ALL": "C.UTF-8"},
        cwd=Path(sys.executable).anchor,
    )
    return [Answer(**answer) for answer in json.loads(completed.stdout)]


_SCRIPT = """
import contextlib, io, json, logging, os, sys

from pip._internal import configuration
from pip._internal.cli.main_parser import parse_command
from pip._internal.commands import create_command
from pip._internal.exceptions import PipError

original_environ = dict(os.environ)
original_directories = configuration.appdirs.site_config_dirs


def plain(value):
    if hasattr(value, "no_binary"):
        return {"no_binary": sorted(value.no_binary), "only_binary": sorted(value.only_binary)}
    if hasattr(value, "all_releases"):
        return {"all_releases": sorted(value.all_releases), "only_final": sorted(value.only_final)}
    if isinstance(value, set):
        return sorted(value)
    return value


def answer(question):
    os.environ.clear()
    os.environ.update(original_environ)
    os.environ.update(question["environ"])
    configuration.appdirs.site_config_dirs = lambda name: [
        question["etc"] if path == "/etc" else path for path in original_directories(name)
    ]
    configuration.sys.prefix = question["prefix"]
    stderr = io.StringIO()
    values, arguments, status = {}, [], None
    logging.getLogger().handlers[:] = [logging.StreamHandler(stderr)]
    with contextlib.redirect_stderr(stderr), contextlib.redirect_stdout(io.StringIO()):
        try:
            name, rest = parse_command(list(question["argv"]))
            command = create_command(name, isolated="--isolated" in rest)
            options, arguments = command.parse_args(rest)
            values = {key: plain(value) for key, value in vars(options).items()}
        except SystemExit as error:
            status = error.code or 0
        except PipError as error:
            status = 1
            stderr.write(str(error))
    return {"values": values, "arguments": arguments, "status": status, "stderr": stderr.getvalue()}


sys.argv = ["pip"]
json.dump([answer(question) for question in json.load(sys.stdin)], sys.stdout)
"""

"""Asks the real pip's own parsers, many questions in one process: what it makes of a line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Question:
    """A command line with an environment that holds nothing but these."""

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


@dataclass(frozen=True)
class FileQuestion:
    """A requirements file, read in its directory by ``pip install`` with some options."""

    directory: str
    filename: str
    options: Sequence[str] = ()
    environ: Mapping[str, str] = field(default_factory=dict)
    constraint: bool = False


def ask_pip_about_files(questions: Sequence[FileQuestion]) -> list[dict[str, Any]]:
    """Return what pip reads: ``requirements`` and the options after it, or an ``error``."""
    completed = subprocess.run(
        [sys.executable, "-I", "-c", _FILE_SCRIPT],
        input=json.dumps([asdict(question) for question in questions]),
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "", "PIP_CONFIG_FILE": os.devnull, "LC_ALL": "C.UTF-8"},
    )
    answers: list[dict[str, Any]] = json.loads(completed.stdout)
    return answers


_FILE_SCRIPT = """
import contextlib, io, json, logging, os, sys

from pip._internal.commands import create_command
from pip._internal.exceptions import PipError
from pip._internal.req.req_file import parse_requirements

original_environ = dict(os.environ)


def answer(question):
    os.environ.clear()
    os.environ.update(original_environ)
    os.environ.update(question["environ"])
    os.chdir(question["directory"])
    log = io.StringIO()
    logging.getLogger().handlers[:] = [logging.StreamHandler(log)]
    command = create_command("install")
    options, _ = command.parse_args(question["options"])
    options.cache_dir = False
    with command.main_context(), contextlib.redirect_stderr(io.StringIO()):
        session = command.get_default_session(options)
        finder = command._build_package_finder(options, session)
        try:
            requirements = [
                {
                    "text": found.requirement,
                    "is_editable": found.is_editable,
                    "is_constraint": found.constraint,
                    "comes_from": found.comes_from,
                    "line_source": found.line_source,
                    "hashes": (found.options or {}).get("hashes", {}),
                    "config_settings": (found.options or {}).get("config_settings", {}),
                }
                for found in parse_requirements(
                    question["filename"],
                    session=session,
                    finder=finder,
                    options=options,
                    constraint=question["constraint"],
                )
            ]
        except PipError as error:
            return {"error": str(error), "log": log.getvalue()}
    return {
        "requirements": requirements,
        "index_urls": finder.index_urls,
        "no_index": finder.search_scope.no_index,
        "find_links": finder.find_links,
        "no_binary": sorted(finder.format_control.no_binary),
        "only_binary": sorted(finder.format_control.only_binary),
        "pre": ":all:" in finder.release_control.all_releases,
        "prefer_binary": finder.prefer_binary,
        "require_hashes": options.require_hashes,
        "no_require_hashes": options.no_require_hashes,
        "trusted_hosts": list(finder.trusted_hosts),
        "features": options.features_enabled,
        "log": log.getvalue(),
    }


sys.argv = ["pip"]
json.dump([answer(question) for question in json.load(sys.stdin)], sys.stdout)
"""

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

"""What differs between the two sides after the same command, as lines that a human can read."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import stat
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from parity.sides import Side
from support.runner import Result

Tree = dict[str, str]

CONTRACT = re.compile(
    r"\s*(Collecting |Processing |Downloading |Using cached |Requirement already satisfied|"
    r"Building wheels? for |Created wheel for |Stored in directory: |Successfully |Saved |"
    r"Installing collected packages: |Attempting uninstall: |Would install |"
    r"File was already downloaded |ERROR: |WARNING: |DEPRECATION: )"
)
"""The lines that scripts rely on."""

_TRACEBACK = re.compile(r"^( *)Traceback \(most recent call last\):\n(?:\1 .*\n)+", re.MULTILINE)


@dataclass(frozen=True)
class Outcome:
    """What a command left: everything that is compared, normalised."""

    status: int
    stdout: tuple[str, ...]
    stderr: tuple[str, ...]
    report: object
    tree: Tree

    def differences_from(self, other: Outcome) -> list[str]:
        """Return one line for each difference; this is pip's outcome, ``other`` is pipwrap's."""
        found = [] if self.status == other.status else [f"exit {self.status} -> {other.status}"]
        for stream in ("stdout", "stderr"):
            found += _lines(stream, getattr(self, stream), getattr(other, stream))
        if self.report != other.report:
            found += _values("report", self.report, other.report)
        for path in sorted({*self.tree, *other.tree}):
            mine, yours = self.tree.get(path, "absent"), other.tree.get(path, "absent")
            if mine != yours:
                found += _file(path, mine, yours)
        return found


def outcome(
    side: Side, result: Result, hosts: dict[str, str], *, contract: bool = False
) -> Outcome:
    """Return what the command left, in terms that both sides share.

    ``contract`` leaves out what no script relies on.
    """
    report, stdout = _report(result.stdout)
    texts = _Texts(side, hosts)
    counts = CONTRACT.match if contract else bool
    return Outcome(
        status=result.returncode,
        stdout=tuple(sorted(filter(counts, texts.lines(stdout)))),
        stderr=tuple(sorted(filter(counts, texts.lines(result.stderr)))),
        report=_sorted_report(json.loads(texts.plain(json.dumps(report)))),
        tree=_tree(side, texts),
    )


class _Texts:
    """Takes out of a text what cannot be the same: paths of the side, temporary names."""

    def __init__(self, side: Side, hosts: dict[str, str]) -> None:
        """Remember what to replace."""
        self._known = {str(side.temporary): "$TMP", str(side.root): "$ROOT", **hosts}

    def plain(self, text: str) -> str:
        """Return the text without what differs by design."""
        for found, replaced in self._known.items():
            text = text.replace(found, replaced)
        text = re.sub(r"\$TMP/[^\s'\"),;]*", "$TMP", text)
        text = text.replace("$ROOT/env/bin/python3 -m pip", "pip")
        # The name of the program, which for pip is that of the script that runs it.
        text = text.replace("__main__.py", "pip")
        text = _TRACEBACK.sub(r"\1Traceback\n", text)
        # Both caches are the user's; they lie beside each other.
        text = text.replace("$ROOT/cache/pipwrap", "$CACHE").replace("$ROOT/cache/pip", "$CACHE")
        return re.sub(r"\$CACHE/tmp-v1/run-[^\s'\"),;]*", "$TMP", text)

    def lines(self, text: str) -> Iterator[str]:
        """Yield the lines that count; progress is drawn by each in its own way."""
        for line in self.plain(text).splitlines():
            if line.strip() and "━" not in line:
                stored = re.sub(r"(Stored in directory: \$CACHE)/.*", r"\1", line.rstrip())
                stored = re.sub(r"^(Downloading link .* to ).*", r"\1$TMP", stored)
                yield re.sub(r"(Created wheel .* sha256)=\w+$", r"\1", stored)


def _report(stdout: str) -> tuple[object, str]:
    """Return the JSON report inside stdout, and the rest."""
    start = stdout.find('{\n  "version"')
    if start < 0:
        return None, stdout
    report, end = json.JSONDecoder().raw_decode(stdout[start:])
    return report, stdout[:start] + stdout[start + end :]


def _sorted_report(report: object) -> object:
    """Return the report with its distributions by name: pip's order is one of several."""
    if isinstance(report, dict) and isinstance(report.get("install"), list):
        found = sorted(report["install"], key=lambda one: str(one["metadata"]["name"]))
        return {**report, "install": found}
    return report


def _lines(stream: str, mine: tuple[str, ...], yours: tuple[str, ...]) -> list[str]:
    missing, extra = Counter(mine) - Counter(yours), Counter(yours) - Counter(mine)
    return [
        *(f"{stream} - {line}" for line in sorted(missing.elements())),
        *(f"{stream} + {line}" for line in sorted(extra.elements())),
    ]


def _file(path: str, mine: str, yours: str) -> list[str]:
    """Return how two files differ; of a RECORD the rows."""
    if path.endswith("/RECORD") and "absent" not in {mine, yours}:
        return _lines(f"file {path}", tuple(mine.split(" ")), tuple(yours.split(" ")))
    return [f"file {path}: {mine} -> {yours}"]


def _values(path: str, mine: object, yours: object) -> list[str]:
    """Return the places where two JSON values differ."""
    if isinstance(mine, dict) and isinstance(yours, dict):
        keys = sorted({*mine, *yours})
        pairs = [(f"{path}.{key}", mine.get(key), yours.get(key)) for key in keys]
    elif isinstance(mine, list) and isinstance(yours, list) and len(mine) == len(yours):
        pairs = [(f"{path}[{at}]", *pair) for at, pair in enumerate(zip(mine, yours, strict=True))]
    else:
        return [f"{path}: {mine!r} -> {yours!r}"]
    return [line for where, one, two in pairs if one != two for line in _values(where, one, two)]


def _tree(side: Side, texts: _Texts) -> Tree:
    """Return what lies in the environment, the working directory and the home."""
    found: Tree = {}
    for top in ("env", "work", "home"):
        for folder, folders, names in os.walk(side.root / top):
            folders[:] = [one for one in folders if one != ".git"]
            for name in (*folders, *names):
                path = Path(folder, name)
                where = texts.plain(str(path)).removeprefix("$ROOT/")
                found[where] = _described(path, texts)
            # What --no-clean leaves has names and contents of each program's own.
            folders[:] = [one for one in folders if Path(folder) != side.temporary]
    return found


def _described(path: Path, texts: _Texts) -> str:
    status = path.lstat()
    mode = f"{stat.S_IMODE(status.st_mode):o}"
    if path.is_symlink():
        return f"link {texts.plain(os.readlink(path))}"
    if path.is_dir():
        return f"directory {mode}"
    if path.suffix == ".pyc":
        return f"bytecode {mode}"
    return f"file {mode} {_content(path, texts)}"


def _content(path: Path, texts: _Texts) -> str:
    """Return what a file says: itself where it is short, else its digest."""
    content = path.read_bytes()
    if path.name == "INSTALLER" or path.suffix == ".log":
        return "(says who and when)"
    if path.name == "RECORD":
        return " ".join(_record(content.decode()))
    try:
        text = texts.plain(content.decode())
    except UnicodeDecodeError:
        if path.suffix == ".zip":
            return " ".join(sorted(zipfile.ZipFile(path).namelist()))
        return hashlib.sha256(content).hexdigest()[:12]
    if path.name.endswith(".json"):
        report = _sorted_report(json.loads(text))
        text = json.dumps(report, sort_keys=True)
    elif text.startswith("#!$ROOT"):
        text = _script(text)
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return text if path.name == "direct_url.json" else digest


def _script(text: str) -> str:
    """Return an entry point's script by what it imports and calls: templates differ."""
    imported = re.findall(r"^\s*from (\S+) import (\S+)$", text, re.MULTILINE)
    return f"{text.splitlines()[0]} {imported}" if imported else text


def _record(text: str) -> Iterator[str]:
    """Yield the rows; a script holds the interpreter's path and so a hash of its own."""
    for name, digest, size in sorted(csv.reader(text.splitlines())):
        varies = name.endswith(("/INSTALLER", "/direct_url.json", ".pth")) or "bin/" in name
        yield name if varies else f"{name},{digest[:20]},{size}"

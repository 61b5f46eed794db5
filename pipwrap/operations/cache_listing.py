"""What ``cache list`` shows beyond pip: where a wheel is from, what it is, when it was used."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence

from msgspec import to_builtins

from pipwrap.cache.layout import HTTP, Layout
from pipwrap.cache.upkeep import usage
from pipwrap.cache.upkeep.usage import LastUse
from pipwrap.cache.wheels import BuiltWheel
from pipwrap.model.size import format_size
from pipwrap.report.console import Console


def details(entry: BuiltWheel, use: LastUse | None) -> list[str]:
    """Return what -v adds to an entry's line."""
    lines = [
        f"entry: {entry.name}",
        f"source: {entry.source_url}",
        f"source sha256: {entry.source_sha256}",
        f"built: {moment(entry.built_at)} in {entry.seconds:.1f} s for Python {entry.python}",
        f"kind: {kind(entry)}",
    ]
    if entry.evidence.requirements:
        lines.append(f"built with: {', '.join(entry.evidence.requirements)}")
    used = f"{use.count} times, last {moment(use.last)}" if use else "not since it was built"
    return [*lines, f"used: {used}"]


def kind(entry: BuiltWheel) -> str:
    """Return whether a wheel is native or pure, and whether it is less than it could be."""
    word = "native" if entry.quality.native else "pure"
    return f"{word}, degraded: {entry.quality.degraded}" if entry.quality.degraded else word


def as_json(layout: Layout, entries: Sequence[BuiltWheel]) -> str:
    """Return the entries as JSON; variables by name only."""
    uses = usage.read(layout, usage.UsageKind.BUILT)
    listed = []
    for entry in entries:
        fields = to_builtins(entry)
        fields["evidence"]["variables"] = [name for name, _ in entry.evidence.variables]
        use = uses.get(entry.place, LastUse())
        listed.append({**fields, "entry": entry.name, "uses": use.count, "last_used": use.last})
    return json.dumps(listed, indent=2, sort_keys=True)


def list_http(layout: Layout, console: Console) -> None:
    """Print every stored response: URL, size and age."""
    root = layout.bucket(HTTP)
    heads = []
    for directory, _, names in os.walk(root):
        for name in names:
            try:
                with open(os.path.join(directory, name), "rb") as stream:
                    heads.append(json.load(stream))
            except (OSError, ValueError):
                continue
    if not heads:
        console.line("No responses cached.")
        return
    for head in sorted(heads, key=lambda each: str(each.get("url"))):
        body = head.get("sha256") or head.get("body") or ""
        size = _size(layout, body)
        received = moment(float(head.get("received_at", 0.0)))
        console.line(f"{head.get('url')} ({size}), received {received}")


def _size(layout: Layout, sha256: object) -> str:
    try:
        return format_size(os.path.getsize(layout.body(str(sha256))))
    except (OSError, ValueError):
        return "no body"


def moment(seconds: float) -> str:
    """Return a time as a person reads it."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))

"""What ``cache list`` shows beyond pip: where a wheel is from, what it is, when it was used."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence

from msgspec import to_builtins

from pipwrap.cache.http.entries import read_head
from pipwrap.cache.layout import HTTP, Layout
from pipwrap.cache.native_needs import compared
from pipwrap.cache.upkeep import usage
from pipwrap.cache.upkeep.usage import LastUse
from pipwrap.cache.wheels import BuiltWheel
from pipwrap.model.size import format_size
from pipwrap.report.console import Console


def details(entry: BuiltWheel, use: LastUse | None) -> list[str]:
    """Return what -v adds to an entry's line."""
    build = entry.provenance
    lines = [
        f"entry: {entry.name}",
        f"source: {build.source_url}",
        f"source sha256: {entry.source_sha256}",
        f"built: {moment(entry.built_at)} in {build.seconds:.1f} s for Python {build.python}",
        f"kind: {kind(entry)}",
    ]
    if build.evidence.requirements:
        lines.append(f"built with: {', '.join(build.evidence.requirements)}")
    if build.evidence.partial is not None:
        lines.append(f"evidence: partial, {build.evidence.partial}")
    else:
        lines.append("evidence: whole")
    if build.needs is not None and (needs := compared(build.needs)):
        lines.append(f"needs: {', '.join(needs)}")
    used = f"{use.count} times, last {moment(use.last)}" if use else "not since it was built"
    return [*lines, f"used: {used}"]


def kind(entry: BuiltWheel) -> str:
    """Return whether a wheel is native or pure, and whether it is less than it could be."""
    quality = entry.provenance.quality
    word = "native" if quality.native else "pure"
    return f"{word}, degraded: {quality.degraded}" if quality.degraded else word


def as_json(layout: Layout, entries: Sequence[BuiltWheel]) -> str:
    """Return the entries as JSON; variables by name only."""
    uses = usage.read(layout, usage.UsageKind.BUILT)
    listed = []
    for entry in entries:
        fields = to_builtins(entry)
        fields |= {**fields.pop("provenance"), "filename": entry.filename, "entry": entry.name}
        variables = entry.provenance.evidence.variables
        fields["evidence"]["variables"] = [name for name, _ in variables]
        use = uses.get(entry.place, LastUse())
        listed.append({**fields, "uses": use.count, "last_used": use.last})
    return json.dumps(listed, indent=2, sort_keys=True)


def list_http(layout: Layout, console: Console) -> None:
    """Print every stored response: URL, size and age."""
    root = layout.bucket(HTTP)
    heads = []
    for directory, _, names in os.walk(root):
        for name in names:
            try:
                head = read_head(os.path.join(directory, name))
            except (OSError, ValueError):
                continue
            if head is not None:
                heads.append(head)
    if not heads:
        console.line("No responses cached.")
        return
    for head in sorted(heads, key=lambda each: each.url):
        size = _size(layout, head.body)
        console.line(f"{head.url} ({size}), received {moment(head.received_at)}")


def _size(layout: Layout, sha256: str) -> str:
    try:
        return format_size(os.path.getsize(layout.body(sha256)))
    except (OSError, ValueError):
        return "no body"


def moment(seconds: float) -> str:
    """Return a time in a readable form."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))

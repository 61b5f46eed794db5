"""``install --report``: what a resolution chose, written as JSON to a file or to stdout."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from pipwrap import errors
from pipwrap.model.candidate import Candidate
from pipwrap.model.distribution import Distribution
from pipwrap.model.source import Archive, Directory, Repository
from pipwrap.operations import real_pip
from pipwrap.operations.context import CommandContext
from pipwrap.operations.session import InstallSession
from pipwrap.report.installation_report import ReportedInstall, installation_report
from pipwrap.resolution.outcome import Resolution


def write_report(
    context: CommandContext,
    session: InstallSession,
    resolution: Resolution,
    distribution: Mapping[str, Distribution],
    asked: Collection[str],
) -> None:
    """Write the report that --report asks for; raises pip's error when it cannot be written."""
    items = [
        ReportedInstall(
            metadata=session.preparer.reader.text(each),
            download_info=_download_info(session, each),
            is_direct=not isinstance(each, Candidate),
            is_yanked=each.link.yanked is not None,
            requested=project in asked,
            extras=resolution.extras.get(project, ()),
        )
        for project, each in distribution.items()
    ]
    environment = context.environment
    text = installation_report(items, real_pip.version(), environment.marker_environment)
    path = context.options.report
    if path is None or path == "-":
        context.console.line(text)
        return
    try:
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise errors.EnvironmentRefused(
            f"Could not install packages due to an OSError: {error}\n"
        ) from error


def _download_info(session: InstallSession, distribution: Distribution) -> dict[str, Any]:
    """Return where something comes from; a file is fetched only when its digest is not known."""
    if isinstance(distribution, Directory):
        return _parsed(distribution.direct_url(""))
    if isinstance(distribution, Repository):
        identity = (
            distribution.revision
            if session.reuses(distribution)
            else session.preparer.builder.sources.identity(distribution)
        )
        return _parsed(distribution.direct_url(identity or ""))
    source = Archive(distribution.link) if isinstance(distribution, Candidate) else distribution
    algorithm, digest = next(iter(distribution.link.hashes), ("sha256", ""))
    if not digest:
        digest = session.preparer.files.archive(distribution).sha256
    info = _parsed(source.direct_url(digest))
    info["archive_info"] = {"hash": f"{algorithm}={digest}", "hashes": {algorithm: digest}}
    return info


def _parsed(direct_url: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(direct_url)
    return value

"""``install --report``: what a resolution chose, written as JSON to a file or to stdout."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from pipwrap import errors
from pipwrap.events import CommandOutput
from pipwrap.model.candidate import Candidate
from pipwrap.model.distribution import Distribution
from pipwrap.operations import real_pip
from pipwrap.operations.context import CommandContext
from pipwrap.operations.distribution_files import DistributionFiles
from pipwrap.report.installation_report import ReportedInstall, installation_report
from pipwrap.resolution.outcome import Resolution


def write_report(
    context: CommandContext,
    files: DistributionFiles,
    resolution: Resolution,
    distribution: Mapping[str, Distribution],
    requested_projects: Collection[str],
) -> None:
    """Write the report that --report asks for; raises pip's error when it cannot be written."""
    items = [
        ReportedInstall(
            metadata=files.metadata_text(each),
            download_info=files.download_info(each),
            is_direct=not isinstance(each, Candidate),
            is_yanked=each.link.is_yanked,
            requested=project in requested_projects,
            extras=resolution.extras.get(project, ()),
        )
        for project, each in distribution.items()
    ]
    environment = context.environment
    text = installation_report(items, real_pip.version(), environment.marker_environment)
    path = context.options.report
    if path is None or path == "-":
        context.events(CommandOutput(text))
        return
    try:
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise errors.EnvironmentRefused(
            f"Could not install packages due to an OSError: {error}\n"
        ) from error

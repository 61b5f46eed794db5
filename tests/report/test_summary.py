"""Events and errors become the lines that pip would print, each on its stream."""

from __future__ import annotations

import io

import pytest

from pipwrap import errors
from pipwrap.events import (
    BuildFinished,
    BuildStarted,
    CommandOutput,
    DownloadStarted,
    ErrorMessage,
    Event,
    Info,
    WarningMessage,
)
from pipwrap.report.console import Console, OutputStreams
from pipwrap.report.summary import OutputLine, error_lines, lines_of


@pytest.mark.parametrize(
    ("event", "verbosity", "lines"),
    [
        pytest.param(Info("x"), 0, (OutputLine("x"),), id="told"),
        pytest.param(Info("x"), -1, (), id="-q hides it"),
        pytest.param(Info("x", 1), 0, (), id="only at -v"),
        pytest.param(Info("x", 1), 1, (OutputLine("x"),), id="at -v"),
        pytest.param(Info("x\ny", indent=2), 0, (OutputLine("    x\n    y"),), id="indented"),
        pytest.param(CommandOutput("x"), -3, (OutputLine("x"),), id="asked for"),
        pytest.param(WarningMessage("x"), -1, (OutputLine("WARNING: x", True),), id="-q warns"),  # noqa: FBT003
        pytest.param(WarningMessage("x"), -2, (), id="-qq does not"),
        pytest.param(ErrorMessage("x"), -2, (OutputLine("ERROR: x", True),), id="-qq fails"),  # noqa: FBT003
        pytest.param(ErrorMessage("x"), -3, (), id="-qqq is silent"),
        pytest.param(BuildStarted("x"), 0, (OutputLine("  x: started"),), id="a build starts"),
        pytest.param(
            BuildFinished("x", "done"),
            0,
            (OutputLine("  x: finished with status 'done'"),),
            id="and ends",
        ),
        pytest.param(BuildFinished("x", "done"), -1, (), id="quietly"),
        pytest.param(DownloadStarted("u", "f", None), 0, (), id="bars are no lines"),
    ],
)
def test_events_print_by_verbosity(
    event: Event, verbosity: int, lines: tuple[OutputLine, ...]
) -> None:
    assert lines_of(event, verbosity) == lines


def text(error: errors.PipwrapError) -> list[str]:
    lines = error_lines(error)
    assert all(line.is_error for line in lines)
    return [line.text for line in lines]


def test_a_plain_error_is_one_line_with_what_belongs_to_it() -> None:
    assert text(errors.CommandError("no")) == ["ERROR: no"]
    error = errors.CommandError("no", context="c", note="n", hint="h")
    assert text(error) == ["ERROR: no", "c", "n", "HINT: h"]


def test_a_diagnostic_error_stands_in_pips_frame() -> None:
    error = errors.DiagnosticError(
        "a-name", "what\nwent wrong", context="why\nso", note="n", hint="h"
    )
    assert text(error) == [
        "error: a-name",
        "",
        "× what",
        "│ went wrong",
        "╰─> why",
        "    so",
        "",
        "note: n",
        "hint: h",
    ]


def test_a_failed_build_shows_the_end_of_its_log_and_where_the_rest_is() -> None:
    error = errors.BuildFailed(
        "It did not run.",
        output="one\ntwo",
        log_path="/logs/x",
        step="build_wheel",
        context="exit code: 1",
    )
    error.source = "a"
    lines = text(error)
    assert lines[0] == "  error: subprocess-exited-with-error"
    assert "  ╰─> [2 lines of output]" in lines
    assert lines.index("      one") + 1 == lines.index("      two")
    assert "  hint: The whole log is in /logs/x" in lines
    assert "  ERROR: Failed building wheel for a" in lines


@pytest.mark.parametrize(
    ("step", "reference"),
    [
        ("prepare_metadata_for_build_wheel", "error: metadata-generation-failed"),
        ("prepare_metadata_for_build_editable", "error: metadata-generation-failed"),
        ("build_wheel", "error: metadata-generation-failed"),
        ("build requirements", "ERROR: Failed to build '' when doing this"),
        ("get_requires_for_build_wheel", "ERROR: Failed to build '' when doing this"),
        ("", "ERROR: x"),
    ],
)
def test_a_failed_step_is_named_by_pips_reference(step: str, reference: str) -> None:
    error = errors.BuildFailed("x", step=step, activity="doing this")
    assert reference in text(error)


def test_the_console_keeps_what_was_asked_for_apart_from_what_went_wrong() -> None:
    stdout, stderr = io.StringIO(), io.StringIO()
    console = Console(streams=OutputStreams(stdout, stderr))
    console(Info("told"))
    console(WarningMessage("warned"))
    console.line("asked for")
    console.error(errors.CommandError("failed"))
    console.error_text("usage\n")
    console.close()
    assert stdout.getvalue() == "told\nasked for\n"
    assert stderr.getvalue() == "WARNING: warned\nERROR: failed\nusage\n"


def test_what_an_encoding_lacks_is_replaced() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    console = Console(streams=OutputStreams(stream, stream))
    console(Info("ä × b"))
    console.close()
    assert raw.getvalue() == b"\\xe4 x b\n"

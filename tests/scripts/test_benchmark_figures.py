"""Medians, ratios and verdicts of the benchmark, and how table and picture show them."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from benchmark import picture, report, table
from benchmark.figures import Budget, Figures, Limit, Measure, Outcome, Sample, shown
from benchmark.scenarios import SCENARIOS
from benchmark.table import Line


def figures(*walls: float, outcome: Outcome = Outcome.DONE, installed: int = 1) -> Figures:
    return Figures(
        tuple(Sample(wall, wall * 2, wall * 100e6, outcome, installed) for wall in walls)
    )


ROW = {"pip": figures(9, 2, 4), "uv": figures(0.5), "pipwrap": figures(1)}


def test_the_median_is_of_each_measure():
    assert [figures(9, 2, 4).median(measure) for measure in Measure] == [4, 8, 400e6]


def test_a_tool_that_gave_up_once_has_no_median():
    assert figures(1, 2, outcome=Outcome.GAVE_UP).median(Measure.WALL) is None


@pytest.mark.parametrize(
    ("limit", "verdict"),
    [
        pytest.param(Limit("pip", 1 / 4), "met", id="just"),
        pytest.param(Limit("pip", 1 / 5), "**no**: 0.25 × pip", id="ratio"),
        pytest.param(Limit("uv", allowance=0.5), "met", id="allowance"),
        pytest.param(Limit("uv", allowance=0.15), "**no**: 500 ms beyond uv", id="beyond"),
        pytest.param(
            Limit(None, allowance=99e6, measure=Measure.PEAK), "**no**: 100 MB", id="alone"
        ),
        pytest.param(Limit("cargo"), "-", id="not measured"),
    ],
)
def test_a_budget_is_met_or_says_what_is_not(limit: Limit, verdict: str):
    assert Budget("so", (limit,)).verdict(ROW, "pipwrap") == verdict


def test_a_budget_is_met_where_the_other_gave_up_and_not_where_we_did():
    hopeless = figures(60, outcome=Outcome.GAVE_UP)
    budget = Budget("so", (Limit("pip"),))
    assert budget.verdict({**ROW, "pip": hopeless}, "pipwrap") == "met"
    assert budget.verdict({**ROW, "pipwrap": hopeless}, "pipwrap") == "**no**: pipwrap gave up"


@pytest.mark.parametrize(
    ("value", "measure", "text"),
    [
        (0.0123, Measure.WALL, "12 ms"),
        (0.9996, Measure.WALL, "1.00 s"),
        (1.234, Measure.WALL, "1.23 s"),
        (56.78, Measure.CPU, "56.8 s"),
        (103.4e6, Measure.PEAK, "103 MB"),
    ],
)
def test_a_value_has_a_unit(value: float, measure: Measure, text: str):
    assert shown(value, measure) == text


def test_the_table_has_medians_ratios_budget_and_verdict():
    row = {**ROW, "bare python": figures(0.25)}
    line = Line("warm", "warm `x`", row, Budget("as uv", (Limit("uv"),)))
    text = table.markdown([line], ["pip", "pipwrap"], ["bare python"], Measure.WALL, budgeted=True)
    assert text.replace("**no**: 2.0 × uv", "no").splitlines() == [
        "|  | pip | pipwrap | counted from | budget | kept |",
        "| --- | ---: | ---: | --- | --- | --- |",
        "| warm `x` | 4.00 s (4.0 ×) | 1.00 s | bare python: 250 ms, 25 MB | as uv | no |",
    ]


def test_growth_is_the_time_of_one_more_wheel():
    lines = [Line("few", "", {"uv": figures(1)}), Line("many", "", {"uv": figures(2.98)})]
    found = table.growth(lines, {"few": 10, "many": 1000}, ["pip", "uv"])
    assert found == ["uv: 2.00 ms for each wheel from 10 to 1,000"]
    assert table.growth(lines[:1], {"few": 10}, ["uv"]) == []


def test_different_work_is_told():
    same = Line("a", "A", {"pip": figures(1), "uv": figures(1)})
    other = Line("b", "B", {"pip": figures(1), "uv": figures(1, installed=2)})
    assert table.unlike([same, other], []) == ["B: distributions there afterwards: pip 1, uv 2"]


def test_the_picture_is_xml_with_bars_to_scale():
    line = Line("a", "less < more", {**ROW, "uv": figures(60, outcome=Outcome.GAVE_UP)})
    root = ET.fromstring(picture.svg([line], ["pip", "uv", "pipwrap"], ["today", "here"]))
    ground, *bars = root.findall("{*}rect")
    assert ground.attrib["class"] == "ground"
    widths = [float(bar.attrib["width"]) for bar in bars]
    assert widths[0] == pytest.approx(4 * widths[2])
    assert widths[1] == widths[0]
    assert [bar.attrib["class"] for bar in bars] == ["bar", "bar", "bar ours"]
    texts = [text.text for text in root.findall("{*}text")]
    assert texts == [
        "less < more",
        *("pip", "4.00 s, 4.0 ×", "uv", "gave up", "pipwrap", "1.00 s"),
        *("today", "here"),
    ]


def test_the_page_has_every_table_and_the_picture_the_chosen_scenarios():
    lines = [Line(one.name, one.title, ROW, one.budget) for one in SCENARIOS]
    setting = report.Setting("2026-01-01", "a machine", "pip 1", 3)
    page = report.page(lines, setting)
    assert all(page.count(f"| {one.title} |") == 3 for one in SCENARIOS)
    begun, ended = report.SUMMARY
    readme = report.summary(lines, setting, f"before {begun} former {ended} after")
    assert readme.startswith(f"before {begun}\n\n|")
    assert readme.endswith(f"{setting.line}.\n{ended} after")
    assert "former" not in readme
    drawing = report.drawing(lines, setting)
    assert drawing.count('class="title"') == len(report.PICTURED)


def test_scenarios_have_names_of_their_own_and_budgets_count_from_what_is_run():
    assert len({one.name for one in SCENARIOS}) == len(SCENARIOS)
    for one in SCENARIOS:
        labels = {tool.label for tool in one.tools} | {None}
        limits = one.budget.limits if one.budget else ()
        assert {limit.against for limit in limits} <= labels, one.name

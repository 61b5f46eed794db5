"""The report of an installation as text."""

from __future__ import annotations

import json

from pipwrap.report.installation_report import ReportedInstall, installation_report


def test_half_a_surrogate_is_written_as_json_writes_it() -> None:
    info = {"url": "https://x/a-1.zip", "archive_info": {"hashes": {"\ud800é": "ab"}}}
    item = ReportedInstall(
        "Name: a\nVersion: 1\n", info, is_direct=True, is_yanked=False, requested=True
    )
    text = installation_report([item], "26.3", {})
    assert "\\ud800é" in text
    assert json.loads(text.encode())["install"][0]["download_info"] == info

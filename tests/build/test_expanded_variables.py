"""The variables that scripts expand, which the build's own processes name as texts that they read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipwrap.build.observed_inputs import _expanded, _is_script


def test_a_script_names_the_variables_that_it_expands(tmp_path: Path):
    script = tmp_path / "configure"
    script.write_text("#!/bin/sh\necho $ONE ${TWO} $own\n")
    assert set(_expanded(str(script))) == {"ONE", "TWO"}
    assert _is_script(str(script))


@pytest.mark.timeout(20)
@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="the system has no such device")
def test_what_has_no_end_is_not_read(tmp_path: Path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in ("/dev/zero", str(pipe)):
        assert list(_expanded(path)) == []
        assert not _is_script(path)

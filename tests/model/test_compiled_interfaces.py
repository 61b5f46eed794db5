"""Which versions of what extensions are compiled against go together."""

from __future__ import annotations

import pytest

from pipwrap.model.compiled_interfaces import compiled_against, goes_together, mismatches

CASES = [
    # numpy's headers until 1.24 need the same or a later one, and never another major version
    ("numpy", "1.24.4", "1.26.4", True),
    ("numpy", "1.24.4", "1.23.5", False),
    ("numpy", "1.24.4", "1.24.0", True),
    ("numpy", "1.26.4", "2.0.0", False),
    # since 1.25 they aim at an older one (NPY_FEATURE_VERSION of each release)
    ("numpy", "1.25.0", "1.19.5", True),
    ("numpy", "2.0.2", "1.19.5", True),
    ("numpy", "2.0.2", "1.18.5", False),
    ("numpy", "2.2.6", "1.21.0", True),
    ("numpy", "2.2.6", "1.20.3", False),
    ("numpy", "2.3.5", "1.22.4", False),
    ("numpy", "2.3.5", "2.0.0", True),
    ("numpy", "2.3.5", "3.0.0", False),
    ("numpy", "3.0.0", "2.9.0", False),
    ("torch", "2.5.1", "2.5.0+cu121", True),
    ("torch", "2.5.1", "2.4.1", False),
    ("lxml", "5.3.0", "5.3.1", False),
    ("lxml", "5.3.0", "5.3.0", True),
    ("pyarrow", "18.1.0", "18.1.1", True),
    ("pyarrow", "18.1.0", "18.0.0", False),
    ("unknown", "1", "2", True),
    ("numpy", "not a version", "2.0", True),
]


@pytest.mark.parametrize(("project", "built", "present", "expected"), CASES)
def test_what_goes_together(project: str, built: str, present: str, *, expected: bool):
    assert goes_together(project, built, present) == expected


def test_only_what_is_there_both_times_is_compared():
    against = compiled_against(["setuptools==80", "NumPy==1.26.4", "torch==2.5.1"])
    assert against == {"numpy": "1.26.4", "torch": "2.5.1"}
    (found,) = mismatches(against, {"numpy": "2.1.0", "lxml": "5.3.0"})
    message = found.message("speedy")
    assert "numpy 1.26.4" in message
    assert "numpy 2.1.0" in message

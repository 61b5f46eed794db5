"""An environment that its distributor manages is left alone, in the distributor's words."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from pipwrap import errors
from pipwrap.interpreter import query
from pipwrap.model.environment import Environment
from pipwrap.operations.install_target import check_externally_managed


def managed(path: Path, *, virtual: bool = False) -> Environment:
    ours = query.describe(sys.executable, None, {})
    prefix = "/env" if virtual else "/usr"
    return replace(ours, prefix=prefix, base_prefix="/usr", externally_managed=str(path))


@pytest.mark.parametrize(
    ("content", "context"),
    [
        pytest.param(b"[externally-managed]\nError=Use apt.\n 100%\n", "Use apt.\n100%", id="said"),
        pytest.param(b"[externally-managed]\n", "is managed externally", id="nothing said"),
        pytest.param(b"huh", "is managed externally", id="unreadable"),
        pytest.param(b"\xff\xfe", "is managed externally", id="no text"),
    ],
)
def test_the_refusal_has_the_distributors_words(
    tmp_path: Path, content: bytes, context: str
) -> None:
    path = tmp_path / "EXTERNALLY-MANAGED"
    path.write_bytes(content)
    with pytest.raises(errors.DiagnosticError) as caught:
        check_externally_managed(managed(path))
    assert caught.value.reference == "externally-managed-environment"
    assert context in (caught.value.context or "")


def test_a_virtual_environment_is_its_users_own(tmp_path: Path) -> None:
    check_externally_managed(managed(tmp_path / "EXTERNALLY-MANAGED", virtual=True))
    check_externally_managed(replace(managed(tmp_path / "x"), externally_managed=None))

from __future__ import annotations

import pytest

from pipwrap.errors import CommandError
from pipwrap.model.format_control import FormatControl


def _control(*uses: str) -> FormatControl:
    control = FormatControl()
    for use in uses:
        option, _, value = use.partition("=")
        add = control.with_no_binary if option == "no" else control.with_only_binary
        control = add(value)
    return control


@pytest.mark.parametrize(
    ("uses", "binary", "source"),
    [
        pytest.param((), True, True, id="nothing said"),
        pytest.param(("no=foo-bar",), False, True, id="named"),
        pytest.param(("no=Foo.Bar,x",), False, True, id="named otherwise"),
        pytest.param(("no=x",), True, True, id="another named"),
        pytest.param(("no=:all:",), False, True, id="all"),
        pytest.param(("only=:all:",), True, False, id="all wheels"),
        pytest.param(("no=:all:", "only=foo-bar"), True, False, id="a name beats all"),
        pytest.param(("only=foo-bar", "no=:all:"), False, True, id="a later all forgets names"),
        pytest.param(("only=:all:", "no=foo-bar"), False, True, id="a name beats all wheels"),
        pytest.param(("no=foo-bar", "only=foo-bar"), True, False, id="the later one counts"),
        pytest.param(("no=:all:", "no=:none:"), True, True, id="none empties"),
        pytest.param(("no=:all:,:none:,foo-bar",), False, True, id="after none names count"),
        pytest.param(("no=:all:,:none:,x",), True, True, id="none undoes all"),
        pytest.param(("no=x,:all:,y",), False, True, id="all covers names behind it"),
        pytest.param(("no=:all:,:none:,:all:",), False, True, id="the last all counts"),
    ],
)
def test_formats_allowed(uses: tuple[str, ...], binary: bool, source: bool) -> None:  # noqa: FBT001
    control = _control(*uses)
    assert control.allows_binary("foo-bar") is binary
    assert control.allows_source("foo-bar") is source


def test_all_and_a_name_are_not_kept_together() -> None:
    assert _control("no=:all:,:none:,x,:all:,y") == FormatControl(frozenset({":all:"}))


def test_an_option_is_no_name() -> None:
    with pytest.raises(CommandError, match="option requires 1 argument"):
        _control("no=-r")

"""Classes of named fields: what data classes would be, without their price at the start."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

from pipwrap.values import as_dict, field, frozen, mutable, replace


@frozen
class Point:
    """A value with a default."""

    x: int
    y: int = 0

    def __post_init__(self) -> None:
        """Refuse what is left of nothing."""
        if self.x < 0:
            raise ValueError("left of nothing")


@frozen
class Named(Point):
    """A value that has more fields than its base, one of them nobody's business."""

    name: str = ""
    secret: str = field(default="s", repr=False, compare=False)
    tags: list[str] = field(default_factory=list)


@frozen(kw_only=True)
class Options:
    """A value whose fields are named."""

    verbose: bool = False
    level: int


@mutable
class Counter:
    """An object that counts."""

    start: int
    seen: int = field(default=0, init=False)


def test_fields_are_given_by_position_and_by_name():
    assert (Point(1).x, Point(1).y, Point(1, y=2).y) == (1, 0, 2)
    assert Named(1, 2, "a").name == "a"
    assert Options(level=2).level == 2


@pytest.mark.parametrize(
    "make",
    [
        lambda: Named(name="x of y"),  # type: ignore[call-arg]
        lambda: Point(1, 2, 3),  # type: ignore[call-arg]
        lambda: Point(1, z=3),  # type: ignore[call-arg]
        lambda: Options(1),  # type: ignore[call-arg, misc]
        lambda: Counter(1, 2),  # type: ignore[call-arg]
    ],
)
def test_what_is_no_field_is_refused(make: Callable[[], object]):
    with pytest.raises(TypeError):
        make()


def test_values_of_one_class_with_equal_fields_are_equal():
    assert Point(1, 2) == Point(1, 2)
    assert Point(1, 2) != Point(2, 2)
    assert Point(1, 2) != (1, 2)
    assert hash(Point(1, 2)) == hash(Point(1, 2))
    assert Named(1, secret="a").__eq__(Named(1, secret="b"))
    assert Point(1, 0) != Named(1, 0)


def test_a_class_may_have_its_own_equality():
    @frozen
    class Loose:
        text: str

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Loose) and self.text.lower() == other.text.lower()

        def __hash__(self) -> int:
            return hash(self.text.lower())

    assert Loose("A") == Loose("a")
    assert len({Loose("A"), Loose("a")}) == 1


def test_frozen_values_do_not_change_and_have_no_other_attributes():
    point = Point(1)
    with pytest.raises(AttributeError, match="cannot change 'x': a Point is frozen"):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(AttributeError):
        del point.x
    with pytest.raises(AttributeError):
        point.z = 2  # type: ignore[attr-defined]
    assert not hasattr(point, "__dict__")


def test_mutable_ones_change_and_have_no_hash():
    counter = Counter(1)
    counter.seen += 1
    assert counter.seen == 1
    assert Counter(1) != counter
    with pytest.raises(TypeError, match="unhashable"):
        hash(counter)


def test_each_has_a_list_of_its_own():
    one, other = Named(1), Named(1)
    one.tags.append("a")
    assert other.tags == []


def test_the_representation_makes_the_value_and_keeps_secrets():
    assert repr(Point(1, 2)) == "Point(x=1, y=2)"
    assert repr(Named(1, name="n")) == "Named(x=1, y=0, name='n', tags=[])"


def test_a_copy_may_differ():
    assert replace(Point(1, 2), y=3) == Point(1, 3)
    assert replace(Options(level=1), verbose=True) == Options(verbose=True, level=1)
    with pytest.raises(TypeError):
        replace(Point(1), z=1)
    with pytest.raises(ValueError, match="left of nothing"):
        replace(Point(1), x=-1)


def test_fields_can_be_had_by_name():
    held = [Point(1, 2)]
    assert as_dict(Named(1, tags=held)) == {  # type: ignore[arg-type]
        "x": 1,
        "y": 0,
        "name": "",
        "secret": "s",
        "tags": [{"x": 1, "y": 2}],
    }


def test_values_match_by_position():
    match Point(1, 2):
        case Point(1, other):
            assert other == 2
        case _:
            pytest.fail("a point did not match")


def test_importing_the_module_loads_nothing_heavy():
    probe = "import sys, pipwrap.values; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"dataclasses", "inspect"} & set(loaded)

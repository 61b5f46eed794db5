"""Classes of named fields: equality, a hash, a repr, ``match``, at no cost to the start.

``dataclasses`` compiles half a dozen methods for every class, 0.3 ms each, and loads ``inspect``;
a command loads some eighty of our classes and makes values of a part of them. Here ``__init__`` is
compiled when a class makes its first value, and everything else is shared. What type checkers know
of data classes holds (PEP 681); classes have slots, fields of bases come first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar, overload

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_: object) -> Any:
        """Leave the decorator as it is: only type checkers look."""
        return lambda decorator: decorator


T = TypeVar("T")

FIELDS = "__value_fields__"
"""The attribute that holds the names of a class's fields, in their order, with their ``Field``."""


class Field:
    """How a field differs from others; what ``field`` returns."""

    __slots__ = ("compare", "default", "default_factory", "init", "is_keyword", "repr")

    def __init__(self, default: Any, default_factory: Any, **kept: bool) -> None:
        """Take a default or what makes one; the rest as ``field`` has it."""
        self.default = default
        self.default_factory = default_factory
        self.init = kept.get("init", True)
        self.repr = kept.get("repr", True)
        self.compare = kept.get("compare", True)
        self.is_keyword = False


_MISSING: Any = object()


@overload
def field(*, init: bool = ..., repr: bool = ..., compare: bool = ...) -> Any: ...
@overload
def field(
    *,
    default: T,
    init: bool = ...,
    repr: bool = ...,
    compare: bool = ...,
) -> T: ...
@overload
def field(
    *,
    default_factory: Callable[[], T],
    init: bool = ...,
    repr: bool = ...,
    compare: bool = ...,
) -> T: ...
def field(*, default: Any = _MISSING, default_factory: Any = _MISSING, **kept: bool) -> Any:
    """Return the default of a field as ``dataclasses.field`` does, with the same options."""
    return Field(default, default_factory, **kept)


@overload
def frozen(cls: type[T], /) -> type[T]: ...
@overload
def frozen(*, kw_only: bool) -> Callable[[type[T]], type[T]]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[Any] | None = None, /, *, kw_only: bool = False) -> Any:
    """Return the class of values that a class describes: they do not change and have a hash."""
    if cls is None:
        return lambda described: _made(described, is_frozen=True, kw_only=kw_only)
    return _made(cls, is_frozen=True, kw_only=kw_only)


@dataclass_transform(field_specifiers=(field,))
def mutable(cls: type[T]) -> type[T]:
    """Return the class of objects that a class describes: they change and have no hash."""
    made: type[T] = _made(cls, is_frozen=False, kw_only=False)
    return made


def replace(one: T, **changes: Any) -> T:
    """Return a copy with some fields changed; ``TypeError`` for a name that is none of them."""
    fields: Mapping[str, Field] = getattr(one, FIELDS)
    kept = {name: getattr(one, name) for name, of in fields.items() if of.init}
    return type(one)(**(kept | changes))


def as_dict(one: Any) -> Any:
    """Return a value's fields by name, values within (and within tuples, lists, maps) as well."""
    fields = getattr(one, FIELDS, None)
    if fields is not None:
        return {name: as_dict(getattr(one, name)) for name in fields}
    if isinstance(one, (list, tuple)):
        return type(one)(as_dict(each) for each in one)
    if isinstance(one, dict):
        return {name: as_dict(each) for name, each in one.items()}
    return one


def _made(cls: Any, *, is_frozen: bool, kw_only: bool) -> Any:
    """Return a class like this one with slots for its fields and the methods of a value."""
    space = dict(cls.__dict__)
    inherited: dict[str, Field] = {}
    for base in reversed(cls.__mro__[1:]):
        inherited.update(base.__dict__.get(FIELDS, {}))
    own: dict[str, Field] = {}
    for name in cls.__annotations__:
        default = space.pop(name, _MISSING)
        found = default if isinstance(default, Field) else Field(default, _MISSING)
        found.is_keyword = kw_only
        own[name] = found
    fields = inherited | own
    for name in ("__dict__", "__weakref__"):
        space.pop(name, None)
    compared = [name for name, one in fields.items() if one.compare]
    methods: dict[str, Any] = {
        "__slots__": tuple(name for name in own if name not in inherited),
        "__match_args__": tuple(
            name for name, one in fields.items() if one.init and not one.is_keyword
        ),
        FIELDS: fields,
        "__value_key__": attrgetter(*compared) if compared else _nothing,
        "__eq__": _equal,
        "__repr__": _shown,
        "__hash__": _hash if is_frozen else None,
    }
    if is_frozen:
        methods |= {"__setattr__": _refuse, "__delattr__": _refuse}
    if "__eq__" in space and space.get("__hash__") is None:
        space.pop("__hash__", None)  # Python puts None beside an __eq__ of one's own
    space = methods | space
    made = type(cls)(cls.__name__, cls.__bases__, space)
    made.__qualname__ = cls.__qualname__

    def first(self: Any, /, *arguments: Any, **named: Any) -> None:
        made.__init__ = _compiled(made, fields)
        made.__init__(self, *arguments, **named)

    made.__init__ = first
    return made


def _compiled(cls: type[Any], fields: Mapping[str, Field]) -> Callable[..., None]:
    """Return the ``__init__`` of a class."""
    known: dict[str, Any] = {"_set": object.__setattr__, "_MISSING": _MISSING}
    positional, body = ["self"], []
    keywords: list[str] = []
    for name, one in fields.items():
        given = name
        if one.default_factory is not _MISSING:
            known[f"_make_{name}"] = one.default_factory
            given = f"_make_{name}()"
            if one.init:
                given += f" if {name} is _MISSING else {name}"
        elif not one.init:
            known[f"_default_{name}"] = one.default
            given = f"_default_{name}"
        if one.init:
            parameter = name
            if one.default_factory is not _MISSING:
                parameter += "=_MISSING"
            elif one.default is not _MISSING:
                known[f"_default_{name}"] = one.default
                parameter += f"=_default_{name}"
            (keywords if one.is_keyword else positional).append(parameter)
        body.append(f"    _set(self, {name!r}, {given})")
    if hasattr(cls, "__post_init__"):
        body.append("    self.__post_init__()")
    parameters = [*positional, *(["*", *keywords] if keywords else [])]
    lines = [f"def __init__({', '.join(parameters)}):", *(body or ["    pass"])]
    exec("\n".join(lines), known)  # noqa: S102 - names of fields are all that is in it
    made: Callable[..., None] = known["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


def _nothing(_: Any) -> tuple[()]:
    """Return what all values without fields have in common."""
    return ()


def _equal(self: Any, other: Any) -> Any:
    """Tell whether another value of the same class has the same fields."""
    if other.__class__ is not self.__class__:
        return NotImplemented
    key = self.__class__.__value_key__
    return key(self) == key(other)


def _hash(self: Any) -> int:
    """Return the hash of the fields."""
    return hash(self.__class__.__value_key__(self))


def _shown(self: Any) -> str:
    """Return the expression that makes the value, without what is not to be shown."""
    shown = [
        f"{name}={getattr(self, name)!r}" for name, one in getattr(self, FIELDS).items() if one.repr
    ]
    return f"{self.__class__.__qualname__}({', '.join(shown)})"


def _refuse(self: Any, name: str, *_: Any) -> None:
    """Leave a frozen value as it is."""
    raise AttributeError(f"cannot change {name!r}: a {self.__class__.__qualname__} is frozen")

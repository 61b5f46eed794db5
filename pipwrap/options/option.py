"""One option of the command line: spellings, kind, destination, what we honour; pure.

Read on every start: imports nothing.
"""

FLAG = "flag"
NEGATIVE_FLAG = "negative flag"
VALUE = "value"
REPEATABLE = "repeatable"
COUNT = "count"
SELECTOR = "selector"
"""Each use is kept, with the option's name and in order: a later one may undo an earlier one."""
NO_CACHE = "no cache"
HELP = "help"

STRING = "string"
INTEGER = "integer"
FLOAT = "floating-point"
PATH = "path"
KEY_VALUE = "KEY=VAL"
HASH = "hash"

HASH_ALGORITHMS = ("sha256", "sha384", "sha512")


class Option:
    """One option; never changed after it was made."""

    __slots__ = (
        "choices",
        "default",
        "destination",
        "kind",
        "ours",
        "spellings",
        "value_type",
    )

    is_extension = False

    def __init__(
        self,
        destination: str,
        *spellings: str,
        kind: str = FLAG,
        default: object = False,
        value_type: str = STRING,
        choices: "tuple[str, ...]" = (),
        ours: "bool | tuple[str, ...]" = True,
    ) -> None:
        """Store the parts; short spellings come first, as pip's messages show them."""
        self.destination = destination
        self.spellings = spellings
        self.kind = kind
        self.default = default
        self.value_type = value_type
        self.choices = choices
        self.ours = ours

    @property
    def takes_value(self) -> bool:
        """Return whether an argument follows on the command line."""
        return self.kind in (VALUE, REPEATABLE, SELECTOR)

    @property
    def long(self) -> str:
        """Return the first long spelling: the option's name in messages."""
        return next(spelling for spelling in self.spellings if spelling.startswith("--"))

    def __repr__(self) -> str:
        return "/".join(self.spellings)


class Extension(Option):
    """An option that pip does not have.

    It is never abbreviated, so that every abbreviation means what it means to pip.
    """

    __slots__ = ()

    is_extension = True

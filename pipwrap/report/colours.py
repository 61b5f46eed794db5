"""The colours that pip gives to what it prints on stderr (ECMA-48, select graphic rendition)."""

from __future__ import annotations

import re

_RED, _YELLOW = "31", "33"
_WHOLE = (("ERROR: ", _RED), ("WARNING: ", _YELLOW), ("DEPRECATION: ", _YELLOW))
_FRAME = re.compile(r"(?P<indent> {0,2})(?P<mark>error|note|hint)(?P<rest>: .*)")
_BAR = re.compile(r"(?P<indent> *)(?P<mark>×|│|╰─>)(?P<rest> .*)")
_OUTPUT = re.compile(r" *\[(\d+ lines|end) of output\]")
_MARKS = {"error": "1;31", "note": "1;35", "hint": "1;36"}


def painted(text: str) -> str:
    """Return a text with pip's colours: a message as a whole, of a frame its marks."""
    for word, colour in _WHOLE:
        if text.lstrip().startswith(word):
            return "\n".join(_in(colour, line) for line in text.split("\n"))
    return "\n".join(map(_marked, text.split("\n")))


def _marked(line: str) -> str:
    if found := _FRAME.fullmatch(line):
        rest = found["rest"]
        if found["mark"] == "error":
            rest = f": {_in('1', rest.removeprefix(': '))}"
        return found["indent"] + _in(_MARKS[found["mark"]], found["mark"]) + rest
    if found := _BAR.fullmatch(line):
        rest = found["rest"]
        rest = f" {_in(_RED, rest[1:])}" if _OUTPUT.fullmatch(rest) else rest
        return found["indent"] + _in(_RED, found["mark"]) + rest
    return _in(_RED, line) if _OUTPUT.fullmatch(line) else line


def _in(colour: str, text: str) -> str:
    return f"\x1b[{colour}m{text}\x1b[0m" if text else text

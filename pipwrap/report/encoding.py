"""Text as a stream can take it: what its encoding lacks degrades, and nothing fails."""

from __future__ import annotations

from typing import TextIO

_ASCII = str.maketrans(
    {"×": "x", "│": "|", "╰": "`", "─": "-", "━": "-", "╸": "-", "╺": "-", "…": "."}
)
"""What frames and bars are made of; each mark is as wide as the other."""


def printable(text: str, stream: TextIO) -> str:
    """Return the text without what the stream's encoding lacks.

    Marks of frames become ASCII ones, everything else is escaped as in a string literal.
    """
    encoding = stream.encoding or "utf-8"
    try:
        text.encode(encoding, stream.errors or "strict")
    except UnicodeEncodeError:
        return text.translate(_ASCII).encode(encoding, "backslashreplace").decode(encoding)
    return text

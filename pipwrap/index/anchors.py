"""The anchors of an HTML page (PEP 503): what the index page is where it is no JSON; pure."""

from __future__ import annotations

from email.message import Message
from html.parser import HTMLParser


class _Anchors(HTMLParser):
    """The first base and every anchor of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.base: str | None = None
        self.anchors: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.anchors.append(dict(attrs))
        elif tag == "base" and self.base is None:
            self.base = dict(attrs).get("href")


def read(content: bytes, content_type: str) -> tuple[str | None, list[dict[str, str | None]]]:
    """Return the base of a page and the attributes of every anchor.

    ``UnicodeDecodeError`` or ``LookupError`` where the bytes are not what their charset says.
    """
    header = Message()
    header["content-type"] = content_type
    charset = header.get_param("charset") or "utf-8"
    parser = _Anchors()
    parser.feed(content.decode(str(charset)))
    return parser.base, parser.anchors

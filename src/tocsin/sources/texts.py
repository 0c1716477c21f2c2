"""Files of text: from the bytes of one file to the words that somebody published.

Plain text in UTF-8 is taken as it is, byte for byte.  Of HTML the words that a reader sees are kept,
paragraph by paragraph; scripts, styles and comments are left out and nothing is fetched or carried out.
"""

from __future__ import annotations

import hashlib
import re
from html.parser import HTMLParser
from typing import NamedTuple

from tocsin.errors import SourceGarbled

LARGEST = 4_000_000  # bytes; 1,000,000 characters of Cyrillic and their tags
_UNSEEN = frozenset(("script", "style", "noscript", "template", "svg", "head", "nav", "footer", "form"))
_BREAKS = frozenset(("p", "div", "br", "li", "h1", "h2", "h3", "tr", "article", "section", "blockquote"))
_HTML = re.compile(rb"\s*(?:<!doctype html|<html\b|<\?xml[^>]*>\s*<!doctype html)", re.IGNORECASE)
_DAY = r"(\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d))?)"
_HEADED = re.compile(rf"\s*(?:date|published|дата|опубліковано)[:\s]\s*{_DAY}", re.IGNORECASE)
_DATED = ("article:published_time", "datepublished", "date", "dc.date")  # names of meta elements


class Words(NamedTuple):
    """What a file holds."""

    text: str
    original: str  # SHA-256 of its bytes
    published: str | None  # as the file itself says in its head; None: it does not say


def decode(data: bytes, name: str) -> Words:
    """Return the words of a file.

    Args:
        data: All of it.
        name: What to call it in an error.

    Raises:
        SourceGarbled: It is too large, binary, not UTF-8, or has no words.
    """
    if len(data) > LARGEST:
        raise SourceGarbled(
            f"{name} has more than {LARGEST:,} bytes; nothing of it was taken",
            todo="give one report a file",
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SourceGarbled(
            f"{name}: byte {error.start:,} is no UTF-8",
            todo="convert the file to UTF-8; a binary file is no text",
        ) from None
    if "\x00" in text:
        raise SourceGarbled(f"{name} is binary", todo="give plain text or HTML in UTF-8")
    text, published = _of_html(text) if _HTML.match(data) else (text, None)
    if not text.strip():
        raise SourceGarbled(f"{name}: there are no words in it", todo="give the text of a report")
    return Words(text, hashlib.sha256(data).hexdigest(), published or headed(text))


def headed(text: str) -> str | None:
    """Return the day that the head of a text gives for itself: ``date 2024-01-02``."""
    found = _HEADED.match(text)
    return found[1] if found else None


class _Seen(HTMLParser):
    """What a reader sees of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.published: str | None = None
        self._unseen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BREAKS:
            self.pieces.append("\n\n")
        if tag in _UNSEEN:
            self._unseen.append(tag)
        if tag == "meta" and self.published is None:
            told = dict(attrs)
            name = (told.get("property") or told.get("name") or told.get("itemprop") or "").lower()
            found = re.match(_DAY, told.get("content") or "")
            if name in _DATED and found:
                self.published = found[1]

    def handle_endtag(self, tag: str) -> None:
        if tag in self._unseen:  # a page may forget to close what lies inside
            while self._unseen and self._unseen.pop() != tag:
                pass
        if tag in _BREAKS:
            self.pieces.append("\n\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.pieces.append(data)


def _of_html(text: str) -> tuple[str, str | None]:
    seen = _Seen()
    seen.feed(text)
    seen.close()
    parts = [" ".join(part.split()) for part in "".join(seen.pieces).split("\n\n")]
    return "\n\n".join(part for part in parts if part), seen.published

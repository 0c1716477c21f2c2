"""The record at the public door: pages that were made before anybody asked, and a search in them.

The server does not read texts.  Another process makes all of it (`tocsin.app.recorded`) and this only looks
up bytes; a search intersects lists of numbers.  What the embargo holds never came in here.
"""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import Mapping

from msgspec import Struct

from tocsin.model import RECORD, Kind, Ruling
from tocsin.public.answer import HTML, Answer, problem
from tocsin.public.site import preferred
from tocsin.public.words import LANGUAGES

HITS = 50  # rows of a search that are shown
_STEM = 5  # letters by which a word is found, so that other endings of it are found too
_WORD = re.compile(r"[^\W_]+")
_LONGEST = 200  # characters of a question that count


class Prepared(Struct, frozen=True):
    """All pages of the record, as of a moment."""

    name: str  # of this state, for caches
    pages: dict[str, dict[str, bytes]]  # by path, then by language
    search: dict[str, tuple[bytes, bytes]]  # by language: the page before and behind its rows
    rows: dict[str, list[bytes]]  # by language: what a search can find, the newest first
    index: dict[str, dict[str, list[int]]]  # by language and stem: places in `rows`


class Leaves:
    """What the public door shows of the record."""

    def __init__(self) -> None:
        self._prepared: Prepared | None = None
        self._made: dict[tuple[str, str], Answer] = {}
        self.begun = False  # whether there is a record at all
        self.asked = asyncio.Event()  # they are to be made again
        self.ruled = False  # a person ruled since they were begun to be made

    def hear(self, kind: Kind) -> None:
        """Take note of what is durable: after a ruling nothing is shown until the pages are made again."""
        if not isinstance(kind, RECORD):
            return
        self.begun = True
        self.asked.set()
        if isinstance(kind, Ruling):
            self.ruled = True
            self.show(None)

    def alerted(self) -> None:
        """Take note that an alert began or ended: the embargo asks for that."""
        if self.begun:
            self.asked.set()

    def show(self, prepared: Prepared | None) -> None:
        """Answer from these pages from now on; None: they are being made again."""
        self._prepared = prepared
        self._made = {}

    def answer(self, path: str, query: Mapping[str, list[str]], headers: Mapping[str, str]) -> Answer | None:
        """Return the page at an address; None where no record is kept at all."""
        if not self.begun:
            return None
        if self._prepared is None:
            return problem(
                503, "the pages of the record are being made", "ask again in 5 s", **{"Retry-After": "5"}
            )
        asked = query.get("lang", [""])[0]
        lang = asked if asked in LANGUAGES else preferred(headers.get("accept-language", ""))
        path = path.rstrip("/")
        if path == "/record/search":
            return self._found(self._prepared, query.get("q", [""])[0][:_LONGEST], lang)
        body = self._prepared.pages.get(path, {}).get(lang)
        if body is None:
            return problem(404, f"there is nothing to show at {path}", "see /record for what there is")
        made = self._made.get((path, lang))
        if made is None:
            made = self._made[path, lang] = Answer(body, HTML, etag=f"{self._prepared.name}-{lang}")
        return made

    def _found(self, prepared: Prepared, asked: str, lang: str) -> Answer:
        index = prepared.index[lang]
        lists = [set(index.get(stem, ())) for stem in stems(asked)]
        places = sorted(set.intersection(*lists)) if lists else []
        before, behind = prepared.search[lang]
        # What was asked comes last: it may itself say {found}.
        before = before.replace(b"{found}", str(len(places)).encode())
        before = before.replace(b"{asked}", html.escape(asked, quote=True).encode())
        rows = b"".join(prepared.rows[lang][place] for place in places[:HITS])
        return Answer(before + rows + behind, HTML, cache="no-store")


def stems(text: str) -> list[str]:
    """Return the beginnings of the words of a text, each once."""
    return list(dict.fromkeys(word[:_STEM] for word in _WORD.findall(text.casefold())))


def index_of(texts: list[str]) -> dict[str, list[int]]:
    """Return of each stem the places of the texts that have it, in order."""
    index: dict[str, list[int]] = {}
    for place, text in enumerate(texts):
        for stem in stems(text):
            index.setdefault(stem, []).append(place)
    return index

"""Which page stands at which address, and in which language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tocsin.public.answer import HTML, TEXT, Answer
from tocsin.public.drills import Drill
from tocsin.public.pages import LANGUAGES, Pages
from tocsin.public.real import Sent
from tocsin.public.status import Status

_ASSETS = {"/manifest.webmanifest": "manifest.webmanifest", "/sw.js": "sw.js", "/favicon.ico": "icon.svg"}


class Page(NamedTuple):
    """A page that somebody asked for."""

    lang: str
    text: bool = False
    wall: bool = False
    status: bool = False
    drills: bool = False
    real: str | None = None  # what is to be looked up


class Site:
    """The pages of the public door.

    Args:
        pages: How they look.
        status: What the server knows of itself at this moment.
    """

    def __init__(self, pages: Pages, status: Callable[[], Status]) -> None:
        self._pages = pages
        self._status = status
        self.drills: Callable[[], list[Drill]] = list  # set by who knows of any
        self._assets: dict[str, Answer] = {}

    def show_messages(self, messages: Sent | None) -> None:
        """Let the page *is this real?* look up what was sent."""
        self._pages.real.messages = messages

    def page(self, path: str, query: Mapping[str, list[str]], headers: Mapping[str, str]) -> Page | None:
        """Return the page at an address; None where there is none."""
        wall = "wall" in query
        asked = query.get("lang", [""])[0]
        lang = asked if asked in LANGUAGES else preferred(headers.get("accept-language", ""))
        if path == "/":
            return Page(lang, wall=wall)
        if path == "/text":
            return Page(lang, text=True)
        if path == "/status":
            return Page(lang, status=True)
        if path == "/drills":
            return Page(lang, drills=True)
        if path == "/real":
            return Page(lang, real=query.get("text", [""])[0])
        return Page(path[1:], wall=wall) if path[1:] in LANGUAGES else None

    def render(self, page: Page, board: dict[str, Any]) -> Answer:
        """Return a page that shows a board.  It carries its age in its words, so no cache may keep it."""
        if page.text:
            return Answer(self._pages.text(board, page.lang), TEXT, cache="no-store")
        if page.status:
            return Answer(self._pages.status(self._status(), board, page.lang), HTML, cache="no-store")
        if page.drills:
            return Answer(self._pages.drills.html(self.drills(), board, page.lang), HTML, cache="no-store")
        if page.real is not None:
            return Answer(self._pages.real.html(page.real, board, page.lang), HTML, cache="no-store")
        return Answer(self._pages.board(board, page.lang, wall=page.wall), HTML, cache="no-store")

    def asset(self, path: str) -> Answer | None:
        """Return a static file; None where there is none."""
        name = _ASSETS.get(path) or (path.removeprefix("/static/") if path.startswith("/static/") else None)
        if name is None:
            return None
        answer = self._assets.get(name)
        if answer is None:
            found = self._pages.asset(name)
            if found is None:
                return None
            body, kind = found
            answer = self._assets[name] = Answer(body, kind, cache="public, max-age=300")
        return answer


def preferred(accept: str) -> str:
    """Return the language of ours that an Accept-Language header likes best (RFC 9110, 12.5.4)."""
    wishes: list[tuple[float, int, str]] = []
    for place, item in enumerate(accept.split(",")):
        name, _, weight = item.strip().partition(";q=")
        try:
            wishes.append((-float(weight or 1), place, name.strip().lower()[:2]))
        except ValueError:
            continue
    for rank, _, name in sorted(wishes):
        if rank < 0 and name in LANGUAGES:
            return name
    return LANGUAGES[0]

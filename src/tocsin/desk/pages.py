"""The console put together: its parts, and which address leads to which page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.areas import Country
from tocsin.countries.desk import desk_pack
from tocsin.desk.board import Boards, Books, Receipts, Sources
from tocsin.desk.clerk import Clerk
from tocsin.desk.codes import Codes
from tocsin.desk.console import Console
from tocsin.desk.drills import Drills
from tocsin.desk.entry import Entry, Tries
from tocsin.desk.front import LANGUAGES, REALMS, Asked, Front, static
from tocsin.desk.guard import Guard
from tocsin.desk.held import HeldMessages
from tocsin.desk.kept import Kept
from tocsin.desk.orders import rules_of
from tocsin.desk.passkeys import Passkeys
from tocsin.desk.people import People
from tocsin.desk.screen import Screens
from tocsin.model import Realm

Page = Callable[[Request], Awaitable[Response]]


class Clock(Protocol):
    """What time it is."""

    def now(self) -> datetime:
        """Return the time."""

    def lasted(self) -> float:
        """Return seconds on a clock that never jumps."""


def console_routes(
    country: Country,
    people: People,
    drills: Drills,
    books: Callable[[Realm], Books],
    clock: Clock,
    settings: Mapping[str, Any],
    receipts: Receipts,
    sources: Sources,
    kept: Kept,
) -> list[Route]:
    """Return the routes of the console.

    Args:
        country: Areas and names.
        people: Who may come in.
        drills: Which exercises were announced.
        books: Gives what records and shows a realm.
        clock: The time, and seconds on a clock that never jumps.
        settings: ``desk_origin``: where browsers find the desk; see `Guard`.
            ``approval``: how many people what takes; see `rules_of`.
        sources: Gives the sources of a realm, and where they disagree.
        kept: The messages in CAP that wait for a person.
        receipts: Gives the outlets, and which of them confirmed the last alerts.

    Raises:
        ConfigError: The origin is none.
    """
    pack, guard = desk_pack(country.code), Guard(settings["desk_origin"])
    now, lasted = clock.now, clock.lasted
    front = Front(people, guard, now)
    passkeys, codes = Passkeys(people, lasted), Codes(people)
    clerk = Clerk(country.areas, books, now, rules_of(settings.get("approval", ())))
    screens = Screens(country, lambda area: None)
    held = HeldMessages(front, country.areas, kept, books, sources)
    boards = Boards(pack, people, clerk, screens, books, now, receipts, sources, held.needs)
    entry = Entry(front, passkeys, codes, Tries(lasted))
    console = Console(front, country, pack, clerk, boards, screens, passkeys, codes, drills)

    async def home(asked: Asked) -> Response:
        accepts = asked.request.headers.get("accept-language", "")
        lang = "en" if accepts.lower().startswith("en") else "uk"
        return front.page(Asked(asked.request, asked.realm, lang), "home")

    routes = [
        Route("/", front.open(home), methods=["GET"]),
        Route("/static/{name}", static, methods=["GET"]),
    ]
    for realm in REALMS:
        for lang in LANGUAGES:
            routes += _routes(f"/{realm}/{lang}", realm, lang, front, entry, console, held)
    return routes


def _routes(
    at: str, realm: Realm, lang: str, front: Front, entry: Entry, console: Console, held: HeldMessages
) -> list[Route]:
    pages = [
        ("/log-in", front.open(entry.log_in_page), "GET"),
        ("/log-in", front.open(entry.log_in), "POST"),
        ("/log-out", front.open(entry.log_out), "POST"),
        ("/enrol/{token}", front.open(entry.enrol_page), "GET"),
        ("/enrol/{token}", front.open(entry.enrol), "POST"),
        ("/", front.inside(console.board), "GET"),
        ("/live", front.inside(console.live), "GET"),
        ("/check", front.inside(console.check), "POST"),
        ("/send", front.inside(console.send), "POST"),
        ("/aside", front.inside(console.aside), "POST"),
        ("/end", front.inside(console.end), "POST"),
        ("/held", front.inside(held.page), "GET"),
        ("/held", front.inside(held.decide), "POST"),
        ("/orders/{order}", front.inside(console.order), "GET"),
        ("/orders/{order}", front.inside(console.decide), "POST"),
    ]
    return [Route(at + path, _fixed(page, realm, lang), methods=[method]) for path, page, method in pages]


def _fixed(page: Page, realm: Realm, lang: str) -> Page:
    """Return a page of one realm and one language; they come from the address, never from a form."""

    async def answer(request: Request) -> Response:
        request.scope["path_params"] = {**request.path_params, "realm": str(realm), "lang": lang}
        return await page(request)

    return answer

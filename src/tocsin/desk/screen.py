"""What an order's screen says: where, for how many people, by which channels, and what people will read.

The lines are what the audit's hash is of, so they are made here, once, in the
operator's language, and the page shows exactly them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tocsin.areas import Country
from tocsin.cap.words import event_of
from tocsin.desk.orders import Order
from tocsin.desk.reading import Reading, hash_of, read_by_people
from tocsin.desk.words import WORDS, say
from tocsin.model import AreaId, Level, Realm, Threat

_FEW = 6  # names that a heading spells out


class Screens:
    """Makes the screens of one country.

    Args:
        country: Areas and their names.
        people_in: How many people live in an area; None where nobody knows.
    """

    def __init__(self, country: Country, people_in: Callable[[AreaId], int | None]) -> None:
        self._country = country
        self._people_in = people_in
        self.outlets: list[str] = []  # beside the public door, as they were last looked at

    def names(self, areas: Sequence[AreaId], lang: str) -> str:
        """Return the names of some areas; many are counted."""
        named = [self._country.areas.name(area, lang) for area in areas[:_FEW]]
        return ", ".join(named) + (f" +{len(areas) - _FEW}" if len(areas) > _FEW else "")

    def what(self, areas: Sequence[AreaId], threat: Threat, level: Level | None, lang: str) -> str:
        """Return what something is about in one line: air raid, red: Kyiv."""
        more = f", {WORDS[lang][level]}" if level else ""
        return f"{event_of(threat, lang)}{more}: {self.names(areas, lang)}"

    def people(self, areas: Sequence[AreaId], lang: str) -> str:
        """Return how many people live in some areas, as words."""
        known = [self._people_in(area) for area in areas]
        total = sum(one for one in known if one is not None)
        if not known or None in known:
            return WORDS[lang]["people_unknown"]
        return f"{total:,}".replace(",", " ")

    def readings(self, order: Order) -> list[Reading]:
        """Return what people will read, in each language."""
        areas = self._country.areas
        return read_by_people(order.does, order.threat, order.areas, order.text, order.realm, areas)

    def lines(self, order: Order, lang: str) -> list[str]:
        """Return what the screen says above what people will read."""
        words, areas = WORDS[lang], self._country.areas
        subtype = f" ({order.subtype})" if order.subtype else ""
        level = f", {words[order.level]}" if order.level else ""
        where = ", ".join(f"{areas.name(area, lang)} ({area})" for area in order.areas)
        does = words[f"act_{order.does}"] + (f" ({order.aside})" if order.aside else "")
        return [
            f"{words[order.realm]}. {words[f'{order.realm}_more']}",
            f"{words['what']}: {does}: {event_of(order.threat, lang)}{subtype}{level}",
            f"{words['where']}: {where}",
            f"{words['people']}: {self.people(order.areas, lang)}",
            f"{words['channels']}: {self.channels(order.realm, lang)}",
        ]

    def channels(self, realm: Realm, lang: str) -> str:
        """Return what carries it."""
        if realm is not Realm.ACTUAL:
            return WORDS[lang][realm]
        return ", ".join([WORDS[lang]["channel_list"], *self.outlets])

    def digest(self, order: Order, lang: str) -> str:
        """Return the hash, in hex, of all that the screen says; what ``order.screen`` is does not matter."""
        read = [part for one in self.readings(order) for part in (one.headline, one.text, one.instruction)]
        return hash_of([*self.lines(order, lang), *read])

    def press(self, order: Order, lang: str, *, two: bool) -> str:
        """Return what the button says that it does."""
        event, names = event_of(order.threat, lang), self.names(order.areas, lang)
        if order.aside is not None:
            return say(lang, "aside_propose", event=event, areas=names, name=order.aside)
        if two:
            return say(lang, "send_propose", event=event, areas=names)
        act = WORDS[lang][f"act_{order.does}"]
        count = f"{WORDS[lang]['people'].lower()} {self.people(order.areas, lang)}"
        return say(lang, "press_send", act=act, event=event, areas=names, count=count)

    def tiles(self, order: Order) -> list[tuple[int, int, bool]]:
        """Return the equal tiles of the board's areas, and which the order touches."""
        areas = self._country.areas
        touched = {above for area in order.areas for above in areas.chain(area)}
        whole = areas.root in order.areas
        return [(x, y, whole or area in touched) for area, (x, y) in self._country.tiles.items()]

"""How the record's pages look: plain values in, HTML out, in English and in Ukrainian."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined

from tocsin.public.when import Zone
from tocsin.public.words import LANGUAGES, WORDS, inert

_WORDS = {
    "en": {
        "record": "Record",
        "map": "Map of alerts",
        "about": "It may be incomplete. What may not be shown yet is left out.",
        "search": "Search what was said",
        "find": "Search",
        "found": "Found:",
        "figures": "Figures, with their sources side by side",
        "who": "Who",
        "said": "Said",
        "seen": "When we saw it",
        "unused": "not used in the figure",
        "strips": "Alerts of the day",
        "strips_about": "By region, from midnight to midnight. No bar does not mean all clear.",
        "days": "Attacks by day",
        "reports": "Reports",
        "bulletins": "Situation reports",
        "quotes": "What it says",
        "source": "Where it stands",
        "none": "Nothing.",
        "day": "Attack of {day}",
        "report": "{who}, {when}",
        "undated": "undated",
        "bulletin": "Situation report, entry {place} of the log",
        "held": "Held back: a part of it may no longer be shown.",
        "in_all": "in the whole country",
        "minutes": "{n} min",
        "changed": "How the figure changed: {steps}",
        "grade_confirmed": "Confirmed by who did it",
        "grade_fair": "Two independent sources, and the alert log or a table of strikes",
        "grade_weak": "Weakly founded",
        "grade_contested": "Contested",
        "grade_discounted": "Discounted",
        "grade_not_graded": "Nobody gives a number; that is not none",
    },
    "uk": {
        "record": "Літопис",
        "map": "Карта тривог",
        "about": "Дані можуть бути неповними. Того, що показувати ще не можна, тут немає.",
        "search": "Шукати у сказаному",
        "find": "Шукати",
        "found": "Знайдено:",
        "figures": "Кількості та джерела поруч",
        "who": "Хто",
        "said": "Сказано",
        "seen": "Коли ми це побачили",
        "unused": "у підрахунку не враховано",
        "strips": "Тривоги дня",
        "strips_about": "За областями, від півночі до півночі. Порожнє місце не означає відбою.",
        "days": "Атаки за днями",
        "reports": "Повідомлення",
        "bulletins": "Зведення",
        "quotes": "Що в ньому сказано",
        "source": "Де опубліковано",
        "none": "Нічого.",
        "day": "Атака {day}",
        "report": "{who}, {when}",
        "undated": "без дати",
        "bulletin": "Зведення, запис {place} журналу",
        "held": "Приховано: частину цього показувати вже не можна.",
        "in_all": "у всій країні",
        "minutes": "{n} хв",
        "changed": "Як змінювалася кількість: {steps}",
        "grade_confirmed": "Підтверджено тим, хто це зробив",
        "grade_fair": "Два незалежні джерела та журнал тривог або таблиця ударів",
        "grade_weak": "Підстав мало",
        "grade_contested": "Джерела розходяться",
        "grade_discounted": "Відхилено",
        "grade_not_graded": "Кількості ніхто не називає; це не означає, що нікого",
    },
}
_LEFT, _WIDTH, _FLOOR, _HEIGHT = 30, 280, 70, 55  # of the chart, in its own units


class Item(NamedTuple):
    """One line of a list."""

    text: str
    href: str = ""
    claims: Sequence[tuple[str, str]] = ()  # name and address
    id: str = ""
    away: bool = False  # the address is another server's


class Part(NamedTuple):
    """One list with its title."""

    id: str
    title: str
    lines: Sequence[Item]


class Step(NamedTuple):
    """What a figure was from a moment on."""

    at: datetime
    low: int | None
    high: int | None  # None: open above, or not known
    amount: str  # in words


class Leaf:
    """Makes the record's pages.

    Args:
        zone: In which times are shown.
        made: As of when.
        style: Where the style sheet of all pages is.
    """

    def __init__(self, zone: Zone, made: datetime, style: str = "/static/live.css") -> None:
        environment = Environment(
            loader=PackageLoader("tocsin.public"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._template = environment.get_template("record.html")
        self._item = environment.from_string(
            '<li><a href="{{ href }}">{{ text }}</a></li>\n',
        )
        self.zone, self._made, self._style = zone, made, style

    def html(self, path: str, lang: str, title: str, **parts: Any) -> bytes:
        """Return one page; ``parts`` are those of its template that it has."""
        nothing: dict[str, Any] = {"figures": (), "strips": (), "sections": (), "words_kept": "",
                                   "bulletin_lang": lang, "hits": False, "hole": "", "asked": ""}  # fmt: skip
        return self._template.render(
            lang=lang,
            path=path,
            title=inert(title),
            words=_WORDS[lang],
            made=self.zone.as_of(self._made, lang) + ".",
            style=self._style,
            languages=[(one, WORDS[one]["language"]) for one in LANGUAGES],
            **(nothing | parts),
        ).encode()

    def search(self, lang: str) -> tuple[bytes, bytes]:
        """Return the page of a search before and behind its rows."""
        page = self.html(
            "/record/search", lang, _WORDS[lang]["search"], hits=True, hole="\0", asked="{asked}"
        )
        before, _, behind = page.partition(b"\0")
        return before, behind

    def row(self, text: str, href: str) -> bytes:
        """Return one row of a search."""
        return self._item.render(text=inert(text), href=href).encode()


def word(lang: str, key: str, **values: object) -> str:
    """Return a word of these pages."""
    return _WORDS[lang][key].format(**values)


def chart(steps: Sequence[Step], lang: str) -> dict[str, Any] | None:
    """Return how a figure changed, as bands from low to high; None where it never did.

    A figure that is open above reaches the top; where there is none there is a gap, and no zero.
    """
    if len(steps) < 2:
        return None
    top = max((max(one.low or 0, one.high or 0) for one in steps), default=0) or 1
    width = _WIDTH / len(steps)
    bands, marks = [], []
    for place, one in enumerate(steps):
        x = _LEFT + place * width
        if one.low is None and one.high is None:
            marks.append({"x": round(x + width / 2), "y": _FLOOR - 4, "text": "?"})
            continue
        low, high = one.low or 0, top if one.high is None else one.high
        upper, lower = _FLOOR - _HEIGHT * high / top, _FLOOR - _HEIGHT * low / top
        bands.append({"x": round(x + 2), "y": round(upper - 1), "width": round(width - 4),
                      "height": max(3, round(lower - upper))})  # fmt: skip
        marks.append({"x": round(x + width / 2), "y": round(upper - 4), "text": one.amount})
    label = word(lang, "changed", steps="; ".join(f"{one.at:%H:%M} {one.amount}" for one in steps))
    return {"bands": bands, "marks": marks, "label": label}

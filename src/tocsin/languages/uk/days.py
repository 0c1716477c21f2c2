"""When it was, in Ukrainian: "у ніч на 3 травня", "у вівторок", "цієї ночі", "22.02.26"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from tocsin.record.context import When
from tocsin.record.days import resolve, same_month

MONTHS = {
    name: number
    for number, name in enumerate(
        [
            "січня",
            "лютого",
            "березня",
            "квітня",
            "травня",
            "червня",
            "липня",
            "серпня",
            "вересня",
            "жовтня",
            "листопада",
            "грудня",
        ],
        1,
    )
}
_DATE = re.compile(
    rf"\b(?P<day>\d{{1,2}})(?:-го|-те)?(?:[–-]\d{{1,2}})? (?P<month>{'|'.join(MONTHS)})"
    rf"(?:,? (?P<year>\d{{4}}))?",
    re.IGNORECASE,
)
_FIGURES = re.compile(r"(?<![\d.])(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4}|\d{2})(?!\d)")
_IN_MONTH = [
    "січні",
    "лютому",
    "березні",
    "квітні",
    "травні",
    "червні",
    "липні",
    "серпні",
    "вересні",
    "жовтні",
    "листопаді",
    "грудні",
]
_ALONE = re.compile(
    rf"\b[ув] (?P<month>{'|'.join(_IN_MONTH)})(?: (?P<year>\d{{4}}))?\b|\b[ув] "
    rf"(?P<only>(?:19|20)\d\d)(?:-му)? році\b",
    re.IGNORECASE,
)
_WEEKDAY = re.compile(
    r"\b(?:(?:у|в|на|проти|до|ранок|ввечері|вечір|вранці|зранку|станом на \d\d[:.]\d\d)"
    r"\s+)(?P<name>понеділ|вівтор|серед|четвер|п[’'ʼ]ятниц|субот|неділ)\w*",
    re.IGNORECASE,
)
_STEMS = ("понеділ", "вівтор", "серед", "четвер", "п'ятниц", "субот", "неділ")
_AT_DAY = re.compile(
    r"\b\d\d[:.]\d\d (?P<name>понеділка|вівторка|середи|четверга|п[’'ʼ]ятниці|суботи|неділі)\b", re.IGNORECASE
)
_NEAR = re.compile(
    r"\b(?:(?P<yesterday>вчора|учора|вчорашн\w+)|(?P<today>сьогодні|сьогоднішн\w+|"
    r"цієї ночі|минулої ночі|вночі|нинішн\w+|вранці|зранку|цього ранку|сьогоднішньої)"
    r")\b",
    re.IGNORECASE,
)
_START = re.compile(
    r"(?:\b(?:з|із|зі|від|починаючи з)\s+(?:(?:вечора|ранку|ночі|\d{1,2}[:.]\d\d|\d{1,2}-\w+)\s+)?)$",
    re.IGNORECASE,
)
_NIGHT = re.compile(r"\bніч\w*\s+(?:на|проти|із|з)\s+$|\bночі\s+$", re.IGNORECASE)


def whens(words: str, offset: int, published: date | None) -> list[When]:
    """Return the days that a sentence names.

    Args:
        words: The sentence.
        offset: Where it begins in the text.
        published: The day of publication, local; without it only full dates are read.
    """
    found = [*_dates(words, offset, published), *_months(words, offset, published)]
    if published is not None:
        found += _weekdays(words, offset, published)
        if not found:
            for near in _NEAR.finditer(words):
                day = published - timedelta(days=1) if near["yesterday"] else published
                found.append(When(offset + near.start(), offset + near.end(), None, day, near[0].lower()))
    found.sort(key=lambda one: one.start)
    return found


def _dates(words: str, offset: int, published: date | None) -> Iterator[When]:
    for one in (*_DATE.finditer(words), *_FIGURES.finditer(words)):
        month = MONTHS.get(one["month"].lower()) or int(one["month"])
        year = int(one["year"]) if one["year"] else None
        day = resolve(
            int(one["day"]), month, 2000 + year if year is not None and year < 100 else year, published
        )
        if day is None or _START.search(words[: one.start()]):  # "з 20:00 2 травня": when it began
            continue
        yield When(
            offset + one.start(),
            offset + one.end(),
            None,
            day,
            "ніч" if _NIGHT.search(words[: one.start()]) else "",
        )


def _months(words: str, offset: int, published: date | None) -> Iterator[When]:
    """Give a month or a year alone; what happened then is old, unless it is the month of publication."""
    for one in _ALONE.finditer(words):
        year = int(one["only"] or one["year"] or 0) or (published.year if published else 0)
        month = _IN_MONTH.index(one["month"].lower()) + 1 if one["month"] else 1
        if not year:
            continue
        if published and not one["year"] and not one["only"] and month > published.month:
            year -= 1
        if not same_month(year, month if one["month"] else None, published):
            yield When(
                offset + one.start(), offset + one.end(), None, date(year, month, 1), one[0].lower(), old=True
            )


def _weekdays(words: str, offset: int, published: date) -> Iterator[When]:
    for one in (*_WEEKDAY.finditer(words), *_AT_DAY.finditer(words)):
        name = one["name"].lower().replace("’", "'").replace("ʼ", "'")
        number = next((n for n, stem in enumerate(_STEMS) if name.startswith(stem)), None)
        if number is None:
            continue
        yield When(
            offset + one.start(),
            offset + one.end(),
            None,
            published - timedelta(days=(published.weekday() - number) % 7),
        )

"""When it was, in English: "on Tuesday", "overnight", "from 18:00 on May 4 to 06:00 on May 5"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from tocsin.record.context import When
from tocsin.record.days import resolve, same_month

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul",
            "august aug", "september sep sept", "october oct", "november nov", "december dec",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
_DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_MONTH = (
    r"(?P<month>Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?"
    r"|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)"
)
_DATE = re.compile(
    rf"(?:\b{_MONTH}\.? (?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,? (?P<year>\d{{4}}))?)"
    rf"|(?:\b(?P<day2>\d{{1,2}})(?:st|nd|rd|th)? (?:of )?{_MONTH.replace('month', 'month2')}\b\.?(?: "
    rf"(?P<year2>\d{{4}}))?)"
)
_NAMED = re.compile(rf"\s*(?:of )?{_MONTH}|\s*(?:people|drones|missiles|others|were)\b")
_ALONE = re.compile(
    rf"\b(?:[Ii]n|[Ll]ast) (?:early |late |mid-)?{_MONTH}(?:,? (?P<year>\d{{4}}))?\b(?!\.? ?\d)"
    rf"|\b[Ii]n (?P<only>(?:19|20)\d\d)\b"
)
_WEEKDAY = re.compile(r"\b(?P<last>last )?(?P<name>Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day(?P<own>['’]s)?\b")
_AGO = re.compile(
    r"\b(?P<many>a|one|two|three|four|five|six|seven|\d{1,2}) (?P<unit>day|week)s? (?:ago|earlier)\b",
    re.IGNORECASE,
)
_COUNTS = {"a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7}
_RANGE = re.compile(r"\s*(?:to|-|–|—|and|into)\s*(?:the )?(\d{1,2})(?:st|nd|rd|th)?\b(?![:.,]?\d)(?! of)")
_NEAR = re.compile(
    r"\b(?P<yesterday>yesterday|the day before|the previous (?:day|night))\b|\b(?P<today>today|tonight|"
    r"overnight|this morning|last night|in the night|during the night|at night|"
    r"earlier in the day|in the morning|at dawn)\b",
    re.IGNORECASE,
)
_SPOKEN = re.compile(
    r"\b(?:said|says|reported|announced|wrote|added|stated|told \w+|confirmed|"
    r"interview published|statement|post|released"
    r"|(?:rose|risen|climbed|grew|grown|increased|went up|gone up|jumped) to \S+)\s+(?:(?:earlier|late|early|"
    r"in a statement|on Telegram)\s+)*(?:on\s+)?$",
    re.IGNORECASE,
)
_WINDOW = re.compile(r"\(\s*from\b[^()]*$", re.IGNORECASE)
_SINCE = re.compile(r"\bsince\s+(?:the \w+ of\s+)?(?:\w+ )?$", re.IGNORECASE)
_FORWARD = re.compile(r"\b(?:until|till|by|next)\s+(?:\w+ )?$", re.IGNORECASE)


def whens(words: str, offset: int, published: date | None) -> list[When]:
    """Return the days that a sentence names.

    Args:
        words: The sentence.
        offset: Where it begins in the text.
        published: The day of publication, local; without it only full dates are read.
    """
    found = [*_dates(words, offset, published), *_weekdays(words, offset, published)]
    found += _months(words, offset, published)
    if published is not None:
        for near in _NEAR.finditer(words):
            day = published - timedelta(days=1) if near["yesterday"] else published
            found.append(When(offset + near.start(), offset + near.end(), None, day, near[0].lower()))
        found += _ago(words, offset, published)
    found.sort(key=lambda one: one.start)
    return _joined(words, offset, found)


def _dates(words: str, offset: int, published: date | None) -> Iterator[When]:
    for one in _DATE.finditer(words):
        month = MONTHS[(one["month"] or one["month2"]).lower()]
        day, year = int(one["day"] or one["day2"]), one["year"] or one["year2"]
        found = resolve(day, month, int(year) if year else None, published)
        if found is None or _WINDOW.search(words[: one.start()]):
            continue
        before = words[: one.start()]
        end, first = one.end(), None
        until = _RANGE.match(words, end)
        if until and not year and not _NAMED.match(words, until.end()):  # "the night of May 4 to 5"
            last = resolve(int(until[1]), month, None, published)
            if last is not None and last > found:
                first, found, end = found, last, until.end()
        yield When(
            offset + one.start(), offset + end, first, found, "",
            bool(_SPOKEN.search(before)), bool(_SINCE.search(before)),
        )  # fmt: skip


def _ago(words: str, offset: int, published: date) -> Iterator[When]:
    """Give the days that are counted back: "a week ago", "two days earlier"."""
    for one in _AGO.finditer(words):
        many = one["many"].lower()
        days = (int(many) if many.isdigit() else _COUNTS[many]) * (7 if one["unit"].lower() == "week" else 1)
        yield When(offset + one.start(), offset + one.end(), None, published - timedelta(days=days))


def _months(words: str, offset: int, published: date | None) -> Iterator[When]:
    """Give a month or a year alone; what happened then is old, unless it is the month of publication."""
    for one in _ALONE.finditer(words):
        year = int(one["only"] or one["year"] or 0) or (published.year if published else 0)
        month = MONTHS[one["month"].lower()] if one["month"] else 1
        if not year:
            continue
        if published and not one["year"] and not one["only"] and month > published.month:
            year -= 1
        if not same_month(year, month if one["month"] else None, published):
            yield When(
                offset + one.start(), offset + one.end(), None, date(year, month, 1), one[0].lower(), old=True
            )


def _weekdays(words: str, offset: int, published: date | None) -> Iterator[When]:
    if published is None:
        return
    for one in _WEEKDAY.finditer(words):
        before = words[: one.start()]
        if _FORWARD.search(before):
            continue
        back = (published.weekday() - _DAYS.index(one["name"].lower() + "day")) % 7
        day = published - timedelta(days=back or (7 if one["last"] else 0))
        yield When(
            offset + one.start(),
            offset + one.end(),
            None,
            day,
            "",
            bool(_SPOKEN.search(before)),
            bool(_SINCE.search(before)),
        )


def _joined(words: str, offset: int, found: list[When]) -> list[When]:
    """Return them with "from A to B" made one, and without "overnight" where a day is named."""
    named = [one for one in found if not one.gloss]
    out = [one for one in found if not one.gloss or not any(not n.spoken and not n.old for n in named)]
    for number in range(len(out) - 1, 0, -1):
        between = words[out[number - 1].end - offset : out[number].start - offset]
        if re.match(
            r"\s*(?:,? \d{4},? )?(?:to|until|–|-|through)\s+(?:\d\d?[:.]\d\d (?:on )?)?(?:the "
            r")?(?:night of )?$",
            between,
        ):
            out[number - 1 : number + 1] = [
                out[number]._replace(start=out[number - 1].start, first=out[number - 1].last)
            ]
    return out

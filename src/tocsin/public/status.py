"""The status page: whether this server lives, whom it hears, how fast it tells, and that its log is whole.

It says no more than the server knows: what was not measured is said to be so, and the page says when it
was made.  Nothing here reads a clock.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

from jinja2 import Environment

from tocsin.public.when import Zone
from tocsin.public.words import LANGUAGES, STATUS_WORDS, WORDS, inert, say, span


class Trouble(StrEnum):
    """Why a server is not to be relied on."""

    CHECKING = "checking"  # a part of the log was not checked yet
    FULL = "full"  # the disk is full, and room that was kept free is being used up
    DISK = "disk"  # nothing new can be taken
    DISTRUSTED = "distrusted"  # the log is not what it was


class Speed(NamedTuple):
    """How long telling took, over a stretch of time."""

    times: int
    usual_s: float | None  # half of them took at most this; None without any
    worst_s: float | None
    worst_at: datetime | None


class Seen(NamedTuple):
    """A source as this server hears it."""

    name: str
    in_contact: bool
    heard_s: float | None  # seconds since it was heard; None: not since the start


class Status(NamedTuple):
    """What a server knows of itself."""

    started: datetime
    trouble: Trouble | None
    sources: Sequence[Seen]
    today: Speed  # by UTC
    month: Speed  # the last 30 days, UTC, today being one
    since: datetime  # when measuring began
    days: int  # of the last 30, on which something was measured
    checked: bool  # whether all was checked that was in the log at the start
    signed: bool  # whether there is a signed note
    channels: Mapping[str, Speed] = MappingProxyType({})  # of the last 30 days, beside the streams


class StatusPage:
    """The status page, in every language.

    Args:
        environment: Where the templates are.
        zone: In which times are shown.
        style: The address of the style sheet.
    """

    def __init__(self, environment: Environment, zone: Zone, style: str) -> None:
        self._template = environment.get_template("status.html")
        self._zone = zone
        self._style = style

    def html(self, status: Status, snapshot: Mapping[str, Any], notice: Sequence[str], lang: str) -> bytes:
        """Return the page.

        Args:
            status: What the server knows of itself.
            snapshot: A decoded `board.json` of the same moment: which log, which realm, and when.
            notice: What a replay or an exercise says of itself.
            lang: One of `LANGUAGES`.
        """
        at = datetime.fromisoformat(snapshot["as_of"])
        sentence = say(lang, "live" if status.trouble is None else f"trouble_{status.trouble}")
        page = self._template.render(
            lang=lang,
            languages=[(other, WORDS[other]["language"]) for other in LANGUAGES],
            realm=snapshot["realm"],
            words={**WORDS[lang], **STATUS_WORDS[lang]},
            style=self._style,
            notice=notice,
            title=" ".join([*notice[:1], sentence]),
            sentence=sentence,
            as_of=self._zone.as_of(at, lang),
            started=say(lang, "started", time=self._zone.clock(status.started, at, lang)),
            sources=[_seen(source, lang) for source in status.sources],
            speeds=self._speeds(status, at, lang),
            log=say(lang, "log_at", epoch=snapshot["epoch"], seq=snapshot["seq"]),
            checked=say(lang, _checked(status)),
            signed=status.signed,
        )
        return page.encode()

    def _speeds(self, status: Status, at: datetime, lang: str) -> list[str]:
        today = self._speed("speed_today", status.today, at, lang)
        beside = [
            f"{say(lang, f'channel_{name}')}. {self._speed('speed_month', speed, at, lang)}"
            for name, speed in sorted(status.channels.items())
        ]
        if not status.month.times:
            return [today, say(lang, "speed_month_none"), *beside]
        since = self._zone.clock(status.since, at, lang)
        return [
            today,
            *beside,
            self._speed("speed_month", status.month, at, lang),
            say(lang, "speed_since", time=since, n=status.days),
        ]

    def _speed(self, key: str, speed: Speed, at: datetime, lang: str) -> str:
        if not speed.times or speed.usual_s is None or speed.worst_s is None:
            return say(lang, f"{key}_none")
        within = math.isfinite(speed.usual_s)
        half = say(lang, "half_within" if within else "half_over", usual=length(lang, speed.usual_s))
        when = "" if speed.worst_at is None else self._zone.clock(speed.worst_at, at, lang)
        worst = say(lang, "longest", worst=length(lang, speed.worst_s), time=when)
        return say(lang, key, n=speed.times, half=half, worst=worst)


def _checked(status: Status) -> str:
    if status.trouble is Trouble.DISTRUSTED:
        return "log_bad"
    return "log_checked" if status.checked else "log_checking"


def _seen(source: Seen, lang: str) -> str:
    name = inert(source.name)
    if source.heard_s is None:
        return say(lang, "never_heard", source=name)
    key = "heard_ago" if source.in_contact else "unheard_ago"
    return say(lang, key, source=name, age=span(lang, source.heard_s))


def length(lang: str, seconds: float) -> str:
    """Return a short time with three digits that count, in milliseconds or in seconds."""
    if not math.isfinite(seconds):
        return say(lang, "length_s", number="10")  # the last bound that is counted
    key, number = ("length_ms", seconds * 1_000) if seconds < 1 else ("length_s", seconds)
    digits = 0 if number >= 100 else 1 if number >= 10 else 2
    text = f"{number:.{digits}f}"
    text = text.rstrip("0").rstrip(".") if digits else text
    return say(lang, key, number=text if lang == "en" else text.replace(".", ","))

"""Times as a reader in the country says them: a time of day, a date, and in which zone."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tocsin.public.words import WORDS, say


class Zone:
    """A time zone that times are shown in; UTC where this machine has no table of zones.

    Args:
        name: As in the zone table: Europe/Kyiv.
    """

    def __init__(self, name: str) -> None:
        self.info: tzinfo
        try:
            self.info, self.name = ZoneInfo(name), name
        except ZoneInfoNotFoundError:
            self.info, self.name = UTC, "UTC"

    def word(self, lang: str) -> str:
        """Return what the zone is called."""
        return WORDS[lang].get(f"zone_{self.name}", self.name)

    def as_of(self, at: datetime, lang: str) -> str:
        """Return when a page was made, as a line of it."""
        local = at.astimezone(self.info)
        time = f"{local:%H:%M:%S}, {date_of(local, lang)}"
        return say(lang, "as_of", time=time, zone=self.word(lang))

    def whole(self, when: datetime, lang: str) -> str:
        """Return a time of day with its date and zone, for what may be read on any day."""
        local = when.astimezone(self.info)
        return f"{local:%H:%M:%S}, {date_of(local, lang)}, {self.word(lang)}"

    def clock(self, when: datetime, at: datetime, lang: str) -> str:
        """Return a time of day, with its date where that is not the date of ``at``."""
        local, today = when.astimezone(self.info), at.astimezone(self.info)
        if local.date() == today.date():
            return f"{local:%H:%M}"
        return f"{local:%H:%M}, {date_of(local, lang, year=local.year != today.year)}"


def date_of(local: datetime, lang: str, *, year: bool = True) -> str:
    """Return a date in words: 2 January 2024."""
    month = WORDS[lang]["months"].split()[local.month - 1]
    return f"{local.day} {month} {local.year}" if year else f"{local.day} {month}"

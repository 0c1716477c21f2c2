"""Drills: exercises that were announced, each with an end, after which nothing of it is raised any longer.

What is raised in the exercise ends by itself with the drill that is under way,
else after an hour: an exercise that nobody ends is not found standing months
later, when somebody looks at the wrong screen.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

from msgspec import Struct

from tocsin.desk.store import Store
from tocsin.errors import ConfigError
from tocsin.log import from_us, to_us
from tocsin.model import AreaId

PRACTICE = timedelta(hours=1)  # how long a raise outside of any drill lasts in the exercise
LONGEST = timedelta(days=2)


class Drill(Struct, frozen=True):
    """One exercise that the public may know of."""

    name: str
    areas: tuple[AreaId, ...]
    begins: datetime
    ends: datetime


class Drills:
    """The drills of one data folder; see `Store` for the errors."""

    def __init__(self, folder: Path) -> None:
        self._store = Store(folder)

    def close(self) -> None:
        """Let go of the file."""
        self._store.close()

    def add(self, drill: Drill, now: datetime) -> None:
        """Schedule a drill.

        Raises:
            ConfigError: It has no end to come, is too long, or there is one of this name.
        """
        if not now < drill.ends or not drill.begins < drill.ends <= drill.begins + LONGEST:
            raise ConfigError(
                f"the drill {drill.name!r} would last from {drill.begins} to {drill.ends}",
                todo=f"give it an end that is to come, at most {LONGEST.days} days after its beginning",
            )
        with self._store.changing() as db:
            if db.execute("select 1 from drill where name = ?", (drill.name,)).fetchall():
                raise ConfigError(f"there is a drill {drill.name!r} already", todo="give it another name")
            areas = json.dumps(drill.areas)
            row = (drill.name, areas, to_us(drill.begins), to_us(drill.ends))
            db.execute("insert into drill values (?, ?, ?, ?)", row)

    def all(self) -> list[Drill]:
        """Return every drill, by its beginning."""
        rows = self._store.db.execute("select name, areas, begins, ends from drill order by begins, name")
        return [
            Drill(
                str(name),
                tuple(AreaId(area) for area in json.loads(str(areas))),
                from_us(int(str(begins))),
                from_us(int(str(ends))),
            )
            for name, areas, begins, ends in rows
        ]

    def end_of(self, now: datetime) -> datetime:
        """Return when what is raised in the exercise now ends by itself."""
        under_way = [drill.ends for drill in self.all() if drill.begins <= now < drill.ends]
        return max(under_way, default=now + PRACTICE)

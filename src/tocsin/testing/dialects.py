"""What every dialect keeps.

class TestSirens(DialectPromises):
    dialect = SirensInUa()
    threat = Threat("air")
    system = "sirens_in_ua"
    gaps = True  # an area that nobody covers is left out; else the whole answer is refused

    def read(self, ask, area):
        return ...  # what a client of it takes the area for

`read` decodes as a real client does.  It is the only thing that a suite must bring.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import NamedTuple
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import pytest

from tocsin.countries import load
from tocsin.dialects import Dialect, Reply
from tocsin.dialects.codes import read_codes
from tocsin.dialects.sight import Land
from tocsin.dialects.spoken import Spoken
from tocsin.errors import ConfigError
from tocsin.model import AreaId, Level, Realm, SourceId, State, Threat
from tocsin.warn.told import Status, Told

AT = datetime(2024, 1, 2, 3, 53, 57, 123456, tzinfo=UTC)
FEED = SourceId("feed")
AIR = Threat("air")


FRESH = {FEED: AT + timedelta(seconds=15)}


class Moment(NamedTuple):
    """When and where in the log an answer is made."""

    seq: int = 1
    realm: Realm = Realm.ACTUAL
    as_of: datetime = AT
    fresh: Mapping[SourceId, datetime] = FRESH


@cache
def land(country: str = "ua") -> Land:
    """Return a country as the dialects see it."""
    pack = load(country)
    table = files("tocsin.countries").joinpath(country, "dialects.csv").read_text("utf-8")
    return Land(pack.areas, read_codes(pack.areas, table), ZoneInfo(pack.timezone), pack.name)


class World:
    """What the public is told in a test, and what a dialect answers then.

    Everything is covered and clear at first, for the threats that are given.
    """

    def __init__(self, dialect: Dialect, *threats: Threat, country: str = "ua") -> None:
        self.land = land(country)
        self.told = Told(self.land.areas)
        self.moment = Moment()
        self.spoken = Spoken([dialect], self.land, Realm.ACTUAL, lambda reply, modified: (reply, modified))
        for threat in threats or (AIR,):
            self.tell(State.CLEAR, *self.land.areas.board, threat=threat)

    def tell(self, state: State, *areas: str, threat: Threat = AIR, level: Level | None = None) -> None:
        """Say something; what is around a raised part becomes partly raised, its neighbours stand apart."""
        sources = (FEED,) if state in (State.CLEAR, State.RAISED, State.PARTLY) else ()
        status = Status(state, AT - timedelta(minutes=5), sources, level=level)
        tree = self.land.areas
        for area in areas:
            for above in tree.chain(area)[1:-1]:
                for sibling in tree.children(above):
                    before = self.told.status(sibling, threat)
                    self.told.tell(threat, [sibling], before)
                if state is State.RAISED:
                    self.told.tell(threat, [above], Status(State.PARTLY, status.since, (FEED,)))
            self.told.tell(threat, [AreaId(area)], status)
        self.moment = self.moment._replace(seq=self.moment.seq + 1)

    def pass_time(self, seconds: float) -> None:
        """Let time pass in which no source is heard."""
        self.moment = self.moment._replace(as_of=self.moment.as_of + timedelta(seconds=seconds))

    def ask(self, target: str, accept: str = "") -> Reply:
        """Return the answer at a path with its query; 404 where the dialect has none."""
        return self.ask_dated(target, accept)[0]

    def ask_dated(self, target: str, accept: str = "") -> tuple[Reply, str]:
        """Return the answer and its Last-Modified."""
        path, _, query = target.partition("?")
        fields = parse_qs(query, keep_blank_values=True)
        made = self.spoken.answer(path, fields, {"accept": accept}, self.told, self.moment)
        return made or (Reply(b"", status=404), "")


Ask = Callable[[str], Reply]


class DialectPromises:
    """The promises of a dialect, as tests."""

    dialect: Dialect
    system: str  # whose codes say which areas it has
    country = "ua"
    threats: tuple[Threat, ...] = (AIR,)  # of which it tells
    gaps = True  # an area that nobody covers is left out; else the whole answer is refused

    def read(self, ask: Ask, area: AreaId) -> State | None:
        """Return what a client takes an area for: raised, partly, clear, unknown; None: it has no such area.

        An error of the server is `State.UNKNOWN`.
        """
        raise NotImplementedError

    def world(self) -> World:
        """Return a country in which everything is covered and clear."""
        return World(self.dialect, *self.threats, country=self.country)

    def areas(self) -> list[AreaId]:
        """Return the areas that the system has a code for."""
        codes = land(self.country).codes.all(self.system)
        return [area.id for area in land(self.country).areas if area.id in codes]

    def board(self) -> list[AreaId]:
        """Return those of the board level among them."""
        mine = set(self.areas())
        return [area for area in land(self.country).areas.board if area in mine]

    def test_clear_is_clear_everywhere(self) -> None:
        """While everything is known and nothing is raised, every area that it can name reads as clear."""
        world = self.world()
        assert {} == {
            area: read for area in self.areas() if (read := self.read(world.ask, area)) is not State.CLEAR
        }

    def test_every_area_can_be_found_when_it_is_raised(self) -> None:
        """A raise of any area that it has a code for is shown for that very area."""
        for area in self._some_areas():
            world = self.world()
            world.tell(State.RAISED, area)
            assert self.read(world.ask, area) is State.RAISED, area

    def test_a_raised_part_is_never_clear(self) -> None:
        """The area around a raised part reads as raised or partly, whoever has a code for the part."""
        for area in self.board():
            part = self._last_part(area)
            if part is None:
                continue
            world = self.world()
            world.tell(State.RAISED, part)
            assert self.read(world.ask, area) in (State.RAISED, State.PARTLY), (area, part)

    def test_unknown_is_never_clear(self) -> None:
        """Nobody may take an area for clear of which tocsin does not know."""
        for area in self.board():
            for threat in self.threats:
                world = self.world()
                world.tell(State.UNKNOWN, area, threat=threat)
                assert self.read(world.ask, area) is State.UNKNOWN, (area, threat)

    def test_an_unknown_part_is_never_clear(self) -> None:
        """Neither a part that is unknown nor the area around it."""
        for area in self.board():
            part = self._last_part(area)
            if part is None:
                continue
            world = self.world()
            world.tell(State.UNKNOWN, part)
            world.told.tell(AIR, [area], Status(State.UNKNOWN, AT))
            for one in {area, part} & set(self.areas()):
                assert self.read(world.ask, one) is State.UNKNOWN, one

    def test_nothing_is_clear_past_the_time_that_its_source_vouches(self) -> None:
        """A feed has died: 15 s later no area reads as clear, though the log says so nowhere yet."""
        world = self.world()
        first = self.read(world.ask, self.board()[0])
        world.pass_time(15)
        assert first is State.CLEAR
        assert {State.UNKNOWN} == {self.read(world.ask, area) for area in self.areas()}

    def test_what_nobody_covers_is_never_clear(self) -> None:
        """It is no region of this server, or the whole answer is refused."""
        wanted = (None, State.UNKNOWN) if self.gaps else (State.UNKNOWN,)
        area, other = self.board()[0], self.board()[-1]
        world = self.world()
        for threat in world.told.threats:
            world.tell(State.NOT_COVERED, area, threat=threat)
        assert self.read(world.ask, area) in wanted
        assert self.read(world.ask, other) in ((State.CLEAR,) if self.gaps else (State.UNKNOWN,))

    def test_without_a_feed_nothing_is_clear(self) -> None:
        """What has stood for years is raised; that alone would say that all others are clear."""
        world = self.world()
        for threat in world.told.threats:
            world.tell(State.NOT_COVERED, *world.land.areas.board, threat=threat)
        standing = Status(State.RAISED, AT, (SourceId("pack"),))
        world.told.tell(AIR, [AreaId(self.board()[0])], standing)
        assert not [area for area in self.areas() if self.read(world.ask, area) is State.CLEAR]

    @pytest.mark.parametrize("realm", [realm for realm in Realm if realm is not Realm.ACTUAL])
    def test_carries_nothing_but_actual_danger(self, realm: Realm) -> None:
        """An exercise, a test or a replay is refused, when it is mounted and when it is asked."""
        with pytest.raises(ConfigError):
            Spoken([self.dialect], land(self.country), realm, lambda reply, modified: reply)
        world = self.world()
        world.moment = world.moment._replace(realm=realm)
        with pytest.raises(ValueError, match="actual"):
            self.read(world.ask, self.board()[0])

    def test_the_same_state_gives_the_same_bytes(self) -> None:
        """Whoever compares two answers, or caches them, sees a change only where there is one."""
        seen: list[list[Reply]] = []
        for _ in range(2):
            world = self.world()
            asked: list[Reply] = []
            world.tell(State.RAISED, self.board()[1], self.board()[0])

            def ask(target: str, world: World = world, asked: list[Reply] = asked) -> Reply:
                asked.append(world.ask(target))
                return asked[-1]

            self.read(ask, self.board()[0])
            seen.append(asked)
        assert seen[0] == seen[1] and seen[0]

    def test_a_poll_is_made_once_for_a_state(self) -> None:
        """The second who asks gets the very bytes of the first, until something changes."""
        world = self.world()
        asked: set[str] = set()

        def ask(target: str) -> Reply:
            asked.add(target)
            return world.ask(target)

        self.read(ask, self.board()[0])
        before = {target: world.ask(target) for target in asked}
        assert all(world.ask(target) is reply for target, reply in before.items())
        world.tell(State.RAISED, self.board()[0])
        assert self.read(world.ask, self.board()[0]) is State.RAISED

    def _some_areas(self) -> Iterator[AreaId]:
        """Yield the board level and every 40th of the others: all take a minute."""
        mine, board = self.areas(), set(self.board())
        yield from board
        yield from [area for area in mine if area not in board][::40]

    def _last_part(self, area: AreaId) -> AreaId | None:
        parts: Sequence[AreaId] = land(self.country).areas.below(area)
        return parts[-1] if parts else None

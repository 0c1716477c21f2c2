"""alerts.com.ua: a list of 25 states, each raised or not, and a stream of changes.

The list says raised or not of each state that it has; of what it does not have nothing is known.  After
every change, and once in a while, the list is asked for again: a stream that lost an event would else
keep a state for ever.  Its pings are signs of life.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection
from datetime import datetime

from msgspec import Struct

from tocsin import wire
from tocsin.errors import SourceGarbled
from tocsin.model import Act, AreaId, Threat
from tocsin.sources import ANY, Finder, Heard, Link, Payload, Saying, name, read_json, refused

PATH, STREAM = "/api/states", "/api/states/live"
SYSTEM = "alerts_com_ua"
AIR = Threat("air")
PING = b"ping"
_ASK_EVENTS = 12  # pings come every 5 s: the list is asked for once a minute


class _State(Struct):
    id: int
    alert: bool
    changed: datetime | None = None


class _List(Struct):
    states: list[_State]
    last_update: str


class AlertsComUa:
    """The format.

    Args:
        find: Gives the area that a system has a code for.
        board: The areas of which it could speak, in the country's order.
        root: The country, for what cannot be placed in it.
    """

    def __init__(self, find: Finder, board: Collection[AreaId], root: AreaId) -> None:
        self._find = find
        self._board = tuple(board)
        self._root = root

    def decode(self, payload: Payload) -> Heard:
        """Return what a list says, or a ping.

        Raises:
            SourceGarbled: It is neither.
        """
        if payload.body == PING:
            return Heard(alive=True)
        found = read_json(payload.body, _List, "alerts.com.ua")
        if not found.states:
            raise SourceGarbled("alerts.com.ua sent a list without states", todo="it is asked again")
        placed = [(self._find(SYSTEM, str(state.id)), state) for state in found.states]
        lost = [(self._root, ANY) for area, state in placed if area is None and state.alert]
        had = {area for area, _ in placed}
        lost += [(area, AIR) for area in self._board if area not in had]
        sayings = [
            _raised(area, state, payload.at) for area, state in placed if area is not None and state.alert
        ]
        return Heard(tuple(sayings), complete=True, unknown=tuple(lost))

    async def listen(self, link: Link) -> AsyncGenerator[Payload, None]:
        """Yield the list at first, after each change and each minute, and the pings between."""
        headers = {"X-API-Key": link.token} if link.token else {}
        count = 0
        async for event in link.events(STREAM, headers):
            quiet = event.body.startswith(b"event: ping") and count % _ASK_EVENTS
            count += 1
            if quiet:
                yield Payload(PING, event.at)
                continue
            got = await link.get(PATH, headers)
            if got.status != 200:
                raise refused(got, "alerts.com.ua")
            yield Payload(got.body, got.at)


def _raised(area: AreaId, state: _State, at: datetime) -> Saying:
    if state.changed is None or state.changed.utcoffset() is None:
        raise SourceGarbled(
            f"alerts.com.ua: state {state.id} is raised, and does not say since when",
            todo="it is asked again",
        )
    sent = wire.utc(state.changed)
    return Saying(name(area, AIR, sent, None), area, AIR, Act.RAISED, sent)

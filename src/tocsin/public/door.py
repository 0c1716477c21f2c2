"""The public door of one realm: who is connected, what is answered, who is told what.

Everything here runs in one event loop and reads memory only.  Answers are made
once for a state and kept until the next alert or beat.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime
from typing import Any

from tocsin.areas import Areas
from tocsin.dialects.live import Talk
from tocsin.dialects.spoken import Spoken
from tocsin.errors import TocsinError
from tocsin.hub import Event, Hub, Reset, Wish, wish_for
from tocsin.model import Alert, AreaId, Place, Realm
from tocsin.public import frames
from tocsin.public.answer import JSON, TEXT, Answer, problem
from tocsin.public.catalogue import catalogue_json
from tocsin.public.fan import Fan, Form
from tocsin.public.frames import Fresh, Moment
from tocsin.public.history import history_csv, history_json
from tocsin.public.http import Connection, Request, StreamAsked, TalkAsked
from tocsin.public.openapi import public_openapi
from tocsin.public.site import Page, Site
from tocsin.views.history import History
from tocsin.warn.told import Told
from tocsin.wire import stamp

BEAT_S = 5.0  # every stream hears within this that the server lives
SLICES = 20  # beats are spread over this many turns, so that an alert never waits behind all of them
REQUEST_S = 9.0  # a request must be whole within this; it is closed at the next look, a second later at most
LOOKUPS = 20  # questions of the page *is this real?* that are answered in a turn: the board goes first
IDLE_S = 75.0  # a connection that asks nothing for this long is closed
RETRY_MS = (1_000, 4_000)  # when to come back: spread, so that not everybody comes at once


class Door:
    """The public door.

    Args:
        areas: The country's areas.
        site: The pages.
        history: What is known of the past, fed by `publish`'s caller; None while it is being read.
        epoch: The log's.
        realm: The realm that is shown here, and no other.
        now: What time it is there.
        lasted: Seconds on a clock that never jumps.
        fresh: Until when each source vouches, seen from a moment.
        ready: Why this server is not to be relied on now, or None.
        notice: What every frame says of a replay or an exercise.
        limit: How many connections are taken.
        note: The newest signed note of the log, or None.
        note_key: The public key of the notes, or None where nothing is signed.
        dialects: What other systems' clients are answered, at paths that are none of this door's own.
    """

    def __init__(
        self,
        areas: Areas,
        site: Site,
        history: History | None,
        *,
        hub: Hub,
        told: Told,
        realm: Realm,
        now: Callable[[], datetime],
        lasted: Callable[[], float],
        fresh: Callable[[datetime], Fresh],
        ready: Callable[[], str | None] = lambda: None,
        notice: str | None = None,
        limit: int = 19_000,
        note: Callable[[], str | None] = lambda: None,
        note_key: str | None = None,
        dialects: Spoken[Answer] | None = None,
    ) -> None:
        self._areas = areas
        self._site = site
        self._history = history
        self._hub = hub
        self._told = told
        self._realm = realm
        self._now = now
        self._lasted = lasted
        self._fresh = fresh
        self._ready = ready
        self._notice = notice
        self._dialects = dialects
        self._limit = limit
        self.answered = [0] * 10  # answers by the first digit of their status
        self._waiting: set[Connection] = set()  # connections that are not streams
        self._fan: Fan[Connection] = Fan(SLICES)
        self._talks: dict[Connection, Talk] = {}  # the streams of dialects
        self._turn = self._lookups = 0  # the slice that hears the next beat; questions since the last one
        self._made: dict[object, Answer] = {}
        self._moment: Moment | None = None
        self._snapshots: dict[Wish, tuple[bytes, bytes]] = {}
        self._whole_board: dict[str, Any] | None = None
        self._routes: dict[str, Callable[[Request], Answer | StreamAsked]] = {
            "/v1/board.json": self._board,
            "/v1/board.txt": self._text,
            "/v1/stream": self._stream,
            "/v1/ws": self._stream,
            "/v1/areas.json": lambda request: self._keep("areas", catalogue_json(areas)),
            "/v1/history.json": self._past,
            "/v1/history.csv": self._past,
            "/v1/checkpoint": lambda request: _signed(note()),
            "/v1/checkpoint.key": lambda request: _signed(note_key and note_key + "\n"),
            "/openapi.json": lambda request: self._keep("openapi", public_openapi()),
            "/readyz": lambda request: self._readiness(),
            "/healthz": lambda request: Answer(b"ok\n", TEXT, cache="no-store"),
        }

    @property
    def streams(self) -> int:
        """How many streams are open."""
        return len(self._fan)

    @property
    def connections(self) -> int:
        """How many other connections there are."""
        return len(self._waiting)

    # What was said

    def publish(self, alerts: list[tuple[Place, Alert]], head: Place) -> None:
        """Tell everybody what is durably in the log, up to a place."""
        moment = self._look(head)
        events = []
        for seq, alert in alerts:
            self._told.hear(alert)
            events.append(frames.event_of(seq, alert, moment))
        self._hub.add(events, head)
        self._forget()
        if events:
            self._fan.tell(lambda form: form.framed(_joined(events, form)))
        self._talk()

    def beat(self) -> None:
        """Tell a slice of the streams that the server lives.  To be called `SLICES` times in `BEAT_S`."""
        self._turn = (self._turn + 1) % SLICES
        if self._turn % (SLICES // 5) == 0:  # every second
            self._sweep()
        self._forget()
        if len(self._fan):
            moment = self._look()
            both = frames.both("beat", frames.beat_json(moment), self._cursor(moment))
            self._fan.tell(lambda form: form.framed(both[form.websocket]), self._turn)
        self._talk()

    def _sweep(self) -> None:
        """Close connections whose request does not come, or does not end."""
        now = self._lasted()
        for connection in list(self._waiting):
            if connection.since is not None and connection.transport is not None:
                if now - connection.since > (REQUEST_S if connection.mid_request else IDLE_S):
                    connection.transport.abort()

    def close(self) -> None:
        """Close every connection."""
        for connection in [*self._waiting, *self._fan, *self._talks]:
            if connection.transport is not None:
                connection.transport.close()

    # What connections ask

    def connected(self, connection: Connection) -> bool:
        """Take a connection in, if there is room."""
        if len(self._waiting) + len(self._fan) + len(self._talks) >= self._limit:
            return False
        self._waiting.add(connection)
        return True

    def closed(self, connection: Connection) -> None:
        """Forget a connection."""
        if self._talks.pop(connection, None) is not None:
            return
        if connection in self._waiting:
            self._waiting.remove(connection)
        elif connection.since is None:
            self._fan.leave(connection)

    def opened(self, stream: Connection, cursor: str | None) -> bytes:
        """Take a stream in; returns its first words: what is behind its cursor, or the present state."""
        self._waiting.discard(stream)
        self._fan.join(stream)
        form = stream.form
        first = b"" if form.websocket else f"retry: {random.randint(*RETRY_MS)}\n\n".encode()
        if cursor is None:
            return first + self._snapshot(form.wish)[form.websocket]
        place = self._hub.resume(cursor)
        if isinstance(place, Reset):
            return first + self._reset(form, place.why)
        return first + self._catch_up(form, self._hub.behind(place, form.wish))

    def slowed(self, stream: Connection) -> None:
        """Something waits to be written to a stream; nothing behind this place is among it."""
        stream.place = self._hub.head
        self._fan.move(stream)

    def drained(self, stream: Connection) -> None:
        """Tell a stream that was too slow what it missed, or the present state if that is shorter."""
        self._fan.move(stream)
        if not stream.lagging or stream in self._talks:
            return
        stream.lagging = False
        missed = self._hub.behind(stream.place, stream.form.wish)
        size = sum(len(event.sse) for event in missed)
        if size > len(self._snapshot(stream.form.wish)[0]):
            stream.write(stream.form.framed(self._reset(stream.form, "the reader was too slow")))
        else:
            stream.write(stream.form.framed(self._catch_up(stream.form, missed)))

    def _catch_up(self, form: Form, missed: list[Event]) -> bytes:
        moment = self._look()
        beat = frames.both("beat", frames.beat_json(moment), self._cursor(moment))
        return _joined(missed, form) + beat[form.websocket]

    def _reset(self, form: Form, why: str) -> bytes:
        moment = self._look()
        data = {"epoch": moment.epoch, "seq": moment.seq, "why": why}
        reset, snapshot = frames.both("reset", data, None), self._snapshot(form.wish)
        return reset[form.websocket] + snapshot[form.websocket]

    def answer(self, request: Request) -> Answer | StreamAsked | TalkAsked:
        """Return the answer to a request."""
        try:
            route = self._routes.get(request.path)
            if route is not None:
                return route(request)
            if request.path.startswith("/v1/areas/"):
                return self._area(request)
            page = self._site.page(request.path, request.query, request.headers)
            if page is not None:
                return self._page(page)
            asset = self._site.asset(request.path)
            if asset is not None:
                return asset
            if (spoken := self._spoken(request)) is not None:
                return spoken
        except TocsinError as error:
            return problem(404 if request.path.startswith("/v1/areas/") else 400, error.found, error.todo)
        return problem(404, f"there is nothing at {request.path}", "see /openapi.json for what there is")

    def _spoken(self, request: Request) -> Answer | TalkAsked | None:
        """Return what a dialect answers; None where none does."""
        if self._dialects is None:
            return None
        moment, talk = self._present(), self._dialects.talk(request.path)
        if talk is None:
            return self._dialects.answer(request.path, request.query, request.headers, self._told, moment)
        first = talk.look(self._dialects.sight(self._told, moment), self._lasted())
        if first.ends and not talk.websocket:
            again = {"Retry-After": "5"}
            return problem(503, "what it would tell is unknown now", "ask again in 5 s", **again)
        return TalkAsked(talk, first)

    def talks(self, connection: Connection, talk: Talk) -> None:
        """Take a talk in."""
        self._waiting.discard(connection)
        self._talks[connection] = talk

    def said(self, connection: Connection, text: bytes) -> None:
        """Let a talk answer what its client says; nobody else listens."""
        if self._dialects is not None and (talk := self._talks.get(connection)) is not None:
            connection.say(talk.hear(text, self._dialects.sight(self._told, self._present())))

    def _talk(self) -> None:
        """Let every talk say what it has to."""
        if self._dialects is None or not self._talks:
            return
        sight, lasted = self._dialects.sight(self._told, self._present()), self._lasted()
        for connection, talk in list(self._talks.items()):
            connection.say(talk.look(sight, lasted))

    def _board(self, request: Request) -> Answer:
        wish = self._wish(request)
        return self._made_once(
            ("board", wish),
            lambda moment: Answer(
                frames.to_bytes(frames.board_json(self._told, self._areas, moment, wish)),
                JSON,
                etag=self._cursor(moment),
                headers=self._ages(moment),
            ),
        )

    def _text(self, request: Request) -> Answer:
        wish = self._wish(request)
        return self._made_once(
            ("text", wish),
            lambda moment: Answer(
                frames.board_text(self._told, self._areas, moment, wish),
                TEXT,
                etag=self._cursor(moment),
                headers=self._ages(moment),
            ),
        )

    def _area(self, request: Request) -> Answer:
        name, dot, kind = request.path.removeprefix("/v1/areas/").rpartition(".")
        if kind != "json" or not dot:
            return problem(404, f"there is nothing at {request.path}", "ask for /v1/areas/UA80.json")
        area = self._areas[AreaId(name)]
        return self._made_once(
            ("area", area.id),
            lambda moment: Answer(
                frames.to_bytes(
                    {
                        **moment.frame(),
                        "fresh": frames.fresh_json(moment.fresh),
                        "area": str(area.id),
                        "level": area.level,
                        "name": dict(area.names),
                        "in": [str(above) for above in self._areas.chain(area.id)[1:]],
                        **frames.area_json(self._told, area.id, moment),
                    }
                ),
                JSON,
                etag=self._cursor(moment),
                headers=self._ages(moment),
            ),
        )

    def _readiness(self) -> Answer:
        """Say whether this server is to be relied on now; who spreads load asks here."""
        why = self._ready()
        status = 200 if why is None else 503
        return Answer(f"{why or 'ready'}\n".encode(), TEXT, status=status, cache="no-store")

    def show_past(self, history: History) -> None:
        """Answer from this view of the past from now on."""
        self._history = history
        self._forget()

    def _past(self, request: Request) -> Answer:
        """Answer from the view of the past, once for a window and a state."""
        history = self._history
        if history is None:
            return problem(
                503, "the past is still being read", "ask again in a while", **{"Retry-After": "5"}
            )
        make = history_csv if request.path.endswith(".csv") else history_json
        query = tuple(sorted((name, values[0]) for name, values in request.query.items()))
        return self._made_once(
            ("past", request.path, query),
            lambda moment: make(history, self._areas, moment, dict(query)),
        )

    def _page(self, page: Page) -> Answer:
        if page.real is not None and page not in self._made:
            self._lookups += 1
            if self._lookups > LOOKUPS:
                return problem(
                    503, "too many ask for this page now", "ask again in 1 s", **{"Retry-After": "1"}
                )
        return self._made_once(page, lambda moment: self._site.render(page, self._whole(moment)))

    def _whole(self, moment: Moment) -> dict[str, Any]:
        """Return the whole board, made once between two changes."""
        if self._whole_board is None:
            self._whole_board = frames.board_json(self._told, self._areas, moment)
        return self._whole_board

    def _stream(self, request: Request) -> StreamAsked:
        cursor = request.headers.get("last-event-id") or request.first("after")
        return StreamAsked(self._wish(request), cursor)

    def _wish(self, request: Request) -> Wish:
        if not request.query:
            return None
        asked = [name for value in request.query.get("areas", ()) for name in value.split(",") if name]
        if "areas" in request.query and not asked:
            raise TocsinError("areas: it is empty", todo="name areas, as in areas=UA80,UA32, or leave it out")
        return wish_for(self._areas, map(AreaId, asked)) if asked else None

    # Answers that are made once

    def _look(self, head: Place | None = None) -> Moment:
        now = self._now()
        place = self._hub.head if head is None else head
        return Moment(self._hub.epoch, place, self._realm, now, self._fresh(now), self._notice)

    def _present(self) -> Moment:
        """Return the moment of which answers are made until the next alert or beat."""
        if self._moment is None:
            self._moment = self._look()
        return self._moment

    def _forget(self) -> None:
        self._moment = None
        self._made = {key: answer for key, answer in self._made.items() if isinstance(key, str)}
        self._snapshots.clear()
        self._whole_board, self._lookups = None, 0

    def _made_once(self, key: object, make: Callable[[Moment], Answer]) -> Answer:
        answer = self._made.get(key)
        if answer is None:
            if len(self._made) > 2_000:  # someone asks for ever new windows
                self._forget()
            answer = self._made[key] = make(self._present())
        return answer

    def _keep(self, key: str, value: Any) -> Answer:
        """Return an answer that does not change while the server runs."""
        answer = self._made.get(key)
        if answer is None:
            answer = self._made[key] = Answer(frames.to_bytes(value), JSON, cache="public, max-age=3600")
        return answer

    def board_now(self) -> dict[str, Any]:
        """Return the whole board, as it is at this moment."""
        return frames.board_json(self._told, self._areas, self._look())

    def _snapshot(self, wish: Wish) -> tuple[bytes, bytes]:
        made = self._snapshots.get(wish)
        if made is None:
            moment = self._look()
            board = frames.board_json(self._told, self._areas, moment, wish)
            made = self._snapshots[wish] = frames.both("snapshot", board, self._cursor(moment))
        return made

    def _cursor(self, moment: Moment) -> str:
        return f"{moment.epoch}-{moment.seq}"

    def _ages(self, moment: Moment) -> dict[str, str]:
        """Return the headers that renew an answer's age, in a 200 and a 304 alike."""
        until = frames.fresh_until(self._told, moment)
        ages = {"As-Of": stamp(moment.as_of), "Fresh-Until": stamp(until)}
        if moment.notice:
            ages["Notice"] = moment.notice
        return ages


def _joined(events: list[Event], form: Form) -> bytes:
    """Return what the streams of one form are told of some events."""
    wish = form.wish
    mine = events if wish is None else [event for event in events if not event.areas.isdisjoint(wish)]
    return b"".join([event.ws if form.websocket else event.sse for event in mine])


def _signed(text: str | None) -> Answer:
    """Return a note or its key."""
    if text is None:
        return problem(404, "there is no signed note yet", "ask again in 10 s; a replay has none")
    return Answer(text.encode(), TEXT, cache="no-cache")

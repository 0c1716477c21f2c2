"""Another tocsin: its event stream, resumed where it broke off, with its log's places and notes checked.

`listen` keeps the other's board from its snapshot and its alerts, and yields the whole of it after every
event, as ``board.json`` has it.  So each payload is complete, and says what is unknown there.

Its chain is checked as far as a reader can: places only grow within an epoch, and its signed notes are by
one key and never say less, or something else of one place, than an earlier one.  Where that fails it is
not heard at all.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from tocsin import wire
from tocsin.errors import ConfigError, SourceGarbled
from tocsin.log.note import Note
from tocsin.log.note import read as read_note
from tocsin.model import Act, AreaId, Level, Realm, State, Threat
from tocsin.sources import ANY, Heard, Link, Payload, Saying, SourceLost, name, plain_text, read_json, refused

STREAM, NOTE, NOTE_KEY = "/v1/stream", "/v1/checkpoint", "/v1/checkpoint.key"
_NOTE_EVENTS = 60  # a note is asked for once in so many events: beats come every 5 s


class _Entry(Struct):
    state: State
    since: datetime | None = None
    sources: list[str] = []
    subtype: str | None = None
    level: Level | None = None
    expires: datetime | None = None
    text: str | None = None
    cancelled: bool = False


class _Area(Struct):
    threats: dict[str, _Entry]


class _Board(Struct):
    epoch: str
    seq: int
    realm: Realm
    as_of: datetime
    fresh: dict[str, datetime]
    areas: dict[str, _Area]


class Tocsin:
    """The format.

    Args:
        realm: Another's board of another realm is refused.
        known: Whether there is an area of a code here.
        root: The country, for what cannot be placed in it.
        note_key: The other's public key; "" takes the one that it shows first.
    """

    def __init__(self, realm: Realm, known: frozenset[AreaId], root: AreaId, note_key: str = "") -> None:
        self._realm = realm
        self._known = known
        self._root = root
        self._key = note_key
        self._note: Note | None = None
        self._mirror = Mirror()

    def decode(self, payload: Payload) -> Heard:
        """Return what a board says.

        Raises:
            SourceGarbled: It is no board, or one of another realm.
        """
        board = read_json(payload.body, _Board, "the other tocsin")
        if board.realm is not self._realm:
            raise SourceGarbled(
                f"the other tocsin is of the realm {board.realm}, this source of {self._realm}",
                todo="give the address of one of the same realm; realms never meet",
            )
        sayings: list[Saying] = []
        unknown: list[tuple[AreaId, Threat]] = []
        for code, area in board.areas.items():
            for threat, entry in area.threats.items():
                self._take(board, AreaId(code), Threat(threat), entry, sayings, unknown)
        return Heard(tuple(sayings), complete=True, unknown=tuple(unknown))

    def _take(
        self,
        board: _Board,
        area: AreaId,
        threat: Threat,
        entry: _Entry,
        sayings: list[Saying],
        unknown: list[tuple[AreaId, Threat]],
    ) -> None:
        known = area in self._known
        if entry.state is State.RAISED and known:
            sayings.append(_raised(area, threat, entry, board.as_of))
        elif entry.state is State.RAISED:
            unknown.append((self._root, ANY))
        elif entry.state in (State.UNKNOWN, State.NOT_COVERED) or not _vouched(entry, board):
            unknown.append((area if known else self._root, threat))
            if entry.cancelled and known and entry.since is not None:
                sent = wire.utc(entry.since)
                sayings.append(
                    Saying(f"cancel-{name(area, threat, sent, None)}", area, threat, Act.CANCELLED, sent)
                )

    async def listen(self, link: Link) -> AsyncGenerator[Payload, None]:
        """Yield the other's board after each event of its stream."""
        mirror = self._mirror
        headers = {"Accept": "text/event-stream"}
        if mirror.cursor:
            headers["Last-Event-ID"] = mirror.cursor
        count = 0
        async for event in link.events(STREAM, headers):
            if count % _NOTE_EVENTS == 0:
                await self._check_note(link)
            count += 1
            if mirror.hear(event.body):
                yield Payload(msgspec.json.encode(mirror.board), event.at)

    async def _check_note(self, link: Link) -> None:
        got = await link.get(NOTE, {})
        if got.status == 404:  # a young one has none yet
            if self._note is not None or self._key:
                raise _rewritten("it shows no signed note any more")
            return
        if got.status != 200:
            raise refused(got, "the other tocsin")
        if not self._key:
            key = await link.get(NOTE_KEY, {})
            self._key = key.body.decode("ascii", "replace").strip()
        try:
            note = read_note(got.body.decode("utf-8", "replace"), self._key)
        except ConfigError as error:
            raise _rewritten(str(error)) from error
        old, self._note = self._note, note
        if old is None or old.origin != note.origin or old.realm != note.realm:
            if old is not None:
                raise self._distrust(old, "its log is another one")
        elif note.seq < old.seq:
            raise self._distrust(old, f"its log has {note.seq} entries, and had {old.seq}")
        elif note.seq == old.seq and note.hash != old.hash:
            raise self._distrust(old, f"its entry {note.seq} was rewritten")

    def _distrust(self, old: Note, what: str) -> SourceLost:
        self._note = old
        self._mirror.forget()
        return _rewritten(what)


class Mirror:
    """What another tocsin's stream has said so far, as its ``board.json`` would have it."""

    def __init__(self) -> None:
        self.board: dict[str, Any] = {}

    @property
    def cursor(self) -> str:
        """The place up to which all was heard; "" is nowhere."""
        return f"{self.board['epoch']}-{self.board['seq']}" if self.board else ""

    def forget(self) -> None:
        """Begin anew."""
        self.board = {}

    def hear(self, event: bytes) -> bool:
        """Take one event in; return whether there is a board now.

        Raises:
            SourceGarbled: It cannot be read, or its places go back.
        """
        kind, data = read_event(event)
        if kind == "reset":
            self.forget()
            return False
        if kind not in ("snapshot", "alert", "beat"):
            return False
        said = read_json(data, dict, "the other tocsin")
        try:
            if kind == "snapshot":
                _ = said["areas"], said["fresh"], said["as_of"], said["epoch"], int(said["seq"])
                self.board = said
                return True
            return self._merge(said)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            self.forget()
            raise SourceGarbled(
                f"cannot read the event {kind} of the other tocsin: {error!r}",
                todo="it is asked for its whole board again",
            ) from error

    def _merge(self, said: Mapping[str, Any]) -> bool:
        if not self.board:
            return False  # nothing is known to merge it into
        if said["epoch"] != self.board["epoch"] or int(said["seq"]) < int(self.board["seq"]):
            before = self.cursor
            raise ValueError(f"place {said['epoch']}-{said['seq']} behind {before}")
        for head in ("seq", "as_of"):
            self.board[head] = said[head]
        if "fresh" in said:
            self.board["fresh"] = said["fresh"]
        entry = {key: said[key] for key in _Entry.__struct_fields__ if key in said}
        for area in said.get("areas", ()):
            told = self.board["areas"].setdefault(area, {"threats": {}})
            told["threats"][said["threat"]] = entry
            for source, until in ({} if "fresh_until" not in said else _fresh(said)).items():
                self.board["fresh"].setdefault(source, until)
        return True


def _fresh(said: Mapping[str, Any]) -> dict[str, str]:
    return dict.fromkeys(said.get("sources", ()), said["fresh_until"])


def read_event(lines: bytes) -> tuple[str, bytes]:
    """Return the name and the data of one server-sent event."""
    kind, data = "message", []
    for line in lines.replace(b"\r\n", b"\n").split(b"\n"):
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"event":
            kind = value.decode("utf-8", "replace")
        elif field == b"data":
            data.append(value)
    return kind, b"\n".join(data)


def _vouched(entry: _Entry, board: _Board) -> bool:
    """Return whether something that is neither raised nor unknown there is vouched for there."""
    if entry.state is not State.CLEAR:
        return True  # partly: its parts are listed
    return any(board.fresh[source] > board.as_of for source in entry.sources if source in board.fresh)


def _raised(area: AreaId, threat: Threat, entry: _Entry, as_of: datetime) -> Saying:
    sent = wire.utc(entry.since or as_of)
    expires = None if entry.expires is None else wire.utc(entry.expires)
    text = plain_text(entry.text)
    return Saying(
        name(area, threat, sent, entry.level, entry.subtype, expires, text),
        area, threat, Act.RAISED, sent, entry.subtype, entry.level, expires, text,
    )  # fmt: skip


def _rewritten(what: str) -> SourceLost:
    return SourceLost(
        f"the other tocsin cannot be trusted: {what}", todo="ask whoever runs it, and see its notes"
    )

"""A reference model of the board: all that was heard, and what every area is to be told because of it.

It is written from the rules of the board and from nothing else, as plainly
and as slowly as can be.  It keeps one list and computes every state from the
beginning of it, each time.  No code is shared with `tocsin.warn`.

Where the board folds a log, the model hears the world: when the machine was
looked at, and what both of its clocks said then.  So it also knows what no
log knows: who can be heard by this process.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from tocsin.model import Act, Aside, Contact, Contract, Signal

KNOWN = ("air", "artillery", "urban_fights", "chemical", "nuclear")  # what "*" is everywhere
RAISED, PARTLY, UNKNOWN, CLEAR, NOT_COVERED = "raised", "partly", "unknown", "clear", "not_covered"
WORST_FIRST = (RAISED, PARTLY, UNKNOWN, CLEAR)


class Moment(NamedTuple):
    """What the two clocks of the machine say."""

    wall: datetime
    lasted: float  # seconds on the clock that never jumps


class Started(NamedTuple):
    """The server began: whoever was heard before was heard by another process."""


class Looked(NamedTuple):
    """The server looked at its clocks."""


class Refused(NamedTuple):
    """A source sent a signal that said nothing new, or that was refused: it lives."""

    source: str


class Listed(NamedTuple):
    """A contact, and whether the server kept it in the log."""

    contact: Contact
    kept: bool


Event = Signal | Aside | Listed | Contract | Started | Looked | Refused


class Said(NamedTuple):
    """One raise or one end, as its source said it."""

    number: int  # the order in which it was heard
    act: Act
    sent: datetime
    expires: datetime | None
    listed: bool  # it is a raise that a contact lists
    name: str
    ran_out: bool  # its expiry has passed
    alone: bool  # a clear for which its source vouches although it is not in contact
    wall: datetime  # when it was heard
    lasted: float  # the same, on the clock that never jumps


class Shown(NamedTuple):
    """What an area is to be told about one threat."""

    state: str
    since: datetime | None = None  # of what is raised or partly raised
    sources: tuple[str, ...] = ()
    set_aside: bool = False
    listed: bool = False  # contacts list it: of those between the first and the last the board keeps none


class Model:
    """What was heard, in order.

    Args:
        parent: What each area lies in; the root lies in None.
        parts: The areas that together make up another.
    """

    def __init__(self, parent: Mapping[str, str | None], parts: Mapping[str, tuple[str, ...]]) -> None:
        self.parent = parent
        self.parts = parts
        self._around = {area: around(area, parent) for area in parent}
        self._within = {
            area: [one for one in parent if one != area and area in self._around[one]] for area in parent
        }
        self.heard: list[tuple[Moment, Event]] = []

    def hear(self, moment: Moment, event: Event) -> None:
        """Keep one more thing that happened."""
        self.heard.append((moment, event))

    def spoke(self, source: str, area: str, threat: str) -> bool:
        """Return whether a source ever spoke of an area, of one around it or of a part of it."""
        return any(
            self._is_in(area, about) or self._is_in(about, area)
            for _, event in self.heard
            for who, about, of in _abouts(event)
            if (who, of) == (source, threat)
        )

    def states(self, threats: Iterable[str]) -> dict[tuple[str, str], Shown]:
        """Return what every area is to be told about every threat."""
        telling = _Telling(self)
        return {(area, threat): telling.shown(area, threat) for area in self.parent for threat in threats}

    def may_be_set_aside(self, source: str, area: str, threat: str, moment: Moment) -> bool:
        """Return whether a source holds an area raised and cannot be heard."""
        telling = _Telling(self)
        contract = telling._in_force(source)
        times = [told[source] for told in (telling.heard_at, telling.signalled_at) if source in told]
        young = bool(times) and contract and moment.lasted - max(times) < contract.silence_s
        return telling._holds((source, area, threat)) and source not in telling.held and not young

    def around(self, area: str) -> list[str]:
        """Return the area and all that it lies in."""
        return self._around[area]

    def within(self, area: str) -> list[str]:
        """Return all that lies in an area, without itself."""
        return self._within[area]

    def _is_in(self, area: str, other: str) -> bool:
        return other in self._around[area]


def around(area: str, parent: Mapping[str, str | None]) -> list[str]:
    """Return an area and all that it lies in."""
    found, above = [area], parent[area]
    while above is not None:
        found.append(above)
        above = parent[above]
    return found


def _abouts(event: Event) -> list[tuple[str, str, str]]:
    """Return of what an event speaks: source, area and threat."""
    if isinstance(event, Signal):
        return [(event.source, event.area, event.threat)]
    if isinstance(event, Listed) and event.kept:
        return [(event.contact.source, area, threat) for area, threat in event.contact.raised]
    return []


class _Telling:
    """One reading of the whole list."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.contracts: dict[str, Contract] = {}
        self.held: set[str] = set()  # the sources that are in contact
        self.heard_at: dict[str, float] = {}  # the last contact of each source, on the clock that never jumps
        self.signalled_at: dict[str, float] = {}
        self.stated_at: dict[str, datetime] = {}  # the newest statement of each source, by its own time
        self.words: dict[tuple[str, str, str], list[Said]] = {}
        self.asides: dict[tuple[str, str, str], tuple[int, datetime]] = {}  # which and when
        for number, (moment, event) in enumerate(model.heard):
            self._take(number, moment, event)

    # What was heard

    def _take(self, number: int, moment: Moment, event: Event) -> None:
        if isinstance(event, Started):
            for source in list(self.held):
                self._lose(source, moment)
            for source in self.contracts:
                self._end_alone(source)
            self.heard_at.clear()
            self.signalled_at.clear()
        elif isinstance(event, Looked):
            self._look(moment)
        elif isinstance(event, Contract):
            self._agree(event)
        elif isinstance(event, Refused):
            self.signalled_at[event.source] = moment.lasted
        elif isinstance(event, Listed):
            self._take_contact(number, moment, event)
        elif isinstance(event, Aside):
            if self._holds(key := (event.source, event.area, event.threat)):
                self.asides[key] = number, event.sent
        else:
            self._take_signal(number, moment, event)

    def _look(self, moment: Moment) -> None:
        """See whose silence has lasted too long, and what has run out."""
        for source in list(self.held):
            contract = self._in_force(source)
            if contract and moment.lasted - self.heard_at[source] >= contract.silence_s:
                self._lose(source, moment)
        for key, said in self.words.items():
            contract = self._in_force(key[0])
            self.words[key] = [
                one._replace(ran_out=one.ran_out or _is_over(one, moment, contract)) for one in said
            ]

    def _lose(self, source: str, moment: Moment) -> None:
        """A source cannot be heard any longer.  Of its all clears those still hold that are younger."""
        self.held.discard(source)
        contract = self._in_force(source)
        silence = timedelta(seconds=contract.silence_s) if contract else timedelta(0)
        for key, said in self.words.items():
            clear = self._last(key, Act.CLEAR)
            if key[0] == source and clear and self._is_clear(key) and moment.wall - clear.wall < silence:
                alone = clear._replace(alone=True, expires=clear.wall + silence, ran_out=False)
                self.words[key] = [alone if one is clear else one for one in said]

    def _agree(self, contract: Contract) -> None:
        """Take a contract.  What was stated before says nothing of what another one adds."""
        source, old = contract.source, self._in_force(contract.source)
        if old is None or (old.areas, old.threats) != (contract.areas, contract.threats):
            self.stated_at.pop(source, None)
        if not contract.areas:
            self.held.discard(source)
            self._end_alone(source)
        self.contracts[source] = contract

    def _take_contact(self, number: int, moment: Moment, event: Listed) -> None:
        contact = event.contact
        self.heard_at[contact.source] = moment.lasted
        if not event.kept:
            return
        self.held.add(contact.source)
        self._end_alone(contact.source)
        self.stated_at[contact.source] = max(contact.sent, self.stated_at.get(contact.source, contact.sent))
        for area, threat in contact.raised:
            one = Said(
                number, Act.RAISED, contact.sent, None, True, f"contact-{number}", False, False, *moment
            )
            self.words.setdefault((contact.source, area, threat), []).append(one)
            self._speak_again((contact.source, area, threat), one)

    def _take_signal(self, number: int, moment: Moment, signal: Signal) -> None:
        self.signalled_at[signal.source] = moment.lasted
        said = self.words.setdefault((signal.source, signal.area, signal.threat), [])
        contract = self._in_force(signal.source)
        alone = signal.state is Act.CLEAR and signal.source not in self.held and contract is not None
        expires = signal.expires
        if alone and contract:
            expires = moment.wall + timedelta(seconds=contract.silence_s)
        one = Said(number, signal.state, signal.sent, expires, False, signal.id, False, alone, *moment)
        said.append(one._replace(ran_out=_is_over(one, moment, contract)))
        self._speak_again((signal.source, signal.area, signal.threat), said[-1])

    def _speak_again(self, key: tuple[str, str, str], one: Said) -> None:
        """A raise that no end ended brings back what was set aside; where all is ended nothing is aside."""
        standing = self._standing(key)
        if not standing or (one.act is Act.RAISED and one in standing):
            self.asides.pop(key, None)

    def _end_alone(self, source: str) -> None:
        for key, said in self.words.items():
            if key[0] == source:
                self.words[key] = [one._replace(alone=False) for one in said]

    def _in_force(self, source: str) -> Contract | None:
        contract = self.contracts.get(source)
        return contract if contract and contract.areas else None

    # What one source says of one area

    def _standing(self, key: tuple[str, str, str]) -> list[Said]:
        """Return the raises that no end of the same source ended.

        Of one time the raise counts; but what a contact lists at the time of an end is ended by it.
        """
        said = self.words.get(key, [])
        ends = [one.sent for one in said if one.act is not Act.RAISED]
        last = max(ends, default=None)
        return [
            one
            for one in said
            if one.act is Act.RAISED and not (last and (one.sent < last or (one.listed and one.sent == last)))
        ]

    def _decides(self, key: tuple[str, str, str]) -> Said | None:
        """Return the raise that decides: the newest; or what already stood when that was only listed."""
        ranked = sorted(self._standing(key), key=_rank)
        if not ranked or not ranked[-1].listed:
            return ranked[-1] if ranked else None
        moment = ranked[-1].sent
        stood = [
            one
            for one in ranked
            if not one.listed and one.sent <= moment and not (one.expires and one.expires <= moment)
        ]
        return stood[-1] if stood else ranked[-1]

    def _holds(self, key: tuple[str, str, str]) -> bool:
        newest = self._decides(key)
        return newest is not None and not newest.ran_out and key not in self.asides

    def _ran_out(self, key: tuple[str, str, str]) -> bool:
        newest = self._decides(key)
        return newest is not None and newest.ran_out

    def _since(self, key: tuple[str, str, str]) -> datetime:
        return min(one.sent for one in self._standing(key) if not one.ran_out)

    def _last(self, key: tuple[str, str, str], act: Act) -> Said | None:
        """Return the newest end of one kind; of one time the first that was heard."""
        ends = [one for one in self.words.get(key, []) if one.act is act]
        return max(ends, key=lambda one: (one.sent, -one.number), default=None)

    # What an area is to be told

    def shown(self, area: str, threat: str) -> Shown:
        """Return what an area is to be told about a threat: the first rule that is true."""
        above, below = self.model.around(area), self.model.within(area)
        held = [key for key in self.words if key[2] == threat and self._holds(key)]
        whole = [key for key in held if key[1] in above]
        if whole:
            return self._danger(RAISED, whole)
        partly = [key for key in held if key[1] in below]
        if partly:
            return self._danger(PARTLY, partly)
        aside = {source for source, about, of in self.asides if of == threat and about in above}
        near = aside or any(of == threat and about in below for _, about, of in self.asides)
        if not near and not any(self._reports(source, area, threat) for source in self.contracts):
            return Shown(NOT_COVERED)
        vouching = self._clear_by(area, threat)
        if vouching:
            return Shown(CLEAR, None, tuple(sorted(vouching)))
        return Shown(UNKNOWN, None, tuple(sorted(aside)), set_aside=bool(aside))

    def _danger(self, state: str, keys: list[tuple[str, str, str]]) -> Shown:
        sources = tuple(sorted({source for source, _, _ in keys}))
        listed = any(one.listed for key in keys for one in self._standing(key))
        return Shown(state, min(map(self._since, keys)), sources, listed=listed)

    def _reports(self, source: str, area: str, threat: str) -> bool:
        """Return whether a contract touches an area: it, what lies around it, or a part of it."""
        contract = self._in_force(source)
        if contract is None:
            return False
        near = {*self.model.around(area), *self.model.within(area)}
        if near.isdisjoint(contract.areas):
            return False
        spoken = any(about in near and of == threat for _, about, of in self.words)
        return threat in contract.threats or ("*" in contract.threats and (threat in KNOWN or spoken))

    def _speaks_of(self, source: str, area: str, threat: str) -> bool:
        """Return whether a contract covers an area as a whole."""
        contract = self._in_force(source)
        if contract is None or not {"*", threat}.intersection(contract.threats):
            return False
        return not set(self.model.around(area)).isdisjoint(contract.areas)

    def _clear_by(self, area: str, threat: str) -> set[str]:
        """Return by whose word an area is clear: as a whole, or by the parts that make it up.

        Either way every part that somebody ever spoke of must be clear.
        """
        below = self.model.within(area)
        spoken = {about for _, about, of in self.words if of == threat and about in below}
        by_part = {part: self._clear_by(part, threat) for part in spoken}
        if not all(by_part.values()):
            return set()
        by_whole = self._covering(area, threat)
        if by_whole:
            return by_whole.union(*by_part.values())
        parts = self.model.parts[area]
        by_parts = [self._clear_by(part, threat) for part in parts]
        return set().union(*by_parts, *by_part.values()) if parts and all(by_parts) else set()

    def _covering(self, area: str, threat: str) -> set[str]:
        """Return the sources that can be heard and whose word, no older than any raise here, is clear."""
        above = self.model.around(area)
        raises = [
            one.sent
            for (_, about, of), said in self.words.items()
            if of == threat and about in above
            for one in said
            if one.act is Act.RAISED
        ]
        newest = max(raises, default=None)
        vouching = set()
        for source in self.contracts:
            if self._speaks_of(source, area, threat):
                times = self._calm(source, above, threat)
                if times and (newest is None or max(times) >= newest):
                    vouching.add(source)
        return vouching

    def _calm(self, source: str, above: list[str], threat: str) -> list[datetime]:
        """Return at what times a source said of an area or of one around it that it is clear."""
        keys = [(source, about, threat) for about in above if (source, about, threat) in self.words]
        asides = [self.asides[key] for key in self.asides if key[1] in above and key[2] == threat]
        times = []
        for key in keys:
            clear = self._last(key, Act.CLEAR)
            stands = source in self.held or (clear and self._counts_alone(source, clear))
            if clear and stands and self._is_clear(key):
                after = all(clear.number > number and clear.sent > sent for number, sent in asides)
                times += [clear.sent] if after else []
        stated = self.stated_at.get(source)
        settled = stated is not None and all(self._is_settled(key, stated) for key in keys)
        if stated and settled and source in self.held and not asides:
            times.append(stated)
        return times

    def _is_clear(self, key: tuple[str, str, str]) -> bool:
        """Return whether the last word is an all clear; a cancellation is none."""
        clear, cancel = self._last(key, Act.CLEAR), self._last(key, Act.CANCELLED)
        return bool(clear and not self._standing(key) and not (cancel and cancel.sent > clear.sent))

    def _counts_alone(self, source: str, clear: Said) -> bool:
        """Return whether a clear is so young that its source's silence does not count yet."""
        return clear.alone and not clear.ran_out and source in self.signalled_at

    def _is_settled(self, key: tuple[str, str, str], stated: datetime) -> bool:
        """Return whether a statement that lists nothing here makes it clear."""
        cancel = self._last(key, Act.CANCELLED)
        return not self._ran_out(key) and key not in self.asides and (cancel is None or cancel.sent < stated)


def _is_over(one: Said, moment: Moment, contract: Contract | None) -> bool:
    """Return whether its time is up: by the wall clock, and for a clear that stands alone by either clock.

    By the clock that never jumps the silence counts that the source's contract names now.
    """
    if one.expires is not None and one.expires <= moment.wall:
        return True
    return one.alone and contract is not None and moment.lasted - one.lasted >= contract.silence_s


def _rank(one: Said) -> tuple[datetime, bool, bool, datetime, str]:
    """Return what sorts raises: by time; of one time the one that lasts longest counts last."""
    return one.sent, not one.listed, one.expires is None, one.expires or one.sent, one.name


def worst(states: Iterable[str]) -> str:
    """Return the state of an area, given those of its threats; unknown where none is covered."""
    found = [state for state in states if state in WORST_FIRST]
    return min(found, key=WORST_FIRST.index, default=UNKNOWN)

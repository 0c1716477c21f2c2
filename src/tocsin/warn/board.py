"""The board: what each area is to be told about each threat, given everything heard so far.

A board is a fold over the log of one realm.  Feed it entries in order and it
answers with the alerts to say; feed it the same entries again and it answers
the same.  It has no clock: that a source went quiet comes in as a `Contact`,
that a time was up as a `Lapse`.

1.  An area is **raised** when any source holds it, or an area it lies in, raised.
    Danger wins over another source's clear.
2.  It is **partly** raised when a part of it is, and it is not.
3.  It is **clear** when a source that may speak for it says so and can be
    heard, and no raise of the area, of an area around it or of a part of it is
    newer than what clears it.  Without a clear of its own it is clear only
    when the areas that make it up all are.
4.  Otherwise it is **unknown**: nobody was heard, a source went quiet, a raise
    expired, a raise was cancelled or set aside and nobody has said clear since.
5.  A threat that no source is contracted to report there is **not covered**.

Silence turns clear into unknown and leaves raised raised.  A raise without
expiry never ends by itself.  One that was set aside is unknown, and raised again
with its source's next word; where it stood only an all clear counts that came
after, and no contact.  A clear is a source's word for the parts that
have no raise of their own; a contact is a statement about everything in the
source's contract, so what has no word of that source yet and is not listed is
clear by it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from tocsin.areas import Areas
from tocsin.model import (
    THREATS,
    Act,
    Alert,
    AreaId,
    Aside,
    Contact,
    Contract,
    Kind,
    Lapse,
    Place,
    Realm,
    Signal,
    SourceId,
    State,
    Threat,
)
from tocsin.warn.source import Source
from tocsin.warn.threat import Disagreement, ThreatMap
from tocsin.warn.told import NOT_COVERED, Status, Told
from tocsin.warn.words import Mark, Word

Key = tuple[AreaId, Threat]


class Due(NamedTuple):
    """Something that ends by itself, and when."""

    at: datetime
    lapse: Lapse


class Board:
    """The state of every area of one country in one realm.

    Args:
        areas: The country's areas.
        realm: Entries of another realm are refused.
    """

    def __init__(self, areas: Areas, realm: Realm) -> None:
        self.areas = areas
        self.realm = realm
        self.told = Told(areas)
        self.sources: dict[SourceId, Source] = {}
        self._listed: set[AreaId] = {areas.root, *areas.board}  # the areas that are told apart
        self._new: set[Key] = set()  # told apart since the last hearing, and perhaps never told
        self._maps: dict[Threat, ThreatMap] = {}
        for threat in THREATS:
            self._map(threat)
        self._due: dict[Place, Due] = {}

    # What goes in

    def learn(self, place: Place, at: datetime, kind: Kind) -> Iterable[Key]:
        """Take one entry in and return what it may have changed.

        Raises:
            ValueError: The entry is of another realm.
        """
        if kind.realm is not self.realm:
            raise ValueError(f"entry {place} is of realm {kind.realm}, this board is of {self.realm}")
        if isinstance(kind, Alert):
            self.told.hear(kind)
        elif isinstance(kind, Signal):
            return self._learn_signal(place, at, kind)
        elif isinstance(kind, Contact):
            return self._learn_contact(place, at, kind)
        elif isinstance(kind, Lapse):
            return self._learn_lapse(kind)
        elif isinstance(kind, Contract):
            return self._learn_contract(kind)
        elif isinstance(kind, Aside):
            return self._learn_set_aside(place, kind)
        return ()  # an episode is history and changes no present state

    def hear(self, place: Place, at: datetime, kind: Kind) -> list[Alert]:
        """Take one entry in and return what is to be said because of it, often nothing."""
        keys = {*self.learn(place, at, kind), *self._new}
        self._new.clear()
        return self._to_say(keys, place, at, kind)

    def owed(self, place: Place, at: datetime) -> list[Alert]:
        """Return what should have been said by now and was not: after a crash between hearing and saying."""
        keys = {(area, threat) for threat in self._maps for area in self._listed}
        self._new.clear()
        return self._to_say(keys, place, at, None)

    def _learn_signal(self, place: Place, at: datetime, signal: Signal) -> Iterable[Key]:
        word = self._word(signal.source, signal.area, signal.threat)
        if signal.state is Act.RAISED:
            self._add_raise(word, place, at, signal)
        elif signal.state is Act.CLEAR:
            self._forget_due(word.add_clear(place, signal.sent, at))
            if not self._source(signal.source).held and word.clear_place == place:
                self._vouch_alone(signal.source, signal.area, signal.threat, word)
        else:
            self._forget_due(word.add_cancel(signal.sent))
        return self._changed(signal.area, signal.threat)

    def _add_raise(
        self, word: Word, place: Place, at: datetime, signal: Signal, *, stated: bool = False
    ) -> None:
        counts = word.add_raise(place, signal, stated=stated)
        self._maps[signal.threat].nodes[signal.area].heard_raised(signal.sent)
        if counts and signal.expires is not None:
            if signal.expires <= at:
                word.lapsed.add(place)  # it had run out when it was heard: kept, never sounded
            else:
                lapse = Lapse(self.realm, signal.source, signal.area, signal.threat, because=place)
                self._due[place] = Due(signal.expires, lapse)

    def _forget_due(self, places: Iterable[Place]) -> None:
        for place in places:
            self._due.pop(place, None)

    def _vouch_alone(self, name: SourceId, area: AreaId, threat: Threat, word: Word) -> None:
        """Let an all clear hold by itself, as long from its hearing as its source's silence would."""
        source, place = self._source(name), word.clear_place
        if source.contract is not None and word.clear_heard_at is not None:
            source.alone.add(place)
            until = word.clear_heard_at + timedelta(seconds=source.contract.silence_s)
            self._due[place] = Due(until, Lapse(self.realm, name, area, threat, because=place))

    def _learn_lapse(self, lapse: Lapse) -> Iterable[Key]:
        self._due.pop(lapse.because, None)
        self._source(lapse.source).alone.discard(lapse.because)
        word = self._word(lapse.source, lapse.area, lapse.threat)
        word.lapsed.update(one.place for one in word.raises if one.place == lapse.because)
        return self._changed(lapse.area, lapse.threat)

    def _learn_set_aside(self, place: Place, ruled: Aside) -> Iterable[Key]:
        word = self._word(ruled.source, ruled.area, ruled.threat)
        if word.open:
            word.aside = Mark(place, ruled.sent)
        return self._changed(ruled.area, ruled.threat)

    def _learn_contact(self, place: Place, at: datetime, contact: Contact) -> Iterable[Key]:
        source = self._source(contact.source)
        source.held = contact.held
        self._forget_due(source.alone)
        source.alone.clear()
        changed: set[Key] = set()
        if contact.held:
            source.stated_at = max(contact.sent, source.stated_at or contact.sent)
            for area, threat in contact.raised:
                changed.update(self._learn_listed(place, at, contact, area, threat))
        else:
            self._keep_young_clears(contact.source, at)
        return changed | self._within(source)

    def _keep_young_clears(self, name: SourceId, at: datetime) -> None:
        """A source went quiet: what it called clear by itself a moment ago is not older than its silence."""
        contract = self._source(name).contract
        for threat, one in self._maps.items():
            for area, node in one.nodes.items():
                word = node.words.get(name)
                if word is None or not word.clear or word.clear_heard_at is None or contract is None:
                    continue
                if at - word.clear_heard_at < timedelta(seconds=contract.silence_s):
                    self._vouch_alone(name, area, threat, word)

    def _learn_listed(
        self, place: Place, at: datetime, contact: Contact, area: AreaId, threat: Threat
    ) -> Iterable[Key]:
        """Take in that a contact lists an area: it is a raise where none is known, else it confirms one."""
        word = self._word(contact.source, area, threat)
        name = f"contact-{place}"
        raised = Signal(self.realm, contact.source, name, area, threat, Act.RAISED, contact.sent)
        self._add_raise(word, place, at, raised, stated=True)
        return self._changed(area, threat)

    def _learn_contract(self, contract: Contract) -> Iterable[Key]:
        source = self._source(contract.source)
        before = self._within(source)
        source.agree(contract)
        for threat in self._threats_of(source):
            self._map(threat)
        for root in contract.areas:
            self._tell_apart(root)
        return {*before, *self._within(source)}

    def _tell_apart(self, area: AreaId) -> None:
        """Tell an area apart from what lies around it, from now on and for every threat.

        With it go the parts beside it, at each step up to the board level, so
        that no area is left to follow one that is only partly raised.
        """
        if area in self._listed:
            return
        for step in self.areas.chain(area):
            if step in self._listed:
                return
            parent = self.areas[step].parent
            assert parent is not None  # the root is always listed
            beside = self.areas.children(parent)
            self._listed.update(beside)
            self._new.update((part, threat) for part in beside for threat in self._maps)

    def _source(self, source: SourceId) -> Source:
        known = self.sources.get(source)
        if known is None:
            known = self.sources[source] = Source(self.areas)
        return known

    def _map(self, threat: Threat) -> ThreatMap:
        known = self._maps.get(threat)
        if known is None:
            known = self._maps[threat] = ThreatMap(self.areas, threat, self.sources, self._listed)
            self._new.update((area, threat) for area in self._listed)
        return known

    def _word(self, source: SourceId, area: AreaId, threat: Threat) -> Word:
        self._source(source)
        self._tell_apart(area)
        return self._map(threat).word(source, area)

    def _changed(self, area: AreaId, threat: Threat) -> Iterable[Key]:
        """Return what a word about one area may have changed."""
        of_threat = self._maps[threat]
        of_threat.mark(area)
        return ((one, threat) for one in of_threat.around(area))

    def _within(self, source: Source) -> set[Key]:
        return {
            (area, threat)
            for threat in self._threats_of(source)
            if threat in self._maps
            for area in self._listed
            if source.touches(area, threat, spoken=True)
        }

    def _threats_of(self, source: Source) -> tuple[Threat, ...]:
        if source.contract is None:
            return ()
        return tuple(self._maps) if "*" in source.contract.threats else source.contract.threats

    # What is to be said

    def status(self, area: AreaId, threat: Threat) -> Status:
        """Return what an area is to be told about a threat, without ``since`` where only history knows it."""
        known = self._maps.get(threat)
        return known.status(area) if known else NOT_COVERED

    def _to_say(self, keys: set[Key], place: Place, at: datetime, cause: Kind | None) -> list[Alert]:
        changes: dict[Key, Status] = {}
        for area, threat in keys:
            was = self.told.named(area, threat)
            now = self.status(area, threat)
            if was is None and now == NOT_COVERED and (area in self.areas.board or area == self.areas.root):
                continue
            now = self._dated(now, was, at, cause)
            if now != was:
                changes[area, threat] = now
        changes |= self._repeated(changes)
        groups: dict[tuple[Threat, Status], list[AreaId]] = {}
        for area, threat in sorted(changes, key=partial(self._order, cause)):
            groups.setdefault((threat, changes[area, threat]), []).append(area)
        late = self._is_late(at, cause)
        return [self._alert(areas, threat, status, place, late) for (threat, status), areas in groups.items()]

    def _order(self, cause: Kind | None, key: Key) -> tuple[Threat, bool, int, AreaId]:
        """Return what sorts what is said: what the cause is about, its parts, then what lies around."""
        area, threat = key
        chain = self.areas.chain(area)
        about = getattr(cause, "area", None)
        return threat, about is not None and about not in chain, len(chain), area

    def _repeated(self, changes: dict[Key, Status]) -> dict[Key, Status]:
        """Return what is to be said again although it has not changed.

        A snapshot leaves out an area that is as its parent.  When the parent changes and the area
        does not, whoever began with that snapshot would let it follow.
        """
        again: dict[Key, Status] = {}
        for area, threat in changes:
            before = self.told.status(area, threat)
            for part in self.areas.children(area):
                told = self.told.named(part, threat)
                if told == before and (part, threat) not in changes and part not in self.areas.board:
                    again[part, threat] = before
        return again

    def _dated(self, now: Status, was: Status | None, at: datetime, cause: Kind | None) -> Status:
        """Say since when, where the words do not: since it was first told so."""
        if now.state in (State.RAISED, State.PARTLY):
            return now
        cancelled = isinstance(cause, Signal) and cause.state is Act.CANCELLED
        if was is not None and was.state is now.state:
            since, cancelled = was.since, was.cancelled
        else:
            since = cause.sent if isinstance(cause, Signal | Contact) else at
        if now.state is State.NOT_COVERED:
            since = None
        return Status(now.state, since, now.sources, cancelled=cancelled, set_aside=now.set_aside)

    def _is_late(self, at: datetime, cause: Kind | None) -> bool:
        if not isinstance(cause, Signal):
            return False
        contract = self._source(cause.source).contract
        return contract is not None and at - cause.sent > timedelta(seconds=contract.max_age_s)

    def _alert(self, areas: list[AreaId], threat: Threat, status: Status, place: Place, late: bool) -> Alert:
        return Alert(
            realm=self.realm,
            areas=tuple(areas),
            threat=threat,
            state=status.state,
            since=status.since,
            because=(place,) if place else (),
            sources=status.sources,
            subtype=status.subtype,
            level=status.level,
            expires=status.expires,
            text=status.text,
            cancelled=status.cancelled,
            set_aside=status.set_aside,
            late=late,
        )

    # What others ask

    def due(self, now: datetime) -> list[Lapse]:
        """Return what has ended by itself by now and was not logged yet, in order."""
        over = [(due.at, place, due.lapse) for place, due in self._due.items() if due.at <= now]
        return [lapse for _, _, lapse in sorted(over, key=lambda item: item[:2])]

    def alone(self, places: Iterable[Place]) -> list[Lapse]:
        """Return what ends all clears for which their sources vouch one by one, given their places."""
        return [self._due[place].lapse for place in sorted(places) if place in self._due]

    def unheard(self, contact: Contact) -> list[Key]:
        """Return what a contact lists as raised and the board does not hold raised for that source."""
        return [key for key in contact.raised if self._is_news(contact, *key)]

    def _is_news(self, contact: Contact, area: AreaId, threat: Threat) -> bool:
        known = self._maps.get(threat)
        node = known.nodes.get(area) if known else None
        word = node.words.get(contact.source) if node else None
        return word is None or word.is_news(contact.sent)

    def unlisted(self, contact: Contact) -> list[Key]:
        """Return what the board holds raised for a source and its contact does not list."""
        listed = set(contact.raised)
        held = ((area, threat) for threat, one in self._maps.items() for area in one.held_by(contact.source))
        return sorted(key for key in held if key not in listed)

    def holds(self, source: SourceId) -> list[Key]:
        """Return what a source holds raised.  May be asked from another thread than the one that feeds it."""
        return sorted((area, threat) for threat, one in [*self._maps.items()] for area in one.held_by(source))

    def disagreements(self) -> list[Disagreement]:
        """Return where one source holds raised what another says is clear; asked as `holds` is."""
        return [one for threat in [*self._maps.values()] for one in threat.disagreements()]

    def changes(self, contact: Contact) -> bool:
        """Return whether a contact says anything that the log does not hold yet."""
        source = self._source(contact.source)
        if contact.held != source.held or (contact.held and self.unheard(contact)):
            return True
        stated_at = source.stated_at
        if not contact.held:
            return False
        if stated_at is None:  # the contract has changed since: this is the first word on all of it
            return True
        if contact.sent <= stated_at:
            return False
        # A newer statement can make clear what the older one could not: what was raised or cancelled since.
        return any(
            stated_at <= moment <= contact.sent and self._is_unknown(source, area, threat)
            for threat, one in self._maps.items()
            for area, node in one.nodes.items()
            for moment in node.disturbed_at(contact.source)
        )

    def _is_unknown(self, source: Source, area: AreaId, threat: Threat) -> bool:
        """Return whether something in an area is unknown of which a source may speak."""
        return any(
            self.told.status(one, threat).state is State.UNKNOWN and source.speaks_of(one, threat)
            for one in (area, *self.areas.below(area))
            if one in self._listed
        )

    def was_raised(self, source: SourceId, area: AreaId, threat: Threat) -> bool:
        """Return whether a source ever spoke of an area, an area around it or a part of it."""
        known = self._maps.get(threat)
        return known is not None and known.was_raised(source, area)

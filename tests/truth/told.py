"""What a side tells, by every way of asking, held against the model."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.truth.client import Client
from tests.truth.land import AREAS, BOARD, PARENT, ROOT
from tests.truth.model import (
    CLEAR,
    NOT_COVERED,
    PARTLY,
    RAISED,
    UNKNOWN,
    Listed,
    Model,
    Moment,
    Shown,
    around,
    worst,
)
from tests.truth.side import Side
from tocsin.model import Contact, Contract, Signal

THREATS = ("air", "artillery", "sea_drones")  # two that everybody knows, and a code that nobody does
FRESH_S = 15.0

States = dict[tuple[str, str], Shown]


class Violation(AssertionError):
    """Something was told that may not be told."""


def check(side: Side, model: Model, clients: list[Client], turn: int) -> None:
    """Hold everything that a side tells against the model.

    Args:
        side: A settled side.
        model: What that side heard.
        clients: Its subscribers.
        turn: Which areas are asked for one by one this time.
    """
    states = model.states(THREATS)
    board = side.get_json("/v1/board.json")
    _check_board(board, states)
    _check_text(side.get("/v1/board.txt").body.decode("ascii"), board, states)
    for area in (ROOT, AREAS[turn % len(AREAS)]):
        _check_area(side.get_json(f"/v1/areas/{area}.json"), area, states)
    wished = AREAS[(turn * 7) % len(AREAS)]
    part = side.get_json(f"/v1/board.json?areas={wished}")
    for area, entry in part["areas"].items():
        if entry != board["areas"].get(area):
            raise Violation(f"?areas={wished} says of {area} {entry}, the board {board['areas'].get(area)}")
    for client in clients:
        _check_client(side, client, states, board["seq"])


def check_unkept(model: Model, contact: Contact, moment: Moment) -> None:
    """Only what changes something is kept in the log: what was not kept would have changed nothing."""
    before = model.states(THREATS)
    *_, last = model.heard
    model.heard[-1] = (moment, Listed(contact, kept=True))
    after = model.states(THREATS)
    model.heard[-1] = last
    for key, shown in before.items():
        if after[key].state != shown.state:
            raise Violation(f"{contact} was not kept; {key} is {shown}, and would be {after[key]}")


def _check_board(board: dict[str, Any], states: States) -> None:
    as_of = datetime.fromisoformat(board["as_of"])
    if missing := set(BOARD) - set(board["areas"]):
        raise Violation(f"board.json leaves out {missing}")
    for area in AREAS:
        if area != ROOT:
            entry = board["areas"][next(above for above in around(area, PARENT) if above in board["areas"])]
            _check_entry(f"board.json of {area}", entry, area, states, as_of)


def _check_area(answer: dict[str, Any], area: str, states: States) -> None:
    as_of = datetime.fromisoformat(answer["as_of"])
    _check_entry(f"areas/{area}.json", answer, area, states, as_of)


def _check_entry(where: str, entry: dict[str, Any], area: str, states: States, as_of: datetime) -> None:
    for threat in THREATS:
        shown, told = states[area, threat], entry["threats"].get(threat, {"state": NOT_COVERED})
        if told["state"] != shown.state:
            raise Violation(f"{where}: {threat} is told {told}, and is {shown}")
        if shown.state in (RAISED, PARTLY) and not _is_since(told, shown):
            raise Violation(f"{where}: {threat} is {shown.state} since {told['since']}, not {shown.since}")
        if shown.sources and tuple(told["sources"]) != shown.sources:
            raise Violation(f"{where}: {threat} is told by {told['sources']}, not {shown.sources}")
        if told.get("set_aside", False) != shown.set_aside:
            raise Violation(f"{where}: {threat} is told {told}, and is {shown}")
        if told["state"] == CLEAR:
            _check_fresh(where, told, as_of)
    if entry["state"] != (of_all := worst(one["state"] for one in entry["threats"].values())):
        raise Violation(f"{where}: {entry['state']} as a whole, its threats come to {of_all}")


def _is_since(told: dict[str, Any], shown: Shown) -> bool:
    since = datetime.fromisoformat(told["since"])
    return since == shown.since or bool(shown.listed and shown.since and since > shown.since)


def _check_fresh(where: str, told: dict[str, Any], as_of: datetime) -> None:
    if "fresh_until" not in told:
        raise Violation(f"{where}: a clear without an end: {told}")
    left = (datetime.fromisoformat(told["fresh_until"]) - as_of).total_seconds()
    if not 0 < left <= FRESH_S:
        raise Violation(f"{where}: a clear is fresh for {left} s")


def _check_text(text: str, board: dict[str, Any], states: States) -> None:
    first, *lines = text.removesuffix("\n.\n").split("\n")
    assert text.endswith("\n.\n"), text
    *_, seconds = first.split()
    told = {words[0]: words[1:] for words in (line.split() for line in lines if not line.startswith("!"))}
    for area in AREAS:
        if area == ROOT:
            continue
        words = told[next(above for above in around(area, PARENT) if above in told)]
        state = worst(states[area, threat].state for threat in THREATS)
        others = [entry for entry in board["areas"].values() if set(entry["threats"]) - {*THREATS}]
        if words[0] != state and not (others and words[0] == UNKNOWN):
            raise Violation(f"board.txt says of {area} {words}, and it is {state}")
        if words[0] == CLEAR and not 0 <= int(seconds) <= FRESH_S:
            raise Violation(f"board.txt lets a clear stand for {seconds} s")
        dangers = {threat for threat in THREATS if states[area, threat].state in (RAISED, PARTLY)}
        if dangers != {word.partition(":")[0] for word in words[1::2]} & {*THREATS}:
            raise Violation(f"board.txt names {words[1::2]} in {area}, raised are {dangers}")


def _check_client(side: Side, client: Client, states: States, seq: int) -> None:
    client.keep_up(seq)
    for area in filter(client.hears_of, AREAS):
        for threat in THREATS:
            if client.state(area, threat) != states[area, threat].state:
                raise Violation(
                    f"a subscriber shows {client.state(area, threat)} for {threat} in {area}, "
                    f"and it is {states[area, threat]}"
                )
    if not client.wish:
        heard = [one["seq"] for one in client.alerts]
        logged = [place for place in side.said if place > client.base]
        if heard != logged:
            raise Violation(f"a subscriber heard {heard}, in the log are {logged}")
    for one in client.alerts:
        _check_alert(side, one)


def _check_alert(side: Side, told: dict[str, Any]) -> None:
    """What was pushed is in the log and says the same; what was old when it was heard says so."""
    alert = side.said.get(told["seq"])
    if alert is None or (list(alert.areas), alert.threat) != (told["areas"], told["threat"]):
        raise Violation(f"pushed {told}, in the log is {alert}")
    if told["state"] != alert.state and (told["state"], alert.state) != (UNKNOWN, CLEAR):
        raise Violation(f"pushed {told}, in the log is {alert}")
    if told.get("late", False) != is_late(side, told):
        raise Violation(f"pushed {told}: it is late or not, and says the other")


def is_late(side: Side, told: dict[str, Any]) -> bool:
    """Return whether the cause of an alert was older than its source's contract lets it be."""
    if not told["because"] or told["because"][0] not in side.kinds:
        return False
    place = told["because"][0]
    at, cause = side.kinds[place]
    if not isinstance(cause, Signal):
        return False
    before = [kind for other, (_, kind) in side.kinds.items() if other < place]
    contracts = [kind for kind in before if isinstance(kind, Contract) and kind.source == cause.source]
    if not contracts or not contracts[-1].areas:
        return False
    return (at - cause.sent).total_seconds() > contracts[-1].max_age_s


__all__ = ["THREATS", "Violation", "check", "check_unkept"]

"""The worked examples of the merge rules: every record, in any order of arrival."""

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.record.given import MINISTRY, MOSCOW, SOURCES, at, text, told
from tests.shared import shared
from tocsin.record.claims import Qualifier
from tocsin.record.figures import figure
from tocsin.record.intervals import Interval
from tocsin.record.kept import Circumstances, Evidence, Key, Retraction
from tocsin.record.origins import copy
from tocsin.record.sums import Tally, check, parts

LEAST, SEVERAL, NONE = Qualifier.AT_LEAST, Qualifier.SEVERAL, Qualifier.NONE
KILLED, INJURED, DOWN = (Key("attack", each) for each in ("killed", "injured", "intercepted"))
UKRAINE, LOGGED = Circumstances(harmed="UA"), Circumstances(harmed="UA", corroborated=True)
BELGOROD = Circumstances(harmed="RU")


def exact(*numbers):
    """Return the intervals of exact counts."""
    return [Interval(number, number, number) for number in numbers]


TOLL = (
    told("a1", 24, "Moscow", "Wire", stated=at(0, 1), qualifier=LEAST),
    told("a2", 25, "Moscow", "Wire", stated=at(0, 3)),
)
POST = tuple(
    told(f"b{number}", 2, "mayor", outlet, stated=at(9), seen=at(9 + number), post="mayor/17")
    for number, outlet in enumerate(("Wire", "Daily", "Weekly"), 1)
)
THREE = (
    told("d1", 39, "Wire", stated=at(12), qualifier=LEAST),
    told("d2", 40, "rescue service", stated=at(12)),
    told("d3", 31, "interior ministry", stated=at(-60), qualifier=LEAST),
)
BOTH = (
    told("e1", 35, "air force", stated=at(8), measure="intercepted", qualifier=Qualifier.ALL),
    told("e2", 0, "Moscow", stated=at(10), measure="intercepted", qualifier=NONE),
)
FIVE = told("g1", 5, "mayor", stated=at(9))
DOZENS = (
    told("i1", None, "Daily", stated=at(9), measure="injured", qualifier=SEVERAL, words="dozens injured"),
    told("i2", 49, "Wire", stated=at(12), measure="injured", qualifier=LEAST),
)
SOFAR = (
    told("j1", 0, "mayor", stated=at(9), qualifier=NONE),
    told("j2", 1, "mayor", stated=at(12)),
)
DOUBTED = (
    told("u1", 900, "air force", "Wire", stated=at(9), substantiated=False),
    told("u2", 300, "Daily", stated=at(9), qualifier=LEAST),
)

FIGURES = {  # what was said; of what; the circumstances; as of; what was taken back
    "1": (TOLL, KILLED, BELGOROD, None, ()),
    "1b": (TOLL, KILLED, BELGOROD, at(12), ()),
    "2": (POST, KILLED, UKRAINE, None, ()),
    "4": (THREE, KILLED, LOGGED, None, ()),
    "5": (BOTH, DOWN, LOGGED, None, ()),
    "8": ((FIVE, told("g2", 4, "mayor", stated=at(12), corrects=True)), KILLED, UKRAINE, None, ()),
    "8b": ((FIVE, told("g2", 4, "mayor", stated=at(12))), KILLED, UKRAINE, None, ()),
    "9": ((told("h1", 3, "Daily", stated=at(9)),), KILLED, UKRAINE, None, (Retraction("h1", at(11)),)),
    "11": (DOZENS, INJURED, LOGGED, None, ()),
    "12": (SOFAR, KILLED, UKRAINE, at(6), ()),
    "12b": (SOFAR, KILLED, UKRAINE, None, ()),
    "14": (DOUBTED, KILLED, UKRAINE, None, ()),
}
CHECKS = {
    "6": lambda: parts(exact(99)[0], exact(10, 4, 70, 3, 12), exhaustive=True),
    "6b": lambda: parts(exact(72)[0], exact(10, 0, 59, 3, 0), exhaustive=True),
    "7": lambda: parts(exact(5)[0], exact(2), exhaustive=False, of_which=True),
    "10": lambda: parts(Interval(5, 5, None), exact(2, 1), exhaustive=False),
    "13": lambda: check(Tally(134, 107)),
    "13b": lambda: check(Tally(16, 15, 11)),
}
AGENCY = (
    "Rescue teams searched a burnt hall in the harbour on Sunday after a night of drone strikes. "
    "The governor said that nobody had been inside, and that the fire was out by morning. "
    "Two cranes and a store of grain were lost, the port's owner said in a note to its clients."
)
REWRITE = (
    "HARBOUR: Firemen fought for hours. Rescue teams searched a burnt hall in the harbour on Sunday "
    "after a night of drone strikes. The governor said that nobody had been inside, our readers heard. "
    "Local shops were open again by noon, and the ferry kept to its plan for the week. – Wire"
)


def records():
    """Return the worked examples, by their names."""
    listed = json.loads(shared("seed/merge_examples.json").read_text("utf-8"))
    return {str(one["example"]): one for one in listed}


@pytest.mark.parametrize("name", FIGURES)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_a_figure_is_what_the_rules_say_in_any_order(name, data):
    """Low, best, high, grade, origins, basis, flags and rules, whatever came first."""
    claims, key, around, as_of, taken_back = FIGURES[name]
    evidence = Evidence(
        sources=tuple(data.draw(st.permutations(SOURCES))),
        claims=tuple(data.draw(st.permutations(claims))),
        retractions=taken_back,
    )

    got = msgspec.json.decode(msgspec.json.encode(figure(key, evidence, around, as_of)))

    record = records()[name]
    expected = {**record["result"], **record["asserted"]}
    assert {field: got[field] for field in expected} == expected


@pytest.mark.parametrize("name", CHECKS)
def test_a_sum_is_checked_as_the_rules_say(name):
    """Parts bound a total and are never added to it; a tally that does not add up is invalid."""
    got = msgspec.json.decode(msgspec.json.encode(CHECKS[name]()))

    record = records()[name]
    expected = {**record["result"], **record["asserted"]}
    assert {field: got[field] for field in expected} == expected


def test_a_rewrite_with_a_wire_credit_is_a_copy():
    """Little of the wording is left, and the credit line says whose it is."""
    wire, rewrite = text("r1", "Wire", AGENCY), text("r2", "Daily", REWRITE, credit="Wire")
    uncredited = text("r2", "Daily", REWRITE)

    assert copy(wire, rewrite) == copy(rewrite, wire) == records()["3"]["asserted"]["kind"]
    assert copy(wire, uncredited) == "none"


def test_no_record_is_left_out():
    """Each worked example has a test here."""
    assert records().keys() == {*FIGURES, *CHECKS, "3"}


def test_the_example_of_a_stale_count_has_two_groups_by_command():
    """The interior ministry commands the rescue service: three origins are two groups."""
    apart = tuple(msgspec.structs.replace(s, group="") if s is MINISTRY else s for s in SOURCES)
    got = figure(KILLED, Evidence(apart, claims=THREE), LOGGED)

    assert (got.origins, got.independent_groups) == (3, 2)
    assert MOSCOW in apart

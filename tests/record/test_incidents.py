"""Incidents: background never becomes a day's toll, rulings move claims, and no order of arrival matters."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from zoneinfo import ZoneInfo

import pytest

from tocsin.model import Decided, Realm, Report, Ruling
from tocsin.record.claims import Claim, Qualifier, Topic
from tocsin.record.figures import figures_of
from tocsin.record.incidents import Filed, Ruled, published_at, tie
from tocsin.record.sources import Directory

KYIV = ZoneInfo("Europe/Kyiv")
AT = datetime(2024, 1, 2, 9, tzinfo=UTC)


def claim(count=3, kind=Topic.KILLED, **more):
    """Return a claim of some words."""
    more = {"when": "2024-01-02 (by context)", **more}
    return Claim(kind, count, Qualifier.EXACT, 0, 5, "words", **more)


def filed(seq, source="wire", doc=None, **more):
    """Return a report as it stands in the log."""
    report = Report(
        Realm.ACTUAL, source, doc or f"doc-{seq}", f"text {seq}", "00", "desk", "2024-01-02", **more
    )
    return Filed(seq, AT + timedelta(minutes=seq), report)


def ruled(seq, act, *about):
    """Return a ruling as it stands in the log."""
    return Ruled(
        seq, AT + timedelta(minutes=seq), Ruling(Realm.ACTUAL, f"r-{seq}", act, about, "why", "editor")
    )


def tied(claims, rulings=(), as_of=None, reports=None):
    """Return the record of claims, by the place of their report."""
    reports = [filed(seq) for seq in claims] if reports is None else reports
    return tie(reports, rulings, lambda r, _: claims[int(r.text[5:])], Directory((), "UA"), KYIV, as_of)


@pytest.mark.parametrize(
    ("one", "incident"),
    [
        (claim(), "2024-01-02"),
        (claim(when="2024-01-01/2024-01-02 (overnight)"), "2024-01-02"),
        (claim(when="unknown"), "2024-01-02"),
        (claim(when="2023-12-29", background=True), "2023-12-29"),
        (claim(background=True, place="a northern town"), "undated/a-northern-town"),
        (claim(place="the Russian town of N"), "abroad/2024-01-02/the-russian-town-of-n"),
        (claim(place="[the Russian border]"), "2024-01-02"),
    ],
)
def test_a_claim_is_of_the_day_that_it_names_and_background_never_of_the_texts_own(one, incident):
    assert incident == tied({1: [one]}).evidence.claims[0].incident


def test_a_person_splits_and_merges_and_the_figures_follow():
    claims = {1: [claim(3)], 2: [claim(5, when="2024-01-01")]}
    merged = tied(claims, [ruled(8, Decided.MERGE, "2024-01-02", "2024-01-01")])
    assert {"2024-01-02"} == {one.incident for one in merged.evidence.claims}
    split = tied(claims, [ruled(8, Decided.SPLIT, "1.1")])
    assert {"split-8", "2024-01-01"} == {one.incident for one in split.evidence.claims}


def test_a_ring_of_merges_comes_to_an_end():
    claims = {1: [claim()], 2: [claim(when="2024-01-01")]}
    ring = [
        ruled(8, Decided.MERGE, "2024-01-02", "2024-01-01"),
        ruled(9, Decided.MERGE, "2024-01-01", "2024-01-02"),
    ]
    assert len(tied(claims, ring).evidence.claims) == 2


def test_a_retracted_report_gives_no_figure_and_as_of_before_it_does():
    claims, taken = {1: [claim(3)]}, [ruled(8, Decided.RETRACT, "1")]
    now = figures_of(tied(claims, taken).evidence)
    then = figures_of(tied(claims, taken, AT + timedelta(minutes=5)).evidence)
    assert [None] == [f.best for f in now if f.measure == "killed"]
    assert [3] == [f.best for f in then if f.measure == "killed"]


def test_what_was_withheld_since_is_withheld_in_every_replay_too():
    record = tied({1: [claim()]}, [ruled(8, Decided.WITHHOLD, "1.1")], AT + timedelta(minutes=5))
    assert frozenset({"1.1"}) == record.withheld
    both = [ruled(8, Decided.WITHHOLD, "1.1"), ruled(9, Decided.RELEASE, "1.1")]
    after = tied({1: [claim()]}, both)
    assert (frozenset(), frozenset({"1.1"})) == (after.withheld, after.released)


def test_the_order_in_which_reports_come_changes_nothing():
    claims = {1: [claim(3)], 2: [claim(4), claim(None, Topic.INJURED)], 3: [claim(3)]}
    reports = [filed(seq) for seq in claims]
    seen = {repr(tied(claims, reports=list(order)).evidence) for order in permutations(reports)}
    assert 1 == len(seen)


def test_a_day_of_publication_is_its_noon_and_no_day_is_none():
    assert datetime(2024, 1, 2, 10, tzinfo=UTC) == published_at("2024-01-02", KYIV)
    assert published_at(None, KYIV) is None

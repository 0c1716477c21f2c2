"""The embargo: the table of the design page holds, cell by cell, and no ruling opens what is never shown."""

from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest

from tocsin.record.claims import Claim, Qualifier, Topic
from tocsin.record.embargo import Case, Fineness, Object, coarsest, object_of, quotable, visible

PAGE = Path(__file__).resolve().parents[2] / "docs" / "design" / "embargo.md"
ENDED = datetime(2024, 1, 2, 7, 47, tzinfo=UTC)
AFTER = {"2:59": (2, 59), "3:00": (3, 0), "11:59": (11, 59), "12:00": (12, 0)}


def rows():
    """Give each row of the table: what it is about, official, alert, and its four cells."""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 7 and cells[1] in ("yes", "no"):
            yield cells


def claim(kind, words, count=None):
    """Return a claim with these words."""
    return Claim(kind, count, Qualifier.UNKNOWN if count is None else Qualifier.EXACT, 0, len(words), words)


@pytest.mark.parametrize("row", list(rows()), ids=lambda row: "-".join(row[:3]))
def test_what_may_be_shown_is_what_the_table_says(row):
    case = Case(Object(row[0]), ENDED, official=row[1] == "yes", alert=row[2] == "active")
    for (hours, minutes), cell in zip(AFTER.values(), row[3:], strict=True):
        verdict = visible(case, ENDED + timedelta(hours=hours, minutes=minutes))
        assert cell == verdict.fineness.name.lower().replace("_", " "), (row, hours, minutes, verdict.rule)


def test_the_table_has_every_case_once():
    told = [tuple(row[:3]) for row in rows()]
    assert len(told) == len(set(told))
    assert set(told) == set(product(map(str, Object), ("yes", "no"), ("active", "ended")))


@pytest.mark.parametrize("what", list(Object))
def test_what_a_person_withheld_is_held_whatever_else_is_so(what):
    case = Case(what, ENDED, official=True, withheld=True, released=True)
    assert not visible(case, ENDED + timedelta(days=900)).shown


@pytest.mark.parametrize("what", [Object.DEFENCE, Object.MEDICAL, Object.ENERGY])
def test_no_ruling_releases_what_is_never_shown(what):
    assert not visible(Case(what, ENDED, released=True), ENDED + timedelta(days=900)).shown


def test_an_embargo_of_its_own_holds_until_its_moment_and_says_when():
    until = ENDED + timedelta(days=2)
    case = Case(Object.CIVILIAN, ENDED, official=True, embargoed_until=until)
    held = visible(case, until - timedelta(seconds=1))
    assert (held.fineness, held.until) == (Fineness.HELD, until)
    assert visible(case, until).fineness is Fineness.AS_SAID


def test_more_time_never_shows_less():
    for what, official, alert in product(Object, (True, False), (True, False)):
        shown = [
            visible(Case(what, ENDED, official, alert), ENDED + timedelta(minutes=m)).fineness
            for m in range(0, 900, 15)
        ]
        assert shown == sorted(shown)


def test_what_is_put_together_is_as_coarse_as_its_coarsest_part():
    assert coarsest([Fineness.AS_SAID, Fineness.OBLAST]) is Fineness.OBLAST
    assert coarsest([]) is Fineness.HELD


@pytest.mark.parametrize(
    ("kind", "words", "what"),
    [
        (Topic.DAMAGE, "an apartment block was damaged", Object.CIVILIAN),
        (Topic.DAMAGE, "пошкоджено житловий будинок", Object.CIVILIAN),
        (Topic.DAMAGE, "a gas pipeline burst", Object.ENERGY),
        (Topic.DAMAGE, "пошкоджено об'єкт енергетики", Object.ENERGY),
        (Topic.OUTAGE, "without light", Object.ENERGY),
        (Topic.DAMAGE, "hit the airfield", Object.MILITARY),
        (Topic.DAMAGE, "hit its target", Object.UNKNOWN),
        (Topic.EXPLOSION, "explosions were heard", Object.UNKNOWN),
        (Topic.DAMAGE, "a children's hospital was hit", Object.MEDICAL),
        (Topic.KILLED, "two soldiers were killed", Object.SOLDIERS),
        (Topic.KILLED, "загинули дві людини", Object.PEOPLE),
        (Topic.INJURED, "five people are in hospital", Object.PEOPLE),
        (Topic.STATEMENT, "air defence is working over the city", Object.DEFENCE),
    ],
)
def test_words_tell_what_a_claim_is_about_and_silence_is_unknown(kind, words, what):
    assert what is object_of(claim(kind, words))


@pytest.mark.parametrize(
    ("words", "may"),
    [
        ("a house at 14 Sadova Street burned", False),
        ("влучання на вул. Садовій", False),
        ("at 50.4501, 30.5234", False),
        ("two buildings burned", True),
    ],
)
def test_an_address_is_never_quoted(words, may):
    assert may is quotable(claim(Topic.DAMAGE, words))


def test_the_name_of_a_victim_is_never_quoted():
    assert not quotable(claim(Topic.KILLED, "Olena Kovalenko was killed", 1))

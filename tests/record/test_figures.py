"""Figures: what is not known stays so, and what one source says counts once."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.record.given import DAY, SOURCES, at, text, told
from tocsin.record.claims import Polarity, Qualifier
from tocsin.record.figures import figure, figures_of
from tocsin.record.grades import Responsibility, responsibility
from tocsin.record.intervals import Interval, interval
from tocsin.record.kept import Circumstances, Evidence, Grade, Key, Relation, RelationKind, Retraction
from tocsin.record.origins import copy, originals, tier
from tocsin.record.sums import Tally, check, parts

KILLED = Key("attack", "killed")
UKRAINE = Circumstances(harmed="UA", corroborated=True)
LEAST = Qualifier.AT_LEAST


def count(*claims, reports=(), around=UKRAINE, **more):
    """Return the figure of the killed."""
    evidence = Evidence(SOURCES, reports=reports, claims=claims, **more)
    return figure(KILLED, evidence, around)


@pytest.mark.parametrize(
    ("number", "qualifier", "words", "expected"),
    [
        (5, Qualifier.EXACT, "5 killed", (5, 5, 5)),
        (35, Qualifier.ALL, "all 35", (35, 35, 35)),
        (5, LEAST, "at least five", (5, 5, None)),
        (5, LEAST, "more than five", (6, 6, None)),
        (5, LEAST, "понад 5", (6, 6, None)),
        (5, Qualifier.AT_MOST, "up to five", (0, None, 5)),
        (5, Qualifier.AT_MOST, "fewer than five", (0, None, 4)),
        (25, Qualifier.ABOUT, "about 25", (22, 25, 28)),
        (0, Qualifier.NONE, "nobody", (0, 0, 0)),
        (7, Qualifier.EXACT, "5 to 7 drones", (5, None, 7)),
        (None, Qualifier.SEVERAL, "several", (2, None, None)),
        (None, Qualifier.SEVERAL, "tens of people", (10, None, None)),
        (None, Qualifier.SEVERAL, "десятки поранених", (10, None, None)),
        (None, Qualifier.SEVERAL, "dozens", (12, None, None)),
        (None, Qualifier.SEVERAL, "scores", (20, None, None)),
        (None, Qualifier.SEVERAL, "hundreds", (100, None, None)),
        (None, Qualifier.SEVERAL, "тисячі людей", (1000, None, None)),
    ],
)
def test_words_become_an_interval(number, qualifier, words, expected):
    assert Interval(*expected) == interval(number, qualifier, words)


@pytest.mark.parametrize("qualifier", [Qualifier.UNKNOWN, Qualifier.EXACT, LEAST, Qualifier.NONE])
def test_no_number_is_not_zero(qualifier):
    assert interval(None, qualifier, "drones") is None


def test_what_nobody_reported_is_not_known():
    """An incident that only damage is told of gets a figure of the killed that says nothing."""
    damage = told("a", 1, "mayor", stated=at(9), measure="damage")
    killed = {one.measure: one for one in figures_of(Evidence(SOURCES, claims=(damage,)))}["killed"]

    assert (killed.low, killed.best, killed.high, killed.grade) == (None, None, None, Grade.NOT_GRADED)
    assert killed.rules == ("R11",)


@pytest.mark.parametrize("polarity", [Polarity.UNCONFIRMED, Polarity.NONE_REPORTED, Polarity.RETRACTED])
def test_what_is_said_not_to_be_known_makes_no_number(polarity):
    got = count(told("a", 4, "mayor", stated=at(9), polarity=polarity))

    assert (got.low, got.flags) == (None, ("no_figure",))


def test_two_contradicting_counts_are_shown_as_a_range_and_never_averaged():
    got = count(told("a", 2, "mayor", stated=at(9)), told("b", 6, "Wire", stated=at(12)))

    assert (got.low, got.best, got.high) == (2, 2, 6)
    assert (got.grade, got.flags) == (Grade.CONTESTED, ("contradiction:a|b",))


def test_a_count_of_the_evening_updates_that_of_the_morning():
    """Seven hours apart they speak of different moments."""
    got = count(told("a", 2, "mayor", stated=at(9)), told("b", 6, "Wire", stated=at(16)))

    assert (got.grade, got.flags) == (Grade.FAIR, ())


def test_a_late_copy_of_an_old_count_does_not_replace_the_new_one():
    """The moment as of which a count speaks decides, not when we saw it."""
    new, old = told("a", 6, "mayor", stated=at(12)), told("b", 2, "mayor", "Daily", stated=at(9), seen=at(20))

    assert (count(new, old).best, count(new, old).superseded) == (6, ("b",))


def test_a_correction_holds_against_a_later_sight_of_what_it_corrected():
    claims = (
        told("a", 5, "mayor", stated=at(9)),
        told("b", 4, "mayor", stated=at(12), corrects=True),
        told("c", 6, "mayor", stated=at(15)),
    )

    assert (count(*claims).best, count(*claims).rules) == (6, ("R0", "R1", "R4", "R5", "R6", "R7"))


def test_a_corrected_version_of_a_report_replaces_what_the_first_said():
    """Even where both speak as of the same moment."""
    reports = (
        text("r", "Daily", "Five died.", version=1),
        text("r", "Daily", "Four died.", version=2, correction=True),
    )
    claims = (
        told("a", 5, "Daily", stated=at(9), report="r", version=1),
        told("b", 4, "Daily", stated=at(9), report="r", version=2),
    )

    assert (count(*claims, reports=reports).best, count(*claims, reports=reports).flags) == (4, ())


def test_a_retracted_report_takes_all_its_claims_along_from_that_moment_on():
    claim = told("a", 5, "Daily", stated=at(9), report="r")
    evidence = Evidence(SOURCES, claims=(claim,), retractions=(Retraction("r", at(12)),))

    assert figure(KILLED, evidence, UKRAINE, at(11)).best == 5
    assert figure(KILLED, evidence, UKRAINE, at(12)).best is None


def test_a_relation_can_take_a_claim_out_as_unsubstantiated():
    doubt = Relation("x", RelationKind.SUBSTANTIATION_OF, "a", DAY)
    got = count(told("a", 900, "Moscow", stated=at(9)), relations=(doubt,))

    assert (got.best, got.unsubstantiated) == (None, ("a",))


def test_copies_of_one_text_are_one_origin():
    """Also where they credit nobody."""
    words = "Five people died when a warehouse burnt down after the night's strike on the harbour."
    reports = (
        text("r1", "Wire", words, seen=at(9)),
        text("r2", "Daily", words.upper(), seen=at(10)),
        text("r3", "Weekly", "Our reporter counted five dead in the harbour.", seen=at(11)),
    )
    claims = [
        told(f"c{number}", 5, publisher, stated=at(9), report=f"r{number}")
        for number, publisher in enumerate(("Wire", "Daily", "Weekly"), 1)
    ]

    assert originals(reports) == {"r1": "Wire", "r2": "Wire", "r3": "Weekly"}
    got = count(*claims, reports=reports)
    assert (got.origins, got.independent_groups, got.grade) == (2, 2, Grade.FAIR)


def test_who_cites_another_is_not_independent_of_it():
    claims = (told("a", 5, "mayor", "Wire", stated=at(9)), told("b", 5, "Wire", stated=at(9)))

    assert (count(*claims).origins, count(*claims).independent_groups) == (2, 1)


def test_a_person_can_rule_two_origins_to_be_one():
    claims = (told("a", 5, "Wire", stated=at(9)), told("b", 5, "Daily", stated=at(9)))
    ruled = Relation("a", RelationKind.SAME_ORIGIN, "b", DAY)

    assert (count(*claims).origins, count(*claims, relations=(ruled,)).origins) == (2, 1)


def test_the_other_party_ranks_behind_the_media():
    ranks = {source.name: tier(source, "UA", ()) for source in SOURCES}

    assert ranks["mayor"] == ranks["rescue service"] == 2
    assert (ranks["air force"], ranks["Wire"], ranks["Moscow"], tier(None, "UA", ())) == (3, 4, 5, 6)


def test_an_exact_count_of_a_lower_tier_does_not_close_an_open_bound():
    claims = (told("a", 39, "Wire", stated=at(9), qualifier=LEAST), told("b", 40, "Daily", stated=at(9)))

    assert (count(*claims).high, count(*claims).open_above) == (None, True)


def test_children_among_the_dead_are_a_figure_of_their_own():
    all_of_them = told("a", 5, "mayor", stated=at(9))
    children = told("b", 2, "mayor", stated=at(9), population="children", of=5)

    assert count(all_of_them, children).best == 5
    assert not parts(Interval(5, 5, 5), [Interval(6, 6, 6)], exhaustive=False, of_which=True).consistent


def test_parts_that_do_not_make_the_total_are_a_mismatch():
    assert parts(Interval(9, 9, 9), [Interval(5, 5, 5)], exhaustive=True).flags == ("parts_mismatch",)


def test_more_hits_than_remain_are_an_error_of_the_tally():
    assert check(Tally(20, 15, hits=6)).hits_exceed
    assert check(Tally(20, 15, hits=5)).valid


def test_responsibility_is_contested_where_claims_name_different_sides():
    claims = [told(side, 5, "Wire", stated=at(9), perpetrator=side) for side in ("one", "other")]

    assert responsibility(claims, UKRAINE) is Responsibility.CONTESTED
    assert count(*claims).best == 5


def test_a_day_old_count_of_a_better_source_is_not_stale_beside_a_worse_one():
    """Only an equal or better source makes an old "at least" stale."""
    old, new = at(9, 1), at(12, 2)
    by_mayor = told("a", 31, "mayor", stated=old, qualifier=LEAST)
    by_moscow = told("b", 40, "Moscow", stated=new, qualifier=LEAST)
    by_rescue = told("c", 40, "rescue service", stated=new, qualifier=LEAST)

    assert (count(by_mayor, by_moscow).stale, count(by_mayor, by_moscow).low) == ((), 31)
    assert count(by_mayor, by_rescue).stale == ("a",)


def test_a_text_that_holds_nearly_all_of_another_is_its_copy():
    """A post of nineteen words in an article that is six times as long; or with a word before it."""
    post = (
        "the harbour was struck at night and five workers of the grain terminal died at once said its owner"
    )
    article = " ".join(f"own{number}" for number in range(95))
    whole = text("r2", "Daily", f"{article} {post} tonight")
    half = text("r3", "Weekly", f"{article} {' '.join(post.split()[:10])}")

    assert copy(text("r1", "Wire", post), whole) == "near_duplicate"
    assert copy(text("r1", "Wire", f"yesterday {post}"), whole) == "near_duplicate"
    assert copy(text("r1", "Wire", post), half) == "none"


def test_parts_with_an_open_one_have_no_upper_sum():
    got = parts(Interval(9, 9, 9), [Interval(2, 2, None), Interval(3, 3, 3)], exhaustive=True)

    assert (got.sum_low, got.sum_high, got.consistent, got.residual) == (5, None, True, None)


NAMES = [source.name for source in SOURCES]
CLAIMS = st.lists(
    st.builds(
        lambda number, chain, hour, late, qualifier, corrects: (
            number,
            chain,
            hour,
            late,
            qualifier,
            corrects,
        ),
        st.integers(0, 60),
        st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True),
        st.integers(-40, 40),
        st.integers(0, 40),
        st.sampled_from([Qualifier.EXACT, LEAST, Qualifier.AT_MOST, Qualifier.ABOUT]),
        st.booleans(),
    ),
    max_size=7,
)


@settings(max_examples=150, deadline=None)
@given(CLAIMS, st.randoms(use_true_random=False), st.integers(-40, 60))
def test_what_was_known_then_is_what_is_said_now_of_then(listed, shuffle, hour):
    """No order of arrival and nothing that came later changes a figure; low <= best <= high."""
    claims = [
        told(f"c{n}", number, *chain, stated=at(h), seen=at(h + late), qualifier=q, corrects=corrects)
        for n, (number, chain, h, late, q, corrects) in enumerate(listed)
    ]
    then = [claim for claim in claims if claim.seen <= at(hour)]
    shuffle.shuffle(claims)

    now = figure(KILLED, Evidence(SOURCES, claims=tuple(claims)), UKRAINE, at(hour))

    assert now == figure(KILLED, Evidence(SOURCES, claims=tuple(then)), UKRAINE, at(hour))
    assert (now.low is None) == (not then)
    if now.best is not None:
        assert now.low <= now.best
        assert now.high is None or now.best <= now.high


def test_a_part_that_exceeds_its_total_is_flagged_on_both():
    """Six children among five dead: nobody's number is changed, and both say that they cannot be right."""
    claims = (
        told("a", 5, "mayor", stated=at(9)),
        told("b", 6, "Daily", stated=at(9), population="children"),
        told("c", 5, "mayor", stated=at(9), scope="UA80"),
    )
    killed = [one for one in figures_of(Evidence(SOURCES, claims=claims)) if one.measure == "killed"]

    assert [(one.best, one.flags) for one in killed] == [
        (5, ("parts_mismatch",)),
        (5, ()),
        (6, ("parts_mismatch",)),
    ]
    assert "R9" in killed[0].rules


def test_more_intercepted_than_launched_is_flagged():
    claims = (
        told("a", 16, "air force", stated=at(9), measure="launched"),
        told("b", 26, "air force", stated=at(9), measure="intercepted"),
    )
    figures = {one.measure: one for one in figures_of(Evidence(SOURCES, claims=claims))}

    assert figures["launched"].flags == figures["intercepted"].flags == ("tally_mismatch",)
    assert figures["killed"].flags == ("no_figure",)

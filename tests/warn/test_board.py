"""The board: what each area is told, case by case."""

import pytest

from tests.warn.desk import UA, Desk, at, contract, signal
from tocsin.model import Act, Contact, Episode, Realm, Signal
from tocsin.warn.board import Board

KYIV = "UA80"
OBLAST = "UA32"  # Kyiv oblast
RAION, BESIDE = UA.children(OBLAST)[:2]
HROMADA = UA.children(RAION)[0]


def test_an_area_that_nobody_is_contracted_to_report_is_not_covered_and_unknown_as_a_whole():
    desk = Desk()
    assert (desk.state(KYIV), desk.worst(KYIV)) == ("not_covered", "unknown")


def test_a_contract_alone_makes_unknown_not_clear():
    desk = Desk("feed")
    assert (desk.state(KYIV), desk.state(RAION)) == ("unknown", "unknown")


def test_a_raise_covers_all_that_lies_in_the_area():
    desk = Desk("feed")
    desk.raised(OBLAST)
    assert {desk.state(part) for part in (OBLAST, *UA.below(OBLAST))} == {"raised"}


def test_a_raise_of_a_part_makes_what_lies_around_partly_and_never_raised():
    desk = Desk("feed")
    desk.contact()
    desk.raised(HROMADA, 1)
    assert [desk.state(area) for area in UA.chain(HROMADA)] == ["raised", "partly", "partly", "partly"]
    assert (desk.state(BESIDE), desk.state(KYIV)) == ("clear", "clear")


def test_since_is_when_the_oldest_raise_that_still_stands_was_sent():
    desk = Desk("a", "b")
    desk.raised(KYIV, 5, "a")
    desk.raised(KYIV, 2, "b")
    assert desk.status(KYIV).since == at(2)
    desk.clear(KYIV, 10, "b")
    assert desk.status(KYIV).since == at(5)


def test_danger_wins_over_another_source_s_clear():
    desk = Desk("a", "b")
    desk.raised(KYIV, 1, "a")
    desk.contact(seconds=2, source="b")
    desk.clear(KYIV, 3, "b")
    assert desk.state(KYIV) == "raised"
    assert desk.status(KYIV).sources == ("a",)


def test_only_who_raised_it_or_the_rest_all_together_can_end_it():
    desk = Desk("a", "b")
    desk.contact(seconds=0, source="a")
    desk.contact(seconds=0, source="b")
    desk.raised(KYIV, 1, "a")
    desk.raised(KYIV, 1, "b")
    desk.clear(KYIV, 2, "a")
    assert desk.state(KYIV) == "raised"
    desk.clear(KYIV, 3, "b")
    assert desk.state(KYIV) == "clear"


def test_silence_turns_clear_into_unknown_and_leaves_raised_raised():
    desk = Desk("feed")
    desk.contact()
    desk.raised(KYIV, 1)
    assert (desk.state(KYIV), desk.state(OBLAST)) == ("raised", "clear")
    desk.quiet(70)
    assert (desk.state(KYIV), desk.state(OBLAST)) == ("raised", "unknown")


def test_an_all_clear_without_contact_holds_only_until_the_source_s_silence_counts():
    desk = Desk("feed", silence_s=60)
    desk.raised(KYIV, 0)
    desk.clear(KYIV, 10)
    assert desk.state(KYIV) == "clear"
    desk.lapse(69)
    assert desk.state(KYIV) == "clear"
    desk.lapse(70)
    assert desk.state(KYIV) == "unknown"


def test_a_clear_covers_the_parts_that_have_no_raise_of_their_own():
    desk = Desk("feed")
    desk.contact()
    desk.raised(OBLAST, 1)
    desk.raised(RAION, 2)
    desk.clear(OBLAST, 3)
    assert (desk.state(OBLAST), desk.state(RAION), desk.state(BESIDE)) == ("partly", "raised", "clear")


def test_the_clear_of_a_part_does_not_end_the_raise_of_the_whole():
    desk = Desk("feed")
    desk.contact()
    desk.raised(OBLAST, 1)
    desk.clear(RAION, 2)
    assert (desk.state(OBLAST), desk.state(RAION)) == ("raised", "raised")


def test_an_area_without_a_record_of_its_own_is_clear_only_when_all_its_parts_are():
    desk = Desk("feed", areas=UA.whole_children(OBLAST), silence_s=1_000)
    *first, last = UA.whole_children(OBLAST)
    for part in (*first, last):
        desk.raised(part, 1)
    for part in first:
        desk.clear(part, 2)
    assert desk.state(OBLAST) == "partly"
    desk.cancel(last, 3)
    assert desk.state(OBLAST) == "unknown"
    desk.clear(last, 4)
    assert desk.state(OBLAST) == "clear"


def test_the_cities_of_a_hromada_do_not_speak_for_its_villages():
    hromada = next(area.id for area in UA if area.level == "hromada" and UA.children(area.id))
    desk = Desk("feed", areas=UA.children(hromada), silence_s=1_000)
    for city in UA.children(hromada):
        desk.raised(city, 1)
        desk.clear(city, 2)
    assert desk.state(hromada) == "unknown"


def test_a_contact_is_a_statement_about_everything_that_has_no_record_yet():
    desk = Desk("feed")
    desk.contact((KYIV, "air"))
    assert (desk.state(KYIV), desk.state(OBLAST), desk.state(HROMADA)) == ("raised", "clear", "clear")


def test_what_is_recorded_raised_and_not_listed_by_a_contact_stays_raised_and_is_reported():
    desk = Desk("feed")
    desk.raised(KYIV, 0)
    statement = Contact(Realm.ACTUAL, "feed", held=True, sent=at(5), raised=())
    assert desk.board.unlisted(statement) == [(KYIV, "air")]
    desk.hear(statement)
    assert desk.state(KYIV) == "raised"


def test_a_contact_older_than_the_all_clear_does_not_raise_again():
    desk = Desk("feed")
    desk.raised(KYIV, 0)
    desk.clear(KYIV, 10)
    desk.contact((KYIV, "air"), seconds=9)
    assert desk.state(KYIV) == "clear"
    desk.contact((KYIV, "air"), seconds=11)
    assert desk.state(KYIV) == "raised"


def test_of_two_raises_of_one_time_the_one_that_lasts_longer_counts():
    for expiries in ((None, 60), (60, None), (30, 60), (60, 30)):
        desk = Desk("feed")
        for number, seconds in enumerate(expiries):
            expires = None if seconds is None else at(seconds)
            desk.raised(KYIV, 1, source="feed", expires=expires, text=f"{number}")
        desk.lapse(45)
        assert desk.state(KYIV) == "raised", expiries
        assert desk.status(KYIV).expires == (None if None in expiries else at(60))


def test_a_contact_that_lists_a_raise_does_not_make_it_last_longer_than_it_said():
    for seconds in (0, 30):
        desk = Desk("feed")
        desk.raised(KYIV, 0, expires=at(60))
        desk.contact((KYIV, "air"), seconds=seconds)
        desk.lapse(60)
        assert desk.state(KYIV) == "unknown", seconds


def test_a_contact_that_still_lists_a_raise_when_its_time_is_up_keeps_it():
    for seconds in (60, 61):
        desk = Desk("feed")
        desk.raised(KYIV, 0, expires=at(60))
        desk.contact((KYIV, "air"), seconds=seconds)
        desk.lapse(60)
        assert desk.state(KYIV) == "raised", seconds


def test_a_contact_from_before_a_raise_that_runs_out_does_not_keep_it():
    desk = Desk("feed")
    desk.contact((KYIV, "air"), seconds=0)
    desk.raised(KYIV, 10, expires=at(60))
    desk.lapse(60)
    assert desk.state(KYIV) == "unknown"


def test_a_cancellation_is_no_all_clear():
    desk = Desk("feed")
    desk.contact()
    desk.raised(KYIV, 1)
    desk.contact((KYIV, "air"), (OBLAST, "air"), seconds=2)  # logged, for the oblast
    desk.cancel(KYIV, 3)
    assert desk.state(KYIV) == "unknown"
    assert desk.status(KYIV).cancelled
    desk.contact((OBLAST, "air"), seconds=4)
    assert desk.state(KYIV) == "clear"


def test_a_raise_with_an_expiry_ends_as_unknown():
    desk = Desk("feed")
    desk.contact()
    desk.raised(KYIV, 1, expires=at(60))
    desk.lapse(59)
    assert desk.state(KYIV) == "raised"
    desk.lapse(60)
    assert desk.state(KYIV) == "unknown"
    desk.contact(seconds=61)
    assert desk.state(KYIV) == "unknown"  # it has a record, so a statement does not make it clear
    desk.clear(KYIV, 62)
    assert desk.state(KYIV) == "clear"


def test_a_raise_without_expiry_never_ends_by_itself():
    desk = Desk("feed")
    desk.raised(KYIV, 0)
    desk.quiet(70)
    assert desk.lapse(10 * 365 * 86_400) == []
    assert desk.state(KYIV) == "raised"


def test_a_raise_that_had_run_out_when_it_was_heard_is_not_sounded():
    desk = Desk("feed")
    desk.contact()
    desk.hear(signal("feed", KYIV, "air", Act.RAISED, at(0), expires=at(10)), when=at(20))
    assert desk.state(KYIV) == "unknown"
    assert [alert for alert in desk.alerts if alert.state == "raised"] == []


def test_an_old_signal_is_told_and_marked_as_late():
    desk = Desk("feed")
    alerts = desk.hear(signal("feed", KYIV, "air", Act.RAISED, at(0)), when=at(901))
    assert (desk.state(KYIV), {alert.late for alert in alerts}) == ("raised", {True})


def test_a_late_clear_does_not_end_a_newer_raise():
    desk = Desk("feed")
    desk.raised(KYIV, 10)
    desk.clear(KYIV, 5)
    assert desk.state(KYIV) == "raised"


def test_of_a_raise_and_a_clear_with_one_time_danger_wins():
    one, other = Desk("feed"), Desk("feed")
    one.raised(KYIV, 5)
    one.clear(KYIV, 5)
    other.clear(KYIV, 5)
    other.raised(KYIV, 5)
    assert (one.state(KYIV), other.state(KYIV)) == ("raised", "raised")


def test_a_clear_older_than_another_source_s_raise_does_not_make_clear_when_that_one_ends():
    """B said clear before A raised.  When A's raise runs out, B has said nothing of it yet."""
    desk = Desk("a", "b", silence_s=10_000)
    desk.raised(KYIV, 0, "b")
    desk.clear(KYIV, 1, "b")
    desk.raised(KYIV, 5, "a", expires=at(60))
    desk.lapse(60)
    assert desk.state(KYIV) == "unknown"


def test_a_threat_that_nobody_reports_there_is_not_covered_and_does_not_count():
    desk = Desk("feed", threats=("air",))
    desk.contact()
    assert (desk.state(KYIV, "nuclear"), desk.worst(KYIV)) == ("not_covered", "clear")


def test_a_contract_for_all_threats_covers_the_known_ones_everywhere_and_others_where_they_were_used():
    desk = Desk("feed", threats=("*",))
    desk.contact()
    assert (desk.state(KYIV, "nuclear"), desk.state(KYIV, "sea_drones")) == ("clear", "not_covered")
    desk.raised(KYIV, 1, threat="sea_drones")
    assert (desk.state(KYIV, "sea_drones"), desk.worst(KYIV)) == ("raised", "raised")
    assert desk.state("UA46", "sea_drones") == "not_covered"


def test_the_worst_threat_decides_for_the_area():
    desk = Desk("feed", threats=("*",))
    desk.contact()
    desk.raised(KYIV, 1, threat="chemical")
    assert (desk.worst(KYIV), desk.state(KYIV)) == ("raised", "clear")


def test_unknown_of_one_threat_is_not_hidden_by_the_clear_of_another():
    desk = Desk()
    desk.hear(contract("a", threats=("air",)))
    desk.hear(contract("b", threats=("chemical",)))
    desk.contact(source="a")
    assert (desk.state(KYIV), desk.state(KYIV, "chemical"), desk.worst(KYIV)) == (
        "clear",
        "unknown",
        "unknown",
    )


def test_when_a_contract_ends_what_it_called_clear_is_no_longer_covered_and_its_raises_stay():
    desk = Desk("feed")
    desk.contact()
    desk.raised(KYIV, 1)
    desk.hear(contract("feed", areas=(), threats=()), when=at(2))
    assert (desk.state(KYIV), desk.state(OBLAST), desk.worst(OBLAST)) == ("raised", "not_covered", "unknown")


def test_level_subtype_and_text_of_a_raise_are_told():
    desk = Desk("a", "b")
    desk.raised(KYIV, 1, "a", level="yellow", subtype="drones")
    desk.raised(KYIV, 2, "b", level="red", subtype="ballistic", text="to shelter")
    status = desk.status(KYIV)
    assert (status.level, status.subtype, status.text) == ("red", "ballistic", "to shelter")


def test_the_same_news_is_said_once():
    desk = Desk("feed")
    assert len(desk.raised(KYIV, 1)) == 2  # of Kyiv, and partly of the country
    assert desk.raised(KYIV, 2) == []


def test_one_cause_is_one_alert_for_all_areas_that_it_takes_to_the_same_state():
    desk = Desk("feed")
    desk.contact()
    (alert,) = [alert for alert in desk.raised(OBLAST, 1) if alert.state == "raised"]
    assert alert.areas[0] == OBLAST


def test_an_import_changes_no_present_state():
    desk = Desk("feed")
    assert [] == desk.hear(Episode(Realm.ACTUAL, "table", KYIV, "air", at(0), at(60)), when=at(0))
    assert desk.state(KYIV) == "unknown"


@pytest.mark.parametrize("realm", [Realm.EXERCISE, Realm.TEST, Realm.REPLAY])
def test_a_board_refuses_what_is_of_another_realm(realm):
    board = Board(UA, Realm.ACTUAL)
    with pytest.raises(ValueError, match=f"is of realm {realm}"):
        board.hear(1, at(0), Signal(realm, "feed", "1", KYIV, "air", Act.RAISED, at(0)))


def test_after_a_crash_between_hearing_and_saying_the_board_knows_what_it_owes():
    desk = Desk("feed")
    place, when = desk.place + 1, at(1)
    desk.board.learn(place, when, signal("feed", KYIV, "air", Act.RAISED, when))
    owed = desk.board.owed(place, when)
    assert {(alert.areas, str(alert.state)) for alert in owed} == {((KYIV,), "raised"), (("UA",), "partly")}


def test_an_area_is_not_clear_while_a_part_of_it_is_unknown():
    """A said clear of the oblast before B raised a part, and B took that back."""
    for part in (RAION, HROMADA):
        desk = Desk("a", "b", silence_s=1_000)
        desk.raised(OBLAST, 1, "a")
        desk.clear(OBLAST, 4, "a")
        desk.raised(part, 5, "b")
        desk.cancel(part, 6, "b")
        assert (desk.state(part), desk.state(OBLAST)) == ("unknown", "unknown")
        desk.clear(OBLAST, 7, "a")
        assert (desk.state(part), desk.state(OBLAST)) == ("clear", "clear")


def test_partly_is_since_its_oldest_part_and_names_all_who_raised_one():
    desk = Desk("a", "b")
    desk.raised(RAION, 5, "a")
    desk.raised(BESIDE, 3, "b")
    status = desk.status(OBLAST)
    assert (status.state, status.since, status.sources) == ("partly", at(3), ("a", "b"))


def test_what_lies_around_or_within_was_raised_too_and_what_lies_beside_was_not():
    desk = Desk("feed", "other")
    desk.raised(RAION, 1)
    ended = {
        area for area in (OBLAST, RAION, HROMADA, BESIDE, KYIV) if desk.board.was_raised("feed", area, "air")
    }
    assert ended == {OBLAST, RAION, HROMADA}
    assert not desk.board.was_raised("other", RAION, "air")
    assert not desk.board.was_raised("feed", RAION, "chemical")


def test_a_contact_is_kept_when_it_can_make_clear_what_an_older_one_could_not():
    """And only then: a sign of life every few seconds would fill the log."""
    desk = Desk("a", "b")
    desk.contact(seconds=0, source="a")
    desk.raised(KYIV, 5, "b", expires=at(20))
    desk.lapse(20)
    assert desk.state(KYIV) == "unknown"
    statement = Contact(Realm.ACTUAL, "a", held=True, sent=at(30))
    assert desk.board.changes(statement)
    desk.hear(statement)
    assert desk.state(KYIV) == "clear"
    assert not desk.board.changes(Contact(Realm.ACTUAL, "a", held=True, sent=at(35)))


def test_a_contact_that_lists_a_raise_at_the_time_of_its_all_clear_does_not_raise_it_again():
    """In either order: else it would stand for ever, for its source has ended it."""
    one, other = Desk("feed"), Desk("feed")
    one.raised(KYIV, 0)
    one.clear(KYIV, 9)
    one.contact((KYIV, "air"), seconds=9)
    other.contact((KYIV, "air"), seconds=9)
    other.clear(KYIV, 9)
    assert (one.state(KYIV), other.state(KYIV)) == ("clear", "clear")


def test_a_second_clear_of_the_same_time_changes_nothing():
    desk = Desk("feed", silence_s=60)
    desk.raised(KYIV, 0)
    desk.clear(KYIV, 5)
    assert desk.clear(KYIV, 5) == []
    assert desk.lapse(70) != []


def test_of_two_sources_the_raise_that_lasts_longer_says_when_it_ends():
    desk = Desk("a", "b")
    desk.raised(KYIV, 1, "a", expires=at(60))
    desk.raised(KYIV, 2, "b", expires=at(30))
    assert desk.status(KYIV).expires == at(60)
    desk.lapse(30)
    assert (desk.state(KYIV), desk.status(KYIV).expires) == ("raised", at(60))
    desk.raised(KYIV, 40, "b")
    assert desk.status(KYIV).expires is None


def test_a_clear_counts_against_every_raise_around_it_not_only_the_nearest():
    """A clear of the raion from before the oblast was raised by another, which took that back."""
    desk = Desk("a", "b", silence_s=1_000)
    desk.raised(RAION, 1, "a")
    desk.clear(RAION, 3, "a")
    desk.raised(OBLAST, 5, "b")
    desk.cancel(OBLAST, 6, "b")
    assert desk.state(RAION) == "unknown"


def test_a_signal_is_late_only_when_it_is_older_than_its_contract_says():
    for seconds, late in ((900, False), (900.1, True)):
        desk = Desk("feed")
        alerts = desk.hear(signal("feed", KYIV, "air", Act.RAISED, at(0)), when=at(seconds))
        assert {alert.late for alert in alerts} == {late}


def test_a_statement_says_nothing_of_what_a_later_contract_adds():
    """A feed of Kyiv held nothing raised.  That is no word on Lviv, which it may report from now on."""
    desk = Desk("feed", areas=(KYIV,))
    desk.contact()
    assert (desk.state(KYIV), desk.state("UA46")) == ("clear", "not_covered")
    desk.hear(contract("feed", (KYIV, "UA46")), when=at(5))
    assert (desk.state(KYIV), desk.state("UA46")) == ("unknown", "unknown")
    statement = Contact(Realm.ACTUAL, "feed", held=True, sent=at(6))
    assert desk.board.changes(statement)
    desk.hear(statement)
    assert (desk.state(KYIV), desk.state("UA46")) == ("clear", "clear")


def test_a_contract_that_ends_and_comes_again_begins_unheard():
    desk = Desk("feed")
    desk.contact()
    desk.hear(contract("feed", (), ()), when=at(5))
    desk.hear(contract("feed"), when=at(6))
    assert desk.state(KYIV) == "unknown"


def test_an_all_clear_of_a_moment_ago_outlives_a_contact_that_was_long_ago():
    """It is younger than the contact that is lost, and its source was heard by it."""
    desk = Desk("feed", silence_s=60)
    desk.contact()
    desk.raised(KYIV, 1)
    desk.clear(KYIV, 59)
    desk.raised(OBLAST, 1)
    desk.clear(OBLAST, 2)
    desk.quiet(63)
    assert (desk.state(KYIV), desk.state(OBLAST)) == ("clear", "unknown")
    desk.lapse(119)
    assert desk.state(KYIV) == "unknown"


def test_what_is_set_aside_is_unknown_until_its_source_speaks_again():
    """By a contact that lists it, or by a raise; with the beginning that it had."""
    for again in (lambda desk: desk.contact((KYIV, "air"), seconds=90), lambda desk: desk.raised(KYIV, 90)):
        desk = Desk("feed")
        desk.raised(KYIV, 1)
        desk.quiet(60)
        alert, *_ = desk.set_aside(KYIV, 70)
        assert (str(alert.state), alert.set_aside, alert.sources) == ("unknown", True, ("feed",))
        assert desk.board.holds("feed") == []
        again(desk)
        assert (desk.state(KYIV), desk.status(KYIV).since) == ("raised", at(1))
        assert not desk.status(KYIV).set_aside


def test_only_an_all_clear_that_came_after_makes_clear_what_was_set_aside():
    """No contact of its own source, none of another, and no older all clear that comes late."""
    desk = Desk("feed", "other")
    desk.raised(KYIV, 1)
    desk.raised(KYIV, 1, source="other")
    desk.clear(KYIV, 500, source="other")  # its clock is fast
    desk.quiet(60)
    desk.set_aside(KYIV, 70)
    assert desk.state(KYIV) == "unknown"
    desk.contact(seconds=600, source="other")
    desk.contact(seconds=600)
    assert (desk.state(KYIV), desk.worst("UA80")) == ("unknown", "unknown")
    desk.clear(KYIV, 601, source="other")
    assert desk.state(KYIV) == "clear"


def test_what_another_source_holds_stays_raised():
    desk = Desk("feed", "other")
    desk.raised(KYIV, 1)
    desk.raised(KYIV, 2, source="other")
    desk.set_aside(KYIV, 70)
    assert desk.state(KYIV) == "raised"


def test_what_is_set_aside_is_unknown_also_where_no_contract_covers_it_any_more():
    """Not covered would let another threat's all clear speak for the area, and for the one around it."""
    desk = Desk("feed", "other", threats=("air", "artillery"))
    desk.raised(KYIV, 1)
    desk.contact(seconds=2, source="other")
    for source in ("feed", "other"):
        desk.hear(contract(source, ("UA",), ("artillery",)), when=at(5))
    desk.contact(seconds=6, source="other")
    desk.set_aside(KYIV, 70)
    assert (desk.state(KYIV), desk.state(KYIV, "artillery")) == ("unknown", "clear")
    assert (desk.worst(KYIV), desk.worst("UA")) == ("unknown", "unknown")

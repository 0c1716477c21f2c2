"""The chain of messages: whoever follows it knows what we told, and gets no all clear that we did not say."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from tests.shared import shared
from tocsin.cap.known import Known
from tocsin.cap.message import Message, Reference
from tocsin.cap.read import read
from tocsin.cap.say import Author
from tocsin.cap.thread import Thread
from tocsin.cap.write import to_json, to_xml
from tocsin.countries import load
from tocsin.model import Alert, AreaId, Level, Realm, State, Threat

AREAS = load("ua").areas
AUTHOR = Author("tocsin@example.org", {"uk": "Сповіщення", "en": "Alerts"}, "https://example.org/cap/")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
KYIV, OBLAST, LVIV = AreaId("UA80"), AreaId("UA32"), AreaId("UA46")


def said(*areas: AreaId, state: State = State.RAISED, threat: str = "air", **more) -> Alert:
    """Return an alert."""
    realm = more.pop("realm", Realm.ACTUAL)
    return Alert(realm, areas, Threat(threat), state, NOON, (1,), **more)


CLEAR = said(KYIV, state=State.CLEAR)
ERROR = said(KYIV, state=State.UNKNOWN, cancelled=True)
LAPSED = said(KYIV, state=State.UNKNOWN)


def told(*alerts: Alert, thread: Thread | None = None, every: timedelta = HOUR) -> list[Message]:
    """Return the messages that alerts make, an hour between them."""
    thread = thread or Thread(AREAS, AUTHOR, "epoch")
    return [
        message
        for number, alert in enumerate(alerts)
        for message in thread.hear(number + 1, NOON + number * every, alert)
    ]


def names(message: Message) -> list[str]:
    """Return the identifiers that a message refers to."""
    return [one.identifier for one in message.references]


def responses(message: Message) -> dict[str, str]:
    """Return what a message says of each of our areas: its first responseType."""
    found: dict[str, str] = {}
    for info in message.infos:
        for area in info.areas:
            code = next(pair.value for pair in area.geocodes if pair.name == "TOCSIN")
            assert found.setdefault(code, info.responses[0]) == info.responses[0]
    return found


def test_a_raise_is_an_alert_in_two_languages():
    """Of one code: only the words differ."""
    (message,) = told(said(KYIV, level=Level.RED))

    assert (message.type, message.status, message.scope) == ("Alert", "Actual", "Public")
    assert message.identifier == "epoch-1"
    assert [(i.language, i.event, i.severity) for i in message.infos] == [
        ("uk", "Повітряна тривога", "Extreme"),
        ("en", "Air raid alert", "Extreme"),
    ]
    assert message.infos[1].headline == "Air raid alert: Kyiv"
    assert ("KATOTTG", "UA80000000000093317") in message.infos[0].areas[0].geocodes


def test_all_clear_is_an_update_that_says_so():
    """It names what it ends."""
    _, clear = told(said(KYIV), CLEAR)

    assert clear.type == "Update"
    assert names(clear) == ["epoch-1"]
    assert responses(clear) == {KYIV: "AllClear"}
    assert clear.infos[0].headline.startswith("Відбій")


def test_sent_in_error_is_a_cancel_and_no_all_clear():
    """The word says that nothing is said about danger."""
    _, cancel = told(said(KYIV), ERROR)

    assert cancel.type == "Cancel"
    assert names(cancel) == ["epoch-1"]
    assert responses(cancel) == {KYIV: "None"}
    assert "not an all clear" in cancel.infos[1].instruction


def test_a_raise_that_ran_out_is_neither():
    """Nobody said that the danger is over, nobody said that there was none."""
    _, lapsed = told(said(KYIV), LAPSED)

    assert lapsed.type == "Update"
    assert responses(lapsed) == {KYIV: "Shelter"}
    assert {i.certainty for i in lapsed.infos} == {"Unknown"}
    assert "no all clear" in lapsed.infos[1].instruction


def test_an_all_clear_after_that_ends_the_whole_chain():
    """Whoever missed the message between them is told too."""
    clear = told(said(KYIV), LAPSED, CLEAR)[-1]

    assert responses(clear) == {KYIV: "AllClear"}
    assert names(clear) == ["epoch-1", "epoch-2"]


@pytest.mark.parametrize("alert", [CLEAR, LAPSED, ERROR, said(KYIV, state=State.PARTLY)])
def test_what_was_never_raised_is_not_spoken_of(alert):
    """A feed of all clears for everything would teach people to look away."""
    assert told(alert) == []


def test_what_still_stands_of_a_message_is_said_again_in_the_one_that_replaces_it():
    """An update replaces a message whole; danger stands first in it."""
    _, update = told(said(KYIV, OBLAST), CLEAR)

    assert responses(update) == {OBLAST: "Shelter", KYIV: "AllClear"}
    assert update.infos[0].responses == ("Shelter",)
    (clear,) = told(said(KYIV, OBLAST), CLEAR, said(OBLAST, state=State.CLEAR))[2:]
    assert names(clear) == ["epoch-1", "epoch-2"]


def test_what_still_stands_when_a_message_is_cancelled_is_said_first():
    """There is no moment in which nobody speaks for it, and the cancel does not touch it."""
    _, kept, cancel = told(said(KYIV, OBLAST), ERROR)

    assert (kept.type, names(kept), responses(kept)) == ("Alert", [], {OBLAST: "Shelter"})
    assert (cancel.type, names(cancel), responses(cancel)) == ("Cancel", ["epoch-1"], {KYIV: "None"})


def test_threats_have_chains_of_their_own():
    """The end of the shelling is not the end of the raid."""
    *_, clear = told(
        said(KYIV), said(KYIV, threat="artillery"), said(KYIV, threat="artillery", state=State.CLEAR)
    )

    assert names(clear) == ["epoch-2"]


def test_a_clear_in_the_same_second_is_later():
    """CAP has no fractions, and of two equal times danger wins."""
    raised, clear = told(said(KYIV), CLEAR, every=timedelta(milliseconds=10))

    assert clear.sent - raised.sent == timedelta(seconds=1)


def test_a_message_says_until_when_it_holds():
    """As long as its source says, else a day."""
    (short,) = told(said(KYIV, expires=NOON + HOUR))
    (long,) = told(said(KYIV))

    assert {i.expires for i in short.infos} == {NOON + HOUR}
    assert {i.expires for i in long.infos} == {NOON + 24 * HOUR}


def test_a_long_raise_is_said_again_before_it_expires():
    """Every half day; after an outage those that were missed too, for the all clear refers to them."""
    live = Thread(AREAS, AUTHOR, "epoch")
    told(said(KYIV), thread=live)
    every = [m for hours in range(1, 49) for m in live.renew(NOON + hours * HOUR)]
    late = Thread(AREAS, AUTHOR, "epoch")
    told(said(KYIV), thread=late)

    assert [m.identifier for m in every] == [f"epoch-1.r{n}" for n in (1, 2, 3, 4)]
    assert [names(m) for m in every] == [
        ["epoch-1"],
        ["epoch-1.r1"],
        ["epoch-1.r2"],
        ["epoch-1.r3"],
    ]
    assert late.renew(NOON + 48 * HOUR) == tuple(every)
    assert live.hear(9, NOON + 50 * HOUR, CLEAR) == late.hear(9, NOON + 50 * HOUR, CLEAR)


def test_a_raise_that_its_source_lets_expire_is_not_said_again():
    """It would make it longer than its source did."""
    thread = Thread(AREAS, AUTHOR, "epoch")
    told(said(KYIV, expires=NOON + 20 * HOUR), thread=thread)

    assert thread.renew(NOON + 15 * HOUR) == ()


@pytest.mark.parametrize(
    ("realm", "status", "mark"), [(Realm.EXERCISE, "Exercise", "EXERCISE. "), (Realm.TEST, "Test", "TEST. ")]
)
def test_an_exercise_says_so_in_its_status_and_in_every_headline(realm, status, mark):
    """A reader who shows the headline alone shows that too."""
    (message,) = told(said(KYIV, realm=realm))

    assert message.status == status
    assert message.infos[1].headline.startswith(mark)
    assert "no real danger" in message.note


def test_nothing_of_a_replay_leaves_by_cap():
    """CAP has no word for it."""
    assert told(said(KYIV, realm=Realm.REPLAY)) == []


def test_a_text_of_the_source_is_inert():
    """It cannot close an element, hide a word or put a character there that XML does not have."""
    (message,) = told(said(KYIV, text="</description><status>Test</status>\u202e\x00\x1b&\ud800"))
    (reading,) = read(to_xml(message))

    assert reading.findings == ()
    assert reading.message.status == "Actual"
    assert reading.message.infos[0].description == "</description><status>Test</status>&"


ALERTS = st.lists(
    st.tuples(
        st.lists(st.sampled_from([KYIV, OBLAST, LVIV]), min_size=1, max_size=3, unique=True),
        st.sampled_from([s for s in State if s is not State.NOT_COVERED]),
        st.booleans(),
        st.sampled_from([timedelta(milliseconds=100), timedelta(minutes=7), 13 * HOUR, 40 * HOUR]),
    ),
    max_size=12,
)


def alerts_of(drawn) -> list[tuple[int, datetime, Alert]]:
    """Return alerts with their places and times."""
    at, found = NOON, []
    for seq, (areas, state, cancelled, gap) in enumerate(drawn, 1):
        at += gap
        wrong = cancelled and state is State.UNKNOWN
        found.append((seq, at, said(*areas, state=state, cancelled=wrong)))
    return found


class Follower:
    """A reader by the standard: an update replaces, a cancel removes, what expired is not shown."""

    def __init__(self) -> None:
        self.shown: dict[Reference, Message] = {}

    def take(self, messages: Iterable[Message]) -> None:
        for message in messages:
            for one in message.references:
                self.shown.pop(one, None)
            if message.type != "Cancel":
                self.shown[message.reference] = message

    def danger(self, at: datetime) -> set[str]:
        return {
            area
            for message in self.shown.values()
            for area, response in responses(message).items()
            if response == "Shelter" and message.infos[0].expires > at
        }


@given(ALERTS)
def test_whoever_follows_shows_danger_where_we_told_of_it_and_nowhere_else(drawn):
    """After every alert.  What was raised and is now unknown is danger; what was cancelled is not."""
    thread, follower = Thread(AREAS, AUTHOR, "epoch"), Follower()
    danger: set[str] = set()
    for seq, at, alert in alerts_of(drawn):
        follower.take(thread.hear(seq, at, alert))
        if alert.state is State.RAISED:
            danger |= set(alert.areas)
        elif alert.state is State.CLEAR or alert.cancelled:
            danger -= set(alert.areas)

        assert follower.danger(at) == danger


@given(ALERTS, st.integers(0, 20))
def test_a_message_that_was_missed_leaves_no_danger_unsaid(drawn, missed):
    """Whoever then gets the next one about an area shows it as we do."""
    thread, follower = Thread(AREAS, AUTHOR, "epoch"), Follower()
    latest: dict[str, tuple[str, bool]] = {}
    count = 0
    for seq, at, alert in alerts_of(drawn):
        for message in thread.hear(seq, at, alert):
            count += 1
            got = count != missed
            follower.take([message] if got else [])
            for area, response in responses(message).items():
                latest[area] = (response, got)
                assert response != "AllClear" or (alert.state is State.CLEAR and area in alert.areas)
        for area, (response, got) in latest.items():
            if got:
                assert (area in follower.danger(at)) == (response == "Shelter")


@given(ALERTS)
def test_what_we_write_breaks_no_rule_and_reads_as_what_we_meant(drawn):
    """Also in the light of all that was sent before; and no name is used twice."""
    thread, known, sent = Thread(AREAS, AUTHOR, "epoch"), Known(), set()
    for seq, at, alert in alerts_of(drawn):
        for message in thread.hear(seq, at, alert):
            (reading,) = read(to_xml(message))
            judged = known.judge(reading)

            assert judged.findings == ()
            assert judged.message == message
            assert message.identifier not in sent
            sent.add(message.identifier)
            known.hear(reading)


@given(ALERTS)
def test_a_server_that_starts_again_says_the_same_messages(drawn):
    """Names, times and words follow from the log."""
    alerts = alerts_of(drawn)
    one, other = Thread(AREAS, AUTHOR, "epoch"), Thread(AREAS, AUTHOR, "epoch")

    assert [one.hear(*each) for each in alerts] == [other.hear(*each) for each in alerts]


def test_what_we_write_is_valid_by_the_schema():
    """The standard's own."""
    schema = etree.XMLSchema(etree.parse(shared("cap/CAP-v1.2.xsd")))
    messages = told(said(KYIV, OBLAST, text="БпЛА"), CLEAR, said(KYIV, threat="nuclear"), said(KYIV), ERROR)

    for message in messages:
        schema.assertValid(etree.fromstring(to_xml(message)))
    assert len(messages) > 4


def test_json_has_the_same_names():
    """A list wherever there may be several."""
    (message,) = told(said(KYIV))
    text = to_json(message).decode()

    assert '"msgType":"Alert"' in text
    assert '"responseType":["Shelter"]' in text
    assert '"geocode":[{"valueName":"TOCSIN","value":"UA80"}' in text


def test_what_was_set_aside_is_unknown_in_every_code_and_says_so():
    """Never an all clear."""
    aside = said(KYIV, state=State.UNKNOWN, set_aside=True)
    xml = to_xml(told(said(KYIV), aside)[-1]).decode()
    assert "set aside by the office" in xml
    assert "TOCSIN-SET-ASIDE" in xml
    assert "AllClear" not in xml


def test_free_text_is_text_in_a_message_and_reorders_nothing():
    """What looks like elements stays text; what is not seen is left out."""
    (message,) = told(said(KYIV, text="<headline>All clear</headline> \u202egniog\u2066 ]]> &x; \x9b"))
    xml = to_xml(message)
    assert [one.text for one in etree.fromstring(xml).iter("{*}headline")] != ["All clear"]
    assert b"<headline>All clear" not in xml
    assert not any(one in xml.decode() for one in ("\u202e", "\u2066", "\x9b"))

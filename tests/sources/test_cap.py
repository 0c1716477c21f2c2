"""What CAP messages of a source do, and what forged, replayed, re-dated and wrapped ones do not."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.cap import messages
from tests.cap.test_sign import NOW, PINNED, wrapped
from tests.sources.formats import UA
from tocsin.cap.message import Message
from tocsin.model import AreaId, Realm
from tocsin.sources import Payload
from tocsin.sources.cap import Cap
from tocsin.testing.sources import SourcePromises

AT = datetime(2026, 3, 1, 8, 5, tzinfo=UTC)
LATER = "2026-03-01T10:04:00+02:00"
FEED = '<feed xmlns="http://www.w3.org/2005/Atom"><id>x</id><title>x</title>{}</feed>'


def entry(message):
    """Return a message within a feed."""
    return f'<entry><id>x</id><content type="application/xml">{message}</content></entry>'


def feed(*inside):
    """Return a feed that carries messages."""
    return FEED.format("".join(map(entry, inside))).encode()


class TestCap(SourcePromises):
    """The promises."""

    raises = feed(messages.alert())
    quiet = FEED.format("").encode()

    def make(self):
        """Return the format."""
        return Cap(UA, Realm.ACTUAL)

    def heard(self, body, at=AT):
        """Return what a payload says at a time at which our messages count."""
        return self.make().decode(Payload(body, AT))


def all_clear(*of, identifier="end", **more):
    """Return an all clear by update."""
    said = messages.info(response="AllClear")
    return messages.alert(
        said, identifier=identifier, sent=LATER, kind="Update", after_scope=messages.references(*of), **more
    )


def said(source, *bodies, at=AT):
    """Return what a source says of each message, in short."""
    found = []
    for body in bodies:
        heard = source.decode(Payload(body.encode(), at))
        found.append([(str(one.act), one.area, one.threat) for one in heard.sayings])
    return found


KYIV_UP, KYIV_CLEAR = ("raised", "UA80", "air"), ("clear", "UA80", "air")


def test_an_alert_raises_and_an_all_clear_of_it_ends():
    """The whole life of one danger."""
    assert [[KYIV_UP], [KYIV_CLEAR]] == said(Cap(UA, Realm.ACTUAL), messages.alert(), all_clear("one"))


def test_a_cancel_is_no_clear():
    """It was sent in error."""
    cancel = messages.alert(
        identifier="no", sent=LATER, kind="Cancel", after_scope=messages.references("one")
    )
    found = said(Cap(UA, Realm.ACTUAL), messages.alert(), cancel)
    assert found[1] == [("cancelled", "UA80", "air")]


def test_an_all_clear_of_one_message_leaves_what_another_raised():
    """Two messages hold Kyiv; the end of one is not the end."""
    source = Cap(UA, Realm.ACTUAL)
    found = said(
        source,
        messages.alert(),
        messages.alert(identifier="two"),
        all_clear("one"),
        all_clear("two", identifier="e2"),
    )
    assert found[2:] == [[], [KYIV_CLEAR]]


def test_an_all_clear_of_what_was_not_heard_clears_nothing():
    """And a person is told."""
    heard = Cap(UA, Realm.ACTUAL).decode(Payload(all_clear("never").encode(), AT))
    assert heard.sayings == () and heard.quarantined[0].name == "end"


def test_what_was_heard_before_a_restart_can_be_ended_after_it():
    """The messages that were accepted are remembered."""
    kept: list[Message] = []
    said(Cap(UA, Realm.ACTUAL, remember=kept.append), messages.alert())
    assert [[KYIV_CLEAR]] == said(Cap(UA, Realm.ACTUAL, memory=kept), all_clear("one"))


def test_a_replayed_message_says_the_same_by_the_same_name():
    """So it has no second effect; nor does it raise again what was ended since."""
    source = Cap(UA, Realm.ACTUAL)
    first, _, again = said(source, messages.alert(), all_clear("one"), messages.alert())
    assert (first, again) == ([KYIV_UP], [])


def test_a_redated_message_goes_to_a_person():
    """The same name with another time is another message under a name that was used."""
    source = Cap(UA, Realm.ACTUAL)
    said(source, messages.alert())
    heard = source.decode(Payload(messages.alert(sent=LATER).encode(), AT))
    assert heard.sayings == () and "identifier-reused" in heard.quarantined[0].why


def test_an_exercise_raises_nothing_actual():
    """It is of another realm."""
    assert said(Cap(UA, Realm.ACTUAL), messages.alert(status="Exercise")) == [[]]


def test_what_has_run_out_raises_nothing():
    """It is read the day after."""
    assert said(Cap(UA, Realm.ACTUAL), messages.alert(), at=AT + timedelta(days=1)) == [[]]


def test_an_event_that_no_table_knows_goes_to_a_person():
    """Unless somebody ruled what this source speaks of."""
    odd = messages.alert(messages.info(event="Meteorite"))
    heard = Cap(UA, Realm.ACTUAL).decode(Payload(odd.encode(), AT))
    assert heard.sayings == () and heard.quarantined[0].why == ("event that no table knows",)
    assert said(Cap(UA, Realm.ACTUAL, default="air"), odd) == [[KYIV_UP]]


def test_a_place_that_is_not_known_goes_to_a_person():
    """It raises nothing, and nothing wider."""
    odd = messages.alert(messages.info(areas=messages.area(code="XX99")))
    heard = Cap(UA, Realm.ACTUAL).decode(Payload(odd.encode(), AT))
    assert heard.sayings == () and "no place for" in heard.quarantined[0].why[0]


def test_a_shape_raises_what_it_covers_wholly():
    """What it covers partly goes to a person."""
    shape = messages.alert(
        messages.info(areas=messages.area(f"<polygon>{messages.SQUARE}</polygon>", code=""))
    )
    source = Cap(UA, Realm.ACTUAL, place=lambda area: ((AreaId("UA80"),), (AreaId("UA32"),)))
    heard = source.decode(Payload(shape.encode(), AT))
    assert [one.area for one in heard.sayings] == ["UA80"]
    assert heard.quarantined[0].why == ("covers a part only of UA32",)


def test_a_complete_feed_is_complete_only_while_all_of_it_was_read():
    """One message in doubt, and nothing is over because it is not there."""
    source = Cap(UA, Realm.ACTUAL, complete=True)
    assert source.decode(Payload(feed(), AT)).complete
    doubt = source.decode(Payload(feed(messages.alert(status="actual")), AT))
    assert doubt.unknown == (("UA", "*"),)


@pytest.mark.parametrize("trick", wrapped().values(), ids=wrapped().keys())
def test_a_wrapped_message_of_a_source_that_signs_has_no_effect(trick):
    """Whatever was put around or beside the signed message: it is reported."""
    source = Cap(UA, Realm.ACTUAL, pinned=PINNED)
    heard = source.decode(Payload(trick, NOW))
    assert heard.sayings == () and heard.notes


def test_an_unsigned_message_of_a_source_that_signs_is_refused():
    """And said to be."""
    heard = Cap(UA, Realm.ACTUAL, pinned=PINNED).decode(Payload(messages.alert().encode(), AT))
    assert heard.sayings == () and heard.notes[0].startswith("signature-missing")

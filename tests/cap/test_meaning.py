"""What a message does: danger is believed at once, an end only from whoever said the beginning."""

import pytest

from tests.cap.messages import SENDER, alert, area, info, references
from tocsin.cap.known import Known
from tocsin.cap.meaning import Effect, Meaning, areas_by_code, meaning
from tocsin.cap.message import Pair
from tocsin.cap.read import read
from tocsin.countries import load
from tocsin.model import Act, Realm

LATER = "2026-03-01T11:00:00+02:00"
CLEAR = info(response="AllClear")
OTHER = "other@example.org"


def after(text: str, *before: str) -> Meaning:
    """Return what a message means after others were heard."""
    known = Known()
    for one in before or (alert(identifier="first"),):
        known.hear(read(one.encode())[0])
    (reading,) = read(text.encode())
    return meaning(known.judge(reading), known)


def acts(found: Meaning) -> list[Act]:
    """Return what it does."""
    return [one.act for one in found.effects]


def update(*infos: str, to: str = "first", **more: str) -> str:
    """Return an update."""
    return alert(*infos, kind="Update", sent=LATER, after_scope=references(to), **more)


def test_an_alert_raises():
    """At once, in its areas, until it expires."""
    found = after(alert())

    assert acts(found) == [Act.RAISED]
    assert found.person == ()
    assert found.realm is Realm.ACTUAL
    assert f"{found.effects[0].expires:%H:%M}" == "20:00"


def test_an_all_clear_of_what_was_heard_clears():
    """And says what it ends."""
    found = after(update(CLEAR))

    assert acts(found) == [Act.CLEAR]
    assert [one.identifier for one in found.effects[0].ends] == ["first"]


@pytest.mark.parametrize(
    "text",
    [
        update(CLEAR, to="unheard"),
        alert(CLEAR, kind="Update", sent=LATER),
        alert(CLEAR, sent=LATER, after_scope=references("first")),
        update(CLEAR, sender=OTHER),
        update(info(response="allclear"), to="unheard"),
    ],
    ids=["of what was not heard", "of nothing", "no update", "of another sender", "misspelt"],
)
def test_an_all_clear_that_falls_short_clears_nothing(text):
    """A person looks at it."""
    assert Act.CLEAR not in acts(after(text))
    if "allclear" not in text:
        assert after(text).person


def test_one_language_that_says_danger_is_danger():
    """The all clear in the other may be a slip; so may the danger, and that costs less."""
    found = after(update(CLEAR, info(language="en", severity="Minor")))

    assert acts(found) == [Act.RAISED]
    assert found.effects[0].severity == "Extreme"


def test_what_expires_in_no_language_does_not_expire():
    """And of two the later counts."""
    early = "<expires>2026-03-01T12:00:00+02:00</expires>"

    assert after(alert(info(expires=""), info(language="en"))).effects[0].expires is None
    (effect,) = after(alert(info(expires=early), info(language="en"))).effects
    assert f"{effect.expires:%H:%M}" == "20:00"


def test_parts_are_told_apart():
    """One area clears while danger goes on in another."""
    other = area(code="UA46000000000026241")
    both = [
        CLEAR,
        info(areas=other),
        info(response="AllClear", language="en"),
        info(areas=other, language="en"),
    ]

    assert acts(after(update(*both))) == [Act.CLEAR, Act.RAISED]
    assert acts(after(update(*both[:3]))) == [Act.CLEAR, Act.RAISED, Act.CLEAR]


def test_a_cancel_of_what_was_heard_ends_it_as_sent_in_error():
    """It is no all clear."""
    found = after(alert(kind="Cancel", sent=LATER, after_scope=references("first")))

    assert acts(found) == [Act.CANCELLED]
    assert [one.identifier for one in found.effects[0].ends] == ["first"]


@pytest.mark.parametrize(
    "text",
    [
        alert(kind="Cancel", sent=LATER, after_scope=references("unheard")),
        alert(kind="Cancel", sent=LATER),
        alert(kind="Cancel", sent=LATER, sender=OTHER, after_scope=references("first")),
        alert(kind="Cancel", sent=LATER, sender=OTHER, after_scope=references("first", sender=OTHER)),
        alert(kind="Cancel", sent=LATER, after_scope=references("first", sent="2026-03-01T10:00:01+02:00")),
    ],
    ids=["unheard", "of nothing", "of another's", "in another's name", "of another time"],
)
def test_a_cancel_that_falls_short_cancels_nothing(text):
    """A person looks at it."""
    found = after(text)

    assert found.effects == ()
    assert found.person


@pytest.mark.parametrize("status", ["Draft", "System", "Other"])
def test_what_is_not_for_the_public_has_no_realm(status):
    """And does nothing."""
    found = after(alert(status=status))

    assert (found.realm, found.effects) == (None, ())


@pytest.mark.parametrize(("status", "realm"), [("Exercise", Realm.EXERCISE), ("Test", Realm.TEST)])
def test_a_drill_stays_in_its_realm(status, realm):
    """Never actual."""
    assert after(alert(status=status, after_scope="<note>May</note>")).realm is realm


@pytest.mark.parametrize(
    "areas",
    ["", area(code=""), area("<polygon>91,0 92,0 92,1 91,0</polygon>", code="")],
    ids=["none", "words", "a bad polygon"],
)
def test_what_has_no_area_raises_nothing_and_goes_to_a_person(areas):
    """Nobody is told, and somebody must look."""
    found = after(alert(info(areas=areas or " ")))

    assert found.effects == ()
    assert found.person == ("no area that can be told",)


def test_what_lost_a_part_of_its_area_raises_the_rest_and_goes_to_a_person():
    """The rest is told at once."""
    found = after(alert(info(areas=area("<polygon>91,0 92,0 92,1 91,0</polygon>"))))

    assert acts(found) == [Act.RAISED]
    assert found.person == ("a part of its areas was dropped",)


@pytest.mark.parametrize("text", [alert(scope="Private"), alert(identifier="first", status="Test")])
def test_what_is_quarantined_does_nothing(text):
    """Its rules say what the person is to look at."""
    found = after(text)

    assert found.effects == ()
    assert found.person


def test_what_is_refused_does_nothing_and_asks_nobody():
    """There is nothing to look at; it is counted."""
    assert after(alert()[:-9]) == Meaning(None)
    assert after(alert(kind="Ack", after_scope="<note>x</note>")) == Meaning(Realm.ACTUAL)


def test_a_code_is_an_area_by_any_of_its_systems():
    """Ours, KATOTTG, ISO; in any spelling of the system's name. What names none is handed back."""
    (effect,) = after(
        alert(
            info(
                areas=area(
                    "<geocode><valueName>ISO3166-2</valueName><value>UA-46</value></geocode>"
                    "<geocode><valueName>TOCSIN</valueName><value>UA32</value></geocode>"
                    "<geocode><valueName>SAME</valueName><value>006109</value></geocode>"
                )
            )
        )
    ).effects
    found, unknown = areas_by_code(effect.areas[0], load("ua").areas)

    assert found == ("UA46", "UA32", "UA80")
    assert unknown == (Pair("SAME", "006109"),)
    assert isinstance(effect, Effect) and SENDER

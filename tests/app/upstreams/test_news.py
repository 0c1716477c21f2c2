"""What a source's words are worth under its contract."""

from datetime import UTC, datetime, timedelta

from tests.sources.formats import UA
from tocsin.app.upstreams.news import news
from tocsin.model import Act, Contact, Contract, Level, Realm, Signal
from tocsin.sources import Heard, Saying

AT = datetime(2024, 1, 2, 4, 0, tzinfo=UTC)
BEGAN = AT - timedelta(minutes=5)


def raised(area="UA80", threat="air", name="r", sent=BEGAN, **more):
    """Return a row."""
    return Saying(f"{area}-{threat}-{name}", area, threat, Act.RAISED, sent, **more)


def meant(*sayings, areas=("UA",), threats=("air",), holds=(), before=None, known=(), at=AT, **heard):
    """Return what a list means."""
    contract = Contract(Realm.ACTUAL, "aiu", areas, threats)
    what = Heard(tuple(sayings), **{"complete": True, **heard})
    return news(
        what, at, contract=contract, areas=UA, holds=holds, before=before or {}, synced=True, known=known
    )


def said(found):
    """Return the signals of some news, in short."""
    return [(kind.area, kind.state) for _, kind in found.entries if isinstance(kind, Signal)]


def contacts(found):
    """Return the contacts of some news."""
    return [kind for _, kind in found.entries if isinstance(kind, Contact)]


def test_what_a_complete_list_does_not_have_is_over():
    """And the statement that follows lists what it has."""
    found = meant(raised("UA63"), holds=[("UA80", "air")])
    assert said(found) == [("UA63", "raised"), ("UA80", "clear")]
    assert [one.raised for one in contacts(found)] == [(("UA63", "air"),)]


def test_what_may_be_unknown_is_not_over():
    """Neither the area itself, nor what is around it or in it; and no statement is made of all."""
    for unknown in (("UA80", "air"), ("UA", "*"), ("UA8000", "air")):
        if unknown[0] not in UA:
            continue
        found = meant(holds=[("UA80", "air")], unknown=(unknown,))
        assert (said(found), contacts(found), found.lost) == ([], [], True)
    elsewhere = meant(holds=[("UA80", "air")], unknown=(("UA63", "air"),))
    assert (said(elsewhere), contacts(elsewhere)) == ([("UA80", "clear")], [])


def test_what_is_unknown_outside_the_contract_does_not_matter():
    """A source for Kyiv alone is heard although Kharkiv is unknown there."""
    found = meant(areas=("UA80",), unknown=(("UA63", "air"), ("UA80", "chemical")))
    assert found.contact and not found.lost


def test_a_list_that_is_not_complete_clears_nothing():
    """A sign of life confirms what is held."""
    found = meant(complete=False, alive=True, holds=[("UA80", "air")])
    assert said(found) == [] and contacts(found)[0].raised == (("UA80", "air"),)
    assert contacts(meant(complete=False)) == []


def test_a_source_speaks_only_of_what_its_contract_names():
    """Another area or threat is not heard; a raise around its area raises that area alone."""
    assert said(meant(raised("UA63"), raised("UA80", "artillery"), areas=("UA80",))) == []
    assert said(meant(raised("UA"), areas=("UA80", "UA63"))) == [("UA80", "raised"), ("UA63", "raised")]
    assert said(meant(holds=[("UA63", "air")], areas=("UA80",))) == []


def test_a_change_of_level_is_newer_than_the_raise():
    """The row keeps the time at which it began; the change is of now, and stays as it is afterwards."""
    first = meant(raised(name="yellow", level=Level.YELLOW))
    second = meant(raised(name="red", level=Level.RED), before=first.raised, holds=[("UA80", "air")])
    (change,) = [kind for _, kind in second.entries if isinstance(kind, Signal)]
    assert (change.level, change.sent) == ("red", AT)
    later = AT + timedelta(seconds=10)
    third = meant(
        raised(name="red", level=Level.RED), before=second.raised, holds=[("UA80", "air")], at=later
    )
    assert [key for key, _ in third.entries][:1] == [key for key, _ in second.entries][:1]


def test_a_row_that_was_gone_and_is_there_again_counts_again():
    """With the time at which it began it would be older than the all clear."""
    found = meant(raised(), known={"signal/aiu/UA80-air-r"})
    assert [kind.sent for _, kind in found.entries if isinstance(kind, Signal)] == [AT]


def test_a_time_ahead_of_our_clock_is_our_clocks():
    """A raise from the future could not be ended until then."""
    found = meant(raised(sent=AT + timedelta(hours=3)))
    assert [kind.sent for _, kind in found.entries if isinstance(kind, Signal)] == [AT]

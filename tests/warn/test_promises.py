"""What the board promises whatever happens, in a small country, over all that may be said there."""

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from tests.warn.desk import LAND, Desk, at, contract, set_aside
from tocsin.model import Act, Alert, Contact, Realm, Signal
from tocsin.warn.board import Board
from tocsin.warn.saved import restore, save
from tocsin.warn.told import Told

SOURCES = ("a", "b")
AREAS = [area.id for area in LAND]
THREATS = ("air", "sea_drones")
SECONDS = st.integers(0, 12)  # few, so that times often meet


@st.composite
def signals(draw):
    """Return what a source says of one area."""
    state = draw(st.sampled_from([Act.RAISED, Act.RAISED, Act.CLEAR, Act.CANCELLED]))
    source, area = draw(st.sampled_from(SOURCES)), draw(st.sampled_from(AREAS))
    name, sent = f"i{draw(st.integers(0, 10**9))}", draw(SECONDS)
    expires = at(sent + draw(st.integers(1, 8))) if state is Act.RAISED and draw(st.booleans()) else None
    threat = draw(st.sampled_from(THREATS))
    return Signal(Realm.ACTUAL, source, name, area, threat, state, at(sent), expires=expires)


@st.composite
def contacts(draw, may_be_quiet=False):
    pairs = st.tuples(st.sampled_from(AREAS), st.sampled_from(THREATS))
    raised = tuple(sorted(set(draw(st.lists(pairs, max_size=3)))))
    source, sent = draw(st.sampled_from(SOURCES)), at(draw(SECONDS))
    if not may_be_quiet or draw(st.booleans()):
        return Contact(Realm.ACTUAL, source, held=True, sent=sent, raised=raised)
    return Contact(Realm.ACTUAL, source, held=False, sent=sent)


@st.composite
def contracts(draw):
    areas = draw(st.lists(st.sampled_from(AREAS), max_size=2, unique=True))
    threats = draw(st.sampled_from([("air",), ("*",), THREATS]))
    return contract(draw(st.sampled_from(SOURCES)), areas, threats)


@st.composite
def set_asides(draw):
    """Return that a raise is set aside; or what is none."""
    return set_aside(
        draw(st.sampled_from(SOURCES)),
        draw(st.sampled_from(AREAS)),
        draw(st.sampled_from(THREATS)),
        at(draw(SECONDS)),
    )


TIME = "time goes by"
HAPPENINGS = st.lists(
    st.one_of(signals(), signals(), contacts(may_be_quiet=True), contracts(), set_asides(), st.just(TIME)),
    max_size=14,
)


def desk_after(happenings, when=None):
    """Return a desk at which all this happened, a second apart, or all at one time."""
    desk = Desk(land=LAND)
    desk.hear(contract("a", ("X",), ("*",)))
    desk.hear(contract("b", ("X1",), ("air",)))
    for number, kind in enumerate(happenings):
        if kind == TIME:
            desk.lapse(number)
        else:
            desk.hear(kind, when or at(number))
    return desk


def states(told):
    return {(area, threat): told.status(area, threat).state for area in AREAS for threat in THREATS}


def raised_since(desk):
    found = {(area, threat): desk.status(area, threat) for area in AREAS for threat in THREATS}
    return {key: status.since for key, status in found.items() if status.state == "raised"}


@given(HAPPENINGS)
def test_the_public_knows_of_every_area_what_the_board_knows(happenings):
    """Alerts alone, merged by the rule of the nearest named area, give every state, also the unsaid ones."""
    desk = desk_after(happenings)
    assert states(desk.public) == states(desk.board)


@given(HAPPENINGS)
def test_what_is_told_does_not_depend_on_how_often_it_is_asked_for(happenings):
    """After everything was said nothing is owed."""
    desk = desk_after(happenings)
    assert desk.board.owed(desk.place, at(100)) == []


@given(st.permutations(range(9)).flatmap(lambda order: st.tuples(st.just(order), st.data())))
def test_the_order_of_arrival_does_not_change_the_board(drawn):
    order, data = drawn
    said = data.draw(st.lists(st.one_of(signals(), signals(), contacts()), min_size=9, max_size=9))
    one = desk_after(said, at(0))
    other = desk_after([said[place] for place in order], at(0))
    if all(isinstance(kind, Signal) for kind in said):
        assert raised_since(one) == raised_since(other)
    late = at(1_000)
    for desk in (one, other):
        for lapse in desk.board.due(late):
            desk.hear(lapse, late)
    assert states(one.public) == states(other.public)


@given(HAPPENINGS)
def test_a_restart_does_not_change_the_board(happenings):
    """The log, folded again, gives the same board, which has nothing more to say."""
    desk = desk_after(happenings)
    again = Board(LAND, Realm.ACTUAL)
    for place, when, kind in desk.entries:
        again.learn(place, when, kind)
    assert states(again) == states(desk.board)
    assert [again.told.status(*key) for key in states(again)] == [
        desk.public.status(*key) for key in states(again)
    ]
    assert (again.owed(desk.place, at(100)), again.due(at(100))) == ([], desk.board.due(at(100)))


@given(HAPPENINGS, HAPPENINGS)
def test_a_board_that_was_saved_goes_on_as_if_it_had_not_been(before, after):
    """It says the same because of whatever happens next, and has the same to say when time is up."""
    desk = desk_after(before)
    other = restore(LAND, save(desk.board))
    assert (states(other), other.due(at(100))) == (states(desk.board), desk.board.due(at(100)))
    for number, kind in enumerate(one for one in after if one != TIME):
        said = desk.board.hear(1_000 + number, at(20 + number), kind)
        assert other.hear(1_000 + number, at(20 + number), kind) == said
        for alert in said:
            desk.board.learn(1_000, at(20), alert)
            other.learn(1_000, at(20), alert)
    assert save(other) == save(desk.board)
    assert (states(other), other.due(at(100))) == (states(desk.board), desk.board.due(at(100)))


@given(HAPPENINGS, st.data())
def test_a_crash_at_any_entry_does_not_change_what_the_public_is_told(happenings, data):
    """Whatever was not said yet is owed, and is said at the next start."""
    desk = desk_after(happenings)
    cut = data.draw(st.integers(0, len(desk.entries)))
    board, public = Board(LAND, Realm.ACTUAL), Told(LAND)
    for place, when, kind in desk.entries[:cut]:
        board.learn(place, when, kind)
        if isinstance(kind, Alert):
            public.hear(kind)
    for alert in board.owed(cut, at(100)):
        public.hear(alert)
    assert states(public) == states(board)


def holds_raised(entries, area, threat):
    """Return whether some source's newest raise stands, by the entries alone: rule 1, as slowly as can be."""
    words: dict[tuple[str, str], list[tuple[Signal, bool]]] = {}
    lapsed = {kind.because for _, _, kind in entries if type(kind).__name__ == "Lapse"}
    for place, when, kind in entries:
        if isinstance(kind, Signal) and kind.threat == threat:
            gone = kind.state is Act.RAISED and kind.expires is not None and kind.expires <= when
            words.setdefault((kind.source, kind.area), []).append((kind, gone or place in lapsed))
    for (_, about), said in words.items():
        if about not in LAND.chain(area):
            continue
        ends = [kind.sent for kind, _ in said if kind.state is not Act.RAISED]
        raises = [
            (kind.sent, kind.expires or at(99), gone) for kind, gone in said if kind.state is Act.RAISED
        ]
        newest = max(raises, default=None)
        if newest and not newest[2] and all(end <= newest[0] for end in ends):
            return True
    return False


@given(
    st.lists(st.one_of(signals(), st.just(TIME)), max_size=16, unique_by=lambda one: getattr(one, "id", one))
)
def test_an_area_is_raised_exactly_while_somebody_holds_it_or_what_lies_around_it(happenings):
    """And partly exactly while a part of it is raised and it is not.  Whatever the indexes do."""
    desk = desk_after(happenings)
    for threat in THREATS:
        held = {area: holds_raised(desk.entries, area, threat) for area in AREAS}
        for area in AREAS:
            part = any(held[below] for below in LAND.below(area))
            expected = "raised" if held[area] else "partly" if part else None
            told = str(desk.public.status(area, threat).state)
            assert told == expected if expected else told not in ("raised", "partly"), area


@given(HAPPENINGS)
def test_when_everybody_is_silent_nothing_is_clear(happenings):
    desk = desk_after(happenings)
    for source in SOURCES:
        desk.hear(Contact(Realm.ACTUAL, source, held=False, sent=at(50)), at(50))
    late = at(50 + 3_600)
    for lapse in desk.board.due(late):
        desk.hear(lapse, late)
    assert "clear" not in set(map(str, states(desk.public).values()))


@given(HAPPENINGS)
def test_silence_ends_no_raise(happenings):
    desk = desk_after([one for one in happenings if getattr(one, "expires", None) is None])
    before = {key for key, state in states(desk.public).items() if state == "raised"}
    for source in SOURCES:
        desk.hear(Contact(Realm.ACTUAL, source, held=False, sent=at(50)), at(50))
    after = {key for key, state in states(desk.public).items() if state == "raised"}
    assert before == after


@given(st.lists(st.one_of(signals(), contracts()), max_size=12))
def test_nothing_is_clear_before_somebody_said_so(happenings):
    """Contracts, raises and cancellations never make clear."""
    said = [one for one in happenings if getattr(one, "state", None) is not Act.CLEAR]
    assert "clear" not in set(map(str, states(desk_after(said).public).values()))


@given(HAPPENINGS)
def test_no_area_is_clear_after_a_raise_that_is_newer_than_everything_said_against_it(happenings):
    """The newest word on an area and on all around it must be a clear or a statement."""
    desk = desk_after(happenings)
    for threat in THREATS:
        for area in AREAS:
            if desk.state(area, threat) != "clear":
                continue
            raises: list[datetime] = []
            calm: list[datetime] = []
            for _, _, kind in desk.entries:
                if isinstance(kind, Signal) and kind.threat == threat and kind.area in LAND.chain(area):
                    (raises if kind.state is Act.RAISED else calm).append(kind.sent)
                elif isinstance(kind, Contact) and kind.held:
                    calm.append(kind.sent)
            parts = [
                kind.sent
                for _, _, kind in desk.entries
                if isinstance(kind, Signal) and kind.threat == threat and kind.area in LAND.below(area)
            ]
            assert max(calm + parts, default=at(-1)) >= max(raises, default=at(-2))


def snapshot_of(told):
    """Return what a client knows that was given a snapshot: the board, and the finer areas that differ."""
    client = Told(LAND)
    for area in (*LAND.board, *told.finer()):
        for threat, status in told.statuses(area).items():
            client.hear(
                Alert(Realm.ACTUAL, (area,), threat, status.state, status.since, (1,), status.sources)
            )
    return client


@given(HAPPENINGS, HAPPENINGS)
def test_a_client_that_began_with_a_snapshot_knows_of_every_area_what_the_board_knows(before, after):
    """A snapshot leaves out what is as its parent; when the parent changes alone, its parts are named."""
    desk = desk_after(before)
    client, heard = snapshot_of(desk.public), len(desk.alerts)
    for number, kind in enumerate(after):
        if kind == TIME:
            desk.lapse(20 + number)
        else:
            desk.hear(kind, at(20 + number))
    for alert in desk.alerts[heard:]:
        client.hear(alert)
    below_root = [area for area in AREAS if area != LAND.root]
    assert [client.status(area, "air").state for area in below_root] == [
        desk.board.status(area, "air").state for area in below_root
    ]


def clear(desk):
    """Return what is clear: of one threat, and of all together."""
    one = {key for key, state in states(desk.public).items() if state == "clear"}
    return one | {(area, "*") for area in AREAS if desk.worst(area) == "clear"}


@given(HAPPENINGS, st.data())
def test_setting_a_raise_aside_makes_nothing_clear(happenings, data):
    """Whatever was said before, of whatever time, by whomever, whoever has a contract."""
    desk = desk_after(happenings)
    before = clear(desk)
    for source in SOURCES:
        for area, threat in desk.board.holds(source):
            desk.hear(set_aside(source, area, threat, at(data.draw(SECONDS))), at(50))
            assert clear(desk) <= before


@given(HAPPENINGS, HAPPENINGS)
def test_what_is_set_aside_becomes_clear_by_an_all_clear_alone(before, after):
    """No contact, contract, silence or time makes it clear, and no raise.

    A raise of the same source that runs out is its own word again: what ends it is as for any raise.
    """
    desk = desk_after(before)
    held = {key for source in SOURCES for key in desk.board.holds(source)}
    for source in SOURCES:
        for area, threat in desk.board.holds(source):
            desk.hear(set_aside(source, area, threat, at(20)), at(50))
    for number, kind in enumerate(after):
        if kind == TIME:
            desk.lapse(60 + number)
        elif getattr(kind, "state", None) not in (Act.CLEAR, Act.CANCELLED) and not getattr(
            kind, "expires", None
        ):
            desk.hear(kind, at(60 + number))
        assert not any(desk.state(area, threat) == "clear" for area, threat in held)

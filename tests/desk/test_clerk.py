"""The clerk: what takes two takes two, nobody does what they may not, and every race leaves one record."""

import asyncio
from datetime import timedelta

import msgspec
import pytest

from tests.desk.office import AREAS, REALM, Office, stands
from tocsin.desk.clerk import unfinished
from tocsin.desk.orders import RULES, Orders, Rule, body_of, digest_of, rule_for, rules_of
from tocsin.desk.rights import Role
from tocsin.errors import ConfigError, NotEntitled, SourceError, SubscriberError
from tocsin.model import Act, Alert, Aside, Contract, Realm, Signal, State, Step

RACES = 1_000


@pytest.fixture
def office():
    """An office whose log is in memory."""
    with Office() as one:
        yield one


def name_of(order):
    """Return the hash that people approve, in hex."""
    return digest_of(body_of(order)).hex()


async def proposed(office, **more):
    """Return an order that olha has proposed."""
    order = office.order(**more)
    assert await office.clerk.send(stands("olha"), order) is Step.PROPOSED
    return order


def test_of_a_thousand_races_each_leaves_one_record(office):
    """Four people decide each order at once: one is first, and signals follow an approval alone."""

    async def race():
        orders = [await proposed(office) for _ in range(RACES)]
        words = [
            office.clerk.decide(stands(f"person{number}"), name_of(order), step)
            for order in orders
            for number, step in enumerate([Step.APPROVED, Step.APPROVED, Step.REFUSED, Step.APPROVED])
        ]
        return orders, await asyncio.gather(*words, return_exceptions=True)

    orders, answers = asyncio.run(race())
    decided = [one for one in office.approvals() if one.step is not Step.PROPOSED]
    assert RACES == len(decided) == len({one.order for one in decided})
    assert RACES == sum(not isinstance(answer, Exception) for answer in answers)
    assert all(isinstance(a, SubscriberError) for a in answers if isinstance(a, Exception))
    approved = {one.order for one in decided if one.step is Step.APPROVED}
    sent = [signal.id for signal in office.signals()]
    assert sorted(f"{order.id}-0" for order in orders if name_of(order) in approved) == sorted(sent)


def test_one_order_sent_twice_at_once_is_sent_once(office):
    """A double click, or two windows."""
    order = office.order("air")

    async def twice():
        words = [office.clerk.send(stands("olha"), order) for _ in range(50)]
        return await asyncio.gather(*words, return_exceptions=True)

    asyncio.run(twice())
    assert (1, 1) == (len(office.approvals()), len(office.signals()))


def test_nothing_is_sent_until_the_second_person_approves(office):
    """And then exactly what the first one proposed."""

    async def story():
        order = await proposed(office)
        assert [] == office.signals()
        await office.clerk.decide(stands("petro"), name_of(order), Step.APPROVED)
        return order

    order = asyncio.run(story())
    sent = office.signals()
    assert [(order.areas[0], order.threat, order.act)] == [(one.area, one.threat, one.state) for one in sent]
    first, second = office.approvals()
    assert (first.order, first.screen) == (second.order, second.screen)


@pytest.mark.parametrize(
    ("witness", "words"),
    [
        (stands("olha", credential="passkey:other"), "whoever proposed it"),
        (stands("petro", credential="passkey:olha"), "whoever proposed it"),
        (stands("petro", Role.OPERATOR), "may not approve"),
        (stands("petro", Role.ADMINISTRATOR), "may not approve"),
        (stands("petro", areas=("UA46",)), "may not approve"),
        (stands("petro", threats=("air",)), "may not approve"),
    ],
    ids=[
        "the same person",
        "the same credential",
        "operator",
        "administrator",
        "another area",
        "another threat",
    ],
)
def test_who_may_not_approve_does_not(office, witness, words):
    """Two people are two names, two credentials, and two who may."""

    async def story():
        order = await proposed(office)
        with pytest.raises(NotEntitled, match=words):
            await office.clerk.decide(witness, name_of(order), Step.APPROVED)

    asyncio.run(story())
    assert [] == office.signals()


def test_an_approval_of_another_hash_approves_nothing(office):
    """Another area, another text, another hash: nothing waits there."""

    async def story():
        await proposed(office)
        other = office.order(areas=("UA",))
        with pytest.raises(SubscriberError, match="nothing waits"):
            await office.clerk.decide(stands("petro"), name_of(other), Step.APPROVED)

    asyncio.run(story())
    assert [] == office.signals()


def test_an_order_waits_for_ten_minutes(office):
    """What frightened an office then may be over now."""

    async def story():
        order = await proposed(office)
        office.clock.seconds += timedelta(minutes=10, seconds=1).total_seconds()
        with pytest.raises(SubscriberError, match="nothing waits"):
            await office.clerk.decide(stands("petro"), name_of(order), Step.APPROVED)

    asyncio.run(story())


@pytest.mark.parametrize("act", [Act.CLEAR, Act.CANCELLED])
def test_a_mistake_is_corrected_by_one_person(office, act):
    """Whatever it took to raise."""

    async def story():
        order = await proposed(office)
        await office.clerk.decide(stands("petro"), name_of(order), Step.APPROVED)
        office.clock.seconds += 1
        return await office.clerk.send(stands("ivan", Role.OPERATOR), office.order(act=act))

    assert asyncio.run(story()) is Step.SENT
    assert act == office.signals()[-1].state


@pytest.mark.parametrize("areas", [(), ("UA999",), ("UA80", "UA999"), ("",)])
def test_no_area_or_one_that_is_none_is_refused(office, areas):
    """Nothing ever widens: it does not become the oblast, or the country."""
    with pytest.raises((SubscriberError, NotEntitled), match="nothing was sent"):
        office.clerk.write(stands("olha").session, office.order("air", areas))
    assert [] == office.signals()


def test_an_order_of_another_realm_is_refused(office):
    """Who is logged in to the exercise cannot send a word to the actual log."""
    with pytest.raises(SubscriberError):
        asyncio.run(office.clerk.send(stands("olha"), office.order("air", realm=Realm.ACTUAL)))


def test_one_person_may_send_alone_where_the_office_ruled_so_beforehand():
    """It goes out at once, and waits for a second one's review."""
    with Office([Rule(threats=("nuclear",), alone=True), Rule(people=1)]) as office:

        async def story():
            order = office.order()
            assert await office.clerk.send(stands("olha"), order, alone=True) is Step.SENT_ALONE
            assert 1 == len(office.clerk.orders(REALM).unreviewed())
            with pytest.raises(NotEntitled):
                await office.clerk.decide(stands("olha"), name_of(order), Step.REVIEWED)
            await office.clerk.decide(stands("petro"), name_of(order), Step.REVIEWED)

        asyncio.run(story())
        assert 1 == len(office.signals())
        assert [] == office.clerk.orders(REALM).unreviewed()


def test_without_such_a_rule_nobody_sends_alone(office):
    with pytest.raises(SubscriberError, match="no rule lets"):
        asyncio.run(office.clerk.send(stands("olha"), office.order(), alone=True))
    assert [] == office.signals()


@pytest.mark.parametrize(
    ("threat", "areas", "people"),
    [("air", ("UA80",), 1), ("nuclear", ("UA80",), 2), ("chemical", ("UA80",), 2), ("air", ("UA",), 2),
     ("air", AREAS.board[:5], 1), ("air", AREAS.board[:6], 2)],
)  # fmt: skip
def test_how_many_people_it_takes(office, threat, areas, people):
    """By threat and by size, where the office ruled nothing."""
    assert people == rule_for(office.order(threat, areas), RULES, AREAS).people


def test_where_no_rule_fits_it_takes_two(office):
    assert 2 == rule_for(office.order("air"), [], AREAS).people


def test_what_waits_still_waits_after_a_restart(office):
    """The log holds the order itself."""
    order = asyncio.run(proposed(office))
    orders = Orders()
    for one in office.approvals():
        orders.learn(one)
    assert [order] == [one.order for one in orders.waiting(office.clock.now())]


def test_what_a_crash_kept_from_being_sent_is_sent_at_the_next_start(office):
    """The decision was durable and its signals were not: they are sent then, once."""

    async def story():
        order = await proposed(office, areas=("UA80", "UA32"))
        await office.clerk.decide(stands("petro"), name_of(order), Step.APPROVED)
        lost = unfinished(office.approvals(), {f"{order.id}-0"})
        assert 1 == len(lost)
        await office.clerk.finish(*lost[0])

    asyncio.run(story())
    assert 2 == len(office.signals())
    assert [] == unfinished(office.approvals(), {one.id for one in office.signals()})


# The office's own rules


def test_the_offices_own_rules_go_first():
    """And where it ruled nothing, what takes two still does."""
    rules = rules_of([{"threats": ["nuclear"], "alone": True}, {"threats": ["air"], "areas": 3}])
    with Office(rules) as office:
        found = [
            rule_for(office.order(threat, areas), rules, AREAS)
            for threat, areas in (("nuclear", ("UA80",)), ("air", AREAS.board[:3]), ("air", AREAS.board[:2]))
        ]
        assert [(2, True), (2, False), (1, False)] == [(one.people, one.alone) for one in found]
        assert 2 == rule_for(office.order("chemical"), rules, AREAS).people


@pytest.mark.parametrize(
    "table",
    [{"people": 0}, {"people": 3}, {"areas": 0}, {"threats": []}, {"threat": ["air"]}, {"alone": "yes"}, 7],
    ids=str,
)  # fmt: skip
def test_a_rule_that_cannot_be_is_refused(table):
    """A mistyped field would let one person send what takes two."""
    with pytest.raises(ConfigError, match="approval 1"):
        rules_of([table])


def test_two_people_set_aside_what_a_dead_source_holds(office):
    """One proposes, another approves; while the source can be heard nothing is set aside."""
    office.station.agree(Contract(REALM, "feed", ("UA",), ("*",))).result(10)
    raised = Signal(REALM, "feed", "n1", "UA80", "air", Act.RAISED, office.clock.now())

    async def set_aside():
        order = await proposed(office, threat="air", act=Act.CANCELLED, aside="feed")
        await office.clerk.decide(stands("petro"), name_of(order), Step.APPROVED)

    async def story():
        await office.record("signal/feed/n1", raised)
        with pytest.raises(SourceError, match="can be heard"):
            await set_aside()
        office.clock.seconds += 61
        await set_aside()
        with pytest.raises(SourceError, match="does not hold"):
            await set_aside()

    asyncio.run(story())
    assert [("feed", "UA80", "office")] == [(o.source, o.area, o.by) for o in office.said(Aside)]
    told = next(one for one in reversed(office.said(Alert)) if "UA80" in one.areas)
    assert (State.UNKNOWN, True) == (told.state, told.set_aside)


def test_setting_aside_takes_two_whatever_the_office_rules(office):
    rules = (Rule(people=1, alone=True),)
    order = office.order("air", act=Act.CANCELLED, aside="feed")
    assert (2, False) == (rule_for(order, rules, AREAS).people, rule_for(order, rules, AREAS).alone)


def test_what_was_approved_and_not_set_aside_before_the_power_went_is_found(office):
    """As with a raise: the next start sends it."""
    order = office.order("air", act=Act.CANCELLED, aside="feed")
    asyncio.run(office.clerk.send(stands("olha"), order))
    decided = msgspec.structs.replace(office.approvals()[0], step=Step.APPROVED, body=None)
    said = [*office.approvals(), decided]
    assert [decided] == [one for one, _ in unfinished(said, set())]
    assert [] == unfinished(said, {f"{order.id}-0"})

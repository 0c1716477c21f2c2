"""Who may do what: every combination agrees with an oracle that was written without looking."""

from itertools import product

import pytest

from tocsin.countries import load
from tocsin.desk.keys import Principal
from tocsin.desk.rights import Entitlement, Role, Verb, allow
from tocsin.errors import NotEntitled
from tocsin.model import AreaId, Realm, SourceId, Threat

AREAS = load("ua").areas
PLACES = [area.id for area in AREAS][:: len(AREAS) // 150][:150]
THREATS = [Threat(f"t{number}") for number in range(12)]
REALMS = (Realm.ACTUAL, Realm.EXERCISE, Realm.TEST)
HERE = (AREAS.board[3], PLACES[70])  # an oblast and something smaller
MINE = ("t0", "t5", "t11")


def oracle(role, area, threat, realm, verb):
    """Twenty lines that know the tables by heart and walk up the tree step by step."""
    may = {
        "administrator": "read manage",
        "supervisor": "read raise end approve",
        "operator": "read raise end",
        "feed": "read raise end",
        "outlet": "read",
        "auditor": "read",
    }[str(role)]
    if str(verb) not in may.split():
        return False
    if str(realm) != "exercise":
        return False
    if threat not in MINE:
        return False
    while area is not None:
        if area in HERE:
            return True
        area = AREAS[area].parent
    return False


def test_all_combinations_agree_with_the_oracle():
    """6 roles x 150 areas x 12 threats x 3 realms x 5 verbs are 162,000, and each has one answer."""
    held = {role: [Entitlement(role, HERE, MINE, Realm.EXERCISE)] for role in Role}
    asked = list(product(Role, PLACES, THREATS, REALMS, Verb))
    assert len(asked) == 162_000
    differ = [
        (role, area, threat, realm, verb)
        for role, area, threat, realm, verb in asked
        if allow(held[role], verb, area, threat, realm, AREAS) != oracle(role, area, threat, realm, verb)
    ]
    assert differ == []
    assert any(oracle(*one) for one in asked), "some of it is allowed"


@pytest.mark.parametrize("verb", Verb)
def test_nobody_without_an_entitlement_may_do_anything(verb):
    assert not allow((), verb, AREAS.root, "air", Realm.ACTUAL, AREAS)


def test_two_entitlements_do_not_mix():
    """A supervisor of Lviv who also reads Kyiv approves nothing in Kyiv."""
    held = (
        Entitlement(Role.SUPERVISOR, ("UA46",), ("air",), Realm.ACTUAL),
        Entitlement(Role.AUDITOR, ("UA80",), ("*",), Realm.ACTUAL),
    )
    assert allow(held, Verb.APPROVE, "UA46", "air", Realm.ACTUAL, AREAS)
    assert not allow(held, Verb.APPROVE, "UA80", "air", Realm.ACTUAL, AREAS)
    assert not allow(held, Verb.READ, "UA46", "nuclear", Realm.ACTUAL, AREAS)


def test_a_right_to_a_part_is_no_right_to_the_whole():
    """Nothing widens: a raion's operator cannot raise the oblast."""
    part = AREAS.children("UA46")[0]
    held = (Entitlement(Role.OPERATOR, (part,), ("*",), Realm.ACTUAL),)
    assert allow(held, Verb.RAISE, part, "air", Realm.ACTUAL, AREAS)
    assert not allow(held, Verb.RAISE, "UA46", "air", Realm.ACTUAL, AREAS)


def test_an_area_that_does_not_exist_is_nobodys():
    held = (Entitlement(Role.SUPERVISOR, (AREAS.root,), ("*",), Realm.ACTUAL),)
    assert not allow(held, Verb.RAISE, AreaId("UA999"), "air", Realm.ACTUAL, AREAS)


def test_a_key_is_a_feed_under_the_same_function():
    """What its holder may say is what `allow` says, and it is told what it may."""
    feed = Principal(SourceId("kyiv"), ("UA80",), ("air",), Realm.ACTUAL)
    feed.check("UA80", "air", AREAS)
    with pytest.raises(NotEntitled, match="UA46"):
        feed.check("UA46", "air", AREAS)
    with pytest.raises(NotEntitled, match="nuclear"):
        feed.check("UA80", "nuclear", AREAS)

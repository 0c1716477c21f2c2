"""Passwords with one-time codes: right once, wrong without saying what was wrong."""

import asyncio
from datetime import UTC, datetime

import pytest

from tocsin.desk.codes import STEP_S, Codes, code_at, spelt
from tocsin.desk.people import People
from tocsin.desk.rights import Entitlement, Role
from tocsin.errors import KeyRefused, SubscriberError
from tocsin.model import Realm

SECRET = b"12345678901234567890"
PASSWORD = "the bell of the upper town"
NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
STEP = int(NOW.timestamp()) // STEP_S


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"),
     (2000000000, "279037"), (20000000000, "353130")],
)  # fmt: skip
def test_codes_are_those_of_rfc_6238(seconds, code):
    """Appendix B, SHA-1, the last six of eight digits."""
    assert code == code_at(SECRET, seconds // STEP_S)


def test_an_app_takes_the_secret_in_base32():
    assert "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" == spelt(SECRET)


@pytest.fixture
def people(tmp_path):
    """A desk with one person."""
    one = People(tmp_path)
    one.add("olha", "office", [Entitlement(Role.OPERATOR, ("UA",), ("*",), Realm.EXERCISE)], NOW)
    yield one
    one.close()


@pytest.fixture
def codes(people):
    """The person has a password for the exercise."""
    one = Codes(people)
    people.set_code(
        "olha", Realm.EXERCISE, asyncio.run(one.new(SECRET, PASSWORD, code_at(SECRET, STEP - 1), NOW))
    )
    return one


def check(codes, code, name="olha", password=PASSWORD, realm=Realm.EXERCISE):
    """Try to log in."""
    return asyncio.run(codes.check(name, realm, password, code, NOW))


def test_a_code_counts_once(codes):
    """Who looks over a shoulder cannot use it again, and an older one is used up too."""
    code = code_at(SECRET, STEP)
    assert "olha" == check(codes, code).name
    for used in (code, code_at(SECRET, STEP - 1)):
        with pytest.raises(KeyRefused):
            check(codes, used)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "petro"},
        {"password": "the bell of the lower town"},
        {"realm": Realm.ACTUAL},
        {"code": "000000"},
        {"code": ""},
    ],
    ids=str,
)
def test_what_is_wrong_is_not_told(codes, wrong):
    """One answer for all, so that nobody learns who is here."""
    given = {"code": code_at(SECRET, STEP), **wrong}
    with pytest.raises(KeyRefused, match="name, password or one-time code is wrong"):
        check(codes, **given)


def test_a_short_password_is_not_taken(people):
    with pytest.raises(SubscriberError, match="characters"):
        asyncio.run(Codes(people).new(SECRET, "too short", code_at(SECRET, STEP), NOW))


def test_who_is_revoked_has_no_password_any_more(people, codes):
    people.revoke("olha", NOW)
    with pytest.raises(KeyRefused):
        check(codes, code_at(SECRET, STEP))

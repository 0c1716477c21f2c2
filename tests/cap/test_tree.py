"""Whatever the bytes are, they are taken apart within limits or refused for a reason, in little time."""

import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cap.messages import alert
from tocsin.cap.lint import RULES, Verdict
from tocsin.cap.read import read
from tocsin.cap.tree import Unreadable, parse

MIB = 1024 * 1024
BOMB = (
    '<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb">'
    + "".join(f'<!ENTITY b{n} "{f"&b{n - 1};" * 10}">'.replace("&b0;", "&b;") for n in range(1, 10))
    + "]>"
)


def rule_of(body: bytes) -> str:
    """Return the rule for which bytes are not taken apart."""
    with pytest.raises(Unreadable) as caught:
        parse(body)
    assert caught.value.rule in RULES
    return caught.value.rule


@pytest.mark.parametrize(
    "begin",
    [
        BOMB,
        '<!DOCTYPE alert SYSTEM "http://127.0.0.1/x.dtd">',
        '<!DOCTYPE alert [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE alert [<!ENTITY % p SYSTEM "http://127.0.0.1/p"> %p;]>',
        "<!DOCTYPE alert [<!ATTLIST alert id ID #IMPLIED>]>",
        "<!-- --><!DOCTYPE alert>",
    ],
    ids=["bomb", "outside", "file", "parameter", "defaults", "behind a comment"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_document_type_is_refused_in_every_encoding(begin, encoding):
    """Before anything in it is looked at, and though the alert behind it is right."""
    assert rule_of((begin + alert()).encode(encoding)) == "doctype"


@pytest.mark.parametrize("encoding", ["utf-7", "iso-2022-jp", "idna", "rot13", "utf-32", "x-none", "hex"])
def test_an_encoding_that_could_hide_something_is_not_read(encoding):
    """Only those in which a byte below 128 is what it looks like, and UTF-16."""
    assert rule_of(f'<?xml version="1.0" encoding="{encoding}"?>{alert()}'.encode()) == "encoding"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "windows-1251", "koi8-u"])
def test_a_ukrainian_word_is_the_same_in_every_encoding(encoding):
    """Declared, or known by its first bytes."""
    text = f'<?xml version="1.0" encoding="{encoding.removesuffix("-le").removesuffix("-be")}"?>{alert()}'
    (reading,) = read(text.encode(encoding))

    assert reading.findings == ()
    assert reading.message.infos[0].event == "Повітряна тривога"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"\0",
        b"<",
        b"{}",
        b"\xff\xfe",
        b"<a>",
        b"<a/><b/>",
        b"<a>&x;</a>",
        b"<a>&#0;</a>",
        b"<p:a/>",
    ],
)
def test_what_is_no_document_is_refused(body):
    """With a reason, not a crash."""
    assert rule_of(body) in ("not-xml", "encoding")


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        (b"<a>" * 100_000, "too-deep"),
        (b"<alert>" + b"<a/>" * 400_000, "too-many-elements"),
        (b"<feed>" + b"<a/>" * 400_000, "too-many-elements"),
        (b"<alert " + b" ".join(b"a%d=''" % n for n in range(150_000)) + b"/>", "too-many-attributes"),
        (b"<alert " + b" ".join(b"a%d='>'" % n for n in range(150_000)) + b"/>", "too-many-attributes"),
        (b"<alert>" + b"x" * (2 * MIB), "too-large"),
    ],
    ids=["deep", "a message of many", "a feed of many", "attributes", "attributes with >", "large"],
)
def test_a_limit_stops_the_work(body, rule):
    """The time and the memory are spent on little more than what is allowed."""
    begin = time.process_time()
    assert rule_of(body) == rule
    took = time.process_time() - begin
    tracemalloc.start()
    rule_of(body)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert took < 0.25  # a feed may have four times what a message may; 150,000 attributes are one token
    assert peak < 32 * MIB


def test_one_long_text_is_read_in_little_time():
    """A message of 2 MiB in one element, and one whose characters are all written as numbers."""
    for inside in ("x" * 2_000_000, "&#120;" * 330_000, "<![CDATA[x]]>" * 150_000):
        begin = time.process_time()
        (reading,) = read(alert(after_scope=f"<note>{inside}</note>").encode())

        assert reading.verdict is Verdict.ACCEPTED
        assert time.process_time() - begin < 0.25


def test_a_value_cut_by_a_comment_is_read_whole():
    """A reader that takes the first piece would read "Al"."""
    (reading,) = read(alert(kind="Al<!-- x -->ert", status="<![CDATA[Act]]>ual").encode())

    assert (reading.message.type, reading.message.status) == ("Alert", "Actual")
    assert [one.rule for one in reading.findings] == ["comment-in-value"]


@given(st.binary(max_size=200))
def test_any_bytes_give_a_reading(body):
    """Never an error that nobody expects."""
    assert read(body)


@given(st.data())
def test_a_message_with_a_few_bytes_changed_gives_a_reading(data):
    """At any place, by anything; if it is still accepted, it has a name, a time and a sender."""
    body = bytearray(alert().encode())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(body) - 1))
        body[place : place + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=8))
    for reading in read(bytes(body)):
        message = reading.message
        if reading.verdict is Verdict.ACCEPTED:
            assert message is not None
            assert message.identifier and message.sender and message.sent
            assert message.status in ("Actual", "Exercise", "System", "Test")

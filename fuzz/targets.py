"""What is fuzzed: a target takes any bytes, and fails when a promise about them is broken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from tests.cap.messages import alert, info
from tests.cap.test_rules import BREAKS
from tocsin import wire
from tocsin.cap import fields, write
from tocsin.cap import message as cap
from tocsin.cap.feed import read_links
from tocsin.cap.known import Known
from tocsin.cap.lint import Verdict
from tocsin.cap.meaning import meaning
from tocsin.cap.read import read
from tocsin.errors import SourceGarbled
from tocsin.model import Act

HEARD = Known()
HEARD.hear(read(alert(identifier="first").encode())[0])


def check_cap(body: bytes) -> None:
    """Any bytes give readings; what is accepted is known, and reads the same when it is written again."""
    readings = read(body)
    assert readings
    for reading in map(HEARD.judge, readings):
        meant = meaning(reading, HEARD)
        message = reading.message
        if reading.verdict is not Verdict.ACCEPTED:
            assert not meant.effects
            continue
        assert message is not None
        assert message.identifier and message.sender
        assert message.status in cap.STATUSES and message.type in cap.TYPES and message.scope == "Public"
        for effect in meant.effects:
            assert effect.act is not Act.CLEAR or all("AllClear" in one.responses for one in effect.infos)
            assert effect.act is Act.RAISED or effect.ends
        (again,) = read(write.to_xml(message))
        assert again.verdict is Verdict.ACCEPTED, again.findings
        assert again.message is not None
        assert (again.message.status, again.message.type) == (message.status, message.type)
        assert [i.responses for i in again.message.infos] == [i.responses for i in message.infos]
    with suppress(SourceGarbled):
        read_links(body)


HOLDERS = ["info", "area", "geocode", "eventCode", "resource", "note"]
NAMES = sorted({word.rstrip("*!") for text in fields.SCHEMA.values() for word in text.split()})
VALUES = [
    "", " ", "Actual", "Test", "Alert", "Update", "Cancel", "Public", "Private", "AllClear", "Shelter", "one",
    "first", "KATOTTG",
    "desk@example.org", "2026-03-01T10:00:00+02:00", "2026-03-01T11:00:00+02:00", "2026-03-01T10:00:00Z",
    "desk@example.org,first,2026-03-01T10:00:00+02:00", "uk", "en", "50,30 50,31 51,31 50,30", "50,30 5",
    "UA80000000000093317", "Immediate", "Extreme", "Observed", "\u202e", "&amp;", "<!-- -->", "<![CDATA[x]]>",
]  # fmt: skip


def check_tree(body: bytes) -> None:
    """The same of documents made of CAP's elements, values and holders, in any order."""
    choices = iter(body[:300])
    pieces: list[str] = []
    opened: list[str] = []

    def pick(among: Sequence[str]) -> str:
        return among[next(choices, 0) % len(among)]

    for what in choices:
        if what % 8 < 3:
            opened.append(pick(HOLDERS))
            pieces.append(f"<{opened[-1]}>")
        elif what % 8 < 5 and opened:
            pieces.append(f"</{opened.pop()}>")
        else:
            name = pick(NAMES)
            pieces.append(f"<{name}>{pick(VALUES)}</{name}>")
    inside = "".join(pieces) + "".join(f"</{name}>" for name in reversed(opened))
    check_cap(alert(" " + inside).encode())
    check_cap(f'<alert xmlns="{cap.NAMESPACE}">{inside}</alert>'.encode())


def check_json(body: bytes) -> None:
    """What a feed posts is a form or garbled; what is decoded from the log encodes to something equal."""
    with suppress(SourceGarbled):
        wire.read_form(body, wire.SignalForm)
    with suppress(SourceGarbled):
        wire.read_form(body, wire.ContactForm)
    try:
        kind = wire.decode(body)
    except SourceGarbled:
        return
    assert wire.decode(wire.encode(kind)) == kind


TARGETS: dict[str, Callable[[bytes], None]] = {"cap": check_cap, "tree": check_tree, "json": check_json}
SEEDS: dict[str, list[bytes]] = {
    "cap": [
        text.encode() if isinstance(text, str) else text for text in BREAKS.values() if len(text) < 20_000
    ]
    + [alert(info(), info(language="en"), identifier="two").encode()],
    "tree": [bytes(range(200)), b"\x05" * 100],
    "json": [
        b'{"id":"1","area":"UA80","threat":"air","state":"raised","sent":"2024-01-02T03:53:57Z"}',
        b'{"sent":"2024-01-02T03:53:57Z","raised":[["UA80","air"]]}',
        b'{"kind":"signal","realm":"actual","source":"s","id":"1","area":"UA80","threat":"air","state":"clear",'
        b'"sent":"2024-01-02T03:53:57Z"}',
    ],
}
WORDS: dict[str, list[str]] = {
    "cap": [*(f"<{name}>" for name in NAMES), *(f"</{name}>" for name in NAMES), *VALUES[2:], cap.NAMESPACE],
    "tree": [],
    "json": [
        '"expires"',
        '"level"',
        '"red"',
        "null",
        "+14:00",
        "9999-12-31T23:59:59",
        "0001-01-01",
        "\\ud800",
    ],
}

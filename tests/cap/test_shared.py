"""Messages that others wrote: some to deceive, with the verdict each must get; some of real issuers."""

import csv
import time
import tracemalloc
from pathlib import Path

from tests.cap.messages import alert, area, info
from tests.shared import shared
from tocsin.cap.known import Known
from tocsin.cap.lint import Verdict
from tocsin.cap.read import Reading, read

CPU_S = 0.05  # a message
PEAK = 32 * 1024 * 1024  # bytes, beside the message itself

WANTED = {
    "accept": (Verdict.ACCEPTED, False),
    "accept-warn": (Verdict.ACCEPTED, True),
    "quarantine": (Verdict.QUARANTINED, None),
    "reject": (Verdict.REFUSED, None),
}

# What is not simply accepted, and why: the rules that a person would name.
HELD = {
    "dec112-capts__optional-properties-1.xml": {"identifier-characters", "time-unreadable"},
    "fah__msg_actual-public_en_of_hp.xml": {"time-unreadable", "reference-unreadable"},
    "fah__msg_actual-public_fr_of_nohp.xml": {"time-unreadable", "reference-unreadable"},
    "google-caplib__empty_weather_index.xml": {"no-alert"},
    "google-caplib__invalid.xml": {"scope-unknown"},
    "google-caplib__xee.xml": {"doctype"},
    "govuk__WAINFLEET_CANCEL_WITH_EMPTY_REFERENCES.xml": {"cancel-without-references"},
    "govuk__WAINFLEET_CANCEL_WITH_MISSING_REFERENCES.xml": {"cancel-without-references"},
    "meteoalarm-lv__feed.xml": {"no-alert"},
    "noaacap__noaaExampleSmall.xml": {"no-alert"},
    "oasiscap__ipaws-5e6dd9de023f1930ef6548d9.xml": {"cancel-unresolved"},
    "sahana__Flood.xml": {"scope-restricted"},
    "sahana__Myanmar_Flood_Multiple_Area.xml": {"scope-restricted"},
    "sahana__Philippines-Flood-MultiLanguage.xml": {"scope-restricted"},
    "sahana__landslide.xml": {"scope-restricted"},
}
# A feed of seven, of which one has nothing but its info.
OF_SEVEN = "google-caplib__bushfire_invalid.xml"


def first_message() -> Reading:
    """Return the message that the synthetic ones refer to, in words of our own."""
    text = alert(
        info(areas=area(desc="Харківський район", code="UA63120000000091135")),
        identifier="ok-1",
        sender="ops@example.org",
        sent="2026-11-22T06:10:11+02:00",
    )
    return read(text.encode())[0]


def judged(body: bytes) -> tuple[Reading, ...]:
    """Read a document after the first message was heard."""
    heard = Known()
    heard.hear(first_message())
    return tuple(heard.judge(one) for one in read(body))


def blocking(readings: tuple[Reading, ...]) -> set[str]:
    """Return the rules for which something is not accepted."""
    return {
        one.rule for reading in readings for one in reading.findings if one.verdict is not Verdict.ACCEPTED
    }


def test_every_synthetic_message_gets_its_verdict():
    """Also whether it is warned of: a warning for nothing teaches people to skip warnings."""
    table = shared("cap/synthetic/EXPECT.csv")
    wrong = {}
    with table.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        (reading,) = judged((table.parent / row["file"]).read_bytes())
        verdict, warned = WANTED[row["want"]]
        if reading.verdict is not verdict or warned not in (None, bool(reading.findings)):
            wrong[row["file"]] = (row["want"], reading.verdict, [one.rule for one in reading.findings])

    assert len(rows) > 30
    assert wrong == {}


def samples() -> list[Path]:
    """Return the messages of real issuers."""
    return sorted(shared("cap/samples/PROVENANCE.csv").parent.glob("*.xml"))


def test_every_real_message_is_read_or_held_for_a_reason_that_a_person_agrees_with():
    """Nobody's harmless fault keeps a warning from people."""
    found = {path.name: blocking(judged(path.read_bytes())) for path in samples()}
    few = found.pop(OF_SEVEN, set())

    assert {name: rules for name, rules in found.items() if rules} == {n: HELD[n] for n in HELD if n in found}
    assert "identifier-missing" in few
    assert sum(not rules for rules in found.values()) > 40


def test_six_of_a_feed_of_seven_are_read():
    """One broken message does not spoil its neighbours."""
    readings = judged(shared(f"cap/samples/{OF_SEVEN}").read_bytes())

    assert [one.verdict for one in readings].count(Verdict.ACCEPTED) == 6
    assert len(readings) == 7


def test_no_message_takes_long_or_much():
    """At most 50 ms and 32 MB each, whatever it is: the best of three, for the machine may be busy."""
    folder = shared("cap/synthetic/EXPECT.csv").parent
    slow = {}
    for path in [*samples(), *sorted(folder.glob("*.xml"))]:
        body = path.read_bytes()
        took = min(_cpu_s(body) for _ in range(3))
        tracemalloc.start()
        judged(body)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        if took > CPU_S or peak > PEAK:
            slow[path.name] = (took, peak)

    assert slow == {}


def _cpu_s(body: bytes) -> float:
    begin = time.process_time()
    judged(body)
    return time.process_time() - begin

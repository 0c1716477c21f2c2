"""Every rule has a message that breaks it and nothing worse; a message that is right breaks none."""

import pytest

from tests.cap.messages import SENDER, SENT, SQUARE, alert, area, info, references
from tocsin.cap.known import Known
from tocsin.cap.lint import RULES, Findings, Verdict, verdict_of
from tocsin.cap.message import SIGNATURE_NAMESPACE
from tocsin.cap.read import Reading, read

LATER = "2026-03-01T11:00:00+02:00"
SIGNATURE = f'<Signature xmlns="{SIGNATURE_NAMESPACE}"/>'
CROSSING = "50.0,30.0 51.0,31.0 51.0,30.0 50.0,31.0 50.0,30.0"


def shaped(shape: str) -> str:
    """Return a message whose area has this shape."""
    return alert(info(areas=area(shape)))


def polygon(points: str) -> str:
    """Return a message with this polygon."""
    return shaped(f"<polygon>{points}</polygon>")


BREAKS: dict[str, str | bytes] = {
    "not-xml": alert()[:-20],
    "doctype": "<!DOCTYPE alert>" + alert(),
    "encoding": alert().encode("utf-8") + b"\xff",
    "no-alert": "<feed/>",
    "unknown-version": alert(namespace="urn:oasis:names:tc:emergency:cap:1.3"),
    "repeated": alert(after_scope="<status>Test</status>"),
    "split-value": alert(kind="Al<!-- -->ert", after=SIGNATURE),
    "identifier-missing": alert(identifier=""),
    "identifier-characters": alert(identifier="one,two"),
    "sent-missing": alert(sent=""),
    "time-unreadable": alert(sent="2026-03-01T10:00:00"),
    "reference-unreadable": alert(kind="Update", after_scope="<references>one</references>"),
    "reference-self": alert(kind="Update", after_scope=references("one")),
    "reference-later": alert(kind="Update", after_scope=references("two", sent=LATER)),
    "too-large": alert() + " " * (2 * 1024 * 1024),
    "too-deep": alert(after="<x>" * 40 + "</x>" * 40),
    "too-many-elements": alert(info(areas=area() * 1_300)),
    "too-many-attributes": alert(after="<x " + " ".join(f"a{n}='1'" for n in range(65)) + "/>"),
    "too-many-points": polygon("50.0,30.0 " * 12_001),
    "too-many-references": alert(kind="Update", sent=LATER, after_scope=references(*map(str, range(501)))),
    "too-wide": shaped("<circle>50.0,30.0 1001</circle>"),
    "sender-missing": alert(sender=""),
    "sender-characters": alert(sender="the desk"),
    "identifier-reused": alert(info(event="Хімічна тривога"), identifier="first"),
    "cancel-without-references": alert(identifier="two", kind="Cancel"),
    "cancel-unresolved": alert(identifier="two", kind="Cancel", after_scope=references("none")),
    "cancel-foreign": alert(
        sender="other@example.org", kind="Cancel", sent=LATER, after_scope=references("one")
    ),
    "status-unknown": alert(status="actual"),
    "status-draft": alert(status="Draft"),
    "type-unknown": alert(kind="Alarm"),
    "scope-unknown": alert(scope=""),
    "scope-restricted": alert(scope="Restricted", after_scope="<restriction>staff</restriction>"),
    "scope-private": alert(scope="Private", after_scope="<addresses>a@example.org</addresses>"),
    "words-against-codes": alert(info(event="Відбій тривоги")),
    "encoding-misdeclared": '<?xml version="1.0" encoding="utf-16"?>' + alert(),
    "leading-space": '\n <?xml version="1.0"?>' + alert(),
    "old-version": alert(namespace="urn:oasis:names:tc:emergency:cap:1.1"),
    "order": alert()
    .replace("<scope>Public</scope>\n", "")
    .replace("<status>", "<scope>Public</scope><status>"),
    "unknown-element": alert(after_scope="<reference>one</reference>"),
    "misplaced": alert(after_scope="<expires>2026-03-01T22:00:00+02:00</expires>"),
    "empty-element": alert(info(before_area="<headline/>")),
    "padded": alert(status=" Actual "),
    "comment-in-value": alert(kind="Al<!-- -->ert"),
    "missing": alert().replace("<urgency>Immediate</urgency>", ""),
    "code-unknown": alert(info(response="allclear")),
    "hidden-characters": alert(info(before_area="<headline>a\u202eb</headline>")),
    "signature-unchecked": alert(after=SIGNATURE),
    "time-fraction": alert(sent="2026-03-01T10:00:00.5+02:00"),
    "time-z": alert(sent="2026-03-01T08:00:00Z"),
    "time-form": alert(sent="2026-03-01T10:00:00+0200"),
    "no-expires": alert(info(expires="")),
    "expires-early": alert(info(expires=f"<expires>{SENT}</expires>")),
    "update-without-references": alert(identifier="two", kind="Update"),
    "update-unresolved": alert(identifier="two", kind="Update", after_scope=references("none")),
    "update-foreign": alert(
        sender="other@example.org", kind="Update", sent=LATER, after_scope=references("one")
    ),
    "no-info": alert("<!-- -->"),
    "languages-disagree": alert(info(), info(language="en", severity="Minor")),
    "language-form": alert(info(language="uk_UA")),
    "exercise-unnamed": alert(status="Exercise"),
    "note-missing": alert(kind="Ack"),
    "audience-unnamed": alert(scope="Private"),
    "no-area": alert(info(areas=" ")),
    "area-words-only": alert(info(areas=area(code=""))),
    "polygon-unreadable": polygon("50.0,30.0 nan,31.0 51.0,31.0 50.0,30.0"),
    "polygon-swapped": polygon("130.0,50.0 131.0,50.0 131.0,51.0 130.0,50.0"),
    "polygon-few": polygon("50.0,30.0 51.0,31.0 50.0,30.0"),
    "polygon-open": polygon(SQUARE.rpartition(" ")[0]),
    "polygon-crossing": polygon(CROSSING),
    "circle-unreadable": shaped("<circle>50.0 30.0 5</circle>"),
    "circle-point": shaped("<circle>50.0,30.0 0</circle>"),
    "geocode-unnamed": shaped("<geocode><value>UA80</value></geocode>"),
    "ceiling-without-altitude": alert(info(areas=area().replace("</area>", "<ceiling>9</ceiling></area>"))),
    "number-unreadable": alert(info(areas=area().replace("</area>", "<altitude>high</altitude></area>"))),
}
ELSEWHERE = {"signature-missing", "signature-invalid"}  # in test_sign.py: they need keys
ALSO = {  # what cannot be broken alone
    "scope-unknown": {"empty-element"},
    "identifier-missing": {"empty-element"},
    "sent-missing": {"empty-element"},
    "sender-missing": {"empty-element"},
    "audience-unnamed": {"scope-private"},
    "split-value": {"signature-unchecked"},
}


def judged(text: str | bytes) -> Reading:
    """Read one message after another one, "first", was heard from the same sender."""
    heard = Known()
    heard.hear(read(alert(identifier="first").encode())[0])
    (reading,) = read(text if isinstance(text, bytes) else text.encode())
    return heard.judge(reading)


def test_a_message_that_is_right_breaks_no_rule():
    """Else every other example would prove nothing."""
    reading = judged(alert())

    assert reading.findings == ()
    assert reading.verdict is Verdict.ACCEPTED
    assert reading.message is not None and reading.message.infos[0].areas[0].geocodes[0].name == "KATOTTG"


def test_every_rule_has_an_example():
    """A rule that nothing can break is no rule."""
    assert set(BREAKS) | ELSEWHERE == set(RULES)


@pytest.mark.parametrize("rule", BREAKS)
def test_a_rule_is_named_when_it_is_broken(rule):
    """By a message that is right in everything else, and its verdict is the rule's."""
    reading = judged(BREAKS[rule])
    found = {one.rule for one in reading.findings}

    assert rule in found
    assert reading.verdict is max((RULES[rule].verdict for rule in found), key=list(Verdict).index)
    if RULES[rule].verdict is Verdict.ACCEPTED:
        assert found - {rule} <= ALSO.get(rule, set())


@pytest.mark.parametrize("rule", sorted(rule for rule in BREAKS if RULES[rule].verdict is Verdict.REFUSED))
def test_what_is_refused_is_refused_for_one_reason(rule):
    """So that the sender mends the right thing."""
    text = BREAKS[rule]
    refusing = {one.rule for one in judged(text).findings if one.verdict is Verdict.REFUSED}

    assert refusing == {rule}


def test_a_line_is_where_the_fault_stands():
    """Counted from 1, in the bytes as they came, behind a comment of several lines too."""
    (reading,) = read(alert(status="actual", after="").replace("<sender>", "<!--\n\n--><sender>").encode())

    assert [(one.rule, one.line) for one in reading.findings] == [("status-unknown", 7)]


def test_a_rule_that_is_broken_thousands_of_times_is_told_in_few_lines():
    """A person reads them."""
    (reading,) = read(alert(info(areas=area(code="") * 2_000)).encode())

    assert len(reading.findings) == 21
    assert reading.findings[-1].found == "and 1,980 more of area-words-only"


def test_the_worst_finding_decides():
    """However many warnings stand beside it, and in whatever order."""
    findings = Findings()
    findings.add("no-expires", 1, "")
    findings.add("not-xml", 9, "")
    findings.add("status-draft", 2, "")

    assert verdict_of(findings.all()) is Verdict.REFUSED
    assert verdict_of([]) is Verdict.ACCEPTED


def test_a_finding_repeats_nothing_that_moves_a_terminal():
    """What a stranger wrote is shown as it is spelt, and short."""
    reading = judged(alert(status="\u202e\u200bA" + "x" * 500))
    found = next(one.found for one in reading.findings if one.rule == "status-unknown")

    assert found.isprintable()
    assert len(found) < 100
    assert SENDER not in found

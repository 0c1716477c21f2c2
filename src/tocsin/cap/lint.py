"""The rules of CAP, each with a name, a verdict and a reason: one table.

A message is **refused** when it cannot be parsed, or its times, identifier or references cannot be
read.  It is **quarantined**, which means that it has no effect until a person has looked at it, when
it is unsafe in audience, status, authority or size.  The rest is **accepted**; harmless faults of real
issuers are read and warned of.  The worst finding decides.

docs/reference/cap-rules.md is made from this table.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple


class Verdict(StrEnum):
    """What becomes of a message.  Accepted with warnings is still accepted."""

    ACCEPTED = "accepted"
    QUARANTINED = "quarantined"
    REFUSED = "refused"


WORST_LAST = tuple(Verdict)


class Rule(NamedTuple):
    """One rule: what it leads to, what it says, and what is done about it."""

    verdict: Verdict
    says: str
    done: str  # what the reader does, or what the sender should do


_REFUSED, _HELD, _WARNED = Verdict.REFUSED, Verdict.QUARANTINED, Verdict.ACCEPTED

RULES: dict[str, Rule] = {
    # what cannot be parsed
    "not-xml": Rule(_REFUSED, "It is not well-formed XML.", "Send it whole, as one XML document."),
    "doctype": Rule(
        _REFUSED,
        "It has a document type declaration.",
        "Leave it out: entities and outside files are a trap.",
    ),
    "encoding": Rule(
        _REFUSED, "Its bytes are not text in the encoding that it declares.", "Send it as UTF-8."
    ),
    "no-alert": Rule(_REFUSED, "It carries no alert.", "Send an `alert`, or a feed that carries some."),
    "unknown-version": Rule(
        _REFUSED, "Its namespace is none of CAP 1.0, 1.1 or 1.2.", "Write the namespace of CAP 1.2."
    ),
    "repeated": Rule(
        _REFUSED,
        "A value that there is one of stands there twice.",
        "Send one; which of two counts is a guess.",
    ),
    "split-value": Rule(
        _REFUSED,
        "In a signed message a comment or an instruction cuts a value in two.",
        "Remove it: readers differ in what they then read.",
    ),
    "identifier-missing": Rule(_REFUSED, "It has no identifier.", "Give it one that is never used again."),
    "identifier-characters": Rule(
        _REFUSED,
        "The identifier has a space, a comma, `<` or `&`.",
        "Use another: nobody can refer to this one.",
    ),
    "sent-missing": Rule(_REFUSED, "It does not say when it was sent.", "Give `sent`."),
    "time-unreadable": Rule(
        _REFUSED, "A time is no moment, or has no zone.", "Write it as 2024-01-02T03:53:57-00:00."
    ),
    "reference-unreadable": Rule(
        _REFUSED,
        "`references` is not made of sender,identifier,sent.",
        "Write each as these three, with commas.",
    ),
    "reference-self": Rule(_REFUSED, "It refers to itself.", "Refer to earlier messages only."),
    "reference-later": Rule(
        _REFUSED, "It refers to a message that was sent later.", "Refer to earlier messages only."
    ),
    "signature-missing": Rule(
        _REFUSED, "It is not signed, and its feed signs.", "Sign it, or ask whether somebody else sent it."
    ),
    "signature-invalid": Rule(
        _REFUSED,
        "No signature of a pinned certificate holds for all of it.",
        "Do not act on it; find out who sent it.",
    ),
    # size
    "too-large": Rule(_HELD, "It has more than 2 MiB.", "It is not parsed."),
    "too-deep": Rule(_HELD, "Its elements are nested more than 32 deep.", "It is not read on."),
    "too-many-elements": Rule(_HELD, "It has more than 5,000 elements and comments.", "It is not read on."),
    "too-many-attributes": Rule(_HELD, "An element has more than 64 attributes.", "It is not read on."),
    "too-many-points": Rule(
        _HELD, "Its polygons have more than 12,000 points.", "The rest of them is not read."
    ),
    "too-many-references": Rule(_HELD, "It refers to more than 500 messages.", "None of them is read."),
    "too-wide": Rule(
        _HELD,
        "A circle or polygon is wider than 1,000 km around.",
        "It is dropped: degrees or metres may be meant.",
    ),
    # authority
    "sender-missing": Rule(_HELD, "It does not say who sent it.", "Give `sender`."),
    "sender-characters": Rule(
        _HELD, "The sender has a space, a comma, `<` or `&`.", "Use another: nobody can refer to it."
    ),
    "identifier-reused": Rule(
        _HELD, "Another message of this sender has this identifier.", "Find out which of the two is real."
    ),
    "cancel-without-references": Rule(
        _HELD, "It cancels, and does not say what.", "It cancels nothing; give `references`."
    ),
    "cancel-unresolved": Rule(_HELD, "It cancels a message that was not heard.", "It cancels nothing."),
    "cancel-foreign": Rule(
        _HELD, "It ends what another sender said.", "It ends nothing: nobody ends somebody else's alert."
    ),
    # status and audience
    "status-unknown": Rule(_HELD, "Its status is none of CAP's.", "It is never taken as Actual."),
    "status-draft": Rule(_HELD, "It is a draft.", "It is not acted on."),
    "type-unknown": Rule(_HELD, "Its msgType is none of CAP's.", "It is never taken as Alert."),
    "scope-unknown": Rule(_HELD, "Its scope is missing or none of CAP's.", "It is never taken as Public."),
    "scope-restricted": Rule(_HELD, "It is for a restricted audience.", "It is not published."),
    "scope-private": Rule(_HELD, "It is for its addressees only.", "It is not published."),
    "words-against-codes": Rule(
        _HELD,
        "Its event says all clear, and its codes say danger.",
        "Neither is believed before a person looks.",
    ),
    # warnings: the document
    "encoding-misdeclared": Rule(_WARNED, "It declares UTF-16 and is UTF-8.", "It is read as what it is."),
    "leading-space": Rule(_WARNED, "Something blank stands before the XML declaration.", "It is skipped."),
    "old-version": Rule(_WARNED, "It is CAP 1.0 or 1.1.", "It is read as what it is."),
    "order": Rule(_WARNED, "Elements stand in another order than the schema's.", "They are read."),
    "unknown-element": Rule(_WARNED, "There is no such element in CAP.", "It is ignored."),
    "misplaced": Rule(_WARNED, "The element belongs somewhere else.", "It is ignored."),
    "empty-element": Rule(_WARNED, "The element is empty.", "It is read as if it were not there."),
    "padded": Rule(_WARNED, "A code, name or time has blanks around it.", "They are dropped."),
    "comment-in-value": Rule(
        _WARNED, "A comment or an instruction cuts a value in two.", "The value is read whole, without it."
    ),
    "missing": Rule(_WARNED, "An element that must be there is not.", "It is read without."),
    "code-unknown": Rule(_WARNED, "The value is none of CAP's for this element.", "It is read as Unknown."),
    "hidden-characters": Rule(
        _WARNED, "A text has characters that reorder or hide others.", "They are dropped."
    ),
    "signature-unchecked": Rule(
        _WARNED, "It is signed, and no certificate is pinned to check it.", "It counts as unsigned."
    ),
    # warnings: times and references
    "time-fraction": Rule(_WARNED, "A time has a fraction of a second.", "It is read."),
    "time-z": Rule(_WARNED, "A time ends in Z.", "It is read as UTC; CAP writes -00:00."),
    "time-form": Rule(
        _WARNED, "A time is not written as CAP writes it.", "There is one way to read it; it is taken."
    ),
    "no-expires": Rule(_WARNED, "It does not say until when it holds.", "It stands until it is ended."),
    "expires-early": Rule(
        _WARNED, "It expires before it begins.", "That expiry is ignored: it stands until it is ended."
    ),
    "update-without-references": Rule(
        _WARNED, "It updates, and does not say what.", "It is taken as new; it ends nothing."
    ),
    "update-unresolved": Rule(
        _WARNED, "It updates a message that was not heard.", "It is taken as new; it ends nothing."
    ),
    "update-foreign": Rule(
        _WARNED, "It updates what another sender said.", "It is taken as new; it ends nothing."
    ),
    # warnings: what is said
    "no-info": Rule(_WARNED, "It has no info.", "It raises nothing."),
    "languages-disagree": Rule(
        _WARNED, "The languages differ in more than words.", "The worst of them is taken."
    ),
    "language-form": Rule(_WARNED, "The language is not written as RFC 3066 has it.", "It is kept as it is."),
    "exercise-unnamed": Rule(_WARNED, "It is an exercise, and `note` does not say which.", "It is read."),
    "note-missing": Rule(_WARNED, "It acknowledges or reports an error, without `note`.", "It is read."),
    "audience-unnamed": Rule(
        _WARNED, "Its scope needs `restriction` or `addresses`, and there is none.", "It is held anyway."
    ),
    # warnings: where
    "no-area": Rule(_WARNED, "An info names no area.", "It raises nothing and goes to a person."),
    "area-words-only": Rule(
        _WARNED, "An area is described in words only.", "Words locate nothing; a person must."
    ),
    "polygon-unreadable": Rule(_WARNED, "A polygon is not made of latitude,longitude.", "It is dropped."),
    "polygon-swapped": Rule(
        _WARNED, "A polygon has latitudes beyond 90.", "It is dropped; longitude may stand first."
    ),
    "polygon-few": Rule(_WARNED, "A polygon has fewer than 4 points.", "It is dropped."),
    "polygon-open": Rule(_WARNED, "A polygon does not end where it began.", "It is closed."),
    "polygon-crossing": Rule(_WARNED, "A polygon crosses itself.", "It is dropped: its inside is a guess."),
    "circle-unreadable": Rule(_WARNED, "A circle is not latitude,longitude and a radius.", "It is dropped."),
    "circle-point": Rule(_WARNED, "A circle has the radius 0.", "It is a point."),
    "geocode-unnamed": Rule(_WARNED, "A code lacks its name or its value.", "It is dropped."),
    "ceiling-without-altitude": Rule(_WARNED, "A ceiling needs an altitude.", "The ceiling is ignored."),
    "number-unreadable": Rule(_WARNED, "A number cannot be read.", "It is dropped."),
}


class Finding(NamedTuple):
    """One rule that a message breaks, and where."""

    rule: str
    line: int  # from 1; 0: the message as a whole
    found: str  # what stands there, in words; any text of the sender's is quoted and harmless

    @property
    def verdict(self) -> Verdict:
        """What the rule leads to."""
        return RULES[self.rule].verdict


_SHOWN = 60  # characters of somebody's text that a finding repeats
_EACH = 20  # findings of one rule that are listed; a broken generator makes thousands


class Findings:
    """What is wrong with one message, as it is read."""

    def __init__(self, first: Iterable[Finding] = ()) -> None:
        self._found: list[Finding] = list(first)
        self._counts: dict[str, int] = {}

    def add(self, rule: str, line: int, found: str) -> None:
        """Take a finding in.

        Args:
            rule: A name in `RULES`.
            line: Where, from 1; 0 for the whole.
            found: What stands there; a text of the sender's goes through `quoted` first.
        """
        RULES[rule]  # a name that is not in the table is a bug here and now
        count = self._counts[rule] = self._counts.get(rule, 0) + 1
        if count <= _EACH:
            self._found.append(Finding(rule, line, found))

    def all(self) -> tuple[Finding, ...]:
        """Return every finding by its line; of a rule broken very often the first, and how many more."""
        more = [
            Finding(rule, 0, f"and {count - _EACH:,} more of {rule}")
            for rule, count in self._counts.items()
            if count > _EACH
        ]
        return (*sorted(self._found, key=lambda one: one.line), *more)


def verdict_of(findings: Iterable[Finding]) -> Verdict:
    """Return what becomes of a message with these findings: the worst of them decides."""
    return max((one.verdict for one in findings), key=WORST_LAST.index, default=Verdict.ACCEPTED)


def quoted(text: str) -> str:
    """Return a sender's text as a finding may show it: short, in quotes, in visible characters only."""
    short = text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
    return (
        '"' + "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in short) + '"'
    )

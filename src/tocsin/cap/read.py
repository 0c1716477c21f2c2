"""Bytes in, CAP messages out, with all that is wrong with them.

`read` never raises for what was sent: whatever the bytes are, the answer is a reading with findings.
Nothing is guessed.  A code that the standard does not have never becomes one that it has; a geometry
that cannot be trusted is dropped, never mended by making it wider.

A message is found as the document itself, or within a feed (Atom, EDXL-DE), which carries several.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from tocsin.cap import message as cap
from tocsin.cap.body import Body
from tocsin.cap.fields import Fields
from tocsin.cap.lint import Finding, Findings, Verdict, quoted, verdict_of
from tocsin.cap.message import Info, Message, Reference
from tocsin.cap.tree import MESSAGE_LIMITS, Document, Node, Unreadable, parse
from tocsin.cap.values import UNNAMEABLE, Unfit, read_references


class Reading(NamedTuple):
    """One message as it was read.  Without a message it was not read to the end."""

    message: Message | None
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> Verdict:
        """What becomes of it: the worst finding decides."""
        return verdict_of(self.findings)

    @property
    def digest(self) -> bytes:
        """SHA-256 of what it says, whatever its layout; of nothing, if it was not read."""
        return hashlib.sha256(msgspec.json.encode(self.message)).digest() if self.message else b""


def read(body: bytes) -> tuple[Reading, ...]:
    """Return every message in a document; at least one reading, which may say that there is none.

    Args:
        body: The bytes as they came.
    """
    try:
        document = parse(body)
    except Unreadable as error:
        return (_unread(error),)
    return tuple(_readings(document))


def read_one(body: bytes) -> Reading:
    """Return the one message that is the document itself.

    A feed is refused here: whoever posts a message or pins a certificate speaks of one document.
    """
    try:
        document = parse(body, feed=MESSAGE_LIMITS)
    except Unreadable as error:
        return _unread(error)
    return _alert(document.root, document.faults)


def _unread(error: Unreadable) -> Reading:
    return Reading(None, (Finding(error.rule, error.line, error.found),))


def _readings(document: Document) -> Iterator[Reading]:
    root = document.root
    inside = [root] if root.name == "alert" else list(_inside(root))
    if not inside:
        what = f"the document is {quoted(root.name)}"
        yield Reading(None, (Finding("no-alert", root.line, what),))
    for node in inside:
        yield _alert(node, document.faults)


def _inside(node: Node) -> Iterator[Node]:
    """Yield the outermost alerts within a feed."""
    for child in node.children:
        if child.name == "alert" and child.namespace in cap.VERSIONS:
            yield child
        else:
            yield from _inside(child)


def _alert(node: Node, faults: Sequence[str] = ()) -> Reading:
    findings = Findings()
    for rule in faults:
        findings.add(rule, 1, "the document begins so")
    version = cap.VERSIONS.get(node.namespace)
    if node.name != "alert":
        findings.add("no-alert", node.line, f"the document is {quoted(node.name)}")
        return Reading(None, findings.all())
    if version is None:
        findings.add("unknown-version", node.line, f"the namespace is {quoted(node.namespace)}")
        return Reading(None, findings.all())
    if version != "1.2":
        findings.add("old-version", node.line, f"it is CAP {version}")
    message = _Head(node, version, findings).read()
    return Reading(message, findings.all())


class _Head:
    """Reads an `alert` element and, through `Body`, what is in it."""

    def __init__(self, node: Node, version: str, findings: Findings) -> None:
        self._node = node
        self._version = version
        self._findings = findings
        self._signed = any(
            child.name == "Signature" and child.namespace == cap.SIGNATURE_NAMESPACE
            for child in node.children
        )
        self._fields = Fields(node, "alert", findings, signed=self._signed, ordered=version != "1.0")

    def read(self) -> Message | None:
        """Return the message; None if it has no identifier or no time by which it could be known."""
        one = self._fields.code
        identifier, sender = self._named("identifier"), self._named("sender")
        sent = self._fields.moment("sent")
        if sent is None and not self._fields.has("sent"):
            self._findings.add("sent-missing", self._node.line, "there is no sent")
        status, kind, scope = one("status"), one("msgType"), one("scope")
        self._judge_codes(status, kind, scope)
        references = self._references(identifier, sender, sent)
        body = Body(self._findings, signed=self._signed, version=self._version)
        infos = tuple(body.info(node, sent) for node in self._fields.many("info"))
        if self._signed:
            self._findings.add("signature-unchecked", self._node.line, "it has a Signature")
        if identifier is None or sent is None:
            return None
        message = Message(
            identifier=identifier, sender=sender or "", sent=sent,
            status=status or "", type=kind or "", scope=scope or "",
            source=self._fields.text("source"), restriction=self._fields.text("restriction"),
            addresses=self._fields.words("addresses"), codes=self._fields.texts("code"),
            note=self._fields.text("note"), references=references,
            incidents=self._fields.words("incidents"), infos=infos,
            version=self._version, signed=self._signed,
        )  # fmt: skip
        _Whole(message, self._node.line, self._findings).check()
        return message

    def _named(self, name: str) -> str | None:
        value = self._fields.code(name)
        if value is None:
            self._findings.add(f"{name}-missing", self._node.line, f"there is no {name}")
        elif UNNAMEABLE.search(value) or not value.isprintable():
            self._findings.add(f"{name}-characters", self._fields.line(name), f"it is {quoted(value)}")
        return value

    def _judge_codes(self, status: str | None, kind: str | None, scope: str | None) -> None:
        for name, rule, value, known in (
            ("status", "status-unknown", status, cap.STATUSES),
            ("msgType", "type-unknown", kind, cap.TYPES),
            ("scope", "scope-unknown", scope, cap.SCOPES),
        ):
            if value not in known:
                what = "there is none" if value is None else f"it is {quoted(value)}"
                self._findings.add(rule, self._fields.line(name), what)
        if status == "Draft":
            self._findings.add("status-draft", self._fields.line("status"), "its status is Draft")
        if scope in ("Restricted", "Private"):
            rule = f"scope-{scope.lower()}"
            self._findings.add(rule, self._fields.line("scope"), f"its scope is {scope}")
            needed = "restriction" if scope == "Restricted" else "addresses"
            if not self._fields.has(needed):
                self._findings.add("audience-unnamed", self._node.line, f"there is no {needed}")

    def _references(
        self, identifier: str | None, sender: str | None, sent: datetime | None
    ) -> tuple[Reference, ...]:
        text = self._fields.code("references")
        line = self._fields.line("references")
        if text is None:
            return ()
        try:
            references, faults = read_references(text)
        except Unfit as error:
            self._findings.add(error.rule, line, f"{quoted(text)} {error.why}")
            return ()
        for rule in faults:
            self._findings.add(rule, line, f"in {quoted(text)}")
        for one in references:
            if (one.sender, one.identifier) == (sender, identifier):
                self._findings.add("reference-self", line, f"it names {quoted(one.identifier)}, itself")
            elif sent is not None and one.sent > sent:
                self._findings.add("reference-later", line, f"it names {quoted(one.identifier)}")
        return references


class _Whole:
    """What only shows when all of a message is known."""

    def __init__(self, message: Message, line: int, findings: Findings) -> None:
        self._message = message
        self._line = line
        self._findings = findings

    def check(self) -> None:
        """Add what is wrong."""
        message = self._message
        if message.status == "Exercise" and not message.note:
            self._add("exercise-unnamed", "there is no note")
        if message.type in ("Ack", "Error"):
            if not message.note:
                self._add("note-missing", f"it is {message.type}")
            return
        if not message.infos:
            self._add("no-info", "there is no info")
        self._languages()
        for info in message.infos:
            if says_all_clear(info.event) and "AllClear" not in info.responses and message.type != "Cancel":
                self._add("words-against-codes", f"the event is {quoted(info.event)}")

    def _add(self, rule: str, found: str) -> None:
        self._findings.add(rule, self._line, found)

    def _languages(self) -> None:
        """Compare the infos of the languages, the first of one with the first of another, and so on."""
        spoken: dict[str, list[Info]] = {}
        for info in self._message.infos:
            spoken.setdefault(info.language, []).append(info)
        first, *others = spoken.values() or [[]]
        for other in others:
            if len(other) != len(first) or any(map(_differ, first, other)):
                one, two = quoted(first[0].language), quoted(other[0].language)
                self._add("languages-disagree", f"{one} and {two} differ")


def _differ(one: Info, other: Info) -> bool:
    coded: list[Callable[[Info], object]] = [
        lambda info: set(info.categories),
        lambda info: set(info.responses),
        lambda info: (info.urgency, info.severity, info.certainty),
        lambda info: (info.effective, info.onset, info.expires),
    ]
    return any(value(one) != value(other) for value in coded)


_ALL_CLEAR = ("all clear", "all-clear", "відбій", "отбой", "кінець тривоги")


def says_all_clear(words: str) -> bool:
    """Return whether words begin as an all clear does, in the languages that we read."""
    return words.casefold().startswith(_ALL_CLEAR)

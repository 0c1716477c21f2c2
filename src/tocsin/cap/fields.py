"""The children of one element by name, as the schema has them: which there are, how many, in which order."""

from __future__ import annotations

from datetime import datetime

from tocsin.cap.lint import Findings, quoted
from tocsin.cap.message import SIGNATURE_NAMESPACE, Pair
from tocsin.cap.tree import Node
from tocsin.cap.values import Unfit, plain, read_number, read_time

# CAP 1.2, section 3.4: the elements in the order of the schema.  A star: any number; an exclamation mark: at
# least one.
SCHEMA = {
    "alert": "identifier sender sent status msgType source scope restriction addresses code* note"
    " references incidents info*",
    "info": "language category*! event! responseType* urgency! severity! certainty! audience eventCode*"
    " effective onset expires senderName headline description instruction web contact parameter*"
    " resource* area*",
    "resource": "resourceDesc! mimeType! size uri derefUri digest",
    "area": "areaDesc! polygon* circle* geocode* altitude ceiling",
    "pair": "valueName value",
}
_OLDER = {"alert": {"password"}}  # CAP 1.0 had it; it is not read
_HOLDERS = {"info", "resource", "area", "eventCode", "parameter", "geocode"}  # elements that hold elements

_NAMES = {parent: [word.rstrip("*!") for word in text.split()] for parent, text in SCHEMA.items()}
_MANY = {
    parent: {word.rstrip("*!") for word in text.split() if "*" in word} for parent, text in SCHEMA.items()
}
_MUST = {
    parent: [word.rstrip("*!") for word in text.split() if "!" in word] for parent, text in SCHEMA.items()
}
_ANYWHERE = {name for names in _NAMES.values() for name in names}


class Fields:
    """The children of one element.

    Args:
        node: The element.
        kind: Which it is in `SCHEMA`.
        findings: Where what is wrong with them goes.
        signed: The message is signed, so that a comment in a value is a trick.
        ordered: Whether their order is looked at.
    """

    def __init__(
        self, node: Node, kind: str, findings: Findings, *, signed: bool = False, ordered: bool = True
    ) -> None:
        self._node = node
        self._kind = kind
        self._findings = findings
        self._signed = signed
        self._nodes: dict[str, list[Node]] = {}
        self._sort(ordered)
        for name in _MUST[kind]:
            if name not in self._nodes:
                findings.add("missing", node.line, f"{node.name} has no {name}")

    def _sort(self, ordered: bool) -> None:
        names, last = _NAMES[self._kind], 0
        for child in self._node.children:
            if child.namespace != self._node.namespace:
                if not child.namespace:
                    self._findings.add(
                        "unknown-element", child.line, f"{quoted(child.name)} has no namespace"
                    )
                elif child.namespace != SIGNATURE_NAMESPACE and child.name in names:
                    self._findings.add("unknown-element", child.line, f"{child.name} has another namespace")
                continue
            if child.name not in names:
                self._odd(child)
                continue
            place = names.index(child.name)
            if ordered and place < last:
                self._findings.add("order", child.line, f"{child.name} stands behind {names[last]}")
                ordered = False
            last = max(last, place)
            if self._kept(child):
                self._nodes.setdefault(child.name, []).append(child)

    def _odd(self, child: Node) -> None:
        if child.name in _OLDER.get(self._kind, ()):
            return
        if child.name in _ANYWHERE:
            self._findings.add("misplaced", child.line, f"{child.name} stands in {self._node.name}")
        else:
            self._findings.add("unknown-element", child.line, f"{quoted(child.name)} in {self._node.name}")

    def _kept(self, child: Node) -> bool:
        """Return whether a child is read; say what is wrong with it."""
        before = self._nodes.get(child.name)
        if before and child.name not in _MANY[self._kind]:
            self._findings.add("repeated", child.line, f"{child.name} stands in line {before[0].line} too")
            return False
        if child.name not in _HOLDERS:
            if child.cut:
                rule = "split-value" if self._signed else "comment-in-value"
                self._findings.add(rule, child.line, f"in {child.name}")
            for inner in child.children:
                self._findings.add("misplaced", inner.line, f"an element stands in {child.name}")
        if not child.children and not child.text.strip():
            self._findings.add("empty-element", child.line, f"{child.name} is empty")
            return False
        return True

    def has(self, name: str) -> bool:
        """Return whether there is one that is not empty."""
        return name in self._nodes

    def line(self, name: str) -> int:
        """Return the line of the first of a name, else that of the element."""
        nodes = self._nodes.get(name)
        return nodes[0].line if nodes else self._node.line

    def many(self, name: str) -> list[Node]:
        """Return all of a name, in order, without the empty ones."""
        return self._nodes.get(name, [])

    def code(self, name: str) -> str | None:
        """Return a value that machines compare: without blanks around it, otherwise as it is."""
        found = self.codes(name)
        return found[0][0] if found else None

    def codes(self, name: str) -> list[tuple[str, int]]:
        """Return all values of a name that machines compare, each with its line."""
        values = []
        for node in self.many(name):
            text = node.text
            stripped = text.strip()
            if stripped != text and name != "references":
                self._findings.add("padded", node.line, f"{name} is {quoted(text)}")
            values.append((stripped, node.line))
        return values

    def text(self, name: str) -> str:
        """Return a value that people read; empty if there is none."""
        found = self.texts(name)
        return found[0] if found else ""

    def texts(self, name: str) -> tuple[str, ...]:
        """Return all values of a name that people read."""
        return tuple(self._plain(node) for node in self.many(name))

    def _plain(self, node: Node) -> str:
        text, hidden = plain(node.text)
        if hidden:
            self._findings.add("hidden-characters", node.line, f"in {node.name}")
        return text

    def words(self, name: str) -> tuple[str, ...]:
        """Return the words of a list; in double quotes a word may have blanks."""
        text = self.text(name)
        parts = text.split('"')
        return tuple(
            word
            for number, part in enumerate(parts)
            for word in ([part] if number % 2 else part.split())
            if word
        )

    def moment(self, name: str) -> datetime | None:
        """Return a time in UTC; None if there is none or it cannot be read, which is a finding."""
        text = self.code(name)
        if text is None:
            return None
        line = self.line(name)
        try:
            moment, faults = read_time(text)
        except Unfit as error:
            self._findings.add(error.rule, line, f"{name} {quoted(text)} {error.why}")
            return None
        for rule in faults:
            self._findings.add(rule, line, f"{name} is {quoted(text)}")
        return moment

    def number(self, name: str) -> float | None:
        """Return a number; None if there is none or it cannot be read, which is a finding."""
        text = self.code(name)
        if text is None:
            return None
        try:
            return read_number(text)
        except Unfit as error:
            self._findings.add(error.rule, self.line(name), f"{name} {quoted(text)} {error.why}")
            return None

    def pairs(self, name: str, *, bare: bool = False) -> tuple[tuple[Pair, ...], int]:
        """Return the named values of a name, and how many were dropped.

        Args:
            name: The element that holds `valueName` and `value`.
            bare: CAP 1.0, in which the text is ``NAME=VALUE``.
        """
        pairs = []
        for node in self.many(name):
            if bare and not node.children:
                key, _, value = node.text.strip().partition("=")
            else:
                inner = Fields(node, "pair", self._findings, signed=self._signed)
                key, value = inner.text("valueName"), inner.text("value")
            if key and value:
                pairs.append(Pair(key, value))
            else:
                self._findings.add("geocode-unnamed", node.line, f"a {name} is incomplete")
        return tuple(pairs), len(self.many(name)) - len(pairs)

"""Bytes taken apart into elements, within limits.

One pass of expat, without a document type, without entities, without anything from outside.  A tree
of nodes is made while it runs, so that a limit stops the work at once: a parser that builds its own
tree has used the memory before anybody can count.  Every node knows its line.

The bytes are decoded here, strictly, by the encodings in `ENCODINGS` and no other; the parser
sees UTF-8 only, so there is nothing to disagree about.
"""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple, NoReturn
from xml.parsers import expat

MAX_BYTES = 2 * 1024 * 1024  # the longest real message that we have seen has 166 KB
MAX_DEPTH = 32  # CAP needs 5, its signature 8
MAX_ELEMENTS = 5_000  # a real message with 392 areas in 8 languages has 3,018
MAX_ATTRIBUTES = 64
_EQUALS = 5_000  # 150,000 attributes in one tag take 35 MB; a text with so many of these says little

ENCODINGS = frozenset(
    {
        "utf-8", "utf-16", "utf-16-le", "utf-16-be", "ascii", "koi8-u", "koi8-r",
        "gb18030", "gbk", "gb2312", "big5", "shift_jis", "euc_jp", "euc_kr", "tis-620",
        *(f"iso8859-{n}" for n in (*range(1, 12), 13, 14, 15, 16)),
        *(f"cp125{n}" for n in range(9)),
    }
)  # fmt: skip
"""Python's names of the encodings that are read.  Those that switch by escapes (UTF-7, ISO-2022) are not."""

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_DECLARED = re.compile(rb"""<\?xml[^>]{0,100}?\sencoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_BLANKS = " \t\r\n"


class Unreadable(Exception):
    """The bytes cannot be taken apart, or are over a limit.

    Args:
        rule: The name of the rule in `lint.RULES`.
        line: Where, from 1; 0 if nowhere in particular.
        found: What was found.
    """

    def __init__(self, rule: str, line: int, found: str) -> None:
        super().__init__(f"{rule}, line {line}: {found}")
        self.rule = rule
        self.line = line
        self.found = found


class Limits(NamedTuple):
    """How much is read before the work stops."""

    elements: int = MAX_ELEMENTS
    depth: int = MAX_DEPTH
    attributes: int = MAX_ATTRIBUTES


class Node:
    """One element: its namespace, name, line, attributes, text and children.

    ``text`` is all character data directly inside it, joined.  ``cut`` says that a comment or a processing
    instruction stands inside: readers that take the first piece only would read something else.
    """

    __slots__ = ("attributes", "children", "cut", "line", "name", "namespace", "pieces")

    def __init__(self, name: str, line: int, attributes: dict[str, str]) -> None:
        self.namespace, _, self.name = name.rpartition(" ")
        self.line = line
        self.attributes = attributes
        self.children: list[Node] = []
        self.pieces: list[str] = []
        self.cut = False

    @property
    def text(self) -> str:
        """All character data directly inside."""
        return "".join(self.pieces)


class Document(NamedTuple):
    """What was taken apart."""

    root: Node
    faults: tuple[str, ...]  # names of rules that were broken without harm


MESSAGE_LIMITS = Limits()
FEED_LIMITS = Limits(elements=20_000)  # of a document that is no message: a feed of 1,000 entries


def parse(body: bytes, *, feed: Limits = FEED_LIMITS) -> Document:
    """Return the elements in a document.

    Args:
        body: The bytes as they came.
        feed: How much of it is read if it is no `alert` itself.

    Raises:
        Unreadable: It is no XML document, has a document type, or is over a limit.
    """
    if len(body) > MAX_BYTES:
        raise Unreadable("too-large", 0, f"it has {len(body):,} bytes")
    text, faults = _decode(body)
    _check_tags(text)
    bare = text.lstrip(_BLANKS)
    if len(bare) != len(text) and bare.startswith("<?xml"):
        faults = (*faults, "leading-space")
        # The blanks move behind the declaration, so that the lines stay what they are.
        end = bare.find("?>") + 2
        text = bare[:end] + text[: len(text) - len(bare)] + bare[end:]
    return Document(_Builder(feed).build(text), faults)


def _check_tags(text: str) -> None:
    """Stop before a tag of very many attributes: the parser hands a tag over only when it has read all of it.

    No `<` stands within a tag, so what lies between two of them has at most one; an attribute has a `=`.
    """
    if text.count("=") <= _EQUALS:
        return
    line = 1
    for piece in text.split("<"):
        if piece.count("=") > _EQUALS:
            raise Unreadable("too-many-attributes", line, "a tag or text has thousands of =")
        line += piece.count("\n")


def _decode(body: bytes) -> tuple[str, tuple[str, ...]]:
    """Return the text, and the faults that did not keep it from being read."""
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return _as_text(body[len(mark) :], encoding), ()
    for start, encoding in ((b"<\0", "utf-16-le"), (b"\0<", "utf-16-be")):
        if body.startswith(start):
            return _as_text(body, encoding), ()
    declared = _DECLARED.match(body[:1024].lstrip())
    named = declared[1].decode("ascii") if declared else "utf-8"
    try:
        encoding = codecs.lookup(named).name
    except LookupError:
        raise Unreadable("encoding", 1, f"there is no encoding {named}") from None
    if encoding not in ENCODINGS:
        raise Unreadable("encoding", 1, f"{named} is not read")
    if encoding.startswith("utf-16"):  # it begins with ASCII, so that is not what it is
        return _as_text(body, "utf-8"), ("encoding-misdeclared",)
    return _as_text(body, encoding), ()


def _as_text(body: bytes, encoding: str) -> str:
    try:
        return body.decode(encoding)
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise Unreadable("encoding", line, f"byte {error.start:,} is no {encoding}") from None


class _Builder:
    """Makes the tree while expat reads, and stops it at a limit."""

    def __init__(self, feed: Limits) -> None:
        self._limits = feed
        self._count = 0
        self._open: list[Node] = []
        self._root: Node | None = None
        parser = expat.ParserCreate("utf-8", " ")  # the declaration is overruled: the bytes are UTF-8 by now
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.CommentHandler = self._comment
        parser.ProcessingInstructionHandler = self._instruction
        self._parser = parser

    def build(self, text: str) -> Node:
        try:
            self._parser.Parse(text.encode("utf-8"), True)
        except expat.ExpatError as error:
            raise Unreadable("not-xml", error.lineno, expat.ErrorString(error.code)) from None
        assert self._root is not None  # expat takes no document without an element
        return self._root

    def _stop(self, rule: str, found: str) -> NoReturn:
        raise Unreadable(rule, self._parser.CurrentLineNumber, found)

    def _doctype(self, name: str, system: str | None, public: str | None, internal: bool) -> None:
        self._stop("doctype", "a document type declaration begins here")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count_one()
        if len(self._open) >= self._limits.depth:
            self._stop("too-deep", f"an element at depth {len(self._open) + 1} begins here")
        if len(attributes) > self._limits.attributes:
            self._stop("too-many-attributes", f"an element has {len(attributes):,} of them")
        node = Node(name, self._parser.CurrentLineNumber, attributes)
        if self._open:
            self._open[-1].children.append(node)
        else:
            self._root = node
            self._limits = MESSAGE_LIMITS if node.name == "alert" else self._limits
        self._open.append(node)

    def _count_one(self) -> None:
        self._count += 1
        if self._count > self._limits.elements:
            self._stop("too-many-elements", f"the one that is too many begins here, the {self._count:,}th")

    def _end(self, name: str) -> None:
        self._open.pop()

    def _text(self, data: str) -> None:
        self._open[-1].pieces.append(data)

    def _comment(self, data: str) -> None:
        self._count_one()  # a document of nothing else costs as much
        if self._open:
            self._open[-1].cut = True

    def _instruction(self, target: str, data: str) -> None:
        self._comment(data)

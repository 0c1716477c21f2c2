"""Feeds of CAP: the Atom feed that we give, and the lists of links that others give.

A feed that carries whole messages is read by `read`.  `read_links` is for those that say where they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from tocsin.cap.message import Message
from tocsin.cap.tree import Node, Unreadable, parse
from tocsin.cap.values import Unfit, read_time
from tocsin.cap.write import moment, to_xml
from tocsin.errors import SourceGarbled

ATOM = "http://www.w3.org/2005/Atom"
MEDIA_TYPE = "application/cap+xml"


class Entry(NamedTuple):
    """One entry of somebody's feed."""

    id: str
    updated: datetime | None  # None: it does not say, or not so that it can be read
    url: str  # where the message is; as it stands there, not checked


def read_links(body: bytes) -> tuple[Entry, ...]:
    """Return the entries of an Atom or RSS feed that link to messages, in order, each address once.

    Raises:
        SourceGarbled: It is no feed.
    """
    try:
        root = parse(body).root
    except Unreadable as error:
        raise SourceGarbled(
            f"the feed cannot be read: {error}", todo="ask whoever runs it", rule=error.rule
        ) from error
    if root.name not in ("feed", "rss", "RDF"):
        raise SourceGarbled(
            "the document is no feed", todo="give the address of an Atom or RSS feed", rule="no-alert"
        )
    found = [entry for node in _named(root, ("entry", "item")) if (entry := _entry(node)).url]
    return tuple({entry.url: entry for entry in reversed(found)}.values())[::-1]


def _named(node: Node, names: tuple[str, ...]) -> Iterator[Node]:
    for child in node.children:
        if child.name in names:
            yield child
        else:
            yield from _named(child, names)


def _entry(node: Node) -> Entry:
    said = {child.name: child.text.strip() for child in reversed(node.children)}
    updated = said.get("updated") or said.get("published") or ""
    try:
        at = read_time(updated).moment
    except Unfit:
        at = None
    url = _url(node)
    return Entry(said.get("id") or said.get("guid") or url, at, url)


def _url(node: Node) -> str:
    """Return where an entry's message is: the link that says it is CAP, else the first alternate."""
    links = [child for child in node.children if child.name == "link"]
    cap = [one for one in links if one.attributes.get("type") == MEDIA_TYPE]
    other = [one for one in links if one.attributes.get("rel", "alternate") == "alternate"]
    for one in (*cap, *other):
        return (one.attributes.get("href") or one.text).strip()
    return ""


def to_atom(messages: Iterable[Message], *, id: str, title: str, updated: datetime, url: str) -> bytes:
    """Return an Atom feed of whole messages, newest first.

    Args:
        messages: Unsigned; a signature does not survive within another document, so each has a link too.
        id: The feed's own, for ever.
        title: What people read.
        updated: When something in it last changed.  It stands still when we do: a reader sees that.
        url: Where a message is: this, and its identifier behind it.
    """
    parts = [
        "<?xml version='1.0' encoding='UTF-8'?>",
        f'<feed xmlns="{ATOM}">',
        f" <id>{escape(id)}</id>",
        f" <title>{escape(title)}</title>",
        f" <updated>{_atom_time(updated)}</updated>",
        f' <link rel="self" href={quoteattr(url)}/>',
        *(_atom_entry(one, url) for one in sorted(messages, key=lambda one: one.sent, reverse=True)),
        "</feed>",
        "",
    ]
    return "\n".join(parts).encode("utf-8")


def _atom_entry(message: Message, url: str) -> str:
    info = message.infos[0]
    inside = to_xml(message).decode("utf-8").partition("?>\n")[2].rstrip()
    address = url + message.identifier
    return "\n".join(
        [
            " <entry>",
            f"  <id>{escape(address)}</id>",
            f"  <title>{escape(info.headline)}</title>",
            f"  <updated>{_atom_time(message.sent)}</updated>",
            f"  <author><name>{escape(info.sender_name or message.sender)}</name></author>",
            f'  <link type="{MEDIA_TYPE}" href={quoteattr(address)}/>',
            f'  <content type="application/xml">{inside}</content>',
            " </entry>",
        ]
    )


def _atom_time(at: datetime) -> str:
    # RFC 4287, section 3.3, wants RFC 3339, in which -00:00 means that the zone is not known.
    return moment(at).replace("-00:00", "Z")

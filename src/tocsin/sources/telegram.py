"""A Telegram channel that writes alerts in the manner of `air_alert_ua`: raise, all clear, partial all clear.

A message counts only if all of it is of that manner: the sign, the time, the words, the region in the
first line or in a list, the hashtag at the end.  Anything else says nothing, and is never an all clear:

* ``🟡 … Відбій`` and ``Відбій по …`` in comments on single weapons, without that form.
* Forwarded messages: somebody else's words.
* ``Тестовий Регіон``: where the channel tries things out.

A partial all clear lists where the alert goes on.  We cannot tell that the list is whole, so it ends what
it names only if it names a region that we know, and the list's regions are raised before that.
An edited message is another message.  A channel has no list of what holds: so its all clears stand alone.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable
from datetime import datetime

from msgspec import Struct

from tocsin import wire
from tocsin.errors import UnknownArea
from tocsin.model import Act, AreaId, Threat
from tocsin.sources import Heard, Link, Payload, Saying, read_json

AIR = Threat("air")
TEST_REGION = "тестовий регіон"
_FIRST = re.compile(
    r"(?P<sign>[🔴🟢🟡]) (?P<hour>[0-2]\d):(?P<minute>[0-5]\d) "
    r"(?P<what>Повітряна тривога|Відбій тривоги|Частковий відбій тривоги)(?: (?:в|у)\b:?)?(?P<where>.*)"
)
_GOES_ON = re.compile(r".*тривога ще триває (?:у|в):?\s*", re.IGNORECASE)
_SIGNS = {"Повітряна тривога": "🔴", "Відбій тривоги": "🟢"}
_TAG = re.compile(r"#[\w]+")


class Post(Struct):
    """A message of a channel, as `listen` yields it."""

    channel: int
    id: int
    sent: str
    text: str
    edited: str | None = None
    forwarded: bool = False


class Telegram:
    """The format.

    Args:
        channel: The number of the channel; a name can be taken over.
        find: Gives the area of a name.
    """

    def __init__(self, channel: int, find: Callable[[str], AreaId]) -> None:
        self._channel = channel
        self._find = find

    def decode(self, payload: Payload) -> Heard:
        """Return what a message says, often nothing.

        Raises:
            SourceGarbled: It is no message.
        """
        post = read_json(payload.body, Post, "Telegram")
        if post.channel != self._channel or post.forwarded:
            return Heard(notes=("a message of somebody else",))
        sent = wire.read_moment(post.edited or post.sent, "sent")
        lines = [line.strip() for line in post.text.splitlines() if line.strip()]
        first = _FIRST.fullmatch(lines[0]) if lines else None
        tags = _TAG.findall(lines[-1]) if len(lines) > 1 else []
        if first is None or not tags or _TAG.sub("", lines[-1]).strip():
            return Heard()
        what, partial = first["what"], first["sign"] == "🟡"
        raised = what.startswith("Пов")
        if (partial and raised) or (not partial and _SIGNS.get(what) != first["sign"]):
            return Heard(notes=(f"the sign and the words of message {post.id} differ",))
        return self._said(post, sent, first["where"], lines[1:-1], partial=partial, raised=raised)

    def _said(
        self, post: Post, sent: datetime, where: str, rest: list[str], *, partial: bool, raised: bool
    ) -> Heard:
        named, going_on = _regions(where, rest)
        if not named or any(one.casefold() == TEST_REGION for one in (*named, *going_on)):
            return Heard()
        try:
            areas = [self._find(one) for one in named]
            still = [self._find(one) for one in going_on]
        except UnknownArea as error:
            return Heard(notes=(f"message {post.id}: {error.found}"[:200],))
        if partial and not still:
            return Heard(notes=(f"message {post.id} is a partial all clear without a list",))
        sayings = [self._saying(post, area, Act.RAISED, sent) for area in still]
        act = Act.RAISED if raised else Act.CLEAR
        sayings += [self._saying(post, area, act, sent) for area in areas]
        return Heard(tuple(sayings))

    def _saying(self, post: Post, area: AreaId, act: Act, sent: datetime) -> Saying:
        edited = "" if post.edited is None else f"-{wire.stamp(sent)}"
        return Saying(f"{post.channel}-{post.id}{edited}-{act.value}-{area}", area, AIR, act, sent)

    async def listen(self, link: Link) -> AsyncGenerator[Payload, None]:
        """Yield the messages of the channel as they come."""
        async for payload in link.events(str(self._channel), {}):
            yield payload


def _regions(where: str, rest: list[str]) -> tuple[list[str], list[str]]:
    """Return the regions of a message, and those in which a partial all clear says that the alert goes on."""
    here, *behind = re.split(r"(?i)\.?\s*(?:Зверніть увагу, )?тривога ще триває (?:у|в)\b", where)
    named, going_on = [_plain(here)], [_plain(one) for one in behind]
    target = going_on if behind else named
    for line in rest:
        if _GOES_ON.fullmatch(line):
            target = going_on
        elif line.startswith(("•", "-", "–")):
            target.append(_plain(line[1:]))
    return [one for one in named if one], [one for one in going_on if one]


def _plain(text: str) -> str:
    return text.strip().strip(".:;,").strip()

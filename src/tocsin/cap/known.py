"""What was heard before: which message a name means, and whether a name was used for something else.

A cancel or an update ends something only when the message that it refers to was heard, at the very time
that it names, from the same sender.  Otherwise it ends nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from tocsin.cap.lint import Finding, quoted
from tocsin.cap.message import Message, Reference
from tocsin.cap.read import Reading

_ENDS = ("Update", "Cancel")


class _Heard(NamedTuple):
    sent: datetime
    digest: bytes


class Known:
    """The messages that were heard, by sender and identifier."""

    def __init__(self) -> None:
        self._heard: dict[tuple[str, str], _Heard] = {}

    def hear(self, reading: Reading) -> None:
        """Keep a message in mind; of two with one name the first stays."""
        message = reading.message
        if message is not None:
            name = (message.sender, message.identifier)
            self._heard.setdefault(name, _Heard(message.sent, reading.digest))

    def resolves(self, reference: Reference) -> bool:
        """Return whether that message was heard, sent at that very time."""
        heard = self._heard.get((reference.sender, reference.identifier))
        return heard is not None and heard.sent == reference.sent

    def judge(self, reading: Reading) -> Reading:
        """Return a reading with what is wrong with it in the light of what was heard before it."""
        if reading.message is None:
            return reading
        more = (*self._reused(reading, reading.message), *self._ends(reading.message))
        return Reading(reading.message, (*reading.findings, *more))

    def _reused(self, reading: Reading, message: Message) -> Iterator[Finding]:
        heard = self._heard.get((message.sender, message.identifier))
        if heard is not None and heard.digest != reading.digest:
            name = f"{quoted(message.identifier)} of {quoted(message.sender)}"
            yield Finding("identifier-reused", 0, f"{name} says something else")

    def _ends(self, message: Message) -> Iterator[Finding]:
        if message.type not in _ENDS:
            return
        cancel = message.type == "Cancel"
        kind = message.type.lower()
        if not message.references:
            yield Finding(f"{kind}-without-references", 0, f"it is {message.type}")
        for one in message.references:
            if one.sender != message.sender:
                # An all clear by update ends as much as a cancel does.
                rule = "cancel-foreign" if cancel or is_all_clear(message) else "update-foreign"
                yield Finding(rule, 0, f"{quoted(one.identifier)} is of {quoted(one.sender)}")
            elif not self.resolves(one) and (cancel or self._heard):
                # Whoever has heard nothing yet, as a feed's new reader, misses every earlier message.
                yield Finding(f"{kind}-unresolved", 0, f"{quoted(one.identifier)} was not heard")


def is_all_clear(message: Message) -> bool:
    """Return whether a message says, in every language and part, that the danger is over."""
    return bool(message.infos) and all("AllClear" in info.responses for info in message.infos)

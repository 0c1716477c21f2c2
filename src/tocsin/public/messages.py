"""The public door that also shows what was told as messages in CAP, and the pages of the record."""

from __future__ import annotations

from typing import Any

from tocsin.public.answer import JSON, Answer
from tocsin.public.cap import Shelf, wanted
from tocsin.public.door import Door
from tocsin.public.http import Request, StreamAsked, TalkAsked
from tocsin.public.record import Leaves

PUSH_KEY = "/v1/push/key"
# The page asks whether it may offer to notify a device.  Where browsers can subscribe the proxy in front puts
# it to the listener that takes subscriptions; who is asked here can say no, which is no error.
NO_PUSH = Answer(b'{"key":null}', JSON, cache="no-store")


class DoorWithMessages(Door):
    """A door with messages; what they are not is answered as by any door.

    Args:
        more: As for `Door`.
        shelf: The messages; None where there are none.
        leaves: The pages of the record.
        named: As for `Door`.
    """

    def __init__(self, *more: Any, shelf: Shelf | None, leaves: Leaves, **named: Any) -> None:
        super().__init__(*more, **named)
        self._shelf, self._leaves = shelf, leaves

    def answer(self, request: Request) -> Answer | StreamAsked | TalkAsked:
        """Return the answer to a request."""
        if request.path == PUSH_KEY:
            return NO_PUSH
        if self._shelf is not None and request.path.startswith("/v1/alerts"):
            message = self._shelf.answer(request.path, *wanted(request))
            if message is not None:  # a dialect has addresses that begin alike
                return message
        if request.path.startswith("/record"):
            page = self._leaves.answer(request.path, request.query, request.headers)
            if page is not None:
                return page
        return super().answer(request)

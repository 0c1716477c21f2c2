"""CAP that waits for a person: the page that shows it, and a person's decision, which stands in the log.

A message that waits does nothing by itself, also when a person has decided.  What it is about is raised or
ended by an order, which has its own checks, second person and audit; here a person says that this was done
(*taken over*), or that there was nothing to do (*discarded*).

1.  Whoever may raise anything in a realm sees what its sources left waiting.
2.  Whoever may raise all that a source may speak of decides on its messages.
3.  The log first: a message is taken off the page when the decision is durable.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from starlette.responses import RedirectResponse, Response

from tocsin.areas import Areas
from tocsin.desk.api import Recorder
from tocsin.desk.board import Sources
from tocsin.desk.front import Asked, Front
from tocsin.desk.kept import Kept
from tocsin.desk.rights import VERBS, Verb, allow
from tocsin.desk.words import say
from tocsin.errors import KeyTaken, NotEntitled, SubscriberError
from tocsin.model import Approval, AreaId, Realm, Step, Threat

STEPS = {"taken": Step.REVIEWED, "discarded": Step.REFUSED}
_LONGEST = 20_000  # characters of a message that the page shows; the whole of it stays in cap.db


class HeldMessages:
    """What waits at one desk.

    Args:
        front: Makes pages.
        areas: The country's areas.
        kept: Where the messages are.
        recorder: Gives the recorder of a realm.
        sources: Gives the sources of a realm, with what each may speak of.
    """

    def __init__(
        self,
        front: Front,
        areas: Areas,
        kept: Kept,
        recorder: Callable[[Realm], Recorder],
        sources: Sources,
    ) -> None:
        self._front, self._areas, self._kept = front, areas, kept
        self._recorder, self._sources = recorder, sources

    def needs(self, asked: Asked) -> Iterator[tuple[str, str]]:
        """Yield what the board says of it, and where that leads."""
        count = sum(self._kept.waiting(name) for name in self._spoken_of(asked)) if _sees(asked) else 0
        if count:
            yield say(asked.lang, "held_waits", count=count), f"{asked.here}/held"

    async def page(self, asked: Asked) -> Response:
        """Show every message that waits, as it came."""
        if not _sees(asked):
            raise NotEntitled("you may raise nothing here", todo="ask somebody who may")
        sources = self._spoken_of(asked)
        rows = [
            {**one, "body": one["body"][:_LONGEST], "may": self._may(asked, sources[one["source"]])}
            for one in self._kept.held()
            if one["source"] in sources
        ]
        return self._front.page(asked, "held", rows=rows)

    async def decide(self, asked: Asked) -> Response:
        """Put a decision into the log, and take the message off the page.

        Raises:
            NotEntitled: They may not raise all that its source may speak of.
            SubscriberError: It does not wait, or this is no decision.
            LogError: The disk refuses; the message waits on.
        """
        number, step = asked.one("number"), STEPS.get(asked.one("step"))
        sources = self._spoken_of(asked)
        one = next((one for one in self._kept.held() if str(one["number"]) == number), None)
        if one is None or step is None or one["source"] not in sources:
            raise SubscriberError("this message does not wait any more", todo="look at the list")
        if not self._may(asked, sources[one["source"]]):
            raise NotEntitled(
                f"{asked.who.person.name} may not raise all that {one['source']} may speak of",
                todo="ask somebody who may",
            )
        said = self._said(asked, one, step)
        try:
            await self._recorder(asked.realm).record(f"held/{said.order}/decided", said)
        except KeyTaken as error:
            self._kept.settle(one["number"])
            raise SubscriberError(
                "somebody was faster: this message is decided already", todo="look at the list"
            ) from error
        self._kept.settle(one["number"])
        return RedirectResponse(f"{asked.here}/held", 303)

    def _said(self, asked: Asked, one: dict[str, Any], step: Step) -> Approval:
        about = {"held": one["name"], "source": one["source"], "why": one["why"], "heard": one["heard"]}
        return Approval(
            realm=asked.realm,
            order=one["digest"],
            step=step,
            person=asked.who.person.name,
            authority=asked.who.person.authority,
            credential=asked.who.credential,
            address=asked.address,
            screen=one["digest"],
            sent=self._front.now(),
            body=json.dumps(about, ensure_ascii=False),
        )

    def _spoken_of(self, asked: Asked) -> dict[str, list[tuple[AreaId, Threat]]]:
        """Return what each source of the realm may speak of; the whole country where that has ended."""
        root = str(self._areas.root)
        return {
            row["name"]: [
                (AreaId(area), Threat(threat))
                for area in row["areas"] or [root]
                for threat in row["threats"] or ["*"]
            ]
            for row in self._sources(asked.realm)["sources"]
        }

    def _may(self, asked: Asked, spoken_of: list[tuple[AreaId, Threat]]) -> bool:
        held = asked.who.person.held
        return all(
            allow(held, Verb.RAISE, area, threat, asked.realm, self._areas) for area, threat in spoken_of
        )


def _sees(asked: Asked) -> bool:
    return any(Verb.RAISE in VERBS[one.role] for one in asked.who.person.in_realm(asked.realm))

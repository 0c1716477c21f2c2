"""The console: the board of the desk, and the way from a template to an alert, its approval, and its end.

A raise is three presses: the area, the template, the button that says what it
does.  An all clear or a cancellation is one: it stands beside what it ends.
"""

from __future__ import annotations

import re
import secrets
from datetime import datetime
from typing import Any

from starlette.responses import PlainTextResponse, RedirectResponse, Response

from tocsin.areas import Country
from tocsin.countries.desk import DeskPack
from tocsin.desk.board import Boards
from tocsin.desk.clerk import Clerk, Witness
from tocsin.desk.codes import Codes
from tocsin.desk.drills import Drills
from tocsin.desk.front import Asked, Front
from tocsin.desk.orders import MOST_AREAS, Order, read
from tocsin.desk.passkeys import Passkeys, Signed
from tocsin.desk.reading import text_of
from tocsin.desk.rights import Verb, allow
from tocsin.desk.screen import Screens
from tocsin.desk.words import WORDS, say
from tocsin.errors import KeyRefused, SubscriberError
from tocsin.model import Act, AreaId, Level, Realm, SourceId, Step, Threat

_CODE = re.compile(r"[a-z0-9][a-z0-9_.\-]{0,39}")


class Console:
    """The pages for who is logged in."""

    def __init__(
        self,
        front: Front,
        country: Country,
        pack: DeskPack,
        clerk: Clerk,
        boards: Boards,
        screens: Screens,
        passkeys: Passkeys,
        codes: Codes,
        drills: Drills,
    ) -> None:
        self._front, self._country, self._pack, self._clerk = front, country, pack, clerk
        self._boards, self._screens, self._passkeys, self._codes = boards, screens, passkeys, codes
        self._drills = drills

    # The board

    async def board(self, asked: Asked) -> Response:
        """Show what needs a person, what the office holds raised, and what can be raised."""
        await self._boards.look(asked.realm)
        done = f"done_{asked.request.query_params.get('done', '')}"
        shown = self._boards.shown(asked)
        return self._front.page(
            asked,
            "board",
            done=WORDS[asked.lang].get(done, ""),
            version=self._boards.version(asked),
            needs=shown.needs,
            mine=shown.mine,
            raised=shown.raised,
            silent=shown.silent,
            raise_areas=self._areas_of(asked),
            templates=[(one.name, one.title[asked.lang]) for one in self._pack.template],
        )

    async def live(self, asked: Asked) -> Response:
        """Say what the board's version is now: the page asks every second, and loads itself again."""
        await self._boards.look(asked.realm)
        return PlainTextResponse(self._boards.version(asked))

    def _areas_of(self, asked: Asked) -> list[tuple[AreaId, str]]:
        """Return the areas that somebody can choose: those of the board, and finer ones of their own."""
        areas, held = self._country.areas, asked.who.person.in_realm(asked.realm)
        own = [area for one in held for area in one.areas if area in areas]
        offered = dict.fromkeys([*own, *(area for area in areas.board)])
        threats = {Threat("air"), *(threat for one in held for threat in one.threats if threat != "*")}
        return [
            (area, areas.name(area, asked.lang) if area != areas.root else WORDS[asked.lang]["whole"])
            for area in offered
            if any(allow(held, Verb.RAISE, area, threat, asked.realm, areas) for threat in threats)
        ]

    # From a template to an alert

    async def check(self, asked: Asked) -> Response:
        """Show exactly what would be sent, before it is."""
        await self._boards.look(asked.realm)
        order = self._order(asked)
        name = self._clerk.write(asked.who, order)
        return self._show(asked, order, name)

    def _show(self, asked: Asked, order: Order, name: str, **more: Any) -> Response:
        rule = self._clerk.rule(order)
        two = rule.people > 1
        root = self._country.areas.root
        person = asked.who.person
        keys = self._passkeys.has(person, asked.realm)
        buttons = [("send", self._screens.press(order, asked.lang, two=two), "send")]
        if two and rule.alone:
            buttons.append(("alone", WORDS[asked.lang]["send_alone"], "send"))
        country = self._country.areas.name(root, asked.lang)
        values: dict[str, Any] = {
            "heading": WORDS[asked.lang]["confirm"],
            "two": two,
            "sign": self._sign(asked, name) if two and keys else "",
            "ask_code": two and not keys,
            "type_name": country if root in order.areas and order.act is Act.RAISED else "",
            "type_label": say(asked.lang, "type_area", name=country),
            "action": f"{asked.here}/send",
            "buttons": buttons,
        }
        return self._page(asked, order, name, **{**values, **more})

    def _page(self, asked: Asked, order: Order, name: str, **values: Any) -> Response:
        tiles = self._screens.tiles(order)
        return self._front.page(
            asked,
            "order",
            order=name,
            lines=self._screens.lines(order, asked.lang),
            readings=self._screens.readings(order),
            tiles=tiles,
            width=1 + max((x for x, _, _ in tiles), default=0),
            height=1 + max((y for _, y, _ in tiles), default=0),
            **values,
        )

    def _order(self, asked: Asked) -> Order:
        """Return the order that a form asks for: a template, or a raise of ours at another level."""
        template = self._pack.find(asked.one("template"))
        if template is not None:
            threat, subtype, level = template.threat, template.subtype, template.level
        elif asked.one("threat") and asked.one("level") in (*Level, "none"):
            given = asked.one("level")
            threat, subtype = Threat(asked.one("threat")), None
            level = None if given == "none" else Level(given)
        else:
            raise SubscriberError("no template was chosen; nothing was sent", todo="choose what threatens")
        text = text_of({lang: asked.one(f"text_{lang}") for lang in ("uk", "en")})
        return self._made(
            asked, Act.RAISED, self._named(asked), threat, subtype=subtype, level=level, text=text
        )

    def _named(self, asked: Asked) -> tuple[AreaId, ...]:
        """Return the areas that a form names, each once.

        Raises:
            SubscriberError: None, too many, or one that is none.
        """
        areas = self._country.areas
        codes = [code for code in asked.form.get("area", []) if code.strip()]
        for code in codes:
            if code not in areas:
                raise SubscriberError(
                    f"no area has the code {code[:40]!r}; nothing was sent", todo="choose it from the list"
                )
        found = [AreaId(code) for code in codes]
        found += [areas.find(name.strip()) for name in asked.one("more").split(",") if name.strip()]
        if not found:
            raise SubscriberError("no area was chosen; nothing was sent", todo="choose at least one area")
        if len(found) > MOST_AREAS:
            raise SubscriberError(
                f"{len(found)} areas; nothing was sent", todo=f"choose at most {MOST_AREAS}, or larger ones"
            )
        return tuple(dict.fromkeys(found))

    def _made(
        self,
        asked: Asked,
        act: Act,
        areas: tuple[AreaId, ...],
        threat: Threat,
        *,
        subtype: str | None = None,
        level: Level | None = None,
        text: str | None = None,
        aside: SourceId | None = None,
    ) -> Order:
        if not _CODE.fullmatch(threat):
            raise SubscriberError(
                f"{threat[:40]!r} is no threat; nothing was sent", todo="begin again from the board"
            )
        order = Order(
            secrets.token_hex(8),
            asked.realm,
            asked.who.person.authority,
            act,
            areas,
            threat,
            self._front.now(),
            screen="",
            subtype=subtype,
            level=level,
            expires=self._end(asked, act),
            text=text,
            aside=aside,
        )
        return Order(**{**_fields(order), "screen": self._screens.digest(order, asked.lang)})

    def _end(self, asked: Asked, act: Act) -> datetime | None:
        """Return when a raise ends by itself: in the exercise with the drill, in the actual realm never."""
        practice = asked.realm is not Realm.ACTUAL and act is Act.RAISED
        return self._drills.end_of(self._front.now()) if practice else None

    async def send(self, asked: Asked) -> Response:
        """Send what is on the screen, or propose it where it takes two."""
        name = asked.one("order")
        order = self._clerk.written(asked.who, name)
        root = self._country.areas.root
        if root in order.areas and order.act is Act.RAISED:
            expected = self._country.areas.name(root, asked.lang)
            if asked.one("typed").strip().casefold() != expected.casefold():
                raise SubscriberError(
                    f"{expected!r} was not typed; nothing was sent", todo="type the name of the country"
                )
        signed = self._signed(asked, name) if self._clerk.rule(order).people > 1 else None
        witness = Witness(asked.who, asked.address, signed)
        step = await self._clerk.send(witness, order, alone=asked.one("step") == "alone")
        return RedirectResponse(f"{asked.here}/?done={step}", 303)

    async def end(self, asked: Asked) -> Response:
        """Send the all clear or the cancellation of a raise of the own office, in one press."""
        act = {"clear": Act.CLEAR, "cancelled": Act.CANCELLED}.get(asked.one("act"))
        if act is None:
            raise SubscriberError(
                "neither all clear nor cancel; nothing was sent", todo="press one of the two"
            )
        areas, threat = self._named(asked), Threat(asked.one("threat"))
        held = self._boards.held(asked)
        for area in areas:
            if (area, threat) not in held:
                raise SubscriberError(
                    f"your office does not hold {area} raised for {threat[:40]}; nothing was sent",
                    todo="look at the board: it was ended already, or another office raised it",
                )
        order = self._made(asked, act, areas, threat)
        self._clerk.write(asked.who, order)
        step = await self._clerk.send(Witness(asked.who, asked.address), order)
        return RedirectResponse(f"{asked.here}/?done={step}", 303)

    async def aside(self, asked: Asked) -> Response:
        """Show what would be set aside: one raise of a silent source; a second person has to approve it."""
        source, areas = asked.one("source"), self._named(asked)
        silent = {(one.source, one.area, one.threat) for one in self._boards.silent(asked)}
        if any((source, area, asked.one("threat")) not in silent for area in areas):
            raise SubscriberError(
                "no silent source holds that raised; nothing was set aside",
                todo="look at the board: the source is back, or it was ended or set aside already",
            )
        order = self._made(asked, Act.CANCELLED, areas, Threat(asked.one("threat")), aside=SourceId(source))
        return self._show(asked, order, self._clerk.write(asked.who, order))

    # The second person

    async def order(self, asked: Asked) -> Response:
        """Show an order that waits, exactly as it would be sent."""
        await self._boards.look(asked.realm)
        name = asked.request.path_params["order"]
        orders = self._clerk.orders(asked.realm)
        waits = orders.find(name, self._front.now())
        if waits is None:
            raise SubscriberError("nothing waits here any more", todo="look at the board")
        order = read(waits.body)
        words, keys = WORDS[asked.lang], self._passkeys.has(asked.who.person, asked.realm)
        review = waits in orders.unreviewed()
        buttons = [("reviewed", words["reviewed"], "send")]
        if not review:
            buttons = [("approved", words["approve"], "send"), ("refused", words["refuse"], "cancel")]
        return self._page(
            asked,
            order,
            name,
            heading=f"{words['orders']}: {waits.person}",
            two=False,
            type_name="",
            type_label="",
            sign=self._sign(asked, name) if keys else "",
            ask_code=not keys,
            action=f"{asked.here}/orders/{name}",
            buttons=buttons,
        )

    async def decide(self, asked: Asked) -> Response:
        """Approve, refuse or review what waits."""
        name = asked.request.path_params["order"]
        step = {one.value: one for one in (Step.APPROVED, Step.REFUSED, Step.REVIEWED)}.get(asked.one("step"))
        if step is None:
            raise SubscriberError(
                "neither approved nor refused; nothing was sent", todo="press one of the two"
            )
        signed = None if step is Step.REFUSED else self._signed(asked, name)
        await self._clerk.decide(Witness(asked.who, asked.address, signed), name, step)
        return RedirectResponse(f"{asked.here}/?done={step}", 303)

    def _sign(self, asked: Asked, name: str) -> str:
        place = self._front.guard.place(asked.request)
        return self._passkeys.ask(asked.realm, place, order=bytes.fromhex(name), by=asked.who.person)

    def _signed(self, asked: Asked, name: str) -> Signed | None:
        """Return what somebody's passkey signed over exactly this order; a fresh code where they have none.

        Raises:
            KeyRefused: Neither.
        """
        person = asked.who.person
        if self._passkeys.has(person, asked.realm):
            place = self._front.guard.place(asked.request)
            try:
                digest = bytes.fromhex(name)
            except ValueError as error:
                raise SubscriberError("this is no order", todo="look at the board") from error
            signed = self._passkeys.take(asked.one("answer"), asked.realm, place, order=digest)
            if signed.passkey.person != person.name:
                raise KeyRefused("another person's passkey signed", todo="log in as yourself")
            return signed
        if not self._codes.use(person, asked.realm, asked.one("code"), self._front.now()):
            raise KeyRefused(
                "the one-time code is wrong or was used; nothing was sent", todo="type the next one"
            )
        return None


def _fields(order: Order) -> dict[str, Any]:
    return {name: getattr(order, name) for name in order.__struct_fields__}

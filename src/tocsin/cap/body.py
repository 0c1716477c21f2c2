"""The inside of a message: infos, areas, resources."""

from __future__ import annotations

import re
from datetime import datetime

from tocsin.cap import message as cap
from tocsin.cap.fields import Fields
from tocsin.cap.lint import Findings, quoted
from tocsin.cap.message import Area, Circle, Info, Point, Resource
from tocsin.cap.tree import Node
from tocsin.cap.values import Room, Unfit, read_circle, read_polygon

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")  # RFC 3066, section 2.1, without x- and i-
_OLDER_CODES = {"Very Likely": "Likely"}  # CAP 1.0, section 3.2.2: certainty


class Body:
    """Reads the infos of one message.

    Args:
        findings: Where what is wrong with them goes.
        signed: The message is signed.
        version: CAP's.
    """

    def __init__(self, findings: Findings, *, signed: bool, version: str) -> None:
        self._findings = findings
        self._signed = signed
        self._old = version == "1.0"
        self._room = Room()

    def info(self, node: Node, sent: datetime | None) -> Info:
        """Return one info.

        Args:
            node: The `info` element.
            sent: When the message was sent, from which it holds if it does not say.
        """
        fields = Fields(node, "info", self._findings, signed=self._signed, ordered=not self._old)
        effective, onset, expires = (fields.moment(name) for name in ("effective", "onset", "expires"))
        expires = self._expiry(fields, node, expires, onset or effective or sent)
        areas = tuple(self._area(one) for one in fields.many("area"))
        if not areas:
            self._findings.add("no-area", node.line, "there is no area")
        return Info(
            event=fields.text("event"), language=self._language(fields),
            categories=self._codes(fields, "category", cap.CATEGORIES),
            responses=self._codes(fields, "responseType", cap.RESPONSES),
            urgency=self._code(fields, "urgency", cap.URGENCIES),
            severity=self._code(fields, "severity", cap.SEVERITIES),
            certainty=self._code(fields, "certainty", cap.CERTAINTIES),
            audience=fields.text("audience"), event_codes=fields.pairs("eventCode", bare=self._old)[0],
            effective=effective, onset=onset, expires=expires, sender_name=fields.text("senderName"),
            headline=fields.text("headline"), description=fields.text("description"),
            instruction=fields.text("instruction"), web=fields.text("web"), contact=fields.text("contact"),
            parameters=fields.pairs("parameter", bare=self._old)[0],
            resources=tuple(self._resource(one) for one in fields.many("resource")), areas=areas,
        )  # fmt: skip

    def _expiry(
        self, fields: Fields, node: Node, expires: datetime | None, begins: datetime | None
    ) -> datetime | None:
        if not fields.has("expires"):
            self._findings.add("no-expires", node.line, "there is no expires")
        elif expires is not None and begins is not None and expires <= begins:
            self._findings.add(
                "expires-early", fields.line("expires"), f"it begins at {begins:%Y-%m-%d %H:%M:%S}"
            )
            return None
        return expires

    def _language(self, fields: Fields) -> str:
        language = fields.code("language")
        if language is None:
            return "en-US"
        if not _LANGUAGE.fullmatch(language):
            self._findings.add("language-form", fields.line("language"), f"it is {quoted(language)}")
        return language

    def _code(self, fields: Fields, name: str, known: tuple[str, ...]) -> str:
        found = self._codes(fields, name, known)
        return found[0] if found else "Unknown"

    def _codes(self, fields: Fields, name: str, known: tuple[str, ...]) -> tuple[str, ...]:
        values = []
        for value, line in fields.codes(name):
            code = _OLDER_CODES.get(value, value) if self._old else value
            if code in known:
                values.append(code)
            else:
                self._findings.add("code-unknown", line, f"{name} is {quoted(value)}")
        return tuple(dict.fromkeys(values))

    def _resource(self, node: Node) -> Resource:
        fields = Fields(node, "resource", self._findings, signed=self._signed, ordered=not self._old)
        size = fields.number("size")
        return Resource(
            desc=fields.text("resourceDesc"), mime_type=fields.text("mimeType"), uri=fields.text("uri"),
            size=None if size is None else int(size), digest=fields.text("digest"),
        )  # fmt: skip

    def _area(self, node: Node) -> Area:
        fields = Fields(node, "area", self._findings, signed=self._signed, ordered=not self._old)
        polygons = [one for one in map(self._polygon, fields.many("polygon")) if one is not None]
        circles = [one for one in map(self._circle, fields.many("circle")) if one is not None]
        geocodes, dropped = fields.pairs("geocode", bare=self._old)
        shapes = fields.many("polygon") + fields.many("circle")
        if not (shapes or geocodes or dropped):
            self._findings.add("area-words-only", node.line, f"it is {quoted(fields.text('areaDesc'))}")
        altitude, ceiling = fields.number("altitude"), fields.number("ceiling")
        if fields.has("ceiling") and not fields.has("altitude"):
            self._findings.add("ceiling-without-altitude", fields.line("ceiling"), "there is no altitude")
            ceiling = None
        return Area(
            desc=fields.text("areaDesc"), polygons=tuple(polygons), circles=tuple(circles), geocodes=geocodes,
            altitude=altitude, ceiling=ceiling, dropped=dropped + len(shapes) - len(polygons) - len(circles),
        )  # fmt: skip

    def _polygon(self, node: Node) -> tuple[Point, ...] | None:
        try:
            points, faults = read_polygon(node.text, self._room)
        except Unfit as error:
            self._findings.add(error.rule, node.line, f"it {error.why}")
            return None
        for rule in faults:
            self._findings.add(rule, node.line, f"it has {len(points)} points")
        return points

    def _circle(self, node: Node) -> Circle | None:
        try:
            circle, faults = read_circle(node.text.strip())
        except Unfit as error:
            self._findings.add(error.rule, node.line, f"{quoted(node.text.strip())} {error.why}")
            return None
        for rule in faults:
            self._findings.add(rule, node.line, f"it is {quoted(node.text.strip())}")
        return circle

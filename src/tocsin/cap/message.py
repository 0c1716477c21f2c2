"""A CAP message as a value: the names of the standard, in this project's spelling.

The fields hold what was read; what could not be read or must not be trusted is not there, and a
finding says so.  Times are aware UTC, points are (latitude, longitude) in degrees, radii kilometres.
The sets below are the standard's code lists (CAP 1.2, section 3.2); their letter case counts.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from msgspec import Struct

from tocsin.model import Realm

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
VERSIONS = {
    NAMESPACE: "1.2",
    "urn:oasis:names:tc:emergency:cap:1.1": "1.1",
    "http://www.incident.com/cap/1.0": "1.0",
}
SIGNATURE_NAMESPACE = "http://www.w3.org/2000/09/xmldsig#"

STATUSES = ("Actual", "Exercise", "System", "Test", "Draft")
TYPES = ("Alert", "Update", "Cancel", "Ack", "Error")
SCOPES = ("Public", "Restricted", "Private")
CATEGORIES = (
    "Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra",
    "CBRNE", "Other",
)  # fmt: skip
RESPONSES = (
    "Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None",
)  # fmt: skip
URGENCIES = ("Immediate", "Expected", "Future", "Past", "Unknown")
SEVERITIES = ("Extreme", "Severe", "Moderate", "Minor", "Unknown")
CERTAINTIES = ("Observed", "Likely", "Possible", "Unlikely", "Unknown")

REALMS = {"Actual": Realm.ACTUAL, "Exercise": Realm.EXERCISE, "Test": Realm.TEST}
"""The realm that a message of a status belongs to; the others tell the public nothing."""

Point = tuple[float, float]  # latitude, longitude


class Reference(NamedTuple):
    """The name of an earlier message, as `references` writes it."""

    sender: str
    identifier: str
    sent: datetime


class Circle(NamedTuple):
    """All points within a radius."""

    centre: Point
    radius_km: float


class Pair(NamedTuple):
    """A named value: an event code, a parameter, a geocode."""

    name: str
    value: str


class Area(Struct, frozen=True, omit_defaults=True):
    """Where: the union of all that is named here."""

    desc: str = ""
    polygons: tuple[tuple[Point, ...], ...] = ()  # closed: the first point is the last
    circles: tuple[Circle, ...] = ()
    geocodes: tuple[Pair, ...] = ()
    altitude: float | None = None  # feet above mean sea level
    ceiling: float | None = None
    dropped: int = 0  # polygons, circles and geocodes that could not be taken


class Resource(Struct, frozen=True, omit_defaults=True):
    """A file that goes with a message.  Its content is not kept."""

    desc: str
    mime_type: str
    uri: str = ""
    size: int | None = None  # bytes, as the sender says
    digest: str = ""  # SHA-1, hexadecimal, as the sender says


class Info(Struct, frozen=True, omit_defaults=True):
    """What happens, in one language."""

    event: str
    language: str = "en-US"  # the standard's default
    categories: tuple[str, ...] = ()
    responses: tuple[str, ...] = ()
    urgency: str = "Unknown"
    severity: str = "Unknown"
    certainty: str = "Unknown"
    audience: str = ""
    event_codes: tuple[Pair, ...] = ()
    effective: datetime | None = None  # None: when it was sent
    onset: datetime | None = None
    expires: datetime | None = None
    sender_name: str = ""
    headline: str = ""
    description: str = ""
    instruction: str = ""
    web: str = ""
    contact: str = ""
    parameters: tuple[Pair, ...] = ()
    resources: tuple[Resource, ...] = ()
    areas: tuple[Area, ...] = ()


class Message(Struct, frozen=True, omit_defaults=True):
    """One CAP message."""

    identifier: str
    sender: str
    sent: datetime
    status: str
    type: str
    scope: str
    source: str = ""
    restriction: str = ""
    addresses: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    note: str = ""
    references: tuple[Reference, ...] = ()
    incidents: tuple[str, ...] = ()
    infos: tuple[Info, ...] = ()
    version: str = "1.2"
    signed: bool = False  # it carries a signature; whether that holds is another question

    @property
    def reference(self) -> Reference:
        """The name by which later messages refer to this one."""
        return Reference(self.sender, self.identifier, self.sent)

    @property
    def realm(self) -> Realm | None:
        """The realm it belongs to; None for what tells nobody anything (System, Draft, unknown)."""
        return REALMS.get(self.status)

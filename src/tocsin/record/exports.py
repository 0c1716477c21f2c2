"""Exports: what may be shown of an incident, as the rows that other systems hold.

    acled     ACLED's columns            one day, deaths as the lowest number
    ucdp      UCDP GED's columns         only where somebody died
    airwars   columns like Airwars'      killed and injured from least to most, a side's own count apart
    hxl       columns with HXL hashtags
    geojson   features without points: a place by its code and level

An `Event` is made behind the embargo, of what may be shown; no row here is finer than it.  docs/guide/data.md
says what each form loses.  What is not known stays empty; where a form cannot hold that, its notes say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any, Literal

from msgspec import Struct

from tocsin.record.kept import Figure, Grade

Cell = str | int | None
Row = dict[str, Cell]


class EventKind(StrEnum):
    """What happened."""

    DRONE_STRIKE = "drone_strike"
    MISSILE_STRIKE = "missile_strike"
    INTERCEPTION = "interception"
    STRIKE = "strike"  # it is not known with what


class Level(StrEnum):
    """How precisely the place may be shown, the finest first."""

    CITY = "city"
    HROMADA = "hromada"
    RAION = "raion"
    OBLAST = "oblast"
    COUNTRY = "country"
    UNKNOWN = "unknown"


class Where(Struct, frozen=True):
    """The place of an event, as fine as it may be shown."""

    level: Level
    country: str = ""  # its name
    oblast: str = ""
    raion: str = ""
    name: str = ""
    code: str = ""  # the country pack's
    katottg: str = ""


class Event(Struct, frozen=True):
    """What may be shown of one incident."""

    id: str
    kind: EventKind
    since: date
    until: date  # the last day
    where: Where
    figures: tuple[Figure, ...]  # of the whole event, of everybody
    sources: tuple[str, ...] = ()
    perpetrator: str = ""
    perpetrator_agreed: bool = False  # the belligerent accepts it
    harmed: str = ""
    conceded: Figure | None = None  # the dead by the perpetrator's own count
    notes: str = ""

    def figure(self, measure: str) -> Figure | None:
        """Return the figure of one measure; None: nobody says a number."""
        scopes = ("", self.where.code)  # of a weapon or of a part of the people it would be no whole
        mine = (one for one in self.figures if one.measure == measure and one.scope in scopes)
        return next((one for one in mine if not one.population and one.low is not None), None)


ACLED_COLUMNS = (
    *("event_id_cnty", "event_date", "year", "time_precision", "event_type", "sub_event_type", "actor1"),
    *("country", "admin1", "admin2", "location", "geo_precision", "source", "notes", "fatalities"),
)
UCDP_COLUMNS = (
    *("relid", "date_start", "date_end", "date_prec", "type_of_violence", "side_a", "side_b", "country"),
    *("adm_1", "adm_2", "where_description", "where_prec", "low", "best", "high", "number_of_sources"),
    *("event_clarity", "source_original"),
)
AIRWARS_COLUMNS = (
    *("unique_reference_code", "incident_date", "incident_date_end", "date_range", "country", "region"),
    *("location_name", "accuracy", "strike_type", "belligerent", "belligerent_type", "killed_min"),
    *("killed_max", "injured_min", "injured_max", "deaths_conceded_min", "deaths_conceded_max", "grading"),
    "sources",
)
FLAT_COLUMNS = (
    *("event_id", "event_type", "date_start", "date_end", "place_code", "place_precision", "measure"),
    *("population", "scope", "low", "best", "high", "open_above", "grade", "origins", "independent_groups"),
    *("basis", "rules", "flags", "as_of"),
)
HXL_TAGS: Mapping[str, str] = {
    "event_id": "#event+id",
    "event_type": "#event+type",
    "date_start": "#date+start",
    "date_end": "#date+end",
    "date_precision": "#date+precision",
    "adm1": "#adm1+name",
    "place_code": "#loc+code+v_katottg",
    "place_precision": "#geo+precision",
    "killed": "#affected+killed",
    "killed_min": "#indicator+killed+num+min",
    "killed_max": "#indicator+killed+num+max",
    "injured": "#affected+injured",
    "injured_min": "#indicator+injured+num+min",
    "injured_max": "#indicator+injured+num+max",
    "organisation": "#org",
    "source": "#meta+source",
    "assessment": "#meta+assessment",
}
_ACLED_TYPES = {
    EventKind.DRONE_STRIKE: "Air/drone strike",
    EventKind.MISSILE_STRIKE: "Shelling/artillery/missile attack",
    EventKind.INTERCEPTION: "Disrupted weapons use",
    EventKind.STRIKE: "Air/drone strike",
}
_ACLED_PLACES = {Level.CITY: 1, Level.HROMADA: 2, Level.RAION: 2}  # the rest: 3
_UCDP_PLACES = {
    Level.CITY: 1,
    Level.HROMADA: 2,
    Level.RAION: 3,
    Level.OBLAST: 4,
    Level.COUNTRY: 6,
}  # the rest: 7
_UCDP_DAYS = ((1, 2), (2, 6), (3, 7), (4, 31))  # a night has two dates and is a day; longer: 5
_WEEK = 7  # days


def acled(event: Event) -> Row:
    """Return an event as ACLED has it: deaths are the lowest number, 0 where none is known, and noted so."""
    killed, injured = event.figure("killed"), event.figure("injured")
    notes = [event.notes] if event.notes else []
    notes.append(_spoken("killed", killed))
    notes.append(_spoken("injured", injured))
    if killed is None:
        notes.append("fatalities 0 stands for not known")
    where = event.where
    return {
        "event_id_cnty": event.id,
        "event_date": event.since.isoformat(),
        "year": event.since.year,
        "time_precision": _by_span(event, 1, 2, 3),
        "event_type": "Explosions/Remote violence",
        "sub_event_type": _ACLED_TYPES[event.kind],
        "actor1": event.perpetrator,
        "country": where.country,
        "admin1": where.oblast,
        "admin2": where.raion,
        "location": where.name,
        "geo_precision": _ACLED_PLACES.get(where.level, 3),
        "source": "; ".join(event.sources),
        "notes": ". ".join(notes),
        "fatalities": 0 if killed is None else killed.low,
    }


def ucdp(event: Event) -> Row | None:
    """Return an event as UCDP GED has it; None where no death is reported.  An open high is the best."""
    killed = event.figure("killed")
    if killed is None or not (killed.best or killed.low):
        return None
    best = killed.low if killed.best is None else killed.best
    day, where = event.since == event.until, event.where
    return {
        "relid": event.id,
        "date_start": event.since.isoformat(),
        "date_end": event.until.isoformat(),
        "date_prec": next((prec for prec, days in _UCDP_DAYS if _days(event) <= days), 5),
        "type_of_violence": 1,
        "side_a": event.perpetrator,
        "side_b": event.harmed,
        "country": where.country,
        "adm_1": where.oblast,
        "adm_2": where.raion,
        "where_description": where.name,
        "where_prec": _UCDP_PLACES.get(where.level, 7),
        "low": killed.low,
        "best": best,
        "high": best if killed.high is None else killed.high,
        "number_of_sources": killed.independent_groups,
        "event_clarity": 1 if day and where.level in (Level.CITY, Level.HROMADA) else 2,
        "source_original": "; ".join(event.sources),
    }


def airwars(event: Event) -> Row:
    """Return an event in columns like Airwars': not known and open above are both empty."""
    killed, injured = event.figure("killed"), event.figure("injured")
    return {
        "unique_reference_code": event.id,
        "incident_date": event.since.isoformat(),
        "incident_date_end": event.until.isoformat(),
        "date_range": "yes" if event.since != event.until else "no",
        "country": event.where.country,
        "region": event.where.oblast,
        "location_name": event.where.name,
        "accuracy": event.where.level,
        "strike_type": event.kind,
        "belligerent": event.perpetrator,
        "belligerent_type": ("Confirmed" if event.perpetrator_agreed else "Suspected")
        if event.perpetrator
        else "",
        "killed_min": _of(killed, "low"),
        "killed_max": _of(killed, "high"),
        "injured_min": _of(injured, "low"),
        "injured_max": _of(injured, "high"),
        "deaths_conceded_min": _of(event.conceded, "low"),
        "deaths_conceded_max": _of(event.conceded, "high"),
        "grading": killed.grade if killed else Grade.NOT_GRADED,
        "sources": "; ".join(event.sources),
    }


def hxl(event: Event) -> Row:
    """Return an event with the columns of `HXL_TAGS`; the tags are the second row of a table."""
    killed, injured = event.figure("killed"), event.figure("injured")
    return {
        "event_id": event.id,
        "event_type": event.kind,
        "date_start": event.since.isoformat(),
        "date_end": event.until.isoformat(),
        "date_precision": _by_span(event, "day", "week", "month"),
        "adm1": event.where.oblast,
        "place_code": event.where.katottg,
        "place_precision": event.where.level,
        "killed": _of(killed, "best"),
        "killed_min": _of(killed, "low"),
        "killed_max": _of(killed, "high"),
        "injured": _of(injured, "best"),
        "injured_min": _of(injured, "low"),
        "injured_max": _of(injured, "high"),
        "organisation": event.perpetrator,
        "source": "; ".join(event.sources),
        "assessment": killed.grade if killed else Grade.NOT_GRADED,
    }


def flat(events: Iterable[Event]) -> list[Row]:
    """Return a row for every figure, with all that a figure knows: nothing but the claims' words is lost."""
    return [
        {
            "event_id": event.id,
            "event_type": event.kind,
            "date_start": event.since.isoformat(),
            "date_end": event.until.isoformat(),
            "place_code": event.where.code,
            "place_precision": event.where.level,
            "measure": figure.measure,
            "population": figure.population,
            "scope": figure.scope,
            "low": figure.low,
            "best": figure.best,
            "high": figure.high,
            "open_above": int(figure.open_above),
            "grade": figure.grade,
            "origins": figure.origins,
            "independent_groups": figure.independent_groups,
            "basis": " ".join(figure.basis),
            "rules": " ".join(figure.rules),
            "flags": " ".join(figure.flags),
            "as_of": figure.as_of.isoformat() if figure.as_of else None,
        }
        for event in events
        for figure in event.figures
    ]


def geojson(events: Sequence[Event]) -> dict[str, Any]:
    """Return events as a FeatureCollection.

    A feature has no geometry (RFC 7946, section 3.2): a point would be finer than what is known or may be
    shown.  Whoever draws a map joins the outlines of areas by `place_code`.
    """
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": event.id,
                "geometry": None,
                "properties": {**hxl(event), "place_code": event.where.code, "place_name": event.where.name},
            }
            for event in events
        ],
    }


def _of(figure: Figure | None, bound: Literal["low", "best", "high"]) -> int | None:
    if figure is None:
        return None
    return {"low": figure.low, "best": figure.best, "high": figure.high}[bound]


def _spoken(measure: str, figure: Figure | None) -> str:
    if figure is None:
        return f"{measure} not known"
    if figure.high is None:
        return f"at least {figure.low} {measure}"
    span = str(figure.low) if figure.low == figure.high else f"{figure.low} to {figure.high}"
    return f"{span} {measure}"


def _days(event: Event) -> int:
    return (event.until - event.since).days + 1


def _by_span(event: Event, day: Cell, week: Cell, longer: Cell) -> Cell:
    """Return one of three by how many days an event may have lasted; a night has two dates and is a day."""
    days = _days(event)
    return day if days <= 2 else week if days <= _WEEK else longer

"""Short ways to write what was said of an attack, for tests of the rules."""

from datetime import UTC, datetime, timedelta

from tocsin.record.claims import Claim, Polarity, Qualifier, Topic
from tocsin.record.kept import KeptClaim, ReportVersion, Source, SourceKind

DAY = datetime(2024, 1, 2, tzinfo=UTC)

MAYOR = Source("mayor", SourceKind.LOCAL_AUTHORITY, "city", "UA")
RESCUE = Source("rescue service", SourceKind.EMERGENCY_SERVICE, "interior", "UA")
MINISTRY = Source("interior ministry", SourceKind.STATE_BODY, "interior", "UA")
AIR_FORCE = Source("air force", SourceKind.MILITARY, "defence", "UA")
MOSCOW = Source("Moscow", SourceKind.STATE_BODY, "ru-state", "RU")
WIRE = Source("Wire", SourceKind.WIRE_AGENCY, "wire-group")
DAILY = Source("Daily", SourceKind.NEWS_MEDIA, "daily-group")
WEEKLY = Source("Weekly", SourceKind.NEWS_MEDIA, "weekly-group")
SOURCES = (MAYOR, RESCUE, MINISTRY, AIR_FORCE, MOSCOW, WIRE, DAILY, WEEKLY)


def at(hour=0, day=2):
    """Return a moment of January 2024; hours may run on into the next days."""
    return DAY.replace(day=1) + timedelta(days=day - 1, hours=hour)


def told(id, count, *chain, stated, qualifier=Qualifier.EXACT, measure="killed", words="", seen=None, **more):
    """Return a kept claim; its report is its own unless another is named."""
    claim_fields = {
        name: more.pop(name) for name in ("substantiated", "polarity", "of", "object") if name in more
    }
    claim = Claim(
        kind=Topic(measure),
        count=count,
        count_qualifier=qualifier,
        span_start=0,
        span_end=len(words),
        text_span=words,
        **{"polarity": Polarity.ASSERTED, **claim_fields},
    )
    fields = {"report": f"report {id}", "version": 1, "incident": "attack", **more}
    return KeptClaim(
        id=id,
        claim=claim,
        chain=chain,
        stated=stated,
        seen=seen or stated,
        measure=measure,
        **fields,
    )


def text(report, publisher, words, *, seen=DAY, version=1, **more):
    """Return one version of a report."""
    return ReportVersion(report, version, publisher, seen, words, **more)

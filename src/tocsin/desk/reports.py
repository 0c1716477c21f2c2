"""Reports at the desk: what is posted to `/v1/reports` becomes an entry of the log, word for word.

A text is checked for what it is, never for what it says: it changes no alert and nothing in it is
carried out.  The record half, which reads it, is not loaded here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tocsin import wire
from tocsin.areas import Areas
from tocsin.desk.keys import Principal
from tocsin.errors import KeyTaken, NotEntitled, SourceGarbled
from tocsin.model import Realm, Report, SourceId

REPORT_LIMIT = 8 * 1024 * 1024  # bytes; a text of 1,000,000 characters, some of them escaped
LONGEST = 1_000_000  # characters; a longer text is a book, and its commit would keep alerts waiting
_AHEAD = timedelta(days=1)  # a date has no zone: it is tomorrow's already somewhere


def report_of(form: wire.ReportForm, realm: Realm, filed_by: str, now: datetime) -> Report:
    """Return the entry that a posted report becomes.

    Raises:
        SourceGarbled: It is no text, or its day of publication is no date or lies ahead.
    """
    if "\x00" in form.text:
        raise SourceGarbled("text: it is binary", todo="send plain text, encoded as UTF-8")
    if not form.text.strip():
        raise SourceGarbled("text: there are no words in it", todo="send the text of the report")
    if len(form.text) > LONGEST:
        raise SourceGarbled(
            f"text: it has {len(form.text):,} characters, more than {LONGEST:,}", todo="send one report"
        )
    _check_day(form.published, now)
    until = form.embargoed_until
    return Report(
        realm,
        SourceId(form.source),
        form.doc,
        form.text,
        hashlib.sha256(form.text.encode()).hexdigest(),
        filed_by,
        form.published,
        form.version,
        form.lang,
        form.url,
        form.credit,
        form.original,
        form.correction,
        form.retracted,
        None if until is None else wire.utc(until),
    )


def report_key(report: Report) -> str:
    """Return the key of a report's entry: a version of a text is there once."""
    return f"report/{report.source}/{report.doc}/{report.version}"


def taken(report: Report, error: KeyTaken) -> KeyTaken:
    """Return what to tell who files another text, or another date, under a name that is used."""
    return KeyTaken(
        f"version {report.version} of {report.doc!r} is at place {error.values['seq']} already and says "
        "something else",
        todo=f"file it as version {report.version + 1}, or under another name; nothing is replaced",
        **error.values,
    )


def entitle(who: Principal, areas: Areas) -> None:
    """Do nothing if a key may file reports: one that speaks for the whole country.

    Raises:
        NotEntitled: It speaks for a part, as a siren's does.
    """
    if areas.root not in who.areas:
        raise NotEntitled(
            f"the key {who.name!r} may not file reports: it speaks for {', '.join(who.areas)} only",
            todo=f"ask the office for a key that has the right to {areas.root}",
        )


async def file(
    form: wire.ReportForm,
    who: Principal,
    areas: Areas,
    now: datetime,
    record: Callable[[str, Report], Awaitable[Any]],
) -> Any:
    """Return the receipt of a posted report, once it is durable.

    Raises:
        SourceGarbled: It cannot be taken as it is.
        NotEntitled: The key may not.
        KeyTaken: Another text has this name and version.
    """
    entitle(who, areas)
    report = report_of(form, who.realm, who.name, now)
    try:
        return await record(report_key(report), report)
    except KeyTaken as error:
        raise taken(report, error) from error


def _check_day(published: str | None, now: datetime) -> None:
    if published is None:
        return
    try:
        if len(published) == len("2024-01-02"):
            day = date.fromisoformat(published)
            at = datetime(day.year, day.month, day.day, tzinfo=UTC)
        else:
            at = wire.read_moment(published, "published")
    except ValueError:
        raise SourceGarbled(
            f"published: {published!r} is not a date",
            todo="write it as 2024-01-02 or 2024-01-02T08:00+02:00, or leave it out",
        ) from None
    if at > now + _AHEAD:
        raise SourceGarbled(
            f"published: {published} lies ahead of our clock, {wire.stamp(now)}",
            todo="mend the date, or leave it out",
        )

"""CAP messages of our own, for the tests: one that is right, and ways to change it."""

from __future__ import annotations

from tocsin.cap.message import NAMESPACE

SENDER = "desk@example.org"
SENT = "2026-03-01T10:00:00+02:00"
SQUARE = "50.0,30.0 50.0,31.0 51.0,31.0 51.0,30.0 50.0,30.0"


def area(inside: str = "", *, desc: str = "Київ", code: str = "UA80000000000093317") -> str:
    """Return an area with a KATOTTG code, unless it is empty."""
    geocode = f"<geocode><valueName>KATOTTG</valueName><value>{code}</value></geocode>" if code else ""
    return f"<area><areaDesc>{desc}</areaDesc>{inside}{geocode}</area>"


def info(
    *,
    language: str = "uk",
    event: str = "Повітряна тривога",
    response: str = "Shelter",
    severity: str = "Extreme",
    expires: str = "<expires>2026-03-01T22:00:00+02:00</expires>",
    before_area: str = "",
    areas: str | None = None,
) -> str:
    """Return an info."""
    return (
        f"<info><language>{language}</language><category>Security</category><event>{event}</event>"
        f"<responseType>{response}</responseType><urgency>Immediate</urgency><severity>{severity}</severity>"
        f"<certainty>Observed</certainty>{expires}{before_area}{area() if areas is None else areas}</info>"
    )


def alert(
    *infos: str,
    identifier: str = "one",
    sender: str = SENDER,
    sent: str = SENT,
    status: str = "Actual",
    kind: str = "Alert",
    scope: str = "Public",
    after_scope: str = "",
    namespace: str = NAMESPACE,
    after: str = "",
) -> str:
    """Return a message, with one info unless some are given."""
    return (
        f'<alert xmlns="{namespace}">\n<identifier>{identifier}</identifier>\n<sender>{sender}</sender>\n'
        f"<sent>{sent}</sent>\n<status>{status}</status>\n<msgType>{kind}</msgType>\n<scope>{scope}</scope>\n"
        f"{after_scope}{''.join(infos) or info()}{after}</alert>\n"
    )


def references(*names: str, sender: str = SENDER, sent: str = SENT) -> str:
    """Return `references` to earlier messages of one sender and one time."""
    return f"<references>{' '.join(f'{sender},{name},{sent}' for name in names)}</references>"

"""Rendering: a bulletin as plain text, Markdown, HTML and IPTC ninjs 3.1.

What texts say is shown as words and never as markup: control characters and those that turn the direction of
writing are taken out, and what is markup in the form is escaped.  ninjs allows no fields of one's own, so the
sentences with their claims and figures are a body of their own, of the media type application/json.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from tocsin.model import AreaId
from tocsin.record.sheet import Line, Sheet
from tocsin.wire import stamp

FORMATS = ("text", "md", "html", "json")
_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~!])")
_TILE = 44  # pixels
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_CSS = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}"
    "small{color:#666}li{margin:.3rem 0}svg text{font:9px system-ui,sans-serif;fill:#111}"
    "@media(prefers-color-scheme:dark){body{background:#111;color:#eee}small{color:#aaa}}"
)
SCHEMA = "http://www.iptc.org/std/ninjs/ninjs-schema_3.1.json#"


def inert(text: str) -> str:
    """Return words without what a terminal or a page would act on."""
    return "".join(
        c for c in text if c not in _BIDI and (c in "\n" or unicodedata.category(c) not in ("Cc", "Cs"))
    )


def to_text(sheet: Sheet, status: str, nothing: str) -> str:
    """Return a bulletin as plain text.

    Args:
        sheet: The bulletin.
        status: Whether it is in the log, in words.
        nothing: What an empty part says.
    """
    parts = [sheet.title.upper(), sheet.period, sheet.about, status]
    for section in sheet.sections:
        parts += ["", section.title.upper()]
        parts += [f"- {_with_claims(line)}" for line in section.lines] or [nothing]
    return inert("\n".join(parts)) + "\n"


def to_markdown(sheet: Sheet, status: str, nothing: str) -> str:
    """Return a bulletin as Markdown; see `to_text`."""
    parts = [f"# {_escaped(sheet.title)}", "", _escaped(sheet.period) + "  ", _escaped(sheet.about) + "  ",
             f"**{_escaped(status)}**"]  # fmt: skip
    for section in sheet.sections:
        parts += ["", f"## {_escaped(section.title)}", ""]
        parts += [f"* {_escaped(_with_claims(line))}" for line in section.lines] or [_escaped(nothing)]
    return inert("\n".join(parts)) + "\n"


def to_html(
    sheet: Sheet,
    status: str,
    nothing: str,
    tiles: Mapping[AreaId, tuple[int, int]],
    name: Callable[[AreaId], str],
) -> str:
    """Return a bulletin as one page that needs nothing else.

    Args:
        sheet: The bulletin.
        status: Whether it is in the log, in words.
        nothing: What an empty part says.
        tiles: Column and row of each area on the map.
        name: What an area is called.
    """
    escape = html.escape
    parts = [
        f'<!doctype html><html lang="{escape(sheet.lang)}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(sheet.title)}, {escape(sheet.period)}</title><style>{_CSS}</style>",
        f"<h1>{escape(sheet.title)}</h1><p>{escape(sheet.period)}<br>{escape(sheet.about)}</p>",
        f"<p><strong>{escape(status)}</strong></p>",
    ]
    for section in sheet.sections:
        parts.append(f'<section id="{section.name}"><h2>{escape(section.title)}</h2>')
        if section.name == "map":
            parts.append(_svg(sheet, tiles, name))
        lines = "".join(f"<li>{_html_line(line)}</li>" for line in section.lines)
        parts.append(f"<ul>{lines}</ul></section>" if lines else f"<p>{escape(nothing)}</p></section>")
    return inert("\n".join(parts)) + "\n"


def to_ninjs(
    sheet: Sheet,
    status: str,
    nothing: str,
    *,
    uri: str,
    name: Callable[[AreaId], str],
    kept_at: datetime | None,
) -> dict[str, Any]:
    """Return a bulletin as an IPTC ninjs 3.1 item; one that is not in the log is withheld.

    Args:
        sheet: The bulletin.
        status: Whether it is in the log, in words.
        nothing: What an empty part says.
        uri: Its name.
        name: What an area is called.
        kept_at: When it was put into the log; None: it is not there.
    """
    places = [
        {"name": name(cell.area), "rel": "about", "literal": cell.area} for cell in sheet.cells if cell.claims
    ]
    return {
        "uri": uri,
        "standard": {"name": "ninjs", "version": "3.1", "schema": SCHEMA},
        "type": "text",
        "representationType": "full",
        "profile": "situation-report",
        "versionCreated": stamp(kept_at or sheet.as_of),
        "contentCreated": stamp(sheet.as_of),
        "pubStatus": "usable" if kept_at else "withheld",
        "language": sheet.lang,
        "headlines": [{"role": "main", "value": inert(f"{sheet.title}, {sheet.period}")}],
        "descriptions": [{"role": "summary", "contentType": "text/plain", "value": inert(sheet.about)}],
        "places": places,
        "bodies": [
            {"role": "main", "contentType": "text/plain", "value": to_text(sheet, status, nothing)},
            {
                "role": "claims",
                "contentType": "application/json",
                "value": json.dumps(_structured(sheet), ensure_ascii=False),
            },
        ],
    }


def _structured(sheet: Sheet) -> dict[str, Any]:
    """Return the sentences with their claims, and the figures; a bound that is not known is null."""
    return {
        "since": stamp(sheet.since),
        "until": stamp(sheet.until),
        "as_of": stamp(sheet.as_of),
        "sections": {
            section.name: [{"text": inert(line.text), "claims": list(line.claims)} for line in section.lines]
            for section in sheet.sections
        },
        "figures": [
            {"incident": row[0], "counted": row[1], "low": row[2], "best": row[3], "high": row[4]}
            for row in sheet.figures
        ],
    }


def _with_claims(line: Line) -> str:
    return f"{line.text} [{', '.join(line.claims)}]" if line.claims else line.text


def _escaped(text: str) -> str:
    return _MARKUP.sub(r"\\\1", text)


def _html_line(line: Line) -> str:
    ids = f" <small>[{html.escape(', '.join(line.claims))}]</small>" if line.claims else ""
    return html.escape(line.text) + ids


def _svg(sheet: Sheet, tiles: Mapping[AreaId, tuple[int, int]], name: Callable[[AreaId], str]) -> str:
    """Return the map: the longer under alert, the darker; the number is of claims."""
    longest = max((cell.minutes for cell in sheet.cells), default=0) or 1
    parts = []
    for cell in sheet.cells:
        if cell.area not in tiles:
            continue
        column, row = tiles[cell.area]
        x, y = column * _TILE, row * _TILE
        shade = round(0.7 * cell.minutes / longest, 2)
        label = html.escape(f"{name(cell.area)}: {cell.claims}; {cell.minutes} min")
        parts.append(
            f'<g><title>{label}</title><rect x="{x}" y="{y}" width="{_TILE - 2}" height="{_TILE - 2}" rx="4" '
            f'fill="#c00" fill-opacity="{shade}" stroke="#888"/>'
            f'<text x="{x + 4}" y="{y + 14}">{html.escape(cell.area)}</text>'
            f'<text x="{x + 4}" y="{y + 32}">{cell.claims or ""}</text></g>'
        )
    wide = max((tiles[c.area][0] for c in sheet.cells if c.area in tiles), default=0) + 1
    high = max((tiles[c.area][1] for c in sheet.cells if c.area in tiles), default=0) + 1
    size = f"0 0 {wide * _TILE} {high * _TILE}"
    return f'<svg viewBox="{size}" role="img" width="100%">{"".join(parts)}</svg>'

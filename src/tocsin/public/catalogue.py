"""The areas as the public door lists them: codes, names, and which lies in which."""

from __future__ import annotations

from typing import Any

from tocsin.areas import Areas


def catalogue_json(areas: Areas) -> dict[str, Any]:
    """Return every area of the country, in the pack's order."""
    return {
        "root": str(areas.root),
        "board": [str(area) for area in areas.board],
        "areas": [
            {
                "id": str(area.id),
                "level": area.level,
                "parent": area.parent,
                "name": dict(area.names),
                "codes": dict(area.codes),
            }
            for area in areas
        ],
    }

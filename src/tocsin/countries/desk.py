"""What a country pack has for the desk: templates to raise with, and how long a raise usually lasts."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from msgspec import Struct, convert

from tocsin.model import Level, Threat


class Template(Struct, frozen=True, forbid_unknown_fields=True):
    """A coded event that operators raise with one press."""

    name: str
    threat: Threat
    title: dict[str, str]  # language -> what the button says
    subtype: str | None = None
    level: Level | None = None


class DeskPack(Struct, frozen=True, forbid_unknown_fields=True):
    """A country's `desk.toml`."""

    usual_hours: float
    template: tuple[Template, ...]

    def find(self, name: str) -> Template | None:
        """Return the template of a name."""
        return next((one for one in self.template if one.name == name), None)


@cache
def desk_pack(country: str) -> DeskPack:
    """Return what a country pack has for the desk; a pack without a `desk.toml` has no templates."""
    file = files("tocsin.countries").joinpath(country, "desk.toml")
    if not file.is_file():
        return DeskPack(24.0, ())
    return convert(tomllib.loads(file.read_text("utf-8")), DeskPack)

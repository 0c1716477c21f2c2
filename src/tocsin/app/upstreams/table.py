"""The `[[upstream]]` tables of ``tocsin.toml``: which sources are called, how, and under which contract."""

from __future__ import annotations

import difflib
import re
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from tocsin.areas import Areas
from tocsin.errors import ConfigError, UnknownArea
from tocsin.model import AreaId, Contract, Realm, SourceId, Threat

FORMATS = ("alerts.in.ua", "alerts.com.ua", "cap", "telegram", "tocsin", "ukrainealarm")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_THREAT = re.compile(r"\*|[a-z0-9][a-z0-9_.\-]{0,39}")


class Upstream(Struct, frozen=True):
    """One source that is called."""

    name: SourceId
    format: str
    url: str  # for Telegram the channel's number
    areas: tuple[AreaId, ...]
    threats: tuple[Threat, ...]
    realm: Realm
    every_s: float  # how often it is asked, where it is asked
    silence_s: float
    max_age_s: float
    token: str = ""
    complete: bool = False  # CAP: all that stands is in the feed
    event: Threat | None = None  # CAP: the threat of events that no table knows
    pinned: tuple[Path, ...] = ()  # CAP: certificates; others and unsigned messages are refused
    note_key: str = ""  # tocsin: its public key

    @property
    def contract(self) -> Contract:
        """What it is to report."""
        return Contract(self.realm, self.name, self.areas, self.threats, self.silence_s, self.max_age_s)


_FIELDS = {
    "name": str, "format": str, "url": str, "areas": list, "threats": list, "realm": str, "every_s": float,
    "silence_s": float, "max_age_s": float, "token_file": str, "complete": bool, "event": str, "pinned": list,
    "note_key": str,
}  # fmt: skip
_NEEDED = ("name", "format", "url", "areas", "threats")
_WORDS = {str: "text", list: "a list of texts", float: "a number above 0", bool: "true or false"}


def read_upstreams(values: Mapping[str, Any], areas: Areas) -> tuple[Upstream, ...]:
    """Return the upstreams that the settings name.

    Args:
        values: Every setting; the tables, if any, are under ``upstream``.
        areas: The country's areas.

    Raises:
        ConfigError: A table says something that cannot be; names the table and the field.
    """
    found = tuple(
        _read(number, table, values, areas) for number, table in enumerate(values.get("upstream", ()), 1)
    )
    names = [one.name for one in found]
    for one in found:
        if names.count(one.name) > 1:
            raise ConfigError(
                f"upstream {one.name}: there are two of this name", todo="give each a name of its own"
            )
    return found


def names_of(values: Mapping[str, Any]) -> frozenset[SourceId]:
    """Return the names that the tables give, unread: no key and no authority may have one."""
    tables = [one for one in values.get("upstream", ()) if isinstance(one, dict)]
    return frozenset(SourceId(one["name"]) for one in tables if isinstance(one.get("name"), str))


def _read(number: int, table: Any, values: Mapping[str, Any], areas: Areas) -> Upstream:
    where = f"upstream {number}"
    if not isinstance(table, dict):
        raise ConfigError(f"{where} is {table!r}", todo="write it as a table: [[upstream]]")
    given = {name: _typed(where, name, value) for name, value in table.items()}
    for name in _NEEDED:
        if not given.get(name):
            raise ConfigError(f"{where} has no {name}", todo=f"say {', '.join(_NEEDED)}")
    where = f"upstream {given['name']}"
    _check_texts(where, given)
    return Upstream(
        name=SourceId(given["name"]),
        format=given["format"],
        url=given["url"].rstrip("/"),
        areas=tuple(_area(where, one, areas) for one in given["areas"]),
        threats=tuple(_threat(where, one) for one in given["threats"]),
        realm=Realm(given.get("realm", "actual")),
        every_s=given.get("every_s", 60.0 if given["format"] == "cap" else 10.0),
        silence_s=given.get("silence_s", values["silence_s"]),
        max_age_s=given.get("max_age_s", values["max_age_s"]),
        token=_secret(where, given["token_file"]) if "token_file" in given else "",
        complete=given.get("complete", False),
        event=_threat(where, given["event"]) if "event" in given else None,
        pinned=tuple(Path(one) for one in given.get("pinned", ())),
        note_key=given.get("note_key", ""),
    )


def _typed(where: str, name: str, value: Any) -> Any:
    kind = _FIELDS.get(name)
    if kind is None:
        near = difflib.get_close_matches(name, _FIELDS, 1)
        todo = f"did you mean {near[0]}?" if near else f"the fields are {', '.join(_FIELDS)}"
        raise ConfigError(f"{where}: there is no field {name!r}", todo=todo)
    if kind is float:
        right = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e9
    elif kind is list:
        right = isinstance(value, list) and all(isinstance(one, str) for one in value)
    else:
        right = isinstance(value, kind)
    if not right:
        raise ConfigError(f"{where}: {name} is {value!r}", todo=f"set it to {_WORDS[kind]}")
    return float(value) if kind is float else value


def _check_texts(where: str, given: Mapping[str, Any]) -> None:
    if not _NAME.fullmatch(given["name"]) or given["name"] == "pack":
        raise ConfigError(
            f"{where}: this cannot be a name",
            todo="use up to 40 of a-z, 0-9 and -, beginning with a letter or digit; 'pack' is taken",
        )
    _one_of(where, "format", given["format"], FORMATS)
    _one_of(where, "realm", given.get("realm", "actual"), [one for one in Realm if one is not Realm.REPLAY])
    parts = urlsplit(given["url"])
    if given["format"] == "telegram":
        if not re.fullmatch(r"-?\d{1,20}", given["url"]):
            raise ConfigError(
                f"{where}: url is {given['url']!r}",
                todo="give the channel's number: a name can be taken over by somebody else",
            )
    elif parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
        raise ConfigError(
            f"{where}: url is {given['url']!r}", todo="give an http or https address without a password"
        )


def _one_of(where: str, name: str, value: str, among: Sequence[str]) -> None:
    if value not in among:
        raise ConfigError(f"{where}: {name} is {value!r}", todo=f"use one of {', '.join(among)}")


def _area(where: str, text: str, areas: Areas) -> AreaId:
    try:
        return areas.find(text)
    except UnknownArea as error:
        raise ConfigError(f"{where}: areas: {error.found}", todo=error.todo) from error


def _threat(where: str, text: str) -> Threat:
    if not _THREAT.fullmatch(text):
        raise ConfigError(f"{where}: {text!r} cannot be a threat", todo='use a code, as "air", or "*"')
    return Threat(text)


def _secret(where: str, path: str) -> str:
    try:
        if stat.S_IMODE(Path(path).stat().st_mode) & 0o077:
            raise ConfigError(f"{where}: others can read {path}", todo=f"chmod 600 {path}")
        token = Path(path).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{where}: cannot read {path}: {error}", todo="write the token into it") from error
    if not token or not token.isascii() or not token.isprintable():
        raise ConfigError(f"{where}: {path} holds no token", todo="write the token into it, one line")
    return token

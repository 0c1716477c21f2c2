"""Every setting: name, type, default, unit, one sentence.

One table.  The parser, ``tocsin config`` and the reference page are made from
it.  A value comes from the command line, else from the environment
(``TOCSIN_SILENCE_S``), else from the file (``tocsin.toml``), else the default.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from tocsin.errors import ConfigError


class Setting(Struct, frozen=True):
    """One thing that whoever runs a server can set."""

    name: str
    kind: type
    default: Any
    about: str
    unit: str = ""


SETTINGS = (
    Setting("data", str, "tocsin-data", "The folder of the log and the keys."),
    Setting("public", str, "127.0.0.1:8410", "Where the public door listens."),
    Setting(
        "desk", str, "127.0.0.1:8411", "Where the desk listens; keep it on loopback or behind a TLS proxy."
    ),
    Setting(
        "desk_origin",
        str,
        "loopback",
        "Where browsers find the desk's console, https://NAME behind a TLS proxy; loopback is this machine.",
    ),
    Setting(
        "metrics", str, "off", "Where the figures for Prometheus are, HOST:PORT; keep it on loopback, or off."
    ),
    Setting("country", str, "ua", "The country pack."),
    Setting(
        "silence_s", float, 60.0, "After this long without contact a source's clears become unknown.", "s"
    ),
    Setting(
        "person_silence_s",
        float,
        3_600.0,
        "After this long a person's all clear becomes unknown, unless somebody says it again.",
        "s",
    ),
    Setting(
        "max_age_s", float, 900.0, "A signal older than this when it is heard is shown, never sounded.", "s"
    ),
    Setting(
        "channels_allow",
        str,
        "none",
        "Addresses or networks inside that webhooks may call after all, with commas between; or none.",
    ),
    Setting(
        "channels_ca",
        str,
        "none",
        "A PEM file of authorities that webhooks trust beside the system's; or none.",
    ),
    Setting(
        "push",
        str,
        "off",
        "Where browsers subscribe to Web Push, HOST:PORT behind the proxy as /v1/push; or off.",
    ),
    Setting(
        "push_contact", str, "mailto:nobody@example.org", "How a push service reaches you, a mailto: address."
    ),
    Setting(
        "cap_sender", str, "tocsin", "Who our messages in CAP are from: a name without blanks and commas."
    ),
    Setting(
        "cap_web", str, "http://127.0.0.1:8410/v1/alerts/", "Where the public finds our messages in CAP."
    ),
    Setting("connections", int, 18_500, "The most connections that the public door takes."),
)
TABLES = ("approval", "upstream")
"""Settings that are lists of tables in the file; whoever uses one reads it."""
_BY_NAME = {setting.name: setting for setting in SETTINGS}
PREFIX = "TOCSIN_"
KINDS = {str: "text", float: "a number above 0", int: "a whole number above 0"}
"""What a value of each kind must be, in words."""


def load(
    path: Path | None, environment: Mapping[str, str], given: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return every setting's value.

    Args:
        path: A TOML file, or None for `tocsin.toml` where it is.
        environment: As `os.environ`.
        given: Values from the command line; None is not given.

    Raises:
        ConfigError: An unknown name, with the nearest known one; a value of another type, an empty
            text, a number that is not above 0; a file that cannot be read.
    """
    values = {setting.name: setting.default for setting in SETTINGS}
    read = _read(path)
    tables = {name: _tables(name, read.pop(name)) for name in TABLES if name in read}
    for name, value in read.items():
        values[_known(name, f"{path or 'tocsin.toml'}")] = value
    for name, value in environment.items():
        if name.startswith(PREFIX) and name[len(PREFIX) :].lower() in _BY_NAME:
            values[name[len(PREFIX) :].lower()] = value
    values.update({name: value for name, value in (given or {}).items() if value is not None})
    return {name: _typed(_BY_NAME[name], value) for name, value in values.items()} | tables


def _tables(name: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ConfigError(f"{name} is {value!r}", todo=f"write each as a table that begins with [[{name}]]")
    return value


def _read(path: Path | None) -> dict[str, Any]:
    file = path or Path("tocsin.toml")
    if path is None and not file.exists():
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(
            f"cannot read the settings in {file}: {error}", todo="mend the file, or leave it out"
        ) from error


def _known(name: str, where: str) -> str:
    if name in _BY_NAME:
        return name
    near = difflib.get_close_matches(name, (*_BY_NAME, *TABLES), 1)
    hint = f"did you mean {near[0]}?" if near else "see `tocsin config --defaults`"
    raise ConfigError(f"{name}: no such setting in {where}", todo=hint)


def _typed(setting: Setting, value: Any) -> Any:
    """Return a value as its setting's kind.  What would have to be rounded or guessed at is refused."""
    typed: str | int | float | None = None
    if setting.kind is str:
        typed = value if isinstance(value, str) and value.strip() else None
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        typed = _number(setting.kind, value)
    if typed is None:
        raise ConfigError(
            f"{setting.name} is {value!r}", todo=f"set it to {KINDS[setting.kind]}, as in {setting.default!r}"
        )
    return typed


def _number(kind: type, value: str | int | float) -> int | float | None:
    if kind is int and isinstance(value, float):  # 1.9 would be cut to 1
        return None
    try:
        number: int | float = kind(value)
    except ValueError:
        return None
    return number if 0 < number < 1e9 else None


def address(text: str, name: str) -> tuple[str, int]:
    """Return host and port of HOST:PORT.

    Raises:
        ConfigError: It is not one.
    """
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdigit() or int(port) > 65_535:
        raise ConfigError(f"{name} is {text!r}", todo="write HOST:PORT, as in 127.0.0.1:8410")
    return host.strip("[]"), int(port)


def defaults_toml() -> str:
    """Return a settings file that says what would hold without one."""
    lines = []
    for setting in SETTINGS:
        unit = f" [{setting.unit}]" if setting.unit else ""
        value = f'"{setting.default}"' if setting.kind is str else str(setting.default)
        lines.append(
            f"# {setting.about}{unit}\n"
            f"# Environment: {PREFIX}{setting.name.upper()}\n"
            f"{setting.name} = {value}\n"
        )
    return "\n".join(lines)

"""Mail, messengers and a hundred other services, through Apprise.

A service is told in words, in both languages from one coded event.  What comes while it rests is told in one
message afterwards, so that its limit is kept and nothing waits in a queue.  No words of a feed are passed on.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from tocsin.channels import Endpoint, Saying, Telling, Undelivered, only_actual
from tocsin.errors import ConfigError
from tocsin.model import AreaId, State

PER_MINUTE = 20  # Telegram takes so many in one group; most services take more
TOGETHER = 50  # alerts in one message
_NAMED = 12  # areas that are named in one line

_STATES = {
    State.RAISED: ("ТРИВОГА", "ALERT"),
    State.PARTLY: ("Тривога в частині", "Alert in a part"),
    State.CLEAR: ("Відбій", "All clear"),
    State.UNKNOWN: ("Невідомо, дійте як під час тривоги", "Unknown, treat as danger"),
}
_CANCELLED = ("Скасовано: надіслано помилково", "Cancelled: it was sent in error")
_THREATS = {
    "air": ("повітряна", "air"),
    "artillery": ("артилерія", "artillery"),
    "urban_fights": ("вуличні бої", "urban fights"),
    "chemical": ("хімічна", "chemical"),
    "nuclear": ("радіаційна", "nuclear"),
}
_LATE = ("Із запізненням, це вже не нове:", "Late, this is not new any more:")
_NOW = ("Зараз:", "Now:")
_NONE = ("тривог немає серед відомого", "no alert among what is known")
Name = Callable[[AreaId, str], str]


class Note(NamedTuple):
    """One message."""

    title: str
    body: str
    kind: str  # of Apprise: failure, warning, success, info


class Service:
    """One service that is told in words.

    Args:
        endpoint: Its Apprise address is its secret: it holds passwords and tokens.
        name: Gives an area's name in a language.

    Raises:
        ConfigError: The address is none, or the library is missing.
    """

    beat_s = 0.0
    together = TOGETHER

    def __init__(self, endpoint: Endpoint, name: Name) -> None:
        self._name = name
        self.pause_s = 60.0 / float(endpoint.options.get("per_minute", PER_MINUTE))
        self._apprise = read_service(endpoint.secrets[0])

    def encode(self, telling: Telling) -> Note | None:
        """Return the message for a telling; None where there is nothing to say."""
        only_actual(telling)
        if telling.saying is Saying.BEAT or not telling.together:
            return None
        if telling.saying is Saying.SNAPSHOT:
            return Note(
                " / ".join(_NOW),
                "\n\n".join(_present(telling.board, lang, self._name) for lang in (0, 1)),
                "info",
            )
        lines = [[self._line(said, lang) for said in telling.together] for lang in (0, 1)]
        late = telling.saying is Saying.MISSED or all(said.get("late") for said in telling.together)
        if late:
            lines = [[_LATE[lang], *lines[lang]] for lang in (0, 1)]
        last = telling.said
        kind = {State.RAISED: "failure", State.PARTLY: "warning", State.CLEAR: "success"}.get(
            last["state"], "info"
        )
        title = self._title(telling.together, late=late)
        return Note(title, "\n\n".join("\n".join(each) for each in lines), "info" if late else kind)

    def _title(self, alerts: Sequence[Mapping[str, Any]], *, late: bool) -> str:
        if late:
            return " / ".join(one.rstrip(":") for one in _LATE)
        states = [State(said["state"]) for said in alerts]
        worst = State.RAISED if State.RAISED in states else states[-1]
        return " / ".join(_STATES.get(worst, _STATES[State.UNKNOWN]))

    def _line(self, said: Mapping[str, Any], lang: int) -> str:
        words = _STATES.get(State(said["state"]), _STATES[State.UNKNOWN])[lang]
        if said.get("cancelled"):
            words = _CANCELLED[lang]
        threat = _THREATS.get(said["threat"], ("інша", "other"))[lang]
        at = said["said_at"][11:16]
        return f"{at} UTC  {words}: {_names(said['areas'], lang, self._name)} ({threat})"

    async def send(self, payload: Note) -> None:
        """Return when the service has taken the message.

        Raises:
            Undelivered: It has not.
        """
        taken = await self._apprise.async_notify(
            body=payload.body, title=payload.title, notify_type=payload.kind, body_format="text"
        )
        if not taken:
            raise Undelivered("the service did not take it")

    async def close(self) -> None:
        """Do nothing."""
        await asyncio.sleep(0)


def read_service(address: str) -> Any:
    """Return what speaks to the service at an Apprise address.

    Raises:
        ConfigError: It is none, or the library is missing.
    """
    try:
        library: Any = importlib.import_module("apprise")
    except ImportError as error:
        raise ConfigError(
            "this channel needs the library apprise", todo="install tocsin[channels]"
        ) from error
    made = library.Apprise()
    if not made.add(address.strip()):
        raise ConfigError("Apprise does not know such an address", todo="see its list of services")
    return made


def _names(areas: Sequence[str], lang: int, name: Name) -> str:
    named = [name(AreaId(area), ("uk", "en")[lang]) for area in areas[:_NAMED]]
    more = len(areas) - _NAMED
    return ", ".join(named) + (f" +{more}" if more > 0 else "")


def _present(board: Mapping[str, Any], lang: int, name: Name) -> str:
    lines = [_NOW[lang]]
    for state in (State.RAISED, State.PARTLY, State.UNKNOWN):
        areas = [area for area, shown in board["areas"].items() if shown["state"] == state]
        if areas:
            lines.append(f"{_STATES[state][lang]}: {_names(areas, lang, name)}")
    return "\n".join(lines if len(lines) > 1 else [*lines, _NONE[lang]])

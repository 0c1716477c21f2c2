"""Which threat a CAP event is about: the event codes of issuers, and the names of events.

Only what certainly is one of our threats stands here.  An event that no row knows is not guessed at; who
listens to a source that speaks of one thing only may say which.

The codes of SAME are those of the United States' Emergency Alert System (47 CFR 11.31).
"""

from __future__ import annotations

from collections.abc import Iterable

from tocsin.cap.message import Info
from tocsin.cap.say import OURS
from tocsin.cap.words import EVENTS
from tocsin.model import THREATS, Threat

CODES: dict[tuple[str, str], str] = {
    # (system, code): threat
    ("SAME", "NUW"): "nuclear",  # nuclear power plant warning
    ("SAME", "RHW"): "nuclear",  # radiological hazard warning
    ("SAME", "HMW"): "chemical",  # hazardous materials warning
}
NAMES: dict[str, str] = {
    **{name.casefold(): threat for threat, names in EVENTS.items() for name in names},
    "air raid": "air",
    "air raid warning": "air",
    "missile alert": "air",
    "ракетна небезпека": "air",
    "загроза артобстрілу": "artillery",
    "загроза ракетного удару": "air",
    "ракетна загроза": "air",
    "загроза застосування бпла": "air",
    "загроза артилерійських обстрілів": "artillery",
    "артилерійський обстріл": "artillery",
    "artillery shelling": "artillery",
    "artillery shelling alert": "artillery",
    "вуличні бої": "urban_fights",
    "urban fights alert": "urban_fights",
    "хімічна небезпека": "chemical",
    "хімічна тривога": "chemical",
    "chemical threat": "chemical",
    "радіаційна небезпека": "nuclear",
    "ядерна загроза": "nuclear",
    "nuclear alert": "nuclear",
    "nuclear threat": "nuclear",
    "urban fighting alert": "urban_fights",
}


def threats_of(infos: Iterable[Info], default: Threat | None = None) -> tuple[Threat, ...]:
    """Return the threats that infos are about, each once; none where no row knows their events.

    Args:
        infos: What says one thing, an info a language.
        default: What an unknown event is about, where somebody ruled so.
    """
    known = tuple(infos)
    coded = [_coded(pair.name, pair.value) for info in known for pair in info.event_codes]
    named_so = [NAMES.get(info.event.strip().casefold()) for info in known]
    found = coded if any(coded) else named_so
    named: dict[Threat, None] = dict.fromkeys(Threat(one) for one in found if one)
    return tuple(named) or (() if default is None else (default,))


def _coded(system: str, code: str) -> str | None:
    if system == OURS:
        return code if code in THREATS else None
    return CODES.get((system.upper(), code.upper()))

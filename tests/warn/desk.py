"""A board with somebody who tells it things, one a second, for tests."""

from datetime import UTC, datetime, timedelta

from tocsin.areas import Area, Areas
from tocsin.countries import load
from tocsin.model import Act, Aside, Contact, Contract, Lapse, Realm, Signal, Threat
from tocsin.warn.board import Board
from tocsin.warn.told import Told

UA = load("ua").areas
NOON = datetime(2024, 1, 2, 12, tzinfo=UTC)


def at(seconds):
    """Return a time so many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def _land():
    """Return a country of two oblasts, four raions, eight hromadas and a city."""
    rows = [("X", "country", None)]
    for oblast in ("X1", "X2"):
        rows.append((oblast, "oblast", "X"))
        for raion in (oblast + "a", oblast + "b"):
            rows.append((raion, "raion", oblast))
            rows += [(raion + "1", "hromada", raion), (raion + "2", "hromada", raion)]
    rows.append(("X1a1c", "city", "X1a1"))
    return Areas(
        [Area(code, level, parent, {"en": code}, {}) for code, level, parent in rows],
        levels=("country", "oblast", "raion", "hromada", "city"),
        board_level="oblast",
        whole=("oblast", "raion", "hromada"),
    )


LAND = _land()


class Desk:
    """Tells a board what happens, and keeps what the board told the public."""

    def __init__(self, *sources, areas=None, threats=("air",), silence_s=60.0, land=UA):
        self.board = Board(land, Realm.ACTUAL)
        self.public = Told(land)  # a subscriber: knows what the alerts say, and nothing else
        self.entries = []
        self.alerts = []
        self.place = 0
        for source in sources:
            self.hear(contract(source, areas or (land.root,), threats, silence_s))

    def hear(self, kind, when=None):
        """Let the board hear one kind; return what it says because of it."""
        self.place += 1
        when = when or getattr(kind, "sent", NOON)
        self.entries.append((self.place, when, kind))
        alerts = self.board.hear(self.place, when, kind)
        for alert in alerts:
            self.place += 1
            self.entries.append((self.place, when, alert))
            self.board.learn(self.place, when, alert)
            self.public.hear(alert)
        self.alerts += alerts
        return alerts

    def raised(self, area, seconds=0, source="feed", threat="air", **more):
        return self.hear(signal(source, area, threat, Act.RAISED, at(seconds), **more))

    def clear(self, area, seconds=0, source="feed", threat="air"):
        return self.hear(signal(source, area, threat, Act.CLEAR, at(seconds)))

    def cancel(self, area, seconds=0, source="feed", threat="air"):
        return self.hear(signal(source, area, threat, Act.CANCELLED, at(seconds)))

    def contact(self, *pairs, seconds=0, source="feed"):
        raised = tuple((area, Threat(threat)) for area, threat in pairs)
        return self.hear(Contact(Realm.ACTUAL, source, held=True, sent=at(seconds), raised=raised))

    def quiet(self, seconds=0, source="feed"):
        return self.hear(Contact(Realm.ACTUAL, source, held=False, sent=at(seconds)))

    def set_aside(self, area, seconds=0, source="feed", threat="air"):
        return self.hear(set_aside(source, area, threat, at(seconds)))

    def lapse(self, seconds):
        """Let the time be up of all that ends by itself until then."""
        return [alert for lapse in self.board.due(at(seconds)) for alert in self.hear(lapse, at(seconds))]

    def state(self, area, threat="air"):
        """Return what the public was told of an area."""
        return str(self.public.status(area, threat).state)

    def status(self, area, threat="air"):
        return self.public.status(area, threat)

    def worst(self, area):
        return str(self.public.state(area))


def contract(source, areas=("UA",), threats=("air",), silence_s=60.0, max_age_s=900.0):
    return Contract(Realm.ACTUAL, source, tuple(areas), tuple(threats), silence_s, max_age_s)


_number = 0


def signal(source, area, threat, state, sent, **more):
    """Return a signal with an id of its own."""
    global _number
    _number += 1
    return Signal(Realm.ACTUAL, source, f"n{_number}", area, Threat(threat), state, sent, **more)


def set_aside(source, area, threat, sent):
    """Return that two people set a raise aside."""
    return Aside(Realm.ACTUAL, source, f"{source}-{sent:%H%M%S}", area, Threat(threat), "office", sent)


__all__ = ["LAND", "NOON", "UA", "Desk", "Lapse", "at", "contract", "set_aside", "signal"]

"""The page of the clients names what the code speaks, and the versions that are tried."""

import re
from pathlib import Path

from tests.docs.pages import DOCS
from tocsin.countries import load
from tocsin.model import Realm
from tocsin.public.spoken import speak

PAGE = (DOCS / "guide" / "clients.md").read_text(encoding="utf-8")
NEEDS = Path(__file__).resolve().parents[1] / "clients" / "needs"


def test_every_dialect_is_on_the_page():
    """Whoever has a client of one finds it."""
    spoken = speak(load("ua"), Realm.ACTUAL, lambda: None)
    assert [dialect.name for dialect in spoken.dialects if dialect.name not in PAGE] == []


def test_every_path_on_the_page_is_one():
    """A line that is copied from there works."""
    spoken = speak(load("ua"), Realm.ACTUAL, lambda: None)
    routes = [path for dialect in spoken.dialects for path in dialect.routes]
    shown = re.findall(r'BASE(?: \+ ")?(/[^`"|]+)["`]', PAGE)
    patterns = [re.escape(route).replace(r"\{\}", "[^/]+") for route in routes]
    known = [*(f"{pattern}" for pattern in patterns), "/api/v3", "/api31/dashboard/", "/api31/warnings/"]
    known += ["/v1/stream", "/v1/ws", "/api/states/live", "/data_v4"]  # streams
    known.append(re.escape("/feeds/meteoalarm-legacy-atom-{0}"))
    assert len(shown) > 10
    assert [path for path in shown if not any(re.fullmatch(one, path) for one in known)] == []


def test_the_versions_that_are_tried_are_those_on_the_page():
    """A client of another version is another client."""
    for file in NEEDS.glob("*.txt"):
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.startswith("#"):
                break  # what the clients need
            name, version = line.split("==")
            assert re.search(rf"`{re.escape(name)}` {re.escape(version)}", PAGE), line

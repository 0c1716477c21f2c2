"""What the description of the public door says of the past is what the door looks at."""

from datetime import UTC, datetime

import pytest

from tocsin.countries import load
from tocsin.model import Realm
from tocsin.public.frames import Moment
from tocsin.public.history import WINDOW_DAYS, history_csv, history_json
from tocsin.public.openapi import ROUTES
from tocsin.views.history import History

UA = load("ua").areas
NOW = Moment("0a1b2c3d", 7, Realm.ACTUAL, datetime(2024, 1, 2, tzinfo=UTC), {}, None)
DESCRIBED = {route.path: {name: what for name, _, what, _ in route.parameters} for route in ROUTES}


class Overheard(dict[str, str]):
    """A query that remembers what it was asked for."""

    def __init__(self, **query):
        super().__init__(query)
        self.names: set[str] = set()

    def __contains__(self, name):
        self.names.add(name)
        return super().__contains__(name)

    def get(self, name, default=None):
        self.names.add(name)
        return super().get(name, default)


@pytest.mark.parametrize(("answer", "form"), [(history_json, "json"), (history_csv, "csv")])
def test_history_takes_what_its_description_lists(answer, form):
    """No more and no less: who filters by what is not looked at would take a whole table for an area's."""
    query = Overheard()
    answer(History(UA), UA, NOW, query)
    assert query.names == set(DESCRIBED[f"/v1/history.{form}"])


def test_an_area_makes_the_level_void_as_the_description_says():
    query = Overheard(area="UA80")
    history_json(History(UA), UA, NOW, query)
    assert "level" not in query.names
    assert "`level`" in DESCRIBED["/v1/history.json"]["area"]


def test_the_longest_window_is_described():
    assert f"{WINDOW_DAYS} days" in DESCRIBED["/v1/history.json"]["to"]

"""History at the public door: windows that can be asked for, and what an answer says of them."""

import csv
import json
from datetime import datetime, timedelta

import pytest

from tests.support import RunningServer, now, tocsin
from tocsin.countries import load
from tocsin.public.history import COLUMNS, WINDOW_DAYS

UA = load("ua").areas
DAY = "from=2024-01-02T00:00Z&to=2024-01-03T00:00Z"
TABLE = """oblast,raion,hromada,level,started_at,finished_at,source
Kyiv City,,,oblast,2024-01-02T04:00:00Z,2024-01-02T06:00:00Z,official
Kyivska oblast,,,oblast,2024-01-02T05:00:00Z,2024-01-02T07:30:00Z,official
Kyivska oblast,,,oblast,2024-01-02T23:30:00Z,2024-01-03T01:00:00Z,official
Lvivska oblast,,,oblast,2024-01-02T10:00:00Z,2024-01-02T11:00:00Z,official
"""


@pytest.fixture(scope="module")
def past(tmp_path_factory):
    """A server over a small table: two areas overlap, one is cut by midnight, one has an invented end."""
    folder = tmp_path_factory.mktemp("past")
    (folder / "table.csv").write_text(TABLE, encoding="utf-8")
    done = tocsin("import", "sirens-csv", folder / "table.csv", "--data", folder / "data", "--json")
    assert json.loads(done.stdout)["added"] == 4, done.stderr
    with RunningServer(folder / "data") as server:
        yield server


def told(server, query):
    answer = server.get(f"/v1/history.json?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def seconds(server, query):
    return {row["area"]: row["seconds"] for row in told(server, query)["areas"] if row["seconds"]}


def test_a_day_is_added_up_by_area(past):
    """Every area of the board, in its order; what reaches over midnight is cut there."""
    day = told(past, DAY)
    assert [row["area"] for row in day["areas"]] == list(UA.board)
    assert seconds(past, DAY) == {"UA80": 7_200, "UA32": 9_000 + 1_800, "UA46": 3_600}
    assert (day["from"], day["to"]) == ("2024-01-02T00:00:00Z", "2024-01-03T00:00:00Z")
    assert day["peak"] == {"areas": 2, "from": "2024-01-02T05:00:00Z", "to": "2024-01-02T06:00:00Z"}
    assert day["realm"] == "actual" and day["epoch"] == past.board()["epoch"]


def test_an_invented_end_is_told_as_one(past):
    """An official row of exactly an hour was ended by the program that wrote it."""
    rows = {row["area"]: row for row in told(past, DAY + "&intervals")["areas"]}
    assert (rows["UA46"]["inferred_seconds"], rows["UA80"]["inferred_seconds"]) == (3_600, 0)
    assert rows["UA46"]["intervals"] == [["2024-01-02T10:00:00Z", "2024-01-02T11:00:00Z", "inferred"]]
    assert [end for _, _, end in rows["UA32"]["intervals"]] == ["observed", "observed"]
    assert "intervals" not in told(past, DAY)["areas"][0]


def test_the_table_is_uncut_and_has_the_common_columns(past):
    """Whoever reads the de-facto history dataset can read it; with the code, the threat and the end."""
    answer = past.get(f"/v1/history.csv?{DAY}")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(answer.text.splitlines()))
    assert tuple(rows[0]) == COLUMNS
    mine = [row for row in rows if row["source"] != "pack"]
    assert len(mine) == 4
    last = max(mine, key=lambda row: row["started_at"])
    assert (last["area"], last["finished_at"]) == ("UA32", "2024-01-03T01:00:00Z")
    assert {(row["area"], row["finished_at"], row["end"]) for row in rows if row["source"] == "pack"} == {
        ("UA01", "", "open"), ("UA44", "", "open"),
    }  # fmt: skip


def test_a_window_may_be_any_length_up_to_a_quarter(past):
    """An hour, and 92 days; a zone other than UTC is understood."""
    assert seconds(past, "from=2024-01-02T07:00%2B02:00&to=2024-01-02T08:00%2B02:00") == {
        "UA80": 3_600, "UA32": 3_600,
    }  # fmt: skip
    assert seconds(past, "from=2024-01-01T00:00Z&to=2024-04-02T00:00Z")["UA32"] == 9_000 + 5_400


def test_by_default_it_is_the_last_day(past):
    """Until now, and only the two that stand."""
    day = told(past, "")
    since, until = datetime.fromisoformat(day["from"]), datetime.fromisoformat(day["to"])
    assert until - since == timedelta(days=1)
    assert abs(datetime.fromisoformat(now()) - until) < timedelta(seconds=10)
    standing = {row["area"] for row in day["areas"] if row["standing"]}
    assert standing == {"UA01", "UA44"}
    assert day["peak"]["areas"] == 0 and not seconds(past, "")


def test_levels_and_single_areas_can_be_asked_for(past):
    """A raion counts with its oblast; the country counts while any part of it is raised."""
    raions = seconds(past, DAY + "&level=raion")
    assert raions and all(UA.chain(raion)[1] in ("UA32", "UA46") for raion in raions)
    assert seconds(past, DAY + "&area=UA80") == {"UA80": 7_200}
    assert seconds(past, DAY + "&level=country") == {"UA": 3 * 3_600 + 1_800 + 3_600 + 1_800}


def test_threats_can_be_asked_for(past):
    """All of the table is about the air."""
    assert seconds(past, DAY + "&threat=air") == seconds(past, DAY)
    assert not seconds(past, DAY + "&threat=artillery")


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("from=2024-01-03T00:00Z&to=2024-01-02T00:00Z", "from is not before to"),
        ("from=2024-01-02T00:00Z&to=2024-01-02T00:00Z", "from is not before to"),
        ("from=2023-01-01T00:00Z&to=2024-01-01T00:00Z", f"longer than {WINDOW_DAYS} days"),
        ("from=2024-01-02T00:00&to=2024-01-03T00:00Z", "from: '2024-01-02T00:00' has no zone"),
        ("to=yesterday", "to: 'yesterday' is not a date and time"),
        (DAY + "&level=county", "there is no level 'county'"),
        (DAY + "&area=UA8O", "no area has the code or name 'UA8O'"),
        ("to=0001-01-01T00:00Z", "the window is out of range"),
        ("from=9999-12-31T23:00-05:00", "outside the years 1 to 9999"),
    ],
)
def test_a_window_that_cannot_be_is_refused(past, query, says):
    """400, what is wrong, and what to ask for instead; as JSON and as a table."""
    for form in ("json", "csv"):
        answer = past.get(f"/v1/history.{form}?{query}")
        if form == "csv" and ("level" in query or "area" in query):
            continue  # a table lists what was named, of every level
        assert answer.status_code == 400, answer.text
        problem = answer.json()
        assert says in problem["detail"] and problem["todo"]
    assert "fault of ours" not in past.errors()


def test_what_is_raised_now_is_in_the_history_at_once(own_server):
    """Open until it is cleared, then observed; a cancelled one says so."""
    feed = own_server.feed("feed", "UA80,UA05", "air")
    feed.contact()
    feed.say("UA80")
    feed.say("UA05")
    rows = {row["area"]: row for row in told(own_server, "intervals")["areas"]}
    assert [end for _, _, end in rows["UA80"]["intervals"]] == ["open"]
    feed.say("UA80", "clear")
    feed.say("UA05", "cancelled")
    rows = {row["area"]: row for row in told(own_server, "intervals")["areas"]}
    assert [end for _, _, end in rows["UA80"]["intervals"]] == ["observed"]
    assert [end for _, _, end in rows["UA05"]["intervals"]] == ["cancelled"]

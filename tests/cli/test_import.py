"""One real day out of two years: imported, added up to the second, and never told as the present."""

import csv
import gzip
import json
import random
import shutil

import pytest

from tests.shared import shared
from tests.support import RunningServer, tocsin

ROWS = 43_031
DAY = ("--from", "2024-01-02T00:00Z", "--to", "2024-01-03T00:00Z")
STANDING = {"UA01", "UA44"}  # counted apart; the table's own figures differ on purpose


def table():
    return shared("alerts/official_data_en_20240423.csv.gz")


def imported(data, file=None, *more):
    """Import a table and return the counts."""
    done = tocsin("import", "sirens-csv", file or table(), "--data", data, "--json", *more)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def verified(data):
    done = tocsin("verify", "--data", data, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def small_table(path, *rows):
    """Write an official table of a few rows."""
    header = "oblast,raion,hromada,level,started_at,finished_at,source"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A folder whose log holds the whole table.  No test of this module adds to it."""
    folder = tmp_path_factory.mktemp("imported")
    counts = imported(folder)
    assert (ROWS, 0, 0) == (counts["added"], counts["known"], counts["refused"])
    return folder


@pytest.fixture(scope="module")
def expected():
    """What somebody else added up for that day, in another way."""
    day = json.loads(shared("alerts/expected_2024-01-02.json").read_bytes())["2024-01-02"]
    return day["official_all_levels"]


def test_the_day_adds_up_to_the_second(data, expected):
    """Every oblast-level area but the two that stand has the very seconds that were found elsewhere."""
    done = tocsin("history", "--data", data, *DAY, "--level", "oblast", "--format", "json")
    told = {row["area"]: row["seconds"] for row in json.loads(done.stdout)}
    want = expected["seconds_by_oblast"]
    assert set(want) == set(told) and len(told) == 27
    counted = sorted(set(want) - STANDING)
    assert len(counted) == 25
    assert {area: want[area] for area in counted} == {area: told[area] for area in counted}
    assert sum(told[area] > 0 for area in counted) == expected["oblasts_with_any"] == 24


def test_the_most_areas_at_once_are_named_with_their_time(data, expected):
    """24 areas, from 04:24:32 to 07:45:15 UTC."""
    done = tocsin("history", "--data", data, *DAY)
    assert expected["peak_oblasts"] == 24
    assert "at most 24 areas at once, 2024-01-02T04:24:32Z to 2024-01-02T07:45:15Z" in " ".join(
        done.stdout.split()
    )


def test_the_table_of_the_day_lists_every_row_that_overlaps_it(data, expected):
    """82 rows, uncut, in the columns that everybody has."""
    done = tocsin("history", "--data", data, *DAY, "--format", "csv")
    rows = list(csv.DictReader(done.stdout.splitlines()))
    assert len(rows) == expected["rows_overlapping"] == 82
    assert {"sirens-official"} == {row["source"] for row in rows}
    assert all(row["started_at"] < "2024-01-03" and row["finished_at"] > "2024-01-02" for row in rows)


def test_two_years_are_all_there(data):
    """Each of the rows is one entry, and the chain holds."""
    assert verified(data)["entries"] == ROWS


def test_importing_again_shuffled_or_tripled_adds_nothing(data, tmp_path):
    """Every row is known by what it says, not by where it stands."""
    with gzip.open(table(), "rt", encoding="utf-8") as file:
        header, *rows = file.read().splitlines()
    tripled = rows * 3
    random.Random(2).shuffle(tripled)
    mixed = tmp_path / "mixed.csv"
    mixed.write_text("\n".join([header, *tripled]) + "\n", encoding="utf-8")
    copy = tmp_path / "data"
    shutil.copytree(data, copy)
    before = verified(copy)

    again = imported(copy)
    assert (0, ROWS, 0) == (again["added"], again["known"], again["refused"])
    more = imported(copy, mixed)
    assert (0, 3 * ROWS, 0) == (more["added"], more["known"], more["refused"])
    assert before == verified(copy)


def test_an_import_is_not_told_as_the_present(data, tmp_path):
    """A server over two years of alerts shows the board of one that knows none: nobody is heard now."""
    copy = tmp_path / "data"
    shutil.copytree(data, copy)
    with RunningServer(copy) as full, RunningServer(tmp_path / "empty") as empty:
        shown, plain = full.board(), empty.board()
        assert {area: entry["state"] for area, entry in shown["areas"].items()} == {
            area: entry["state"] for area, entry in plain["areas"].items()
        }
        day = full.get("/v1/history.json?from=2024-01-02T00:00Z&to=2024-01-03T00:00Z").json()
        assert day["peak"] == {
            "areas": 24, "from": "2024-01-02T04:24:32Z", "to": "2024-01-02T07:45:15Z",
        }  # fmt: skip


def test_a_window_takes_what_overlaps_it(tmp_path):
    """--from and --to keep the rows of a day; the rest of the file is read and left."""
    counts = imported(tmp_path, None, *DAY)
    assert (82, 0, 0) == (counts["added"], counts["known"], counts["refused"])


def test_plain_and_packed_tables_are_the_same(tmp_path):
    """.csv and .csv.gz: what was read from the one is known when it comes from the other."""
    row = "Kyiv City,,,oblast,2024-01-02 03:53:57+00:00,2024-01-02 07:45:15+00:00,official"
    plain = small_table(tmp_path / "table.csv", row)
    packed = tmp_path / "table.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert imported(tmp_path / "data", plain)["added"] == 1
    assert imported(tmp_path / "data", packed)["known"] == 1


def test_a_bad_row_is_named_and_the_others_are_kept(tmp_path):
    """Each error names the row, the field and what to do; the file can be mended and imported again."""
    good = "Kyiv City,,,oblast,2024-01-02 03:53:57+00:00,2024-01-02 07:45:15+00:00,official"
    file = small_table(
        tmp_path / "table.csv",
        good,
        "Atlantis oblast,,,oblast,2024-01-02 03:53:57+00:00,2024-01-02 07:45:15+00:00,official",
        "Kyiv City,,,oblast,2024-01-03 03:53:57,2024-01-03 07:45:15,official",
        "Kyiv City,,,oblast,2024-01-04 07:00:00+00:00,2024-01-04 06:00:00+00:00,official",
    )
    done = tocsin("import", "sirens-csv", file, "--data", tmp_path / "data")
    assert done.returncode == 1
    assert "1 rows added, 0 known already, 3 refused" in done.stdout
    for words in ("row 3: oblast: ", "row 4: started_at: ", "has no zone", "row 5: finished_at: "):
        assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert verified(tmp_path / "data")["entries"] == 1


def test_an_import_is_refused_while_a_server_holds_the_log(own_server, tmp_path):
    """Two writers would spoil the chain: it says who holds the log and what to do, and adds nothing."""
    row = "Kyiv City,,,oblast,2024-01-02 03:53:57+00:00,2024-01-02 07:45:15+00:00,official"
    file = small_table(tmp_path / "table.csv", row)
    before = len(own_server.entries())
    done = tocsin("import", "sirens-csv", file, "--data", own_server.data)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr and len(done.stderr.strip().splitlines()) == 1
    assert "stop" in done.stderr, "it says what to do"
    assert before == len(own_server.entries())
    own_server.stop()
    assert imported(own_server.data, file)["added"] == 1

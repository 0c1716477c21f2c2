"""`tocsin figures` and `tocsin export`: what may be shown, as data; what is not known is not zero."""

import csv
import io
import json
from datetime import UTC, datetime

import pytest
from pyarrow import parquet

from tests.support import tocsin

NIGHT = (
    "The air force said on 2 January 2024 that it had shot down all 12 drones launched overnight.\n"
    "Two people were killed and at least five were injured in Kyiv, mayor Vitali Klitschko said.\n"
)


def add(data, folder, words, published, *more):
    """Put a text into the record."""
    file = folder / "text.txt"
    file.write_text(words, encoding="utf-8")
    done = tocsin("report", "add", file, "--source", "wire", "--published", published, "--data", data, *more)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def data(tmp_path):
    """A data folder with one report."""
    folder = tmp_path / "data"
    add(folder, tmp_path, NIGHT, "2024-01-02")
    return folder


def figures(data, *more):
    """Return the figures, by measure and scope."""
    done = tocsin("figures", "--format", "json", "--data", data, *more)
    assert done.returncode == 0, done.stderr
    return {(one["measure"], one["scope"]): one for one in json.loads(done.stdout)}


def rows(data, form):
    """Return the rows of a table."""
    done = tocsin("export", form, "--data", data)
    assert done.returncode == 0, done.stderr
    return list(csv.DictReader(io.StringIO(done.stdout)))


def test_figures_say_how_many_by_which_claims_and_rules(data):
    found = figures(data, "--incident", "2024-01-02")

    assert found[("killed", "UA80")]["best"] == 2
    assert (found[("injured", "UA80")]["low"], found[("injured", "UA80")]["open_above"]) == (5, True)
    assert found[("launched", "Shahed-136/131")]["best"] == 12
    assert all(one["rules"] for one in found.values())


def test_nobody_says_how_many_died_in_the_whole_country_and_so_it_is_not_known(data):
    assert figures(data)[("killed", "")]["low"] is None
    assert "2024-01-02 killed: not known" in tocsin("figures", "--data", data).stdout


def test_before_it_was_seen_nothing_was_known(data):
    assert figures(data, "--as-of", "2024-01-02T09:00Z") == {}


def test_a_toll_that_the_embargo_holds_is_in_no_figure_and_no_export(tmp_path):
    """An hour after it, and no authority has it: neither the number nor the place nor the report is there."""
    data = tmp_path / "data"
    today = datetime.now(UTC).date().isoformat()
    add(data, tmp_path, f"Seventeen people were killed in Rivne on {today}.\n", today)

    assert figures(data) == {}
    for form in ("acled", "ucdp", "airwars", "hxl", "geojson"):
        done = tocsin("export", form, "--data", data)
        assert done.returncode == 0
        assert "17" not in done.stdout.replace(today, "") and "Rivne" not in done.stdout


def test_each_form_has_the_toll_at_its_place(data):
    assert {row["event_id_cnty"]: row["fatalities"] for row in rows(data, "acled")} == {
        "2024-01-02": "0",
        "2024-01-02/UA80": "2",
    }
    assert [(row["relid"], row["best"]) for row in rows(data, "ucdp")] == [("2024-01-02/UA80", "2")]
    assert {row["injured_max"] for row in rows(data, "airwars")} == {""}
    assert rows(data, "hxl")[0]["killed"] == "#affected+killed"
    features = json.loads(tocsin("export", "geojson", "--data", data).stdout)["features"]
    assert [feature["geometry"] for feature in features] == [None, None]


def test_parquet_has_every_figure(data, tmp_path):
    file = tmp_path / "record.parquet"
    assert tocsin("export", "parquet", "--to", file, "--data", data).returncode == 0
    table = parquet.read_table(file).to_pylist()

    assert len(table) == len(figures(data))
    assert {row["low"] for row in table if row["measure"] == "killed"} == {None, 2}


def test_parquet_wants_a_file(data):
    done = tocsin("export", "parquet", "--data", data)

    assert done.returncode == 1
    assert "--to" in done.stderr

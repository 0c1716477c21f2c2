"""Siren tables: every row is read, or says what is wrong with it; none is lost and none guessed."""

import gzip
import time
from datetime import UTC, datetime

import pytest

from tests.shared import shared
from tocsin.countries import load
from tocsin.errors import ConfigError, SourceGarbled
from tocsin.model import Realm
from tocsin.sources.sirens_csv import Row, decode, open_table

UA = load("ua").areas
OFFICIAL = "oblast,raion,hromada,level,started_at,finished_at,source"
VOLUNTEER = "region,started_at,finished_at,naive"
GOOD = "Kyiv City,2024-01-02 03:53:57+00:00,2024-01-02 07:47:28+00:00,False"


def read(*lines):
    """Return what a table of these lines gives."""
    return list(decode((line + "\n" for line in lines), UA))


def read_file(path):
    return list(decode(open_table(path), UA))


def refused(row, header=VOLUNTEER):
    """Return why a row is refused; the good rows around it are not."""
    good = (
        GOOD
        if header == VOLUNTEER
        else "Kyiv City,,,oblast,2024-01-02T03:53:57Z,2024-01-02T07:47:28Z,official"
    )
    before, error, after = read(header, good, row, good)
    assert (before.number, after.number) == (2, 4)
    assert isinstance(error, SourceGarbled)
    assert error.values["row"] == 3
    assert str(error).startswith("row 3: ")
    assert error.todo
    return error


def test_an_official_row_becomes_an_episode():
    (row,) = read(
        OFFICIAL,
        "Dnipropetrovska oblast,Nikopolskyi raion,m. Nikopol ta Nikopolska terytorialna hromada,hromada,"
        "2024-01-01 19:17:13+00:00,2024-01-02 04:13:46+00:00,official",
    )
    assert row.number == 2
    assert (row.episode.source, row.episode.area) == ("sirens-official", "UA1208005")
    assert (row.episode.realm, row.episode.threat) == (Realm.ACTUAL, "air")
    assert row.episode.since == datetime(2024, 1, 1, 19, 17, 13, tzinfo=UTC)
    assert row.episode.until == datetime(2024, 1, 2, 4, 13, 46, tzinfo=UTC)
    assert not row.episode.inferred


def test_a_volunteer_row_becomes_an_episode():
    (row,) = read(VOLUNTEER, GOOD)
    assert (row.episode.source, row.episode.area, row.episode.inferred) == ("sirens-volunteer", "UA80", False)


def test_an_end_that_was_invented_is_marked():
    """Naive rows, and official rows of exactly an hour; a volunteer row of an hour is an hour."""
    hour = "2024-01-02 03:00:00+00:00,2024-01-02 04:00:00+00:00"
    more = "2024-01-02 03:00:00+00:00,2024-01-02 04:00:01+00:00"
    official = [f"Kyiv City,,,oblast,{span},official" for span in (hour, more)]
    assert [True, False] == [row.episode.inferred for row in read(OFFICIAL, *official)]
    volunteer = [f"Kyiv City,{hour},{naive}" for naive in ("True", "False")]
    assert [True, False] == [row.episode.inferred for row in read(VOLUNTEER, *volunteer)]


@pytest.mark.parametrize(
    ("name", "rows", "inferred"),
    [("official_data_en_20240423", 43_031, 29), ("volunteer_data_en_20241010", 54_514, 2_395)],
)
def test_every_row_of_the_real_tables_is_read(name, rows, inferred):
    path = shared(f"alerts/{name}.csv.gz")
    begin = time.perf_counter()
    found = read_file(path)
    took = time.perf_counter() - begin
    assert [] == [row for row in found if not isinstance(row, Row)]
    assert len(found) == rows
    assert sum(row.episode.inferred for row in found) == inferred
    assert took < 1.5


def test_columns_may_stand_in_any_order_among_others():
    (row,) = read(
        "id,naive,finished_at,started_at,region", "7,False,2024-01-02T04:00:00Z,2024-01-02T03:00:00Z,Kyiv"
    )
    assert row.episode.area == "UA80"
    assert row.episode.since.hour == 3


def test_another_zone_is_read_as_the_same_moment():
    (row,) = read(VOLUNTEER, "Kyiv City,2024-01-02 05:53:57+02:00,2024-01-02 09:47:28+02:00,False")
    assert row.episode.since == datetime(2024, 1, 2, 3, 53, 57, tzinfo=UTC)
    assert row.episode.since.tzinfo is UTC


def test_empty_lines_and_windows_line_ends_are_no_rows():
    assert len(read(VOLUNTEER + "\r", GOOD + "\r", "", GOOD)) == 2


def test_an_unknown_place_names_the_row_the_field_and_the_nearest():
    error = refused("Kyivv City,2024-01-02 03:53:57+00:00,2024-01-02 07:47:28+00:00,False")
    assert "region: no area has the code or name 'Kyivv City'" in str(error)
    assert "UA80 (Kyiv)" in error.todo
    assert error.values["field"] == "region"


def test_an_unknown_place_is_refused_each_time():
    """What is remembered of a place that was not found is the refusal."""
    bad = GOOD.replace("Kyiv City", "Atlantis")
    assert [SourceGarbled, Row, SourceGarbled] == [type(one) for one in read(VOLUNTEER, bad, GOOD, bad)]
    assert [2, 4] == [
        one.values["row"] for one in read(VOLUNTEER, bad, GOOD, bad) if isinstance(one, SourceGarbled)
    ]


@pytest.mark.parametrize(
    ("row", "field", "found"),
    [
        ("Kyiv City,2024-01-02 03:53:57,2024-01-02 07:47:28+00:00,False", "started_at", "no zone"),
        ("Kyiv City,2024-01-02 03:53:57+00:00,2024-01-02 07:47:28,False", "finished_at", "no zone"),
        ("Kyiv City,yesterday,2024-01-02 07:47:28+00:00,False", "started_at", "not a date"),
        ("Kyiv City,0001-01-01T00:00:00+14:00,2024-01-02 07:47:28+00:00,False", "started_at", "the years"),
        ("Kyiv City,2024-01-02 07:47:28+00:00,2024-01-02 03:53:57+00:00,False", "finished_at", "ends at"),
        ("Kyiv City,2024-01-02 07:47:28+00:00,2024-01-02 07:47:28+00:00,False", "finished_at", "ends at"),
        ("Kyiv City,2024-01-02 03:53:57+00:00,2024-01-02 07:47:28+00:00,perhaps", "naive", "perhaps"),
        (",2024-01-02 03:53:57+00:00,2024-01-02 07:47:28+00:00,False", "region", "empty"),
    ],
)
def test_an_impossible_value_names_its_field(row, field, found):
    error = refused(row)
    assert error.values["field"] == field
    assert f"{field}: " in error.found
    assert found in error.found


@pytest.mark.parametrize(
    ("place", "field"),
    [
        ("Kyivska oblast,Atlantskyi raion,,raion", "raion"),
        ("Kyivska oblast,,,raion", "raion"),
        ("Atlantyda oblast,Buchanskyi raion,,raion", "raion"),
        ("Sumska oblast,Buchanskyi raion,,raion", "raion"),
        ("Kyivska oblast,Buchanskyi raion,,oblast", "oblast"),
        ("Kyivska oblast,,,village", "level"),
    ],
)
def test_a_place_that_contradicts_itself_is_refused(place, field):
    """A raion of another oblast, a level without its name: better no row than the wrong place."""
    error = refused(f"{place},2024-01-02T03:53:57Z,2024-01-02T07:47:28Z,official", OFFICIAL)
    assert error.values["field"] == field


def test_a_row_with_a_field_too_few_or_too_many_is_refused():
    assert "2 fields and the header has 4" in str(refused("Kyiv City,2024-01-02 03:53:57+00:00"))
    assert "5 fields" in str(refused(GOOD + ","))


def test_an_open_quote_spoils_its_own_row_only():
    assert "quotes" in str(refused('"' + GOOD))


def test_quoted_fields_are_read():
    (row,) = read(VOLUNTEER, '"Kyiv City","2024-01-02 03:53:57+00:00","2024-01-02 07:47:28+00:00","False"')
    assert row.episode.area == "UA80"


@pytest.mark.parametrize("header", [OFFICIAL, VOLUNTEER])
def test_a_missing_column_is_named(header):
    (error,) = read(header.replace("finished_at,", ""), GOOD)
    assert "row 1: the column finished_at is missing" in str(error)
    assert header in error.todo


@pytest.mark.parametrize("lines", [[], [""], ["name,size", "x,3"], ['{"region": 1}']])
def test_what_is_no_siren_table_says_what_one_is(lines):
    (error,) = read(*lines)
    assert "row 1: it is not the header of a siren table" in str(error)
    assert OFFICIAL in error.todo
    assert VOLUNTEER in error.todo


def test_a_file_may_be_packed_or_not_whatever_its_name(tmp_path):
    text = f"{VOLUNTEER}\n{GOOD}\n".encode()
    contents = {
        "a.csv": text,
        "a.csv.gz": gzip.compress(text),
        "b.csv": gzip.compress(text),
        "b.csv.gz": text,
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        (row,) = read_file(tmp_path / name)
        assert row.episode.area == "UA80"


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"\xef\xbb\xbf" + f"{VOLUNTEER}\n{GOOD}\n".encode())
    assert [Row] == [type(one) for one in read_file(tmp_path / "a.csv")]


def test_bytes_that_are_no_text_spoil_their_own_row_only(tmp_path):
    bad = GOOD.encode().replace(b"Kyiv", b"Ky\xffiv")
    (tmp_path / "a.csv").write_bytes(b"\n".join([VOLUNTEER.encode(), GOOD.encode(), bad, GOOD.encode()]))
    first, error, last = read_file(tmp_path / "a.csv")
    assert isinstance(first, Row)
    assert isinstance(last, Row)
    assert "row 3: it is not UTF-8" in str(error)


def test_a_picture_is_no_table(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4)
    (error,) = read_file(tmp_path / "a.csv")
    assert "row 1: it is not UTF-8" in str(error)


def test_a_line_without_end_is_not_read_into_memory(tmp_path):
    (tmp_path / "a.csv").write_bytes(f"{VOLUNTEER}\n{GOOD}\n".encode() + b"x" * 200_000)
    row, error = read_file(tmp_path / "a.csv")
    assert isinstance(row, Row)
    assert "row 3 is longer than 65,536" in str(error)


@pytest.mark.parametrize("damage", ["cut off", "changed"])
def test_a_damaged_archive_gives_its_good_rows_and_then_says_so(tmp_path, damage):
    rows = "".join(
        f"Kyiv City,2024-01-02 03:00:{n:02}+00:00,2024-01-02 04:30:00+00:00,False\n" for n in range(60)
    )
    packed = bytearray(gzip.compress(f"{VOLUNTEER}\n{rows}".encode()))
    if damage == "cut off":
        del packed[-20:]
    else:
        packed[-8] ^= 1  # the checksum at the end
    (tmp_path / "a.csv.gz").write_bytes(packed)
    *rows, error = read_file(tmp_path / "a.csv.gz")
    assert all(isinstance(row, Row) for row in rows)
    assert isinstance(error, SourceGarbled)
    assert "a.csv.gz: cannot read on after row" in str(error)
    assert "get it again" in error.todo


def test_a_file_that_cannot_be_opened_is_named(tmp_path):
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(ConfigError, match=str(path)):
            read_file(path)

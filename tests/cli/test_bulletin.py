"""`tocsin bulletin`: every fact with its source, what is not known said so, nothing out but from the log."""

import json
import re
import subprocess
import sys

import pytest

from tests.shared import shared
from tests.support import tocsin

DAY = ("--from", "2024-01-02T00:00+02:00", "--to", "2024-01-03T00:00+02:00")
OURS = (
    "Two people were killed and at least five were injured in Kharkiv on Tuesday, "
    "the regional governor said. "
    "The power was cut off in Kyiv on Tuesday, a resident said.\n"
)


@pytest.fixture(scope="module")
def seed(tmp_path_factory):
    """A data folder that holds the seed article alone."""
    data = tmp_path_factory.mktemp("seed")
    file = shared("seed/000_b013b1b7ca792062.txt")
    done = tocsin("report", "add", file, "--source", "reuters", "--data", data)
    assert done.returncode == 0, done.stderr
    return data


@pytest.fixture(scope="module")
def day(tmp_path_factory):
    """The same with the alerts of those days."""
    data = tmp_path_factory.mktemp("day")
    tocsin("report", "add", shared("seed/000_b013b1b7ca792062.txt"), "--source", "reuters", "--data", data)
    table = shared("alerts/official_data_en_20240423.csv.gz")
    window = ("--from", "2024-01-01T00:00Z", "--to", "2024-01-04T00:00Z")
    assert tocsin("import", "sirens-csv", table, *window, "--data", data).returncode == 0
    return data


def ours(tmp_path, text=OURS, **more):
    """Return a data folder with a text of our own."""
    file = tmp_path / "one.txt"
    file.write_text(text, encoding="utf-8")
    words = [word for name, value in more.items() for word in (f"--{name}", value)]
    added = tocsin(
        "report", "add", file, "--source", "reuters", "--published", "2024-01-02", *words, "--data", tmp_path
    )
    assert added.returncode == 0, added.stderr
    return tmp_path


def drawn(data, *words):
    """Return a bulletin as its sections, each sentence with its claims, and the ninjs item."""
    done = tocsin("bulletin", *DAY, "--data", data, "--format", "json", *words)
    assert done.returncode == 0, done.stderr
    item = json.loads(done.stdout)
    return json.loads(item["bodies"][1]["value"]), item


def sentence(section, *words):
    """Return the one sentence of a section that has all these words."""
    found = [line for line in section if all(word in line["text"] for word in words)]
    assert 1 == len(found), (words, section)
    return found[0]


def test_each_fact_of_the_seed_stands_with_its_source(seed):
    sections = drawn(seed)[0]["sections"]
    told = sections["told"]
    sentence(told, "interception, all 35", "air force", "Reuters")
    sentence(told, "gas pipelines were damaged", "Klitschko", "Pecherskyi")
    sentence(told, "cut off in several buildings", "Klitschko")
    sentence(told, "massive missile attack", "Terekhov")
    sentence(told, "Kharkiv", "damage")
    sentence(told, "cutting off power", "Reuters on its own account")
    sentence(told, "debris")
    sentence(sections["key"], "Launched, attack drones: 35", "air force")


def test_the_toll_of_that_day_is_not_known_and_never_none(seed):
    body, item = drawn(seed)
    for what in ("Killed", "Injured"):
        assert sentence(body["sections"]["unknown"], what, "not known")["claims"]
    assert sentence(body["sections"]["unknown"], "full scale", "not confirmed")
    tolls = [row for row in body["figures"] if row["counted"] in ("killed", "injured")]
    assert 2 == len(tolls)
    assert all((row["low"], row["best"], row["high"]) == (None, None, None) for row in tolls)
    assert not re.search(r"(?i)killed[^.]*: 0\b", item["bodies"][0]["value"])


def test_earlier_tolls_are_background_and_no_figure(seed):
    body, _ = drawn(seed)
    sentence(body["sections"]["background"], "at least 39", "Reuters on its own account")
    sentence(body["sections"]["background"], "killed, 24", "Moscow")
    assert not any("39" in line["text"] or "24" in line["text"] for line in body["sections"]["key"])


def test_an_allegation_without_proof_says_so(seed):
    assert sentence(drawn(seed)[0]["sections"]["background"], "no proof was given")


def test_with_alerts_and_strikes_both_stand_beside_it_and_their_difference_nowhere(day):
    strikes = shared("strikes/missile_attacks_daily.csv")
    body, item = drawn(day, "--strikes", strikes)
    sentence(body["sections"]["key"], "134 launched, 107 intercepted", "add up")
    timeline = body["sections"]["timeline"]
    assert "ATK-20240101T2000" in sentence(timeline, "00:26–03:58", "at most 12")["text"]
    assert "ATK-20240101T2000" in sentence(timeline, "05:54–09:47", "at most 24")["text"]
    sentence(body["sections"]["told"], "most of Ukraine under air raid alerts", "all 24 regions")
    assert not re.search(r"\b27\b", item["bodies"][0]["value"])
    minutes = [int(n) for n in re.findall(r"(\d+) min", " ".join(x["text"] for x in body["sections"]["map"]))]
    assert max(minutes) <= 24 * 60


def test_every_sentence_of_reports_carries_its_claims(day):
    sections = drawn(day)[0]["sections"]
    for name in ("key", "contested", "unknown", "told", "background", "timeline", "map"):
        assert all(line["claims"] for line in sections[name]), name


@pytest.mark.parametrize(("lang", "words"), [("en", "at least 5"), ("uk", "щонайменше 5")])
def test_an_open_upper_bound_is_said_in_both_languages(tmp_path, lang, words):
    key = drawn(ours(tmp_path), "--lang", lang)[0]["sections"]["key"]
    assert any(words in line["text"] for line in key)


def test_what_the_embargo_holds_stands_in_no_form(tmp_path):
    """A resident's word on a power cut that no authority told of is held, and counted as held only."""
    data = ours(tmp_path)
    for form in ("text", "md", "html", "json"):
        done = tocsin("bulletin", *DAY, "--data", data, "--format", form)
        assert done.returncode == 0, done.stderr
        assert "cut off" not in done.stdout, form
    assert "1 held by the embargo" in tocsin("bulletin", *DAY, "--data", data).stdout


def test_the_future_is_no_way_around_the_embargo(tmp_path):
    done = tocsin("bulletin", *DAY, "--data", ours(tmp_path), "--as-of", "2999-01-01T00:00Z")
    assert done.returncode == 1
    assert "lies ahead" in done.stderr


def test_what_was_not_in_the_log_yet_was_not_known(tmp_path):
    body, _ = drawn(ours(tmp_path), "--as-of", "2024-01-02T12:00Z")
    assert "not known" in body["sections"]["unknown"][0]["text"]
    assert [] == body["figures"]


def test_a_draft_is_withheld_and_one_that_is_kept_is_in_the_log_first(tmp_path):
    data = ours(tmp_path)
    assert "withheld" == drawn(data)[1]["pubStatus"]
    _, item = drawn(data, "--keep", "editor")
    assert ("usable", "urn") == (item["pubStatus"], item["uri"][:3])
    assert tocsin("verify", "--data", data).returncode == 0
    assert "No figure has changed" in drawn(data)[0]["sections"]["changed"][0]["text"]
    second = tmp_path / "two.txt"
    second.write_text("Four people were killed in Kharkiv on Tuesday, the regional governor said.\n", "utf-8")
    tocsin("report", "add", second, "--source", "ap", "--published", "2024-01-02", "--data", data)
    changed = drawn(data)[0]["sections"]["changed"]
    assert any("killed" in line["text"].casefold() and "before" in line["text"] for line in changed), changed


def test_a_text_cannot_write_markup_or_turn_the_line_around(tmp_path):
    evil = (
        "The mayor said <script>alert(1)</script> \u202eand **two** people were injured "
        "in Kharkiv on Tuesday.\n"
    )
    data = ours(tmp_path, evil)
    page = tocsin("bulletin", *DAY, "--data", data, "--format", "html").stdout
    assert "<script" not in page
    plain = tocsin("bulletin", *DAY, "--data", data, "--format", "md").stdout
    assert "\u202e" not in plain + page
    assert "<script" not in plain.replace("\\<", "")


def test_the_server_does_not_load_the_record_half():
    """Nor do the commands of the warning half, which must start fast."""

    half = ("tocsin.record", "tocsin.languages")
    code = f"import tocsin.cli, sys; print([m for m in sys.modules if m.startswith({half})])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[]" == done.stdout.strip()

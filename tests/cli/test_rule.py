"""`tocsin report rule`: what a person decides stands in the log with a reason, and what is shown follows."""

import json

import pytest

from tests.support import tocsin
from tocsin.log.sqlite import SqliteLog

DAY = ("--from", "2024-01-02T00:00+02:00", "--to", "2024-01-03T00:00+02:00")
TEXT = "Two people were killed in Kharkiv on Tuesday, the regional governor said.\n"


@pytest.fixture
def data(tmp_path):
    """A data folder with one report, at place 1."""
    file = tmp_path / "one.txt"
    file.write_text(TEXT, encoding="utf-8")
    words = ("--source", "reuters", "--published", "2024-01-02", "--data", tmp_path)
    assert tocsin("report", "add", file, *words).returncode == 0
    return tmp_path


def rule(data, *words):
    """Rule, with a reason and a name."""
    return tocsin("report", "rule", *words, "--reason", "said twice", "--by", "editor", "--data", data)


def killed(data):
    """Return the best figures of the killed, and the whole item as text."""
    shown = tocsin("bulletin", *DAY, "--format", "json", "--data", data).stdout
    rows = json.loads(json.loads(shown)["bodies"][1]["value"])["figures"]
    return [
        row["best"] for row in rows if row["counted"].startswith("killed") and row["best"] is not None
    ], shown


def test_a_retracted_claim_makes_no_figure(data):
    assert [2] == killed(data)[0]
    assert rule(data, "retract", "1.1").returncode == 0
    assert [] == killed(data)[0]
    assert tocsin("verify", "--data", data).returncode == 0


def test_a_withheld_report_stands_in_no_form_until_it_is_released(data):
    assert rule(data, "withhold", "1").returncode == 0
    assert "governor" not in killed(data)[1]
    assert rule(data, "release", "1").returncode == 0
    assert [2] == killed(data)[0]


def test_a_split_claim_leaves_the_days_toll(data):
    assert rule(data, "split", "1.1").returncode == 0
    assert [] == killed(data)[0]


@pytest.mark.parametrize(
    "words", [("retract", "9.1"), ("split", "x"), ("retract", "1.0"), ("merge", "2024-01-02")]
)
def test_a_decision_about_nothing_is_refused(data, words):
    refused = rule(data, *words)
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    assert [2] == killed(data)[0]


def test_an_erased_report_is_gone_from_all_that_is_shown_and_the_log_still_holds(data):
    log = SqliteLog(data / "log.db")
    log.erase(1)
    log.close()
    assert "governor" not in killed(data)[1]
    assert tocsin("verify", "--data", data).returncode == 0
    assert rule(data, "retract", "1").returncode == 0

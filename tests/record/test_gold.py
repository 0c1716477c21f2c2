"""Texts of other people are read as well as the record needs; gold and scorer are in the shared data."""

import json
import subprocess
import sys

import pytest

from tests.shared import shared

NUMBERS_ENOUGH, CLAIMS_ENOUGH, WHO_ENOUGH, DAY_ENOUGH = 0.90, 0.85, 0.90, 0.95


@pytest.fixture(scope="module")
def scores(tmp_path_factory):
    """Return what the scorer says of `tocsin read --jsonl`, as anybody would run them."""
    gold, scorer = shared("reports/gold_claims_dev.jsonl"), shared("../tools/score_claims.py")
    said = tmp_path_factory.mktemp("read") / "said.jsonl"
    with said.open("wb") as file:
        subprocess.run(
            [sys.executable, "-m", "tocsin", "read", "--jsonl", str(gold)], stdout=file, check=True
        )
    words = [sys.executable, str(scorer), str(gold), str(said), "--json"]
    return json.loads(subprocess.run(words, capture_output=True, check=True).stdout)


@pytest.mark.parametrize("lang", ["en", "uk"])
def test_claims_are_read_as_well_as_a_person_reads_them(scores, lang):
    """In each language: claims, the numbers of the launched, shot down and hurt, who says it, and the day."""
    part = scores[lang]

    assert part["claims"]["f1"] >= CLAIMS_ENOUGH
    assert part["numbers"]["f1"] >= NUMBERS_ENOUGH
    assert part["attributed"]["share"] >= WHO_ENOUGH
    assert part["when"]["share"] >= DAY_ENOUGH


def test_denials_are_told_from_assertions(scores):
    """A zero that somebody stated is not an unknown."""
    assert scores["all"]["polarity"]["share"] >= 0.80


def test_a_number_that_is_read_stands_in_its_span(scores):
    """In every text."""
    assert scores["all"]["grounded"] >= 0.98


def test_the_article_that_the_record_began_with_is_read_whole():
    """Every claim of its gold, statements too; its tolls are of other days and stand as background."""
    gold = next(
        doc
        for line in shared("reports/gold_claims_dev.jsonl").read_text("utf-8").splitlines()
        if (doc := json.loads(line))["doc_id"].startswith("seed")
    )
    words = [sys.executable, "-m", "tocsin", "read", "--jsonl"]
    done = subprocess.run(words, input=json.dumps(gold).encode(), capture_output=True, check=True)
    claims = json.loads(done.stdout)["claims"]

    missed = [
        g["text_span"]
        for g in gold["claims"]
        if not any(c["kind"] == g["kind"] and c["count"] == g["count"] and _meet(c, g) for c in claims)
    ]
    assert missed == []
    tolls = [c for c in claims if c["kind"] in ("killed", "injured")]
    assert {(c["count"], c["count_qualifier"], c["background"]) for c in tolls} == {
        (24, "exact", True),
        (39, "at_least", True),
    }


def _meet(one, other):
    return min(one["span_end"], other["span_end"]) > max(one["span_start"], other["span_start"])

"""Whole texts of ours, as such posts and reports are written, are read as well as a person reads them."""

import json
import subprocess
import sys

import pytest

from bench.accuracy.claims import HALVES, OWN, claims, documents
from tests.shared import shared

NUMBERS_ENOUGH, CLAIMS_ENOUGH, WHO_ENOUGH, DAY_ENOUGH = 0.90, 0.85, 0.90, 0.95
FILES = [f"{lang}_{half}" for lang in ("en", "uk") for half in HALVES]


@pytest.mark.parametrize("name", FILES)
def test_an_annotation_quotes_its_text(name):
    """Each span is a quotation, and no claim stands twice."""
    for doc in documents(OWN / f"{name}.jsonl"):
        for claim in doc["claims"]:
            assert doc["text"][claim["span_start"] : claim["span_end"]] == claim["text_span"] != ""
        told = [(c["kind"], c["count"], c["span_start"], c["span_end"]) for c in doc["claims"]]
        assert len(told) == len(set(told)), doc["doc_id"]


@pytest.mark.parametrize("lang", ["en", "uk"])
def test_texts_that_were_worked_on_are_read_as_a_person_reads_them(lang, tmp_path):
    """Claims, the numbers of the launched, shot down and hurt, who says it, and the day."""
    scorer = shared("../tools/score_claims.py")
    gold, said = OWN / f"{lang}_worked_on.jsonl", tmp_path / "said.jsonl"
    said.write_text("".join(json.dumps(row) + "\n" for row in claims(documents(gold))), "utf-8")
    words = [sys.executable, str(scorer), str(gold), str(said), "--json"]
    part = json.loads(subprocess.run(words, capture_output=True, check=True).stdout)[lang]

    assert part["claims"]["f1"] >= CLAIMS_ENOUGH
    assert part["numbers"]["f1"] >= NUMBERS_ENOUGH
    assert part["attributed"]["share"] >= WHO_ENOUGH
    assert part["when"]["share"] >= DAY_ENOUGH

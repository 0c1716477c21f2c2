"""Each language reads its own examples, and each rule of reading has one."""

from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from tocsin.countries import load as load_country
from tocsin.languages import CODES, examples, gazetteer, load
from tocsin.record.claims import Claim, Document, Topic
from tocsin.record.reading import read

PLACES = gazetteer(load_country("ua"))
NOW = "2024-03-06"  # a Wednesday
EXAMPLES = [(code, example) for code in CODES for example in examples(code)]


def claims_of(code: str, example: dict[str, Any]) -> list[Claim]:
    """Return what the language reads in one of its examples."""
    document = Document(example["text"], published=example.get("published", NOW))
    return read(document, load(code), PLACES, ZoneInfo("Europe/Kyiv"))


def fits(claim: Claim, wanted: dict[str, Any]) -> bool:
    """Say whether a claim has every field as the example wants it; "none" stands for nothing."""
    told = msgspec.to_builtins(claim)
    return all(
        told[name] == (None if value == "none" and name == "alert_state" else value)
        for name, value in wanted.items()
    )


@pytest.mark.parametrize(("code", "example"), EXAMPLES, ids=[f"{c}: {e['text'][:40]}" for c, e in EXAMPLES])
def test_a_language_reads_its_examples(code, example):
    """Every claim that an example names is read, each from words of its own, and nothing that it leaves."""
    found = claims_of(code, example)
    free = list(found)
    for wanted in example.get("claims", ()):
        claim = next((one for one in free if fits(one, wanted)), None)
        assert claim is not None, (
            f"{wanted} not among {[(c.kind, c.count, c.count_qualifier) for c in found]}"
        )
        free.remove(claim)

    assert [c.kind for c in found if c.kind in example.get("leaves", ())] == []
    assert (
        "claims" not in example
        or [c.text_span for c in free if c.count is not None and c.kind != "statement"] == []
    )


@pytest.mark.parametrize(("code", "example"), EXAMPLES, ids=[f"{c}: {e['text'][:40]}" for c, e in EXAMPLES])
def test_a_claim_quotes_its_text(code, example):
    """The span is the quotation, letter for letter."""
    for claim in claims_of(code, example):
        assert example["text"][claim.span_start : claim.span_end] == claim.text_span != ""


@pytest.mark.parametrize("code", CODES)
def test_every_kind_and_qualifier_has_an_example(code):
    """No rule without an example."""
    found = [claim for example in examples(code) for claim in claims_of(code, example)]

    assert {claim.kind for claim in found} == set(Topic)
    assert {claim.count_qualifier for claim in found} >= {
        "exact",
        "at_least",
        "about",
        "at_most",
        "none",
        "unknown",
    }


def test_utc_and_kyiv_may_be_different_days():
    """A post at 23:30 UTC is of the next day in Kyiv."""
    document = Document("Уночі збито 5 дронів.", published="2024-03-05T23:30:00Z")
    kyiv = read(document, load("uk"), PLACES, ZoneInfo("Europe/Kyiv"))
    utc = read(document, load("uk"), PLACES, UTC)

    assert [kyiv[0].when[:10], utc[0].when[:10]] == ["2024-03-06", "2024-03-05"]

"""What may be shown of the record: a place that may not be named is in no scope, and so in no figure."""

from pathlib import Path

import pytest
from msgspec import structs

from tests.record.given import at, told
from tocsin import wire
from tocsin.app.record import bulletin, directory, gather
from tocsin.countries import load
from tocsin.desk.reports import report_of
from tocsin.log.memory import MemoryLog
from tocsin.model import Realm
from tocsin.views.record import coarse

NIGHT = "The air force said on 2 January 2024 that it had shot down four Shahed drones over Uman.\n"


@pytest.mark.parametrize(
    ("may", "expected"),
    [("UA3202", "Kalibr UA3202"), ("UA32", "Kalibr UA32"), (None, "Kalibr"), ("UA", "Kalibr")],
)
def test_a_scope_is_as_coarse_as_the_place_may_be_shown(may, expected):
    claim = told("a", 3, "air force", stated=at(9), measure="intercepted", scope="Kalibr UA3202")
    kept = structs.replace(claim, claim=structs.replace(claim.claim, area="UA3202"))

    assert coarse(kept, may, "UA").scope == expected


def test_no_figure_of_a_bulletin_names_a_finer_place_than_the_claim_may(tmp_path: Path):
    """Where drones were shot down tells where air defence stands: the region at most (S6)."""
    log = MemoryLog()
    form = wire.ReportForm(source="wire", doc="night", text=NIGHT, published="2024-01-02")
    log.append("report/wire/night/1", wire.encode(report_of(form, Realm.ACTUAL, "desk", at(9))), at(9))
    country = load("ua")
    material = gather(log, country, directory(country, tmp_path), at(48))
    kept = material.record.evidence.claims

    sheet = bulletin(material, at(-2), at(22), "en")

    assert [claim.claim.area for claim in kept] == ["UA7106021001"]
    named = [counted for _, counted, *_ in sheet.figures if "intercepted" in counted]
    assert named == ["intercepted Shahed-136/131 UA71"]

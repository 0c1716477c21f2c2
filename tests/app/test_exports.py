"""The record as data: a place that may not be named is in no scope."""

import msgspec
import pytest

from tests.record.given import at, told
from tocsin.app.exports import coarse


class May:
    """A claim that may be shown, with its place as fine as it may be."""

    def __init__(self, kept, area):
        self.kept, self.area = kept, area


@pytest.mark.parametrize(
    ("may", "expected"),
    [("UA3202", "Kalibr UA3202"), ("UA32", "Kalibr UA32"), (None, "Kalibr"), ("UA", "Kalibr")],
)
def test_a_scope_is_as_coarse_as_the_place_may_be_shown(may, expected):
    claim = told("a", 3, "air force", stated=at(9), measure="intercepted", scope="Kalibr UA3202")
    kept = msgspec.structs.replace(claim, claim=msgspec.structs.replace(claim.claim, area="UA3202"))

    assert [one.scope for one in coarse([May(kept, may)])] == [expected]

"""The page of guarantees says what the committed results say, also what was missed or not run."""

import json

import pytest

from tools import guarantees
from tools.guarantees import PAGE, PARTS, page


def test_the_page_is_what_the_results_say():
    """Whoever commits a result writes the page again."""
    assert PAGE.read_text(encoding="utf-8") == page(), "run .venv/bin/python tools/guarantees.py"


def test_a_goal_that_is_missed_is_said_to_be(tmp_path, monkeypatch):
    """A figure that gets worse changes the word beside it."""
    result = tmp_path / "soak.json"
    part = PARTS[0]._replace(result=result)
    monkeypatch.setattr(guarantees, "PARTS", (part,))
    monkeypatch.setattr(guarantees, "ROOT", tmp_path)
    for differences, mark in ((0, "reached"), (1, "**missed**")):
        figures = {"steps": 200_000, "violations": 0, "traces": 10_000, "differences": differences}
        result.write_text(json.dumps(figures), encoding="utf-8")
        assert f"{differences} differ | {mark} |" in page()


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.title)
def test_what_was_not_run_is_said_not_to_have_been(part, tmp_path, monkeypatch):
    """A promise without a result is no promise."""
    monkeypatch.setattr(guarantees, "PARTS", (part._replace(result=tmp_path / "none.json"),))
    monkeypatch.setattr(guarantees, "ROOT", tmp_path)
    assert "Not run." in page()

"""The reference says what the code says: a fact has one home."""

import pytest

from tocsin.config import SETTINGS
from tools.reference import FOLDER, PAGES, commands_page, desk_page, kinds_page, public_page, settings_page


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_the_reference_is_what_the_code_says(name):
    """Whoever changes a setting, a command or an answer writes the page again."""
    path = FOLDER / name

    kept = path.read_text(encoding="utf-8") if path.exists() else ""
    assert kept == PAGES[name](), f"docs/reference/{name} is stale: run .venv/bin/python tools/reference.py"


def test_every_setting_is_on_the_page():
    """Also the way to set it from the environment."""
    page = settings_page()

    assert [
        one.name for one in SETTINGS if f"| `{one.name}` | `TOCSIN_{one.name.upper()}` |" not in page
    ] == []


def test_a_command_within_a_command_is_on_the_page():
    """`key add` is found as it is typed, with the options that it must have."""
    page = commands_page()

    assert "## tocsin key add\n" in page
    assert "tocsin key add NAME [OPTIONS]" in page
    assert "Required." in page.partition("## tocsin key add\n")[2].partition("## ")[0]


def test_both_doors_are_described_with_what_they_are_asked_and_answer():
    """An integrator needs no server to read what an address takes and gives."""
    assert "### GET /v1/board.json" in public_page()
    assert "`fresh_until`" in public_page()
    assert "### POST /v1/signals" in desk_page()
    assert "| 409 |" in desk_page()


def test_a_field_of_a_kind_has_the_words_that_stand_beside_it_in_the_code():
    """The comment behind a field is its description, on the page too."""
    cells = (
        "`inferred`",
        "`bool`",
        "`False`",
        "the end was invented upstream: it ends as unknown, not as clear",
    )

    assert f"| {' | '.join(cells)} |" in kinds_page().splitlines()

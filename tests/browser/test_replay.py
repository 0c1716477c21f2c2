"""A replayed day on a page must never be taken for the present."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import Open

LINES = {
    "uk": "Повтор 2 січня 2024 року. Зараз небезпеки немає.",
    "en": "Replay of 2 January 2024. No present danger.",
}


def test_a_replay_says_so_in_both_languages_on_top_and_in_the_title(replay: str, open_page: Open):
    """First thing on the page, still on top after scrolling, and in the tab's title."""
    for lang, line in LINES.items():
        page = open_page(f"{replay}/{lang}")
        notice = page.locator("#notice")
        for either in LINES.values():
            expect(notice).to_contain_text(either)
        expect(page.locator("#sentence")).not_to_be_empty()
        expect(page).to_have_title(re.compile("^" + re.escape(line)))
        page.mouse.wheel(0, 1500)
        page.wait_for_timeout(300)
        assert page.evaluate("() => scrollY") > 0
        box = notice.bounding_box()
        assert box is not None
        assert box["y"] == 0


def test_a_replay_runs_on_the_page_as_the_day_did(replay: str, open_page: Open):
    """The clock on the page is that day's."""
    page = open_page(f"{replay}/en")
    expect(page.locator("#checked")).to_contain_text("2 January 2024")
    first = page.locator("#checked").inner_text()
    expect(page.locator("#checked")).not_to_contain_text(first.partition("As of")[2], timeout=10_000)

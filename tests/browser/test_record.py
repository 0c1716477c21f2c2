"""The record's pages in a real browser: on a phone, at night, in both languages, by keyboard."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.support import RunningServer, wait_until

PHONE = {"width": 360, "height": 740}
TEXTS = (
    "Two people were killed and five were injured in Kyiv on 2 January 2024, mayor Vitali Klitschko said.",
    "Three people were killed in Kyiv on 2 January 2024, mayor Vitali Klitschko said.",
)
PATHS = ("/record", "/record/2024-01-02", "/record/search?q=killed")


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server that shows two reports of one day."""
    with RunningServer(tmp_path_factory.mktemp("data")) as server:
        office = server.key("office")
        for number, text in enumerate(TEXTS):
            form = {"source": "reuters", "doc": str(number), "text": text, "published": "2024-01-02"}
            assert server.post("/v1/reports", office, form).status_code == 201
        wait_until(lambda: "Three" in server.get("/record/search?q=three").text, "the pages are made", 60.0)
        yield server


@pytest.mark.parametrize("lang", ["uk", "en"])
def test_nothing_is_wider_than_a_phone(record: RunningServer, open_page: Open, lang: str):
    for path in PATHS:
        address = f"{record.public}{path}{'&' if '?' in path else '?'}lang={lang}"
        page = open_page(address, viewport=PHONE, has_touch=True, is_mobile=True)
        assert page.locator("html").get_attribute("lang") == lang
        assert page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"], path


def test_at_night_the_page_is_dark_and_its_words_can_be_read(record: RunningServer, open_page: Open):
    page = open_page(f"{record.public}/record/2024-01-02?lang=en", color_scheme="dark")
    light = {
        what: sum(map(int, re.findall(r"\d+", colour)[:3])) / 3
        for what in ("backgroundColor", "color")
        if (colour := page.locator("body").evaluate(f"one => getComputedStyle(one).{what}"))
    }
    assert light["backgroundColor"] < 40
    assert light["color"] > 200


def test_a_figure_shows_its_sources_side_by_side_and_how_it_changed(record: RunningServer, open_page: Open):
    page = open_page(f"{record.public}/record/2024-01-02?lang=en")
    figure = page.locator(".figure", has=page.get_by_role("heading", name="Killed, Kyiv: 3"))
    expect(figure.locator("tbody tr")).to_have_count(2)
    expect(figure.locator("svg.chart")).to_be_visible()
    assert "2" in (figure.locator("svg.chart").get_attribute("aria-label") or "")
    figure.locator("tbody a").first.click()
    expect(page.locator("li:target")).to_contain_text("Two people were killed")


def test_a_search_goes_by_keyboard_alone(record: RunningServer, open_page: Open):
    page = open_page(f"{record.public}/record?lang=en")
    page.keyboard.press("Tab")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("three killed")
    page.keyboard.press("Enter")
    expect(page.locator("#hits li")).to_have_count(1)
    expect(page.get_by_role("searchbox")).to_have_value("three killed")

"""The page in the hands of different people: on a phone, at night, by keyboard, without script."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, Server
from tocsin.countries import load

PHONE = {"width": 360, "height": 740}
WIDE = {"width": 1280, "height": 900}


@pytest.fixture(scope="module", autouse=True)
def raised(server: Server):
    """One area is raised, all others are clear."""
    server.say("UA80", "raised")


def test_a_phone_gets_tiles_and_nothing_is_wider_than_its_screen(
    server: Server, open_page: Open, the_map: str
):
    """At 360 px the tiles come first; the map is one touch away."""
    for path in ("/uk", "/en"):
        page = open_page(server.at(path), viewport=PHONE, has_touch=True, is_mobile=True)
        expect(page.locator("#tiles")).to_be_visible()
        expect(page.locator("#views")).to_be_visible()
        assert not page.locator("#map").is_visible()
        assert page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]
        page.locator("[data-view=map]").tap()
        expect(page.locator("#map [data-area=UA80]")).to_be_visible()
        assert page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]


def test_both_languages_say_it(server: Server, open_page: Open):
    """The sentence, the title and the language of the document agree."""
    for lang, told in (("uk", "Повітряна тривога у 1 з 25 областей"), ("en", "Air alert in 1 of 25 regions")):
        page = open_page(server.at(f"/{lang}"))
        expect(page.locator("#sentence")).to_contain_text(told)
        expect(page).to_have_title(re.compile(told))
        assert page.locator("html").get_attribute("lang") == lang


def test_the_dark_page_is_dark_and_the_light_one_light(server: Server, open_page: Open):
    """At four in the morning no white screen."""
    light = {}
    for scheme in ("dark", "light"):
        page = open_page(server.at(), color_scheme=scheme)
        colour = page.locator("body").evaluate("one => getComputedStyle(one).backgroundColor")
        light[scheme] = sum(map(int, re.findall(r"\d+", colour)[:3])) / 3
    assert light["dark"] < 40
    assert light["light"] > 220


def test_nothing_is_asked_of_anybody_else_and_nothing_is_refused(
    server: Server, open_page: Open, the_map: str
):
    """No third party hears who reads this; the page keeps the server's own rules for it."""
    page = open_page("about:blank")
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(server.at())
    expect(page.locator("#map [data-area=UA80]")).to_be_visible()
    expect(page.locator("#strips svg").first).to_be_visible()
    page.locator("#row-UA46").click()
    page.locator("#mine summary").click()
    expect(page.locator("#pick-finer option").nth(5)).to_be_attached()

    assert complaints == []
    assert {urlsplit(url).netloc for url in asked} == {server.public}
    assert not [
        url for url in asked if "UA" in urlsplit(url).query + urlsplit(url).path.replace("map-ua", "")
    ]


def test_my_area_is_kept_in_the_browser(server: Server, open_page: Open):
    """It is there after a reload, says what to do, and can be a part of a region."""
    page = open_page(server.at())
    page.locator("#mine summary").click()
    page.select_option("#pick-board", "UA80")
    expect(page.locator("#card")).to_contain_text("Go to the nearest shelter now.")
    page.select_option("#pick-board", "UA46")
    page.select_option("#pick-finer", "UA4606")
    name = load("ua").areas.name("UA4606", "en")
    expect(page.locator("#card .name")).to_have_text(name)

    page.reload()
    expect(page.locator("#card .name")).to_have_text(name)
    expect(page.locator("#card .state")).to_have_text("All clear")
    expect(page.locator("#card .around")).to_contain_text("Lviv Oblast: All clear")
    expect(page.locator("#sentence")).to_contain_text(f"{name}: all clear")


def test_a_tap_in_the_list_does_not_take_my_area_away(server: Server, open_page: Open):
    """A thumb that slips at four in the morning must not make another region mine."""
    page = open_page(server.at())
    page.locator("#row-UA46").click()
    expect(page.locator("#card .name")).to_have_text("Lviv Oblast")
    page.locator("#row-UA80").click()
    expect(page.locator("#card .name")).to_have_text("Lviv Oblast")
    page.locator("#tiles [data-area=UA80], #map [data-area=UA80]").locator("visible=true").click()
    page.get_by_role("button", name="Pin Kyiv as my area").click()
    expect(page.locator("#card .name")).to_have_text("Kyiv")


def test_everything_can_be_reached_with_the_keyboard_and_says_its_state(
    server: Server, open_page: Open, the_map: str
):
    """Map, tiles and list are one stop each; arrows go on, and the focus can be seen."""
    page = open_page(server.at())
    expect(page.locator("#map [data-area=UA80]")).to_be_visible()
    reached: dict[str, str] = {}
    for _ in range(40):
        page.keyboard.press("Tab")
        where, label = page.evaluate(_FOCUSED)
        reached.setdefault(where, label)
    assert {"map", "list", "views", "card"} <= set(reached)
    assert ": " in reached["map"]
    assert reached["list"].startswith("Kyiv: Alert")

    page.locator("#map [data-area]").first.focus()
    seen = [page.evaluate(_FOCUSED)[1]]
    for _ in range(26):
        page.keyboard.press("ArrowRight")
        seen.append(page.evaluate(_FOCUSED)[1])
    assert len(set(seen)) == 27
    expect(page.locator("#chosen")).to_contain_text(seen[-1])

    page.locator("#row-UA80").focus()
    outline = page.locator("#row-UA80").evaluate("one => getComputedStyle(one).outlineWidth")
    assert outline == "3px"
    page.keyboard.press("Enter")
    expect(page.locator("#card .name")).to_have_text("Kyiv")


_FOCUSED = """() => {
    const one = document.activeElement;
    const where = one.closest("#map, #tiles, #list, #views, #card")?.id ?? one.tagName;
    return [where, one.getAttribute("aria-label") ?? one.textContent];
}"""


def test_the_wall_has_the_state_and_nothing_to_choose(server: Server, open_page: Open, the_map: str):
    """A duty room reads it from across the room."""
    page = open_page(server.at("/en?wall"), viewport={"width": 1920, "height": 1080})
    expect(page.locator("#map [data-area=UA80]")).to_be_visible()
    expect(page.locator("#row-UA80")).to_contain_text("Alert")
    for absent in ("footer", "#mine", "#day"):
        assert page.locator(absent).count() == 0
    size = page.locator("h1").evaluate("one => parseFloat(getComputedStyle(one).fontSize)")
    assert size > 40
    assert _complete(page)


def _complete(page: Page) -> bool:
    """Return whether the whole list fits on the screen."""
    return bool(
        page.locator("#list > li").evaluate_all(
            "all => all.every(one => one.getBoundingClientRect().bottom <= innerHeight)"
        )
    )


def test_without_script_the_state_is_there_and_says_how_old_it_may_be(server: Server, scriptless: Page):
    """The first HTML is a page of its own: it shows the state, and asks again by itself within 10 s."""
    page = scriptless
    page.goto(server.at())
    expect(page.locator("#row-UA80")).to_contain_text("Alert")
    expect(page.locator("#tiles [data-area=UA80]")).to_have_class(re.compile("raised"))
    assert "If the time above is older than 15 s" in page.locator("header").inner_text()
    made = page.locator("#checked").inner_text()
    expect(page.locator("#checked")).not_to_have_text(made, timeout=15_000)


def test_the_day_is_shown_as_strips_with_its_time(server: Server, open_page: Open):
    """A line for each area, and in the picture when it was made."""
    page = open_page(server.at())
    lines = page.locator("#strips li:not(.axis)")
    expect(lines).to_have_count(27)
    expect(page.locator("#strips")).to_contain_text("As of")
    assert lines.nth(25).get_attribute("aria-label") is not None
    expect(page.locator("#strips li[aria-label^='Kyiv:'] rect")).not_to_have_count(0)

"""What people see while it happens, in a real browser, from a real server."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Open, Server
from tocsin.countries import load

COUNTRY = load("ua")
BOARD = COUNTRY.areas.board
WITHIN_MS = 1_000  # of the 201


def row(page: Page, area: str) -> Locator:
    """Return the list's row of an area."""
    return page.locator(f"#row-{area}")


def shape(page: Page, area: str) -> Locator:
    """Return the map's shape of an area."""
    return page.locator(f"#map [data-area={area}]")


def tile(page: Page, area: str) -> Locator:
    """Return the tile of an area."""
    return page.locator(f"#tiles [data-area={area}]")


@pytest.fixture
def quiet(server: Server):
    """Everything that a test raised is cleared again."""
    yield server
    for area in sorted(server.held):
        server.say(area, "clear")
    server.contact()


def test_a_raise_and_its_end_show_within_a_second(quiet: Server, open_page: Open, the_map: str):
    """From the feed's 201 to every picture and word on the page."""
    page = open_page(quiet.at())
    expect(row(page, "UA80")).to_contain_text("All clear")
    expect(shape(page, "UA80")).to_be_visible()

    quiet.say("UA80", "raised", subtype="drones")
    for one in (row(page, "UA80"), shape(page, "UA80"), tile(page, "UA80")):
        expect(one).to_have_class(_class("raised"), timeout=WITHIN_MS)
    expect(row(page, "UA80")).to_contain_text("Alert", timeout=WITHIN_MS)
    expect(row(page, "UA80")).to_contain_text("air raid: drones")
    expect(page.locator("#sentence")).to_contain_text("Air alert in 1 of 25 regions")
    assert page.locator("#list > li").first.get_attribute("data-area") == "UA80"

    quiet.say("UA80", "clear")
    for one in (row(page, "UA80"), shape(page, "UA80"), tile(page, "UA80")):
        expect(one).to_have_class(_class("clear"), timeout=WITHIN_MS)


def _class(word: str) -> re.Pattern[str]:
    return re.compile(rf"(^| ){word}( |$)")


def test_every_area_of_the_board_is_on_the_map_in_the_tiles_and_in_the_list(
    server: Server, open_page: Open, the_map: str
):
    """Nobody's region is missing, Sevastopol's no more than others'."""
    page = open_page(server.at())
    expect(shape(page, "UA85")).to_be_visible()
    for where in ("#map", "#tiles", "#list"):
        found = page.locator(f"{where} [data-area]").evaluate_all("all => all.map(one => one.dataset.area)")
        assert sorted(found) == sorted(BOARD)
    expect(shape(page, "UA85")).to_contain_text("Sevastopol")


def test_states_differ_by_pattern_and_word_as_well_as_colour(quiet: Server, open_page: Open, the_map: str):
    """Hatched where a part is raised, with the part named; a solid bold outline where all is."""
    quiet.say("UA3206", "raised")
    quiet.say("UA46", "raised", level="red")
    page = open_page(quiet.at())
    part = COUNTRY.areas.name("UA3206", "en")

    expect(row(page, "UA32")).to_contain_text("Alert in part")
    expect(row(page, "UA32")).to_contain_text(f"Alert in: {part}")
    expect(shape(page, "UA32")).to_have_attribute("fill", "url(#hatch)")
    assert "repeating-linear-gradient" in _style(tile(page, "UA32"), "background-image")
    expect(row(page, "UA46")).to_contain_text("Alert, high")
    widths = [float(_style(shape(page, area), "stroke-width")[:-2]) for area in ("UA46", "UA05")]
    assert widths[0] > widths[1]
    signs = [row(page, area).locator(".sign").evaluate(_SIGN) for area in ("UA46", "UA32", "UA05")]
    assert signs == ['"!!"', '"/"', '""']


_SIGN = "one => getComputedStyle(one, '::before').content"


def _style(one: Locator, name: str) -> str:
    return str(one.evaluate("(one, name) => getComputedStyle(one).getPropertyValue(name)", name))


def test_a_part_that_the_page_did_not_know_is_named_once_it_is_raised(quiet: Server, open_page: Open):
    """A hamlet's alert says the hamlet's name, though the first HTML did not carry it."""
    page = open_page(quiet.at("/uk"))
    expect(row(page, "UA59")).to_contain_text("Відбій")
    quiet.say("UA5908", "raised")
    name = COUNTRY.areas.name("UA5908", "uk")

    expect(row(page, "UA59")).to_contain_text("Тривога в частині області", timeout=WITHIN_MS)
    expect(row(page, "UA59")).to_contain_text(f"Тривога: {name}")


def test_the_script_says_the_same_as_the_server(quiet: Server, open_page: Open):
    """Two programs in two languages judge one board; their words must not differ."""
    quiet.say("UA80", "raised", subtype="ballistic", text="<b>Увага</b> & \u202eобман")
    quiet.say("UA46", "raised", level="red")
    quiet.say("UA3206", "raised")
    for lang in ("uk", "en"):
        scripted = open_page(quiet.at(f"/{lang}"))
        expect(scripted.locator("#checked")).to_contain_text(_CHECKED[lang])
        plain = open_page(quiet.at(f"/{lang}"), java_script_enabled=False)
        told = [_without_ages(scripted), _without_ages(plain)]
        assert told[0] == told[1]
        assert any("<b>Увага</b> & обман" in line for line in told[0])


_CHECKED = {"uk": "Перевірено", "en": "Checked"}


def _without_ages(page: Page) -> list[Any]:
    """Return the sentence, and each row's order, classes and words, without how long ago it was."""
    rows = page.locator("#list > li").evaluate_all(
        "all => all.map(one => [one.id, one.className, one.ariaLabel ?? one.getAttribute('aria-label')])"
    )
    lines = [page.locator("#sentence").text_content(), *(" ".join(one) for one in rows)]
    return [re.sub(r"\(\d+ \w+\)", "", line or "") for line in lines]


def test_only_a_raise_of_my_own_area_interrupts_a_screen_reader(quiet: Server, open_page: Open):
    """Every change is read aloud, when there is a pause; my own alert at once, with what to do."""
    page = open_page(quiet.at())
    expect(row(page, "UA80")).to_contain_text("All clear")
    row(page, "UA80").click()
    quiet.say("UA63", "raised")
    expect(page.locator("[aria-live=polite]")).to_have_text("Alert: Kharkiv Oblast.")
    expect(page.locator("[aria-live=assertive]")).to_have_text("")

    quiet.say("UA80", "raised")
    spoken = "Kyiv: Alert. Go to the nearest shelter now."
    expect(page.locator("[aria-live=assertive]")).to_contain_text(spoken)
    quiet.say("UA80", "clear")
    expect(page.locator("[aria-live=assertive]")).to_have_text("")
    quiet.say("UA80", "raised")
    expect(page.locator("[aria-live=assertive]")).to_contain_text(spoken)


def test_a_page_that_was_frozen_shows_unknown_before_anything_else(server: Server, open_page: Open):
    """What a sleeping phone last showed is no all clear; it asks, and then it is one again."""
    page = open_page(server.at())
    expect(row(page, "UA53")).to_have_class(_class("clear"))
    seen = page.evaluate(
        """() => {
            document.dispatchEvent(new Event("visibilitychange"));
            return document.querySelectorAll("#list .clear, #tiles .clear, #map .clear").length;
        }"""
    )
    assert seen == 0
    expect(row(page, "UA53")).to_have_class(_class("clear"))


def test_a_finer_outline_is_drawn_where_it_differs(quiet: Server, open_page: Open, the_map: str):
    """An operator's map has raions too: seen in a hatched oblast, and out of the way where all is one."""
    outline = re.search(r'id="UA59" (d="[^"]+")', the_map)
    assert outline is not None
    finer = "".join(f'<path id="{area}" {outline[1]}/>' for area in ("UA5902", "UA5908"))
    theirs = the_map.replace("</svg>", f'<g id="finer">{finer}</g></svg>')
    quiet.say("UA5908", "raised")
    page = open_page("about:blank")
    page.route("**/map-ua.svg", lambda route: route.fulfill(body=theirs, content_type="image/svg+xml"))
    page.goto(quiet.at())

    expect(page.locator("#map .finer path:not([hidden])")).to_have_class(["shape clear", "shape raised"])
    quiet.say("UA5908", "clear")
    expect(page.locator("#map .finer path:not([hidden])")).to_have_count(0)

"""What people see when the server dies, and when it is back."""

import time

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, Server
from tocsin.public.words import WORDS

DEAD_S = 15  # every clear must be gone by then
_CLEAR = "#list .clear, #tiles .clear, #map .clear, #card.clear"


@pytest.fixture(autouse=True)
def alive(server: Server):
    """Whatever the last test did to it, the server runs."""
    server.start()


def _says_clear(page: Page) -> bool:
    """Return whether anything on the page, but its legend, calls anything clear."""
    told = page.locator("#sentence, #mine, #list, #chosen").all_inner_texts()
    labels = page.locator("[aria-label]").evaluate_all("all => all.map(one => one.ariaLabel)")
    return any("All clear" in text for text in [*told, *labels, page.title()])


def test_within_15_s_no_clear_is_left_and_a_raise_is(server: Server, open_page: Open):
    """Nobody may read an old all clear; nobody may lose an alert; and it comes back by itself."""
    server.say("UA80", "raised")
    page = open_page(server.at())
    expect(page.locator("#list .clear").first).to_be_visible()
    page.locator("#row-UA53").click()
    expect(page.locator("#card")).to_contain_text("All clear")
    expect(page.locator("#checked")).to_contain_text("Checked")
    time.sleep(2)  # some beats were heard

    server.kill()
    died = time.monotonic()
    expect(page.locator(_CLEAR)).to_have_count(0, timeout=DEAD_S * 1000)
    assert time.monotonic() - died <= DEAD_S
    assert not _says_clear(page)
    assert page.locator("#list > li").count() == 27

    assert "raised" in (page.locator("#row-UA80").get_attribute("class") or "")
    expect(page.locator("#row-UA80")).to_contain_text("no all clear received, its source was last heard")
    expect(page.locator("#row-UA80")).to_have_class("row raised lapsed")
    assert page.locator("#map .clocks use").count() == page.locator("#map svg").count()
    expect(page.locator("#sentence")).to_contain_text("No contact with the server since")
    assert "No contact with the server since" in page.title()
    expect(page.locator("[aria-live=polite]")).to_contain_text("No contact with the server since")
    expect(page.locator("#card")).to_contain_text(WORDS["en"]["do_unknown"])

    server.start()
    expect(page.locator("#row-UA53")).to_contain_text("All clear", timeout=20_000)
    expect(page.locator("#sentence")).not_to_contain_text("No contact")
    expect(page.locator("#row-UA80")).to_have_class("row raised", timeout=10_000)


def test_without_the_server_an_installed_page_says_that_nobody_knows(server: Server, open_page: Open):
    """The worker keeps the style and the script, and never an answer that holds a state."""
    page = open_page(server.at())
    page.evaluate("() => navigator.serviceWorker.ready.then(() => null)")
    page.reload()
    kept = page.evaluate(
        """async () => {
            const found = [];
            for (const name of await caches.keys()) {
                for (const request of await (await caches.open(name)).keys()) found.push(request.url);
            }
            return found;
        }"""
    )
    assert page.evaluate("() => Boolean(navigator.serviceWorker.controller)")
    assert kept
    assert all("/static/" in url for url in kept)

    server.kill()
    page.goto(server.at())
    expect(page.locator("body")).to_contain_text(WORDS["en"]["offline"])
    assert "All clear" not in page.content()


def test_a_page_whose_script_did_not_come_stops_saying_clear(server: Server, open_page: Open):
    """The state came, the script was lost on the way: within 15 s the style alone takes the clears back."""
    page = open_page("about:blank")
    page.route("**/told.js*", lambda route: route.abort())
    page.goto(server.at(), wait_until="domcontentloaded")
    words = page.locator("#row-UA53 .word")
    expect(words).to_be_visible()
    expect(words).to_be_hidden(timeout=(DEAD_S + 1) * 1000)
    expect(page.locator("h1")).to_be_hidden()
    expect(page.locator("header")).to_contain_text(WORDS["en"]["old"])
    expect(page.locator("#list .raised .word").first).to_be_visible()

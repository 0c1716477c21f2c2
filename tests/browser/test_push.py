"""A browser that asks to be notified: it leaves word of its area, and shows what is pushed to it."""

from __future__ import annotations

import json
import time
from typing import Any

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Open, Server
from tocsin.public.words import WORDS

# Headless Chromium reaches no push service: where a browser would get its address from one, it has this.
STUB = """
Notification.requestPermission = async () => "granted";
PushManager.prototype.getSubscription = async function () { return window.kept ?? null; };
PushManager.prototype.subscribe = async function (options) {
  const address = "https://push.example.org/one";
  window.kept = { toJSON: () => ({ endpoint: address, keys: {}, key: options.applicationServerKey }) };
  return window.kept;
};
"""


def answers(page: Page) -> list[tuple[str, Any]]:
    """Answer in the place of the listener for subscriptions; returns what it is asked."""
    asked: list[tuple[str, Any]] = []

    def answer(route: Route) -> None:
        request = route.request
        if request.url.endswith("/key"):
            route.fulfill(json={"key": "AAAA"})
            return
        asked.append((request.method, json.loads(request.post_data or "null")))
        route.fulfill(status=201)

    page.route("**/v1/push**", answer)
    return asked


def test_a_reader_can_ask_to_be_notified_of_an_area(server: Server, open_page: Open):
    """Nothing is sent before; then the area and the browser's address, and nothing else."""
    page = open_page("about:blank")
    page.add_init_script(STUB)
    asked = answers(page)
    page.goto(server.at())
    page.locator("#mine summary").click()
    button = page.locator("button.push")
    expect(button).to_have_text(WORDS["en"]["push_ask"])
    page.locator("#pick-board").select_option("UA53")
    assert asked == []
    button.click()
    expect(button).to_have_text(WORDS["en"]["push_stop"])

    assert [(method, body["areas"]) for method, body in asked] == [("POST", ["UA53"])]
    assert set(asked[0][1]) == {"subscription", "areas"}


def test_nothing_is_offered_where_the_server_takes_no_subscription(server: Server, open_page: Open):
    """The public door has no such address."""
    page = open_page(server.at())
    page.locator("#mine summary").click()
    expect(page.locator("#pick-board")).to_be_visible()
    page.wait_for_timeout(500)

    assert page.locator("button.push").count() == 0


def push(page: Page, word: dict[str, Any] | str) -> None:
    """Push a word to the page's worker, as a push service does."""
    session = page.context.new_cdp_session(page)
    found: list[Any] = []
    session.on("ServiceWorker.workerRegistrationUpdated", lambda event: found.extend(event["registrations"]))
    session.send("ServiceWorker.enable")
    page.wait_for_timeout(300)
    origin = page.evaluate("location.origin")
    name = next(one["registrationId"] for one in found if one["scopeURL"].startswith(origin))
    data = word if isinstance(word, str) else json.dumps(word)
    session.send("ServiceWorker.deliverPushMessage", {"origin": origin, "registrationId": name, "data": data})
    page.wait_for_timeout(500)
    session.detach()


def shown(page: Page) -> list[str]:
    """Return the titles of what the browser shows."""
    script = (
        "async () => (await (await navigator.serviceWorker.ready).getNotifications()).map((one) => one.title)"
    )
    titles: list[str] = page.evaluate(script)
    return titles


def word(seq: int, state: str, until_s: float = 15.0) -> dict[str, Any]:
    """Return what is pushed of an area."""
    now = time.time()
    return {
        "id": f"epoch-{seq}", "area": "UA53", "areas": ["UA53"], "threat": "air", "state": state,
        "said_at": stamped(now), "until": stamped(now + until_s),
    }  # fmt: skip


def stamped(seconds: float) -> str:
    """Return a time as it stands in JSON."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def test_what_is_pushed_is_shown_and_an_old_clear_is_not_one(server: Server, open_page: Open):
    """A clear for which nobody vouches any more is unknown; what was said before replaces nothing."""
    page = open_page(server.at())
    page.context.grant_permissions(["notifications"])
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    push(page, word(5, "raised"))
    assert shown(page) == [WORDS["uk"]["raised"]]
    push(page, word(4, "clear"))
    assert shown(page) == [WORDS["uk"]["raised"]]
    push(page, word(6, "clear"))
    assert shown(page) == [WORDS["uk"]["clear"]]
    push(page, word(7, "clear", until_s=-5.0))
    assert shown(page) == [WORDS["uk"]["unknown"]]

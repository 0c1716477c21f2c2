"""At the console: two people set aside what a silent feed holds raised, and the public is told so."""

import html
import re
from datetime import UTC, datetime

import httpx

from tests.desk.test_console import Browser, links
from tests.support import RunningServer, tocsin, wait_until


def test_two_people_set_aside_what_a_silent_feed_holds(tmp_path):
    """Offered once the feed is silent; unknown for the public only when the second one has approved."""
    data = tmp_path / "data"
    data.mkdir()
    made = tocsin(
        "key", "add", "feed", "--areas", "UA", "--threats", "*", "--realm", "actual", "--data", data
    )
    assert made.returncode == 0, made.stderr
    key = made.stdout.split()[-1]
    with RunningServer(data, "silence_s = 2\n") as running:
        given = links(tocsin("desk", "init", "olha", "--authority", "office", "--data", data))
        more = ("--authority", "office", "--role", "supervisor", "--realm", "actual", "--data", data)
        olha = Browser(running.desk, "actual").enrol(links(tocsin("desk", "add", "ivan", *more))["actual"])
        petro = Browser(running.desk, "actual").enrol(links(tocsin("desk", "add", "petro", *more))["actual"])
        now = datetime.now(UTC).isoformat()
        body = {"id": "1", "area": "UA46", "threat": "air", "state": "raised", "sent": now}
        sent = httpx.post(
            f"{running.desk}/v1/signals",
            json=body,
            headers={"Authorization": f"Bearer {key}"},
            trust_env=False,
        )
        assert sent.status_code == 201 and given
        wait_until(lambda: "/aside" in olha.get("/").text, "the board offers it")
        page = olha.post("/aside", {"area": "UA46", "threat": "air", "source": "feed"}).text
        assert "set aside by the office" in html.unescape(page)
        order = re.search(r'name="order" value="([0-9a-f]{64})"', page)[1]
        assert olha.post("/send", {"order": order, "step": "send", "code": olha.code(0)}).status_code == 303
        assert told(running)["state"] == "raised"
        done = petro.post(f"/orders/{order}", {"step": "approved", "code": petro.code(0)})
        assert done.status_code == 303, done.text
        wait_until(lambda: told(running).get("set_aside"), "the public is told")
        assert told(running)["state"] == "unknown"
        assert "/aside" not in olha.get("/").text
        for one in (olha, petro):
            one.http.close()


def told(running):
    """Return what the public is told of the area."""
    return running.get("/v1/areas/UA46.json").json()["threats"]["air"]

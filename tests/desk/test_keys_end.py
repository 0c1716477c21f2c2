"""An office is told on its board, and its monitoring by a figure, that the keys for CAP end."""

import json
from datetime import UTC, datetime, timedelta

import httpx

from tests.desk.test_console import Browser, links
from tests.support import RunningServer, tocsin, wait_until
from tocsin.app.cap_keys import DAYS, make_key


def test_the_board_and_the_figures_say_that_the_last_key_ends(tmp_path):
    """A key made almost a year ago has five days left."""
    make_key(tmp_path / "data", "old", datetime.now(UTC) - timedelta(days=DAYS - 5, hours=-1))
    with RunningServer(tmp_path / "data", 'metrics = "127.0.0.1:0"\n') as running:
        given = links(tocsin("desk", "init", "olha", "--authority", "office", "--data", running.data))
        olha = Browser(running.desk, "actual").enrol(given["actual"])
        wait_until(lambda: "ends in 5 days" in olha.get("/").text, "the board says it")
        at = json.loads((running.data / "server.json").read_bytes())["metrics"]
        figures = httpx.get(f"http://{at}/metrics", trust_env=False).text
        line = next(one for one in figures.splitlines() if one.startswith("tocsin_cap_key_days"))
        assert float(line.split()[-1]) == 5
        olha.http.close()

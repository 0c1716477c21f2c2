"""The figures of a running server: what was measured, nothing that was not, and nothing of who reads."""

import asyncio
import json
import math
import socket
import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
from websockets.sync.client import connect as connect_websocket

from tests.support import PATIENCE_S, Listener, RunningServer, tocsin, wait_until
from tocsin.app import figures as measuring
from tocsin.app.figures import BOUNDS_S, STREAM, Figures, Times
from tocsin.app.metrics import clock_unsure
from tocsin.countries import load

UA = load("ua").areas
NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)
METRICS = 'metrics = "127.0.0.1:0"\n'
COVERED = ",".join(area for area in UA.board if area not in ("UA01", "UA44"))


def text(server):
    """Return what stands at /metrics."""
    at = json.loads((server.data / "server.json").read_bytes())["metrics"]
    answer = httpx.get(f"http://{at}/metrics", trust_env=False, timeout=PATIENCE_S)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return answer.text


class Read(dict[str, float]):
    """Every sample by its name and its labels in alphabetical order; the realm actual is not named."""

    def __init__(self, server):
        for family in text_string_to_metric_families(text(server)):
            for sample in family.samples:
                labels = [
                    f"{k}={v}" for k, v in sorted(sample.labels.items()) if (k, v) != ("realm", "actual")
                ]
                name = f"{sample.name.removeprefix('tocsin_')}{{{','.join(labels)}}}"
                assert name not in self, "a figure stands there twice"
                self[name] = sample.value

    @property
    def sent(self):
        """How many times were measured, since the start."""
        return self["sent_seconds_count{channel=stream}"]

    @property
    def worst(self):
        """The longest of the last 30 days, or None."""
        return self.get("sent_worst_seconds{channel=stream,days=30}")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server that shows its figures."""
    with RunningServer(tmp_path_factory.mktemp("measured"), METRICS) as running:
        yield running


@pytest.fixture
def own_server(tmp_path):
    """One for a test alone."""
    with RunningServer(tmp_path / "own", METRICS) as running:
        yield running


@pytest.fixture(scope="module")
def feed(server):
    """A feed in contact, for all of the country but Luhansk and Crimea."""
    feed = server.feed("feed", COVERED, "air")
    feed.contact()
    return feed


def measured(server, more_than):
    """Wait until more was measured than that, and return the figures."""

    def there():
        read = Read(server)
        return read if read.sent > more_than else None

    return wait_until(there, "the last write is measured")


# From accepted to sent


def test_a_raise_is_measured_from_when_it_was_accepted_to_the_last_stream(own_server):
    """Once for all its readers, of either kind; and no longer than it took as seen from outside."""
    feed = own_server.feed("feed", COVERED, "air")
    websocket = own_server.public.replace("http", "ws") + "/v1/ws"
    with Listener(own_server) as one, Listener(own_server) as two, connect_websocket(websocket) as three:
        for stream in (one, two):
            assert stream.next().event == "snapshot"
        three.recv()
        begun = time.monotonic()
        feed.say("UA80")
        came = max(stream.next_but("beat").at for stream in (one, two))
        read = measured(own_server, 0)
        seen_s = time.monotonic() - begun
        assert came - begun < seen_s
    assert read.sent == 1
    assert 0 < read.worst == read["sent_seconds_sum{channel=stream}"] < seen_s
    assert read.worst == read["sent_worst_seconds{channel=stream,days=1}"]
    buckets = [read[f"sent_seconds_bucket{{channel=stream,le={bound}}}"] for bound in (*BOUNDS_S, "+Inf")]
    assert buckets == [float(read.worst <= bound) for bound in (*BOUNDS_S, math.inf)]


def test_without_a_stream_nothing_is_measured_and_the_worst_is_absent(own_server):
    """A figure of 0 would say that it was fast."""
    feed = own_server.feed("feed", COVERED, "air")
    feed.say("UA80")
    read = Read(own_server)
    assert (read.sent, read.worst) == (0, None)
    assert read["taken_total{what=signal}"] == 1
    assert not any(name.startswith("sent_worst") for name in read)


def test_what_tells_nobody_anything_is_not_measured(server, feed):
    """A contact that changes nothing and a raise of what is raised are taken, and no time is counted."""
    feed.contact("UA12")
    feed.say("UA12")
    with Listener(server) as stream:
        assert stream.next().event == "snapshot"
        before = Read(server)
        feed.contact("UA12")
        twice = feed.signal("UA12")
        assert [feed.send(twice).status_code for _ in "ab"] == [201, 200]
        again = Read(server)
        assert again["taken_total{what=repeated}"] == before["taken_total{what=repeated}"] + 1
        assert again["taken_total{what=contact}"] == before["taken_total{what=contact}"] + 1
        feed.say("UA14")
        assert stream.next_but("beat").data["area"] == "UA14"
        assert measured(server, before.sent).sent == before.sent + 1


def test_the_worst_outlives_a_restart(tmp_path):
    """The histogram begins anew, as Prometheus expects; the worst of the last 30 days does not."""
    with RunningServer(tmp_path, METRICS) as server:
        feed = server.feed("feed", COVERED, "air")
        with Listener(server) as stream:
            stream.next()
            feed.say("UA80")
            before = measured(server, 0)
        server.stop()
        server.start()
        after = Read(server)
        assert (after.sent, after.worst) == (0, before.worst)
        since = "measured_since_timestamp_seconds{}"
        assert after[since] == before[since] < after["started_timestamp_seconds{}"]


@pytest.mark.parametrize("spoilt", [b"", b"{", b'{"since":1}', b"[]", b"\xff"])
def test_figures_that_cannot_be_read_are_left_aside_and_measuring_begins_anew(tmp_path, spoilt):
    """It never keeps a server from starting, and the beginning says how far back the figures go."""
    (tmp_path / "figures.json").write_bytes(spoilt)
    kept = Figures(NOON, tmp_path / "figures.json")
    assert (kept.since, kept.last(STREAM, 30, NOON).count) == (NOON, 0)


@pytest.mark.parametrize("harm", ["counts", "worst_s", "format", "bounds_s"])
def test_figures_that_cannot_be_so_are_left_aside(tmp_path, harm):
    """A count below 0, buckets of another kind, a worst that is none."""
    path = tmp_path / "figures.json"
    told(path, NOON)
    kept = json.loads(path.read_bytes())
    day = kept["channels"][STREAM][str(NOON.date())]
    wrong = {"counts": [-1] * (len(BOUNDS_S) + 1), "worst_s": -1.0, "format": 2, "bounds_s": [1.0]}
    (day if harm in day else kept)[harm] = wrong[harm]
    path.write_bytes(json.dumps(kept).encode())
    assert Figures(NOON + timedelta(hours=1), path).since == NOON + timedelta(hours=1)


def told(path, *moments, seconds=0.25):
    """Keep the figures of a server that told something at each of some moments."""
    kept = Figures(moments[0], path)
    for at in moments:
        kept.note_sent(STREAM, [10.0], 10.0 + seconds, at)
    kept.save()
    return Figures(moments[-1], path)


def test_the_worst_is_of_the_last_30_days_and_no_longer(tmp_path):
    """Today is one of them; what was before is not told any more."""
    kept = told(tmp_path / "figures.json", NOON)
    last = NOON + timedelta(days=29)
    assert kept.last(STREAM, 30, last).worst_s == 0.25
    assert kept.last(STREAM, 30, last).worst_at == NOON
    assert kept.last(STREAM, 1, last).count == 0
    assert kept.last(STREAM, 30, last + timedelta(days=1)).count == 0
    assert kept.measured(STREAM, last) == 1


def test_a_clock_that_jumps_ahead_for_a_moment_costs_no_figure(tmp_path):
    """A day that is still to come is not counted, and the days that were are not pushed out."""
    days = [NOON + timedelta(days=number) for number in range(70)]
    kept = told(tmp_path / "figures.json", *days, NOON.replace(year=2036), days[-1])
    assert kept.last(STREAM, 30, days[-1]).count == 31
    assert kept.measured(STREAM, days[-1]) == 30
    assert (tmp_path / "figures.json").stat().st_size < 20_000


def test_the_figures_are_kept_while_the_server_runs(tmp_path, monkeypatch):
    """A kill loses what came after the last time, which is a minute at most."""
    monkeypatch.setattr(measuring, "SAVE_S", 0.02)
    path = tmp_path / "figures.json"

    async def story():
        kept = Figures(NOON, path)
        kept.note_sent(STREAM, [1.0], 1.5, NOON)
        task = asyncio.create_task(kept.keep())
        while not path.exists():
            await asyncio.sleep(0.01)
        first = path.stat().st_mtime_ns
        await asyncio.sleep(0.1)
        assert path.stat().st_mtime_ns == first, "what did not change is not written again"
        task.cancel()

    asyncio.run(asyncio.wait_for(story(), PATIENCE_S))
    assert Figures(NOON, path).last(STREAM, 1, NOON).worst_s == 0.5


def test_a_folder_that_refuses_costs_the_figures_and_nothing_else(tmp_path, caplog):
    """It is said in the log of the server."""
    kept = Figures(NOON, tmp_path / "none" / "figures.json")
    kept.note_sent(STREAM, [1.0], 1.5, NOON)
    kept.save()
    assert "cannot keep the figures" in caplog.text
    assert kept.last(STREAM, 1, NOON).count == 1


@given(st.lists(st.floats(0, 20), min_size=1, max_size=40))
def test_half_of_the_times_are_within_what_is_usual(seconds):
    """And with the next smaller bound it would be less than half: the figure is not padded."""
    times = Times()
    for one in seconds:
        times.add(one)
    usual = times.usual_s
    assert usual in (*BOUNDS_S, math.inf)
    assert sum(one <= usual for one in seconds) * 2 >= len(seconds)
    below = max((bound for bound in BOUNDS_S if bound < usual), default=-1.0)
    assert sum(one <= below for one in seconds) * 2 < len(seconds)
    assert (times.count, times.worst_s) == (len(seconds), max(seconds))


def test_of_nothing_there_is_no_usual_time():
    assert Times().usual_s is None
    assert Times().speed().worst_s is None


# Counts and states


def test_unknown_is_never_counted_as_clear(server, feed):
    """The areas add up to those of the board level, each in the state that the board shows."""
    feed.contact("UA80")
    board = server.board()["areas"]
    states = [board[area]["state"] for area in UA.board]
    read = Read(server)
    for state in ("raised", "partly", "unknown", "clear"):
        assert read[f"areas{{state={state}}}"] == states.count(state)
    assert read["areas{state=clear}"] > 0


def test_a_source_that_went_quiet_is_out_of_contact_and_its_areas_are_unknown(tmp_path):
    """Its age goes on; one that was never heard by this process has none."""
    with RunningServer(tmp_path, METRICS + "silence_s = 0.5\n") as server:
        feed = server.feed("feed", COVERED, "air")
        server.key("mute", "UA80", "air")
        feed.contact()
        feed.say("UA80")
        wait_until(lambda: Read(server)["source_in_contact{source=feed}"] == 0, "it is out of contact")
        read = wait_until(lambda: (r := Read(server))["areas{state=clear}"] == 0 and r, "nothing is clear")
        assert read["areas{state=unknown}"] == 24
        assert 0.5 < read["source_heard_seconds{source=feed}"] < PATIENCE_S
        assert read["source_in_contact{source=mute}"] == 0
        assert "source_heard_seconds{source=mute}" not in read
        assert not any("source=pack" in name for name in read), "nobody can lose contact with it"


def test_a_source_in_contact_says_how_long_ago_it_was_heard(server, feed):
    feed.contact()
    read = Read(server)
    assert read["source_in_contact{source=feed}"] == 1
    assert 0 <= read["source_heard_seconds{source=feed}"] < PATIENCE_S


def test_the_log_the_streams_and_the_disk_are_counted(server, feed):
    """What one batch takes on the disk is a time of its own."""
    before = Read(server)
    seq = feed.say("UA18")
    with Listener(server), Listener(server):
        after = wait_until(
            lambda: (r := Read(server))["streams{}"] == before["streams{}"] + 2 and r, "two streams"
        )
    epoch = server.board()["epoch"]
    assert after[f"log_entries{{epoch={epoch}}}"] >= seq
    assert after["commit_seconds_count{}"] > before["commit_seconds_count{}"]
    assert after["commit_seconds_sum{}"] > before["commit_seconds_sum{}"]
    assert after["ready{}"] == 1


def test_requests_are_counted_by_the_class_of_their_answer(server):
    """A 304 is no 200, and a stream that begins is one answer."""
    names = [f"requests_total{{status={digit}xx}}" for digit in range(1, 6)]
    before = Read(server)
    etag = server.get("/v1/board.json").headers["etag"]
    assert server.get("/v1/board.json", headers={"If-None-Match": etag}).status_code in (200, 304)
    assert server.get("/nowhere").status_code == 404
    assert server._http.post(server.public + "/v1/board.json").status_code == 405
    with Listener(server):
        after = Read(server)
    grown = [after[name] - before[name] for name in names]
    assert (grown[0], grown[1] + grown[2], grown[3], grown[4]) == (0, 3, 2, 0)
    assert grown[1] >= 2


def test_what_the_desk_refuses_is_counted_by_reason(server, feed):
    """So that a feed that is not heard is seen, and why."""
    before = Read(server)
    mine = feed.signal("UA21")
    feed.send(mine)
    answers = [
        server.post("/v1/signals", "tocsin_nobody", mine),
        feed.send(feed.signal("UA44")),
        feed.send({**mine, "area": "UA80"}),
        feed.send(feed.signal("UA99")),
        feed.send({}),
        feed.send(feed.signal("UA23", "clear")),
        server.post("/v1/signals", feed.key, content=b"x" * 70_000),
    ]
    assert [answer.status_code for answer in answers] == [401, 403, 409, 422, 422, 422, 413]
    after = Read(server)
    grown = {name: after[f"refused_total{{reason={name}}}"] - before[f"refused_total{{reason={name}}}"]
             for name in ("key", "right", "size", "id_taken", "garbled", "content", "disk")}  # fmt: skip
    assert grown == {"key": 1, "right": 1, "size": 1, "id_taken": 1, "garbled": 2, "content": 1, "disk": 0}


def test_an_exercise_has_lines_of_its_own(own_server):
    """It has no public listener, so none of its times is among those of real alerts."""
    drill = own_server.feed("drill", "UA80", "air", realm="exercise")
    with Listener(own_server) as stream:
        stream.next()
        drill.say("UA80")
        read = Read(own_server)
    assert read["areas{realm=exercise,state=raised}"] == 1
    assert read["areas{state=raised}"] == 2  # they stand for years
    assert (read.sent, read["sent_seconds_count{channel=stream,realm=exercise}"]) == (0, 0)


# Who may know


def test_nothing_tells_who_reads_or_which_areas(server, feed):
    """No address and no area stands in any figure, whoever is connected."""
    with Listener(server, "?areas=UA80,UA3210") as stream:
        stream.next()
        port = stream._socket.getsockname()[1]
        shown = text(server)
    assert "UA" not in shown and "127.0.0.1" not in shown
    assert str(port) not in shown
    kept = server.data / "figures.json"
    assert not kept.exists() or "UA" not in kept.read_text()


def test_the_figures_are_not_on_the_public_door(server):
    """They have a port of their own, and nothing else is there."""
    assert server.get("/metrics").status_code == 404
    at = json.loads((server.data / "server.json").read_bytes())["metrics"]
    assert at not in (server.public, server.desk)
    assert httpx.get(f"http://{at}/v1/board.json", trust_env=False).status_code == 404
    assert httpx.post(f"http://{at}/metrics", trust_env=False).status_code == 405


def test_without_a_setting_there_are_none(tmp_path):
    """No port is opened that nobody asked for."""
    with RunningServer(tmp_path) as server:
        assert json.loads((server.data / "server.json").read_bytes())["metrics"] is None


def test_an_address_that_is_taken_or_none_is_said_before_anything_is_served(tmp_path):
    """It names the setting."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        for where, words in (
            (taken, "choose another address for metrics"),
            ("nowhere", "metrics is 'nowhere'"),
        ):
            done = tocsin("serve", "--data", tmp_path, "--public", "127.0.0.1:0", "--desk", "127.0.0.1:0",
                          TOCSIN_METRICS=where)  # fmt: skip
            assert done.returncode == 1 and words in done.stderr
            assert "public http" not in done.stdout


def test_the_kernel_is_asked_about_the_clock():
    """It says yes, no, or nothing; asking changes nothing."""
    assert clock_unsure() in (True, False, None)
    assert clock_unsure() == clock_unsure()

"""The stream: the present state first, then every alert once, and a sign of life between them."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from tests.support import Listener, RunningServer, connect, now
from tocsin.countries import load
from tocsin.model import THREATS

UA = load("ua").areas


@pytest.fixture(scope="module")
def feed(server):
    feed = server.feed("feed")
    feed.contact()
    return feed


def cursor(seq, server):
    return f"{server.board()['epoch']}-{seq}"


def places(events):
    return [event.data["seq"] for event in events]


# The beginning


def test_a_stream_begins_with_the_whole_board(server, feed):
    """The first event is a snapshot: board.json, with the place from which one may go on."""
    with Listener(server) as listener:
        first = listener.next()
        board = server.board()
    assert first.event == "snapshot"
    assert first.id == f"{board['epoch']}-{board['seq']}"
    assert first.data["areas"].keys() == board["areas"].keys()
    assert {name: area["state"] for name, area in first.data["areas"].items()} == {
        name: area["state"] for name, area in board["areas"].items()
    }
    assert "text/event-stream" in listener.head and "Cache-Control: no-store" in listener.head
    assert "Access-Control-Allow-Origin: *" in listener.head


# Alerts


def test_an_alert_is_heard_within_a_second_and_stands_in_the_log(server, feed):
    """Nobody is told what a power cut could take back: what is heard is in the log already."""
    with Listener(server) as listener:
        listener.next()
        sent = datetime.fromisoformat(now())
        feed.say("UA80", level="red", subtype="ballistic", text="Go to the shelter")
        alert = next(one for one in listener.alerts(within_s=1.0) if one.data["area"] == "UA80")
        kept = {entry.seq: kind for entry, kind in server.entries()}
    told = alert.data
    assert alert.id == f"{told['epoch']}-{told['seq']}"
    assert ("UA80", "air", "raised") == (told["area"], told["threat"], told["state"])
    assert ("red", "ballistic", "Go to the shelter") == (told["level"], told["subtype"], told["text"])
    assert abs(datetime.fromisoformat(told["since"]) - sent) < timedelta(seconds=5)
    assert told["sources"] == ["feed"]
    assert told["seq"] in kept, "it is durable"
    assert all(place in kept for place in told["because"]), "what caused it is durable too"


def test_every_reader_hears_the_same(server, feed):
    """Ten readers, the same alerts in the same order, with the same ids."""
    listeners = [Listener(server) for _ in range(10)]
    try:
        for listener in listeners:
            listener.next()
        for area in ("UA05", "UA07", "UA18"):
            feed.say(area)
            feed.say(area, "clear")
        heard = [[event.id for event in listener.alerts()] for listener in listeners]
    finally:
        for listener in listeners:
            listener.__exit__()
    assert len(heard[0]) >= 6
    assert all(mine == heard[0] for mine in heard)


def test_saying_it_again_tells_nobody(server, feed):
    """A second word that changes nothing is no alert."""
    feed.say("UA21")
    with Listener(server) as listener:
        listener.next()
        feed.send(feed.signal("UA21"))
        feed.say("UA26")
        assert {event.data["area"] for event in listener.alerts()} == {"UA26"}


# The sign of life


def test_the_server_is_heard_at_least_every_ten_seconds(server, feed):
    """A beat says until when each source vouches, at most 15 s ahead."""
    feed.contact("UA80", "UA21", "UA26")
    with Listener(server) as listener:
        begun = listener.next()
        beats = [listener.next(10.0) for _ in range(2)]
    assert [beat.event for beat in beats] == ["beat", "beat"]
    assert beats[0].at - begun.at < 10 and beats[1].at - beats[0].at < 10
    for beat in beats:
        as_of = datetime.fromisoformat(beat.data["as_of"])
        assert {"feed", "pack"} >= beat.data["fresh"].keys() >= {"feed"}
        for until in beat.data["fresh"].values():
            assert as_of <= datetime.fromisoformat(until) <= as_of + timedelta(seconds=15)
    assert beats[1].data["as_of"] > beats[0].data["as_of"]


# Going on from where one was


@pytest.mark.parametrize("how", ["header", "query"])
def test_a_reader_that_comes_back_misses_nothing_and_hears_nothing_twice(server, feed, how):
    """By Last-Event-ID as browsers do, and by ?after= for those who cannot set a header."""
    with Listener(server) as whole:
        begin = whole.next().data["seq"]
        for area in ("UA46", "UA48", "UA51", "UA53", "UA56"):
            feed.say(area)
            feed.say(area, "clear")
        all_of_them = places(whole.alerts())
    assert len(all_of_them) >= 10
    for place in (begin, *all_of_them):
        name = cursor(place, server)
        with Listener(server, "" if how == "header" else f"?after={name}",
                      name if how == "header" else None) as back:  # fmt: skip
            heard = [back.next() for _ in range(sum(later > place for later in all_of_them))]
            assert [later for later in all_of_them if later > place] == places(heard)
            assert back.next().event == "beat", "up to date, it is told so at once"


def test_a_restart_is_a_reconnection_like_any_other(tmp_path):
    """Alerts of before a restart, those said by starting, and those after it come in one row, each once."""
    with RunningServer(tmp_path) as server:
        feed = server.feed("feed", "UA80,UA32,UA12", "air")
        feed.contact()
        with Listener(server) as listener:
            listener.next()
            feed.say("UA80")
            seen = listener.alerts()
            feed.say("UA32")
        assert server.stop() < 5.0
        server.start()
        with Listener(server, last=seen[-1].id) as listener:
            feed.contact("UA80", "UA32")
            feed.say("UA80", "clear")
            heard = listener.alerts()
        said = server.said()
    assert [place for place in said if place > seen[-1].data["seq"]] == places(heard)
    told = [(event.data["area"], event.data["state"]) for event in heard]
    assert told[0] == ("UA32", "raised")
    assert ("UA12", "unknown") in told, "nobody vouched for the clear while the server was down"
    assert told[-1] == ("UA80", "clear")


_CURSORS = {
    "garbled": "nonsense",
    "no number": "{epoch}-x",
    "not ASCII": "{epoch}-%D9%A3",
    "of another log": "00000000-3",
    "of the future": "{epoch}-999999999",
    "too long": "{epoch}-" + "9" * 40,
    "negative": "{epoch}--1",
}


@pytest.mark.parametrize("name", _CURSORS)
def test_where_nothing_proves_continuity_the_reader_begins_anew(server, feed, name):
    """A reset voids what came before, and the present state follows: nobody goes on with a gap."""
    after = _CURSORS[name].format(epoch=server.board()["epoch"])
    with Listener(server, f"?after={after}") as listener:
        reset, snapshot = listener.next(), listener.next()
    assert ("reset", "snapshot") == (reset.event, snapshot.event)
    assert "cursor" in reset.data["why"]
    assert reset.id is None, "nobody resumes from a reset"
    assert len(snapshot.data["areas"]) >= 27


def test_a_reader_that_is_too_slow_is_told_the_present_state(own_server):
    """It delays nobody and no endless queue is kept for it: a part without a gap, a reset, what holds now."""
    server = own_server
    feed = server.feed("feed")
    with Listener(server) as slow, Listener(server) as quick:
        begin = slow.next().data["seq"]
        assert quick.next().event == "snapshot"
        told: list[int] = []
        for number in range(300):  # 1.2 MB: more than is kept for somebody who does not read
            feed.say("UA59", text=f"{number} " + "x" * 4_000)
            if number % 5 == 4:
                told += places(quick.alerts(within_s=2.0))
        said = [place for place in server.said() if place > begin]
        assert said == told, "whoever reads hears everything"
        heard, text = [], ""
        while not text.startswith("299 "):  # it may fall behind again while it is told the present state
            heard.append(slow.next_but("beat"))
            data = heard[-1].data
            told_now = data["areas"]["UA59"]["threats"]["air"] if heard[-1].event == "snapshot" else data
            text = told_now.get("text", text)
    kinds = [event.event for event in heard]
    first = kinds.index("reset")
    assert "slow" in heard[first].data["why"] and kinds[first + 1] == "snapshot"
    assert places(heard[:first]) == said[:first]


@pytest.mark.parametrize(("version", "in_chunks"), [("1.1", True), ("1.0", False)])
def test_each_event_is_a_chunk_where_the_reader_knows_chunks(server, feed, version, in_chunks):
    """Some libraries hold back the end of what comes without a length and in no chunks."""
    with connect(server.public) as channel:
        channel.sendall(f"GET /v1/stream?areas=UA80 HTTP/{version}\r\nHost: tocsin\r\n\r\n".encode())
        received = b""
        while b"event: beat" not in received or not received.endswith(b"\n\r\n" if in_chunks else b"\n\n"):
            received += channel.recv(65_536)
    head, _, body = received.partition(b"\r\n\r\n")
    assert (b"Transfer-Encoding: chunked" in head) == in_chunks
    while in_chunks and body:
        size, _, body = body.partition(b"\r\n")
        chunk, body = body[: int(size, 16)], body[int(size, 16) :]
        assert chunk.endswith(b"\n\n") and body.startswith(b"\r\n")
        body = body[2:]
    assert in_chunks or body.startswith(b"retry: ")


# Only some areas


def test_a_wish_takes_in_what_lies_around_and_within(server, feed):
    """Whoever asks for a raion hears of its oblast, of its hromadas, and of nothing beside it."""
    raion = next(area for area in UA.below("UA12") if UA[area].level == "raion")
    inside = next(area for area in UA.below(raion) if UA[area].level == "hromada")
    beside = next(a for a in UA.below("UA12") if UA[a].level == "raion" and a != raion)
    wish = {*UA.chain(raion), *UA.below(raion)}
    with Listener(server, f"?areas={raion}") as listener:
        snapshot = listener.next()
        assert set(snapshot.data["areas"]) <= wish and "UA12" in snapshot.data["areas"]
        for area in (beside, "UA65", inside, "UA12"):
            feed.say(area)
        heard = listener.alerts()
    told = [set(event.data["areas"]) for event in heard]
    assert all(areas & wish for areas in told)
    assert any(inside in areas for areas in told)
    assert any("UA12" in areas for areas in told)
    assert not any("UA65" in areas for areas in told)


def test_wishes_may_be_many(server, feed):
    """Separated by commas, or given again."""
    for query in ("?areas=UA80,UA65", "?areas=UA80&areas=UA65"):
        with Listener(server, query) as listener:
            assert {"UA80", "UA65"} <= set(listener.next().data["areas"])


@pytest.mark.parametrize("query", ["?areas=UA8O", "?areas=", "?areas=UA80,Atlantis", "?areas=ua80"])
def test_an_area_that_is_none_is_refused(server, query):
    """A stream that would never say anything looks like an all clear: 400, with what is near."""
    for path in ("/v1/stream", "/v1/ws", "/v1/board.json", "/v1/board.txt"):
        answer = server.get(path + query)
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["todo"]


# What a reader knows


class Reader:
    """What somebody knows who merges a snapshot and the alerts behind it: absent means as the parent."""

    def __init__(self, areas):
        self._told = {(name, threat): told for name, entry in areas.items()
                      for threat, told in entry["threats"].items()}  # fmt: skip

    def hear(self, alert):
        for area in alert["areas"]:
            self._told[area, alert["threat"]] = alert

    def told(self, area, threat):
        """Return what lasts of what an area is told: not until when it is vouched for."""
        for above in UA.chain(area):
            found = self._told.get((above, threat))
            if found is not None:
                names = ("state", "since", "sources", "level", "subtype", "text", "expires", "cancelled")
                return {name: found[name] for name in names if name in found}
            if above in UA.board:
                break
        return {"state": "not_covered"}

    def everything(self):
        """Return what it knows of each area on the board, and of all parts of the two that are spoken of."""
        shown = [*UA.board, *UA.below("UA12"), *UA.below("UA14")]
        return {(area, threat): self.told(area, threat) for area in shown for threat in THREATS[:3]}


def test_whoever_merges_the_stream_knows_what_the_board_shows(own_server):
    """For every area and threat, whenever one began to listen, in a random series of signals."""
    server, chance = own_server, random.Random(20240102)
    feeds = [
        server.feed("country", "UA", "air,artillery"),
        server.feed("oblast", "UA12,UA14", "air"),
        server.feed("raion", "UA1208", "air"),
    ]
    some = ["UA12", "UA14", "UA1208", *UA.below("UA1208")[:6], *UA.below("UA1210")[:3]]
    readers, listeners, seen = [], [], set()
    try:
        for step in range(240):
            if step % 15 == 0:
                listeners.append(Listener(server))
                readers.append(Reader(listeners[-1].next().data["areas"]))
            _say_something(chance, feeds, some, step)
            if step % 15 == 14:
                seen |= _compare(server, listeners, readers, f"step {step}")
    finally:
        for listener in listeners:
            listener.__exit__()
    # A clear that lapses into unknown takes time, which a fast machine may not leave it.
    assert seen >= {"raised", "partly", "clear", "not_covered"}, "the series was worth comparing"
    board = Reader(server.board()["areas"])
    for area in some:  # and the board is what the server tells of each area by itself
        for threat in ("air", "artillery"):
            told = Reader({area: {"threats": {threat: server.told(area, threat)}}}).told(area, threat)
            assert board.told(area, threat) == told


def _compare(server, listeners, readers, when):
    """Let every reader hear the alerts up to now, and compare; return the states that were seen."""
    for listener, reader in zip(listeners, readers, strict=True):
        for event in listener.alerts():
            reader.hear(event.data)
    board = Reader(server.board()["areas"]).everything()
    for number, reader in enumerate(readers):
        mine = reader.everything()
        wrong = {key: (mine[key], board[key]) for key in board if mine[key] != board[key]}
        assert not wrong, f"{when}, reader {number}"
    return {told["state"] for told in board.values()}


def _say_something(chance, feeds, areas, step):
    """Let one of the feeds say something, of a time that others may have used too."""
    feed = chance.choice(feeds)
    mine = [area for area in areas if feed.name != "raion" or "UA1208" in UA.chain(area)]
    if feed.name == "oblast":
        mine = [area for area in mine if {"UA12", "UA14"} & set(UA.chain(area))]
    moment = datetime.now(UTC)
    at = moment.replace(microsecond=moment.microsecond // 50_000 * 50_000).isoformat()
    if chance.random() < 0.2:
        held = [[area, "air"] for area in chance.sample(mine, 2)]
        answer = feed.server.post("/v1/contact", feed.key, {"sent": at, "raised": held})
        assert answer.status_code == 204, answer.text
        return
    threat = "artillery" if feed.name == "country" and chance.random() < 0.3 else "air"
    state = chance.choice(("raised", "raised", "clear", "clear", "cancelled"))
    signal = feed.signal(chance.choice(mine), state, threat=threat, sent=at)
    answer = feed.send(signal)
    assert answer.status_code in (201, 422), answer.text  # a clear of what was never raised is refused

"""The desk: what a feed may say, what it is answered, and what of it stands in the log afterwards."""

import json
import socket
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.support import Listener, RunningServer, connect, now, tocsin, wait_until
from tocsin import wire
from tocsin.model import Contact, Realm

PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def feed(server):
    """A feed with every right."""
    return server.feed("feed")


@pytest.fixture(scope="module")
def office(server):
    """A feed that may speak of air alerts in Kyiv and Kyiv oblast only."""
    return server.feed("office", "UA80,UA32", "air")


def refused(answer, status, *words):
    """Check that an answer is a problem that says all these words, and what to do."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    problem = answer.json()
    assert problem["status"] == status
    assert problem["todo"], "it says what to do"
    for word in words:
        assert word in problem["detail"] + " " + problem["todo"]
    return problem


# What is taken


def test_a_raise_is_durable_when_it_is_answered(server, feed):
    """201 names the log and the place, and at that place stands what was said."""
    signal = feed.signal("UA59", subtype="drones", level="red", text="Shahed", expires=now(3_600))
    answer = feed.send(signal)
    assert answer.status_code == 201
    receipt = answer.json()
    assert receipt.keys() == {"epoch", "seq"}
    assert receipt["epoch"] == server.board()["epoch"]
    entry, kind = next(one for one in server.entries() if one[0].seq == receipt["seq"])
    assert entry.key == f"signal/feed/{signal['id']}"
    kept = wire.jsonable(kind)
    assert {name: kept[name] for name in signal} == signal
    assert (kept["source"], kept["realm"]) == ("feed", "actual")


def test_saying_it_again_adds_nothing(server, feed):
    """A feed that had no answer may send the same again: 200, and the place of the first."""
    signal = feed.signal("UA59")
    first = feed.send(signal)
    before = len(server.entries())
    again = feed.send(signal)
    assert (201, 200) == (first.status_code, again.status_code)
    assert first.json() == again.json()
    assert before == len(server.entries())


def test_the_same_moment_in_another_zone_is_the_same_signal(feed):
    """10:00Z and 12:00+02:00 are one time: a feed that changes its clock's zone is not refused."""
    sent = datetime.now(UTC).replace(microsecond=0)
    signal = {**feed.signal("UA59"), "sent": wire.stamp(sent)}
    assert feed.send(signal).status_code == 201
    kyiv = (sent + timedelta(hours=2)).replace(tzinfo=None).isoformat() + "+02:00"
    assert feed.send({**signal, "sent": kyiv}).status_code == 200


@pytest.mark.parametrize("change", [{"state": "clear"}, {"area": "UA65"}, {"level": "red"}], ids=str)
def test_an_id_cannot_come_to_mean_something_else(server, feed, change):
    """409, and the first meaning stands."""
    signal = feed.signal("UA59")
    place = feed.send(signal).json()["seq"]
    refused(feed.send({**signal, **change}), 409, f"was used before, at place {place}")
    assert server.state("UA59") == "raised"


def test_no_feed_can_block_the_ids_of_another(feed, office):
    """Ids are unique per key: both may call their message 1."""
    signal = {**feed.signal("UA80"), "id": "1"}
    first, second = feed.send(signal), office.send(signal)
    assert (201, 201) == (first.status_code, second.status_code)
    assert first.json()["seq"] != second.json()["seq"]


def test_a_clear_ends_what_its_source_raised(server):
    """Raised at once and clear at once, while the source is in contact."""
    feed = server.feed("vinnytsia", "UA05", "air")
    feed.contact()
    feed.say("UA05")
    assert server.state("UA05") == "raised"
    feed.say("UA05", "clear")
    assert server.state("UA05") != "raised"
    assert server.told("UA05")["sources"] == ["vinnytsia"]
    assert server.told("UA05")["state"] == "clear"


def test_a_cancelled_raise_is_no_all_clear(server):
    """It was sent in error: the raise ends, and what is left is unknown until somebody says clear."""
    feed = server.feed("volyn", "UA07", "air")
    feed.contact()
    feed.say("UA07")
    feed.say("UA07", "cancelled")
    told = server.told("UA07")
    assert ("unknown", True) == (told["state"], told["cancelled"])


def test_a_threat_that_nobody_knows_is_kept(server, feed):
    """Unknown codes are kept, never dropped: the board shows them under their own name."""
    feed.say("UA61", threat="flood_wave")
    assert server.told("UA61", "flood_wave")["state"] == "raised"
    assert server.state("UA61") == "raised"


def test_the_desk_shows_the_board_of_its_key(server, feed):
    """The same as the public door, to whoever holds a key."""
    answer = server.get_desk("/v1/board.json", feed.key)
    shown, public = answer.json(), server.board()
    assert (public["epoch"], public["seq"]) == (shown["epoch"], shown["seq"])
    assert public["areas"].keys() == shown["areas"].keys()
    refused(server.get_desk("/v1/board.json"), 401)


# Contact


def test_what_has_no_record_and_is_not_listed_is_clear_by_contact(server):
    """A contact is a statement about every area of the contract, also about the parts."""
    feed = server.feed("lviv", "UA46", "air")
    assert server.told("UA46")["state"] == "unknown"
    feed.contact()
    assert server.told("UA46")["state"] == "clear"
    part = next(area["id"] for area in _areas(server) if area["parent"] == "UA46")
    assert server.told(part)["state"] == "clear"


def test_what_is_raised_and_not_listed_stays_raised(server):
    """Only a clear ends a raise: a list that forgets an area does not."""
    feed = server.feed("rivne", "UA56", "air")
    feed.contact()
    feed.say("UA56")
    feed.contact()
    assert server.told("UA56")["state"] == "raised"
    assert "source rivne: 1 areas are raised here and not in its contact" in server.errors()


def test_what_is_listed_and_not_recorded_is_raised(server):
    """A feed that begins in the middle of an alert tells of it by its first contact."""
    feed = server.feed("ternopil", "UA61", "chemical")
    feed.contact("UA61", threat="chemical")
    told = server.told("UA61", "chemical")
    assert ("raised", ["ternopil"]) == (told["state"], told["sources"])


def test_only_changes_are_logged(server):
    """The second and the third contact that say the same leave no entry."""
    feed = server.feed("chernivtsi", "UA73", "air")
    feed.contact("UA73")

    def mine():
        return [
            kind for _, kind in server.entries() if isinstance(kind, Contact) and kind.source == feed.name
        ]

    assert len(mine()) == 1
    for _ in range(3):
        feed.contact("UA73")
    assert len(mine()) == 1


def test_a_contact_of_parts_makes_the_whole_partly_raised(server):
    """A raion that is listed is raised, and its oblast is partly raised, never clear."""
    feed = server.feed("khmelnytskyi", "UA68", "air")
    part = next(area["id"] for area in _areas(server) if area["parent"] == "UA68")
    feed.contact(part)
    assert ("raised", "partly") == (server.told(part)["state"], server.told("UA68")["state"])


def test_a_contact_for_an_area_without_right_is_refused_whole(server, office):
    """Nothing of it is taken, and the pair is named."""
    before = len(server.entries())
    body = {"sent": now(), "raised": [["UA80", "air"], ["UA63", "air"]]}
    refused(server.post("/v1/contact", office.key, body), 403, "UA63")
    assert before == len(server.entries())


def test_a_feed_that_falls_silent_leaves_no_clear(tmp_path_factory):
    """After the silence of its contract its clears are unknown and its raises are raised."""

    with RunningServer(tmp_path_factory.mktemp("silence"), "silence_s = 1.5\n") as server:
        feed = server.feed("feed", "UA05,UA07", "air")
        feed.contact()
        feed.say("UA05")
        assert ("raised", "clear") == (server.state("UA05"), server.told("UA07")["state"])
        wait_until(lambda: server.told("UA07")["state"] == "unknown", "the clear is unknown", 4)
        assert server.state("UA05") == "raised"
        feed.contact("UA05")
        assert server.told("UA07")["state"] == "clear", "it is heard again"


# What is refused

_BAD = {
    "an unknown place": ({"area": "UA8O"}, 422, ("area: ", "UA8O")),
    "a name for a code": ({"area": "Київ"}, 422, ("area: ", "UA80")),
    "no zone": ({"sent": "2024-01-02T03:53:57"}, 422, ("sent", "timezone")),
    "no time": ({"sent": "yesterday"}, 422, ("sent",)),
    "ahead of our clock": ({"sent": "2100-01-01T00:00:00Z"}, 422, ("sent: ", "ahead of our clock", "NTP")),
    "no such state": ({"state": "maybe"}, 422, ("state",)),
    "an unknown field": ({"expire": "2100-01-01T00:00:00Z"}, 422, ("expire", "expires")),
    "expires before sent": ({"expires": "2020-01-01T00:00:00Z"}, 422, ("expires: ", "not after sent")),
    "expires without a zone": ({"expires": "2100-01-01T00:00:00"}, 422, ("expires",)),
    "an empty id": ({"id": ""}, 422, ("id",)),
    "an id that is a number": ({"id": 7}, 422, ("id", "str")),
    "no threat": ({"threat": "AIR!"}, 422, ("threat",)),
    "a level that is none": ({"level": "orange"}, 422, ("level",)),
    "a text without end": ({"text": "x" * 4_097}, 422, ("text",)),
}


@pytest.mark.parametrize("name", _BAD)
def test_a_bad_field_is_named_and_nothing_is_kept(server, feed, name):
    """Each refusal names the field and what to do, and leaves the log as it was."""
    change, status, words = _BAD[name]
    before = len(server.entries())
    refused(feed.send({**feed.signal("UA80"), **change}), status, *words)
    assert before == len(server.entries())


@pytest.mark.parametrize("field", ["id", "area", "threat", "state", "sent"])
def test_a_missing_field_is_named(feed, field):
    """Nothing is guessed: a signal without it is no signal."""
    signal = feed.signal("UA80")
    del signal[field]
    refused(feed.send(signal), 422, field)


def test_a_clear_before_any_raise_is_refused(server, feed):
    """There is nothing to end: a mistyped area must not look like an all clear that was taken."""
    before = len(server.entries())
    refused(feed.send(feed.signal("UA18", "clear")), 422, "UA18", "never raised", "contact")
    assert before == len(server.entries())


_GARBAGE = {
    "nothing": b"",
    "words": b"not json",
    "a list": b"[]",
    "null": b"null",
    "no UTF-8": b'{"id":"\xff\xfe"}',
    "cut off": b'{"id":"x"',
    "nested without end": b'{"a":' * 12_000,
    "zeros": bytes(100),
}


@pytest.mark.parametrize("name", _GARBAGE)
def test_what_is_not_a_json_object_is_refused(server, feed, name):
    """Garbage of any kind gets an answer that says so."""
    for path in ("/v1/signals", "/v1/contact"):
        refused(server.post(path, feed.key, content=_GARBAGE[name]), 422, "the body ")


_LISTS = ([["UA80"]], ["UA80"], [["UA80", "air", "x"]], "UA80", None, [["UA8O", "air"]])


@pytest.mark.parametrize("raised", _LISTS, ids=str)
def test_a_contact_of_another_form_is_refused(server, feed, raised):
    """The list is pairs of area and threat; the place in it is named."""
    refused(server.post("/v1/contact", feed.key, {"sent": now(), "raised": raised}), 422, "raised")


def test_a_body_of_ten_megabytes_is_refused_and_the_desk_lives_on(server, feed):
    """413 without reading it to its end, with a length and without one."""
    big = json.dumps({**feed.signal("UA80"), "text": "x" * 10_000_000}).encode()
    assert _answered_early(server, feed, big, chunked=False) == 413
    assert _answered_early(server, feed, big, chunked=True) == 413
    feed.say("UA59")


def _answered_early(server, feed, body, *, chunked):
    """Send a body as far as the desk takes it; return the status of its answer."""
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"
    head = (
        f"POST /v1/signals HTTP/1.1\r\nHost: desk\r\nAuthorization: Bearer {feed.key}\r\n"
        f"Content-Type: application/json\r\n{length}\r\n\r\n"
    )
    with connect(server.desk) as channel:
        channel.sendall(head.encode())
        try:
            for start in range(0, len(body), 65_536):
                piece = body[start : start + 65_536]
                channel.sendall(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has answered and does not read on
        try:
            status_line = channel.recv(4_096).split(b"\r\n", 1)[0]
        except ConnectionResetError:
            return None
    return int(status_line.split()[1])


def test_a_body_shorter_than_its_length_is_not_taken(server, feed):
    """The sender died in the middle: nothing of it is kept, also where the beginning would read well."""
    before = len(server.entries())
    body = json.dumps(feed.signal("UA80")).encode()
    with connect(server.desk) as channel:
        channel.sendall(
            f"POST /v1/signals HTTP/1.1\r\nHost: desk\r\nAuthorization: Bearer {feed.key}\r\n"
            f"Content-Length: {len(body) + 10}\r\n\r\n".encode()
            + body
        )
        channel.shutdown(socket.SHUT_WR)
        channel.settimeout(15)
        answer = channel.recv(4_096)
    assert b" 201 " not in answer and b" 200 " not in answer
    assert before == len(server.entries())


@pytest.mark.parametrize(
    "length", ["Content-Length: -1", "Content-Length: x", "Content-Length: 1\r\nContent-Length: 2"]
)
def test_a_length_that_is_none_is_refused(server, feed, length):
    """Two readings of one request are how a signal is smuggled past a proxy."""
    with connect(server.desk) as channel:
        channel.sendall(
            f"POST /v1/signals HTTP/1.1\r\nHost: desk\r\nAuthorization: Bearer {feed.key}\r\n"
            f"{length}\r\n\r\n{{}}".encode()
        )
        answer = channel.recv(4_096)
    assert answer.startswith(b"HTTP/1.1 4")


def test_a_key_speaks_only_of_its_areas(server, office):
    """Of the areas that it was given and of what lies in them, and of no other."""
    before = len(server.entries())
    refused(office.send(office.signal("UA63")), 403, "area: ", "UA63", "UA80, UA32")
    refused(office.send(office.signal("UA")), 403, "area: ")
    assert before == len(server.entries())
    part = next(area["id"] for area in _areas(server) if area["parent"] == "UA32")
    office.say(part)


def test_a_key_speaks_only_of_its_threats(server, office):
    """Another threat is refused, with the ones that it may speak of."""
    refused(office.send(office.signal("UA80", threat="nuclear")), 403, "threat: ", "nuclear", "air")


@pytest.mark.parametrize("key", [None, "x", "tocsin_wrong", "tocsin_" + "A" * 43, "ключ"], ids=repr)
def test_without_a_key_nothing_is_taken(server, feed, key):
    """401, whatever is wrong with the key, and before the body is read."""
    before = len(server.entries())
    headers = {} if key is None else {"Authorization": f"Bearer {key}".encode()}
    for path in ("/v1/signals", "/v1/contact"):
        answer = server.post(path, None, feed.signal("UA80"), headers=headers)
        refused(answer, 401)
        assert answer.headers["www-authenticate"] == "Bearer"
    assert before == len(server.entries())


def test_a_revoked_key_opens_nothing_from_then_on(server):
    """It is refused at once; what it raised stays raised, and nothing of it is clear."""
    feed = server.feed("leaving", "UA21,UA18", "air")
    feed.contact()
    feed.say("UA21")
    assert server.told("UA18")["state"] == "clear"
    assert tocsin("key", "revoke", "leaving", "--data", server.data).returncode == 0
    refused(feed.send(feed.signal("UA21", "clear")), 401, "revoked")
    refused(server.post("/v1/contact", feed.key, {"sent": now(), "raised": []}), 401)
    wait_until(lambda: server.told("UA18")["state"] != "clear", "nobody vouches for the clear", 5)
    assert server.state("UA21") == "raised"


def test_what_is_not_there_is_a_problem_too(server, feed):
    """An unknown path, and a method that is not done."""
    refused(server.post("/v1/signal", feed.key, {}), 404, "/v1/signal", "/openapi.json")
    answer = server.get_desk("/v1/signals")
    refused(answer, 405, "GET /v1/signals")


def test_the_desk_describes_every_address_that_it_has(server, feed):
    """Its description is JSON that names the forms."""
    told = server.get_desk("/openapi.json").json()
    paths = {"signals", "contact", "reports", "board.json", "cap", "cap/held", "channels", "sources"}
    assert {f"/v1/{path}" for path in paths} == set(told["paths"])
    assert {"SignalForm", "ContactForm"} <= set(told["components"]["schemas"])


# Realms


def test_an_exercise_never_touches_the_actual_realm(server, feed):
    """Neither board nor log nor stream nor history knows of it; it stands in a file of its own."""

    drill = server.feed("drill", "UA", "air", realm="exercise")
    before, actual = server.board(), len(server.entries())
    with Listener(server) as listener:
        assert listener.next().event == "snapshot"
        place = drill.say("UA53")
        drill.contact("UA53", "UA35")
        quiet_until = time.monotonic() + 1.0
        while (left := quiet_until - time.monotonic()) > 0:
            try:
                assert listener.next(left).event == "beat"
            except TimeoutError:
                break
    after = server.board()
    assert before["areas"]["UA53"] == after["areas"]["UA53"]
    assert before["areas"]["UA53"]["state"] != "raised"
    assert "drill" not in json.dumps(after)
    assert actual == len(server.entries())
    assert "drill" not in server.get("/v1/history.csv").text
    there = server.entries(Realm.EXERCISE)
    assert any(entry.seq == place for entry, _ in there)
    assert {Realm.EXERCISE} == {kind.realm for _, kind in there}


def test_a_contact_of_a_while_ago_vouches_for_nothing(server):
    """It was kept in a queue, or a clock is wrong: what held then is no word on now."""
    feed = server.feed("old", "UA46", "air")
    old = {"sent": now(-31), "raised": []}
    refused(server.post("/v1/contact", feed.key, old), 422, "says what holds at this moment", "do not repeat")
    assert server.state("UA46") == "unknown"


def test_an_exercise_says_that_it_is_one(server):
    """Its own board carries the realm and a notice."""
    drill = server.feed("drill-2", "UA", "air", realm="exercise")
    shown = server.get_desk("/v1/board.json", drill.key).json()
    assert "exercise" == shown["realm"]
    assert "no present danger" in shown["notice"]


# After all of it


def test_nothing_that_was_taken_is_lost(server):
    """The chain of both logs holds, and no error of ours was printed."""
    server.feed("drill-3", "UA", "air", realm="exercise")
    assert tocsin("verify", "--data", server.data).returncode == 0
    assert tocsin("verify", "--data", server.data, "--realm", "exercise").returncode == 0
    assert "Traceback" not in server.errors()


def _areas(server):
    return server.get("/v1/areas.json").json()["areas"]

"""The public door: every answer says how old it is, and what nobody vouches for is never clear."""

import gzip
import json
import re
from datetime import datetime, timedelta

import pytest

from tests.support import RunningServer, exchange, now, tocsin, wait_until
from tocsin.countries import load

UA = load("ua").areas
STATES = {"raised", "partly", "unknown", "clear"}
LINE = re.compile(r"UA[0-9]+ (raised|partly|unknown|clear)( [a-z0-9_.-]+(:(yellow|red))? [0-9TZ:.-]+)*")


@pytest.fixture(scope="module")
def feed(server):
    """A feed in contact, for all of the country but Luhansk and Crimea."""
    feed = server.feed("feed", ",".join(area for area in UA.board if area not in ("UA01", "UA44")), "air")
    feed.contact()
    feed.say("UA80", level="red", text="Go to the shelter")
    return feed


def times(answer):
    """Return from when an answer is and until when it may be shown."""
    return tuple(datetime.fromisoformat(answer.headers[name]) for name in ("as-of", "fresh-until"))


AGED = ["/v1/board.json", "/v1/board.txt", "/v1/areas/UA80.json", "/v1/board.json?areas=UA80"]


# Age


@pytest.mark.parametrize("path", AGED)
def test_an_answer_says_until_when_it_holds(server, feed, path):
    """At most 15 s from when it was made, in a 200 and in a 304 alike: a cached board grows old by itself."""
    first = server.get(path)
    as_of, until = times(first)
    assert as_of <= until <= as_of + timedelta(seconds=15)
    again = server.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    later, until = times(again)
    assert later >= as_of and later <= until <= later + timedelta(seconds=15)


def test_a_304_renews_the_age(server, feed):
    """The same state, a later time: whoever keeps the body may go on showing it."""
    feed.contact("UA80")
    first = server.get("/v1/board.json")
    etag = first.headers["etag"]

    def renewed():
        again = server.get("/v1/board.json", headers={"If-None-Match": etag})
        assert again.status_code == 304
        return times(again)[0] > times(first)[0]

    wait_until(renewed, "a later As-Of", 6)


def test_a_tag_names_the_state_and_not_its_age(server, feed):
    """It stays while nothing is said, and changes with every alert."""
    tags = {server.get("/v1/board.json").headers["etag"] for _ in range(5)}
    assert len(tags) == 1
    feed.say("UA63")
    changed = server.get("/v1/board.json", headers={"If-None-Match": next(iter(tags))})
    assert changed.status_code == 200 and changed.headers["etag"] not in tags
    feed.say("UA63", "clear")


@pytest.mark.parametrize("tag", ["*", "W/{tag}", '"other", {tag}'])
def test_a_tag_is_found_as_http_says(server, feed, tag):
    """Weak, among others, or a star."""
    now_ = server.get("/v1/board.json").headers["etag"]
    asked = {"If-None-Match": tag.format(tag=now_)}
    assert server.get("/v1/board.json", headers=asked).status_code == 304


def test_every_clear_says_until_when_and_by_whom(server, feed):
    """No clear without a source that vouches for it, and none for longer than 15 s."""
    feed.contact("UA80")
    board = server.board()
    as_of, clears = datetime.fromisoformat(board["as_of"]), 0
    for area in board["areas"].values():
        for told in area["threats"].values():
            if "fresh_until" in told:
                assert datetime.fromisoformat(told["fresh_until"]) <= as_of + timedelta(seconds=15)
            if told["state"] == "clear":
                clears += 1
                assert told["sources"] == ["feed"]
                assert datetime.fromisoformat(told["fresh_until"]) > as_of
    assert clears >= 20


# The board


def test_the_board_has_every_area_of_its_level(server, feed):
    """27 areas, each with one of four states and with every threat."""
    board = server.board()
    assert {"epoch", "seq", "realm", "as_of", "fresh", "areas"} == set(board)
    assert set(UA.board) <= set(board["areas"]) and len(UA.board) == 27
    assert {area["state"] for area in board["areas"].values()} <= STATES
    for name in UA.board:
        assert {"air", "artillery", "urban_fights", "chemical", "nuclear"} <= set(
            board["areas"][name]["threats"]
        )
    kyiv = board["areas"]["UA80"]["threats"]
    assert kyiv["artillery"] == {"state": "not_covered"}
    assert {"state", "since", "sources", "level", "text"} <= set(kyiv["air"])
    assert (kyiv["air"]["state"], kyiv["air"]["level"]) == ("raised", "red")


def test_what_nobody_covers_is_unknown(tmp_path):
    """A server without a feed shows 25 unknown areas and the two that stand; not one of them is clear."""
    with RunningServer(tmp_path) as server:
        states = {name: area["state"] for name, area in server.board()["areas"].items()}
        lines = server.get("/v1/board.txt").text.splitlines()
    assert {name for name, state in states.items() if state == "raised"} == {"UA01", "UA44"}
    assert set(states.values()) == {"raised", "unknown"}
    assert not [line for line in lines if line.endswith(" clear")]


def test_a_raise_of_a_part_makes_the_whole_partly_raised(server, feed):
    """The finer area appears while it differs from its parent; the parent is never shown as clear."""
    part = next(area for area in UA.below("UA53") if UA[area].level == "raion")
    feed.say(part)
    areas = server.board()["areas"]
    assert (areas[part]["state"], areas["UA53"]["state"]) == ("raised", "partly")
    assert server.state(next(iter(UA.below(part)))) == "raised"
    feed.say(part, "clear")
    areas = server.board()["areas"]
    assert areas["UA53"]["state"] == "clear"


def test_a_finer_area_on_the_board_is_whole(server):
    """Every threat stands in it, so that nobody has to look further up; alerts keep each of them true."""
    feed = server.feed("both", "UA26", "air,artillery")
    feed.contact()
    feed.contact(threat="artillery")
    part = next(area for area in UA.below("UA26") if UA[area].level == "raion")
    feed.say(part)
    board = server.board()["areas"]
    assert set(board[part]["threats"]) == set(board["UA26"]["threats"])
    feed.say("UA26", threat="artillery")
    assert server.told(part, "artillery")["state"] == "raised"
    assert server.board()["areas"][part]["threats"]["artillery"]["state"] == "raised"


def test_one_area_can_be_asked_for_at_any_level(server, feed):
    """With its names, its level, what it lies in, its state and that of each threat."""
    city = next(area.id for area in UA if area.level == "city")
    for name in ("UA", "UA80", city):
        told = server.get(f"/v1/areas/{name}.json").json()
        assert (told["area"], told["level"]) == (name, UA[name].level)
        assert told["in"] == list(UA.chain(name))[1:]
        assert told["name"] == UA[name].names
        assert told["state"] in STATES


def test_an_area_that_is_none_is_not_found(server):
    """404 with what is near; and the address needs its ending."""
    for path in ("/v1/areas/UA8O.json", "/v1/areas/UA80", "/v1/areas/.json", "/v1/areas/UA80.xml"):
        answer = server.get(path)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["todo"]


# For microcontrollers


def test_the_text_says_what_the_board_says(server, feed):
    """A first line with place and age, a line an area, a full stop at the end."""
    first, *lines, last = server.get("/v1/board.txt").text.splitlines()
    word, version, realm, cursor, as_of, seconds = first.split()
    board = server.board()
    assert (word, version, realm) == ("tocsin", "1", "actual")
    assert cursor == f"{board['epoch']}-{board['seq']}"
    assert datetime.fromisoformat(as_of) <= datetime.fromisoformat(now(1))
    assert 0 <= int(seconds) <= 15
    assert last == "."
    assert all(LINE.fullmatch(line) for line in lines)
    told = {name: state for name, state, *_ in (line.split() for line in lines)}
    assert told == {name: area["state"] for name, area in board["areas"].items()}
    since = board["areas"]["UA80"]["threats"]["air"]["since"]
    assert f"UA80 raised air:red {since}" in lines


def test_the_worst_board_fits_a_microcontroller(tmp_path):
    """Every hromada of the country raised for every threat: at most 16 KiB, with its length, to HTTP/1.0."""
    with RunningServer(tmp_path) as server:
        threats = ("air", "artillery", "urban_fights", "chemical", "nuclear")
        feed = server.feed("feed")
        parts = [area.id for area in UA if area.level == "hromada" and "UA01" not in UA.chain(area.id)]
        assert len(parts) > 1_300
        body = {"sent": now(), "raised": [[part, threat] for part in parts for threat in threats]}
        assert server.post("/v1/contact", feed.key, body, timeout=60).status_code == 204
        answer = exchange(server.public, b"GET /v1/board.txt HTTP/1.0\r\n\r\n")
        head, _, text = answer.partition(b"\r\n\r\n")
        assert f"Content-Length: {len(text)}\r\n".encode() in head
        assert len(text) <= 16 * 1024 and text.isascii() and text.endswith(b"\n.\n")
        lines = text.decode().splitlines()[1:-1]
        assert {line.split()[0] for line in lines} >= set(UA.board)
        whole = {above for part in parts for above in UA.chain(part)} & set(UA.board)
        assert len(whole) >= 24
        states = dict(line.split()[:2] for line in lines)
        assert {states[area] for area in whole} <= {"raised", "partly"}, (
            "parts are left out: the whole says so"
        )
        assert server.get("/v1/board.json", timeout=30).json()["areas"]["UA12"]["state"] == "partly"


# What surrounds the answers


def test_any_page_may_read_it(server, feed):
    """Other people's pages may show the board, and see its age."""
    for path in (*AGED, "/v1/areas.json", "/v1/history.json", "/nothing"):
        headers = server.get(path).headers
        assert headers["access-control-allow-origin"] == "*"
        assert {"ETag", "As-Of", "Fresh-Until"} <= set(headers["access-control-expose-headers"].split(", "))
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]


def test_long_answers_are_packed_for_who_can_unpack_them(server, feed):
    """And sent as they are to who cannot."""
    plain = server.get("/v1/areas.json", headers={"Accept-Encoding": "identity"})
    packed = server.get("/v1/areas.json", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"]) / 4
    assert plain.content == packed.content
    assert "Accept-Encoding" in packed.headers["vary"]
    raw = exchange(server.public, b"GET /v1/areas.json HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n")
    assert gzip.decompress(raw.partition(b"\r\n\r\n")[2]) == plain.content


def test_what_is_not_there_is_a_problem_that_says_where_to_look(server):
    """404 as RFC 9457 says."""
    answer = server.get("/v1/bored.json")
    assert answer.status_code == 404
    assert answer.json()["detail"] == "there is nothing at /v1/bored.json"
    assert "/openapi.json" in answer.json()["todo"]


def test_where_no_browser_can_subscribe_the_page_is_told_so_without_an_error(server):
    """It asks at every load; an error in the console would hide the ones that matter."""
    answer = server.get("/v1/push/key")
    assert (answer.status_code, answer.json()) == (200, {"key": None})


# What it says of itself


def test_every_address_of_the_description_answers(server, feed):
    """And each answer has the media type and the form that the description gives it."""
    told = server.get("/openapi.json").json()
    assert len(told["paths"]) >= 9
    feed.say("UA59")
    name = re.findall("<identifier>([^<]+)<", server.get("/v1/alerts.atom").text)[0]
    for path, methods in told["paths"].items():
        if path in ("/v1/stream", "/v1/ws"):
            continue  # they do not end: tests of their own
        ok = methods["get"]["responses"]["200"]["content"]
        answer = server.get(path.replace("{id}", name if path.startswith("/v1/alerts/") else "UA80"))
        assert answer.status_code == 200, path
        (media,) = ok
        assert answer.headers["content-type"].partition(";")[0] == media
        if "schema" in ok[media]:
            _fits(answer.json(), ok[media]["schema"], told["components"]["schemas"], path)


def test_the_description_names_every_field_of_the_board(server, feed):
    """A field that nobody described is a field that nobody can rely on."""
    schemas = server.get("/openapi.json").json()["components"]["schemas"]
    board = server.board()
    assert set(board) <= set(schemas["Board"]["properties"])
    for area in board["areas"].values():
        assert set(area) <= set(schemas["Area"]["properties"])
        for told in area["threats"].values():
            assert set(told) <= set(schemas["Status"]["properties"])


def _fits(value, schema, schemas, where):
    """Check a value against the part of JSON Schema that the description uses."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}
    assert isinstance(value, kinds[schema["type"]]), where
    assert value in schema.get("enum", [value]), where
    if schema.get("format") == "date-time":
        assert datetime.fromisoformat(value).tzinfo is not None, where
    assert set(schema.get("required", ())) <= set(value) if isinstance(value, dict) else True, where
    for name, one in value.items() if isinstance(value, dict) else ():
        inner = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
        if isinstance(inner, dict):
            _fits(one, inner, schemas, f"{where} {name}")
    for one in value if isinstance(value, list) else ():
        _fits(one, schema["items"], schemas, where)


# After all of it


def test_nothing_of_it_was_written(server, feed):
    """Reading changes nothing: the log is as long as before, and whole."""
    before = len(server.entries())
    for path in (*AGED, "/", "/text", "/v1/history.json", "/v1/areas.json"):
        assert server.get(path).status_code == 200
    assert before == len(server.entries())
    done = tocsin("verify", "--data", server.data, "--json")
    assert json.loads(done.stdout)["ok"]
    assert "Traceback" not in server.errors()

"""What the pages say of a board, without a browser."""

from __future__ import annotations

import gzip
import json
import re
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any

import pytest

from tocsin.countries import load
from tocsin.countries.desk import desk_pack
from tocsin.public.pages import LANGUAGES, Pages, judge
from tocsin.public.words import WORDS, form, say
from tocsin.wire import stamp

COUNTRY = load("ua")
BOARD = COUNTRY.areas.board
PAGES = Pages(COUNTRY)
AT = datetime(2026, 3, 1, 4, 30, tzinfo=UTC)
SOON, PAST = stamp(AT + timedelta(seconds=15)), stamp(AT - timedelta(seconds=40))
RAISED: dict[str, Any] = {"state": "raised", "since": stamp(AT - timedelta(minutes=81)), "fresh_until": SOON,
                          "sources": ["feed"]}  # fmt: skip
CLEAR: dict[str, Any] = {"state": "clear", "since": stamp(AT - timedelta(hours=3)), "fresh_until": SOON,
                         "sources": ["feed"]}  # fmt: skip
UNKNOWN: dict[str, Any] = {"state": "unknown", "since": PAST, "sources": []}
STANDING: dict[str, Any] = {**RAISED, "sources": ["pack"], "since": "2022-04-04T16:45:00Z"}
WEIGHT_LIMIT = 60_000  # bytes over the wire before the first state shows


def board(*, rest: dict[str, Any] = CLEAR, **areas: dict[str, Any]) -> dict[str, Any]:
    """Return a decoded board.json in which all areas but the named ones are told the same about air raids."""
    told = dict.fromkeys(BOARD, rest) | areas
    return {
        "epoch": "e",
        "seq": 7,
        "realm": "actual",
        "as_of": stamp(AT),
        "fresh": {"feed": SOON},
        "areas": {area: {"state": entry["state"], "threats": {"air": entry}} for area, entry in told.items()},
    }


def html(snapshot: dict[str, Any], lang: str = "en", **more: Any) -> str:
    """Return a page."""
    return PAGES.board(snapshot, lang, **more).decode()


def sentence(snapshot: dict[str, Any], lang: str = "en") -> str:
    """Return the one sentence on top of a page."""
    found = re.search(r'<h1 id="sentence">(.*?)</h1>', html(snapshot, lang))
    assert found is not None
    return found[1]


def row(snapshot: dict[str, Any], area: str, lang: str = "en") -> str:
    """Return one row of the list as HTML."""
    found = re.search(rf'<li class="row[^>]*id="row-{area}".*?</li>', html(snapshot, lang), re.DOTALL)
    assert found is not None
    return found[0]


def given(page: str) -> dict[str, Any]:
    """Return what the script begins with."""
    found = re.search(r'<script type="application/json" id="given">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    decoded: dict[str, Any] = json.loads(found[1])
    return decoded


@pytest.mark.parametrize(
    ("raised", "english", "ukrainian"),
    [
        (1, "Air alert in 1 of 27 regions.", "Повітряна тривога у 1 з 27 областей."),
        (24, "Air alert in 24 of 27 regions.", "Повітряна тривога у 24 з 27 областей."),
        (0, "All clear in 27 of 27 regions.", "Відбій у 27 з 27 областей."),
    ],
)
def test_the_sentence_counts_the_regions_under_alert(raised: int, english: str, ukrainian: str):
    """One glance says how much of the country is under alert, in both languages."""
    told = board(**dict.fromkeys(BOARD[:raised], RAISED))
    assert [english, ukrainian] == [sentence(told, "en"), sentence(told, "uk")]


def test_ukrainian_numbers_take_their_three_forms():
    """1 область, 2 області, 5 областей, and 11 is many, 21 is one again."""
    forms = [say("uk", "regions", n=n) for n in (1, 2, 5, 11, 12, 21, 22, 25, 111)]
    assert forms == [
        "1 область", "2 області", "5 областей", "11 областей", "12 областей", "21 область", "22 області",
        "25 областей", "111 областей",
    ]  # fmt: skip
    assert [form("en", n) for n in (0, 1, 2)] == [1, 0, 1]


def test_unknown_is_never_counted_as_clear_and_is_called_danger():
    """Of a region that nobody speaks for the sentence says so."""
    told = board(UA80=UNKNOWN, UA85=UNKNOWN)
    assert sentence(told) == "All clear in 25 of 27 regions. Unknown in 2: treat as danger."
    nobody = board(rest=UNKNOWN, UA44=STANDING)
    assert sentence(nobody) == "Unknown in 26 of 26 regions, treat as danger, and 1 under a standing alert."
    assert sentence(board(rest=UNKNOWN)) == "Unknown in all 27 regions: treat as danger."


def test_a_standing_alert_is_counted_apart():
    """Two regions under alert for years do not make every day a day of alerts."""
    told = board(UA44=STANDING, UA01=STANDING, UA80=RAISED)
    assert sentence(told) == "Air alert in 1 of 25 regions, and 2 under a standing alert."
    assert "standing alert" in row(told, "UA44")


@pytest.mark.parametrize(
    "stale",
    [
        {**CLEAR, "fresh_until": PAST},
        {**CLEAR, "fresh_until": stamp(AT)},
        {key: value for key, value in CLEAR.items() if key != "fresh_until"},
        {**CLEAR, "state": "all quiet"},
    ],
)
def test_a_clear_that_nobody_vouches_for_is_unknown(stale: dict[str, Any]):
    """Past its time, without a time, or of a state that we do not know: unknown, in every view."""
    told = board(UA80=stale)
    assert judge({"air": stale}, AT).state == "unknown"
    assert 'class="row unknown' in row(told, "UA80")
    assert "Unknown in 1" in sentence(told)
    assert "[?] Kyiv " in PAGES.text(told, "en").decode()


def test_a_raise_stays_a_raise_when_nobody_confirms_it():
    """It says since when nobody does, and where that is not known, that nobody does."""
    assert "no all clear received, its source was last heard 06:29" in row(
        board(UA80={**RAISED, "fresh_until": PAST}), "UA80"
    )
    unheard = {key: value for key, value in RAISED.items() if key != "fresh_until"}
    told = row(board(UA80=unheard), "UA80")
    assert 'class="row raised lapsed"' in told
    assert "no all clear received, its source is not in contact" in told


def test_a_raise_that_is_older_than_raises_get_says_that_there_was_no_all_clear():
    """An all clear may have been lost; whoever reads it may ask.  A standing alert is no such thing."""
    words = "no all clear received, and it has lasted longer than alerts do"
    usual = timedelta(hours=desk_pack("ua").usual_hours)
    younger, older = ({**RAISED, "since": stamp(AT - usual + timedelta(minutes=by))} for by in (1, -1))
    assert words not in row(board(UA80=younger), "UA80")
    assert words in row(board(UA80=older), "UA80")
    assert words not in row(board(UA44=STANDING), "UA44")


def test_a_row_says_since_when_in_kyiv_time_and_for_how_long():
    """05:09 in Kyiv was 03:09 UTC; the reader does no sums."""
    assert "since 05:09 (1 h 21 min)" in row(board(UA80=RAISED), "UA80")
    assert "з 05:09 (1 год 21 хв)" in row(board(UA80=RAISED), "UA80", "uk")


def test_raised_comes_first_and_the_longest_first():
    """What needs attention is on top."""
    old = {**RAISED, "since": stamp(AT - timedelta(hours=9))}
    told = board(UA80=RAISED, UA46=old, UA05=UNKNOWN, UA44=STANDING)
    order = re.findall(r'id="row-(\w+)"', html(told))
    assert order[:4] == ["UA46", "UA80", "UA44", "UA05"]


def test_a_part_that_is_raised_is_named():
    """Alert in part: of what?"""
    told = board(UA32={**RAISED, "state": "partly"}, UA3206=RAISED)
    assert f"Alert in: {COUNTRY.areas.name('UA3206', 'en')}" in row(told, "UA32")


def test_what_a_feed_writes_is_text():
    """A hostile text neither becomes markup, nor ends the script, nor turns the line round."""
    bad = "</script><img src=x onerror=alert(1)>\u202egnihton"
    told = board(UA80={**RAISED, "text": bad, "subtype": "<b>x"})
    told["fresh"]["<i>feed</i>"] = SOON
    page = html(told)
    assert "<img" not in page
    assert "<i>feed" not in page
    assert "\u202e" not in row(told, "UA80")
    assert page.count("</script>") == 2
    assert given(page)["snapshot"]["areas"]["UA80"]["threats"]["air"]["text"] == bad


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_replay_says_so_in_both_languages_and_in_the_title(lang: str):
    """Nobody may take a day of the past for the present."""
    told = board() | {"realm": "replay", "notice": "replay of 2 January 2024, no present danger"}
    lines = {
        "uk": "Повтор 2 січня 2024 року. Зараз небезпеки немає.",
        "en": "Replay of 2 January 2024. No present danger.",
    }
    page = html(told, lang)
    assert all(line in page for line in lines.values())
    assert f"<title>{lines[lang]}" in page
    assert '<body class="replay">' in page
    assert PAGES.text(told, lang).decode().startswith(lines[lang].upper())


@pytest.mark.parametrize(("realm", "word"), [("exercise", "Exercise"), ("test", "Test")])
def test_an_exercise_says_so_in_every_line(realm: str, word: str):
    """The word stands in the sentence and in each row, in a colour of its own."""
    told = board(UA80=RAISED) | {"realm": realm, "notice": f"{realm}, no present danger"}
    assert f"{word}. This is not a real alert." in html(told)
    assert sentence(told).startswith(f"{word}: ")
    assert all(f"{word}: " in row(told, area) for area in BOARD)
    assert f'<body class="{realm}">' in html(told)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_area_of_the_board_is_in_the_list_and_in_the_tiles(lang: str):
    """Nobody's region is missing, and no two tiles say the same."""
    page = html(board(), lang)
    for what in ("row", "tile"):
        found = re.findall(rf'<li class="{what} [^>]*data-area="(\w+)"', page)
        assert sorted(found) == sorted(BOARD)
    short = re.findall(r'<b aria-hidden="true">(.*?)</b>', page)
    assert len(short) == len(set(short)) == len(BOARD)


def test_the_map_of_an_operator_goes_before_ours():
    """Where somebody has better outlines, the page shows those."""
    theirs = Pages(COUNTRY, map_svg=b"<svg/>")
    assert theirs.asset("map-ua.svg") == (b"<svg/>", "image/svg+xml")
    assert given(theirs.board(board(), "en").decode())["map"] == "/static/map-ua.svg"


def test_assets_are_those_of_their_folder_and_no_others():
    """An address cannot climb out of it."""
    assert [PAGES.asset(name) for name in ("../pages.py", "..", ".", "x/live.js", "none.js")] == [None] * 5
    found = PAGES.asset("live.js")
    assert found is not None
    assert found[1].startswith("text/javascript")


def _worst() -> dict[str, Any]:
    """Return a board on which every raion has an alert of its own, with a text, beside all the threats."""
    told = board()
    for area in told["areas"].values():
        area["threats"] = {
            threat: {**RAISED, "state": "partly"} for threat in WORDS["en"] if threat in _THREATS
        }
    raions = [area for area in COUNTRY.areas if area.level == "raion"]
    for number, area in enumerate(raions):
        since = stamp(AT - timedelta(seconds=1_000 + 37 * number))
        raised = {**RAISED, "since": since, "subtype": "drones", "text": f"Рух у напрямку {area.names['uk']}"}
        told["areas"][area.id] = {"state": "raised", "threats": {"air": raised}}
    return told


_THREATS = ("air", "artillery", "urban_fights", "chemical", "nuclear")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_first_state_is_light_on_the_worst_night(lang: str):
    """At most 60 KB over the wire before the first state shows, with style and script, before any map."""
    parts = [PAGES.board(_worst(), lang)]
    for name in ("live.css", "live.js", "words.js", "told.js"):
        found = PAGES.asset(name)
        assert found is not None
        parts.append(found[0])
    assert sum(len(gzip.compress(part, 6)) for part in parts) <= WEIGHT_LIMIT


def test_nothing_stands_in_the_page_that_its_own_rules_forbid():
    """No style and no script of its own but data; no address of anybody else."""
    page = html(board())
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page)
    assert re.findall(r"<script[^>]*>", page)[1:] == ['<script type="application/json" id="given">']
    assert not re.search(r'(?:src|href)="(?!/|#)', page)
    for name in ("live.js", "words.js", "told.js", "mine.js", "picture.js"):
        found = PAGES.asset(name)
        assert found is not None
        assert not re.search(
            rb"innerHTML|outerHTML|insertAdjacentHTML|DOMParser|\beval\b|document\.write", found[0]
        )


def _texts() -> list[str]:
    static = files("tocsin.public").joinpath("static")
    template = files("tocsin.public").joinpath("templates", "board.html").read_text("utf-8")
    shipped = [one.read_text("utf-8") for one in static.iterdir() if not one.name.endswith(".svg")]
    return [*(text for table in WORDS.values() for text in table.values()), template, *shipped]


def test_the_page_never_promises_that_nothing_can_happen():
    """An all clear is an end of an alert and no promise."""
    forbidden = re.compile(r"\b(safe|safely|safety|безпечно|безпека|безпечний|безпечна)\b", re.IGNORECASE)
    assert [] == [text for text in _texts() if forbidden.search(text)]


def test_the_worker_says_what_the_table_of_texts_says():
    """It cannot ask for the texts when it is offline, so it has two; they have one home."""
    found = PAGES.asset("sw.js")
    assert found is not None
    keys = ("offline", "raised", "partly_finer", "clear", "unknown", "cancelled", "push_late")
    assert [] == [
        key for key in keys for lang in LANGUAGES if f'"{WORDS[lang][key]}"' not in found[0].decode()
    ]


def test_every_text_has_the_same_places_to_fill_in_both_languages():
    """A translation that forgets the time would say less."""
    for key in WORDS["en"]:
        places = [
            set(re.findall(r"\{(\w+)\}", part)) for lang in LANGUAGES for part in WORDS[lang][key].split("|")
        ]
        assert all(one == places[0] for one in places), key


# Contrast: WCAG 2.2, 1.4.3 (text 4.5:1) and 1.4.11 (shapes 3:1)


def _palettes() -> list[dict[str, str]]:
    found = PAGES.asset("live.css")
    assert found is not None
    blocks = re.findall(r":root \{(.*?)\}", found[0].decode(), re.DOTALL)
    light = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", blocks[0]))
    dark = light | dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", blocks[1]))
    return [light, dark]


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("palette", _palettes(), ids=["light", "dark"])
def test_text_can_be_read_and_shapes_can_be_told_from_what_is_around_them(palette: dict[str, str]):
    """By night and by day, for old eyes too."""
    texts = [("text", "page"), ("text", "card"), ("quiet", "card"), ("quiet", "page"), ("link", "page")]
    texts += [(f"on-{state}", state) for state in ("raised", "high", "partly", "clear", "unknown")]
    texts += [("on-partly", "partly-line"), ("on-notice", "replay"), ("on-notice", "exercise")]
    for ink, ground in texts:
        assert _contrast(palette[ink], palette[ground]) >= 4.5, (ink, ground)
    shapes = [
        ("shape", "card"),
        ("shape", "clear"),
        ("shape", "unknown"),
        ("raised", "card"),
        ("text", "card"),
    ]
    shapes += [("unknown-dot", "unknown"), ("focus", "card"), ("high", "card"), ("text", "clear")]
    for ink, ground in shapes:
        assert _contrast(palette[ink], palette[ground]) >= 3, (ink, ground)


@pytest.mark.parametrize(
    "entry", [{"state": "unknown", "since": stamp(AT), "sources": [], "cancelled": True}]
)
def test_what_was_sent_in_error_is_called_so(entry):
    """It is no all clear: the state is unknown, and the words say why."""
    told = row(board(UA80=entry), "UA80")
    assert "the alert was sent in error" in told
    assert "Unknown, treat as danger" in told


def test_what_was_set_aside_is_called_so():
    """It is unknown, and no all clear."""
    entry = {"state": "unknown", "since": stamp(AT), "sources": ["feed"], "set_aside": True}
    told = row(board(UA80=entry), "UA80")
    assert "set aside by the office, its source is silent" in told
    assert "Unknown, treat as danger" in told

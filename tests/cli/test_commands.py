"""The commands: what each prints, that none shows an unknown as clear, and that errors are one line."""

import csv
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from importlib.resources import files

import apsw
import httpx
import pytest

from tests.support import PATIENCE_S, Listener, RunningServer, tocsin, wait_until
from tocsin.cli import commands
from tocsin.countries import load

UA = load("ua").areas


def names(command, before=()):
    """Return every command and group, as one types it."""
    found = [" ".join(before)]
    for name, below in getattr(command, "commands", {}).items():
        found += names(below, (*before, name))
    return found


COMMANDS = names(commands)


def ok(*words, **env):
    """Run a command that must succeed; return what it printed."""
    done = tocsin(*words, **env)
    assert done.returncode == 0, done.stderr
    return done.stdout


def fails(*words, says=(), **env):
    """Run a command that must fail by what a person can put right: exit 1, one line, no traceback."""
    done = tocsin(*words, **env)
    assert done.returncode == 1, done.stderr
    line = done.stderr.strip()
    assert line.startswith("tocsin: ") and len(line.splitlines()) == 1
    for word in says:
        assert word in line
    assert "Traceback" not in done.stdout + done.stderr
    return line


@pytest.fixture(scope="module")
def feed(server):
    """A feed that holds Kyiv raised and is in contact."""
    feed = server.feed("feed", "UA80,UA32", "air")
    feed.contact()
    feed.say("UA80")
    return feed


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """A folder in which a server ran; Kyiv was raised there and Kyiv oblast was clear."""
    folder = tmp_path_factory.mktemp("stopped")
    with RunningServer(folder) as server:
        feed = server.feed("feed", "UA80,UA32", "air")
        feed.contact()
        feed.say("UA80")
        assert server.told("UA32")["state"] == "clear"
        server.stop()
    return folder


@pytest.mark.parametrize("command", COMMANDS)
def test_help_says_what_one_gets(command):
    """Every command tells of itself and of every option."""
    printed = ok(*command.split(), "--help")
    assert printed.startswith("Usage: ")
    assert "--help" in printed


# demo


def test_the_demo_adds_a_real_day_up():
    """2 January 2024: the last line is one JSON object with the peak and the minutes under alert."""
    last = json.loads(ok("demo", "--once", "--json").splitlines()[-1])
    assert last == {
        "peak_areas": 24,
        "peak_from": "2024-01-02T04:24:32Z",
        "peak_to": "2024-01-02T07:45:15Z",
        "oblast_minutes": _minutes_of_the_day(),
    }


def _minutes_of_the_day():
    """Add the built-in day up second by second: each oblast counts a second once, whoever is raised in it."""
    text = files("tocsin.countries.ua").joinpath("days", "2024-01-02.csv").read_text("utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    assert len(rows) == 82
    midnight, under_alert = datetime.fromisoformat("2024-01-02T00:00:00+00:00"), set()
    for row in rows:
        begin, end = (
            (datetime.fromisoformat(row[name]) - midnight).total_seconds() for name in ("since", "until")
        )
        oblast = row["area"][:4]  # the code of an oblast is four letters, and begins those of its parts
        assert oblast in UA.board
        under_alert |= {(oblast, second) for second in range(max(0, int(begin)), min(86_400, int(end)))}
    return round(len(under_alert) / 60, 2)


def test_the_demo_prints_a_table_for_people():
    """With the notice that there is no present danger, and every area."""
    done = tocsin("demo", "--once")
    assert done.returncode == 0
    assert "2024-01-02: at most 24 areas at once, 04:24:32 to 07:45:15 UTC" in done.stdout
    assert "Kyiv" in done.stdout and "standing alert" in done.stdout


def test_a_replay_of_a_table_is_the_same_as_the_demo_of_its_day(tmp_path):
    """The same day from a siren table of one's own, and a window of it."""
    text = files("tocsin.countries.ua").joinpath("days", "2024-01-02.csv").read_text("utf-8")
    table = tmp_path / "table.csv"
    lines = ["oblast,raion,hromada,level,started_at,finished_at,source"]
    for row in csv.DictReader(text.splitlines()):
        names = {UA[above].level: UA.name(above, "en") for above in UA.chain(row["area"])}
        place = [names.get(level, "") for level in ("oblast", "raion", "hromada")]
        lines.append(",".join([*place, UA[row["area"]].level, row["since"], row["until"], "official"]))
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    printed = ok("replay", table, "--from", "2024-01-02T00:00Z", "--once", "--json")
    assert json.loads(printed.splitlines()[-1])["peak_areas"] == 24
    fails(
        "replay", table, "--from", "2023-01-02T00:00Z", "--once", says=["nothing between", "another window"]
    )
    fails("replay", table, "--from", "2024-01-02", "--once", says=["--from", "no zone"])


# board


def test_the_board_of_a_running_server_is_what_the_public_door_shows(server, feed):
    """As JSON for programs, and as a table with what is raised first."""
    shown = json.loads(ok("board", "--data", server.data, "--json"))
    assert {a: e["state"] for a, e in shown["areas"].items()} == {
        a: e["state"] for a, e in server.board()["areas"].items()
    }
    table = ok("board", "--url", server.public).splitlines()
    rows = [line for line in table if " UA" in line]
    assert len(rows) >= 27
    assert all("ALERT" in line for line in rows[:3]), "the two that stand, and Kyiv"
    assert any("UA32" in line and "all clear" in line for line in rows)


def test_without_a_server_nothing_is_clear(stopped):
    """Nobody vouches for a clear: it is unknown, and the raise stays raised."""
    shown = json.loads(ok("board", "--data", stopped, "--json"))
    states = {name: area["state"] for name, area in shown["areas"].items()}
    assert (states["UA80"], states["UA32"]) == ("raised", "unknown")
    assert "clear" not in set(states.values())
    assert "clear" not in {
        told["state"] for area in shown["areas"].values() for told in area["threats"].values()
    }
    table = ok("board", "--data", stopped)
    assert "all clear" not in table
    assert "no server vouches for a clear" in " ".join(table.split())


# raise and clear


def test_an_operator_raises_and_clears_by_name(server):
    """Through the desk that the folder's server listens at, with the key from the environment."""
    key = server.key("operator", "UA05", "*")
    printed = json.loads(
        ok("raise", "UA05", "--data", server.data, "--level", "red", "--json", TOCSIN_KEY=key)
    )
    assert printed["area"] == "UA05" and printed["epoch"] == server.board()["epoch"]
    assert server.told("UA05")["level"] == "red"
    assert "durable at" in ok("clear", "Vinnytsia Oblast", "--data", server.data, TOCSIN_KEY=key)
    assert server.state("UA05") != "raised"
    ok("raise", "Вінницька область", "--data", server.data, "--threat", "chemical", TOCSIN_KEY=key)
    assert server.told("UA05", "chemical")["state"] == "raised"
    ok("clear", "UA05", "--cancel", "--threat", "chemical", "--data", server.data, TOCSIN_KEY=key)
    assert server.told("UA05", "chemical")["cancelled"] is True


def test_what_an_operator_may_not_say_is_refused(server, feed, tmp_path):
    """With the desk's own words."""
    where = ("--data", server.data)
    fails("raise", "UA63", *where, TOCSIN_KEY=feed.key, says=["no right to UA63", "UA80, UA32"])
    fails("raise", "Atlantis", *where, TOCSIN_KEY=feed.key, says=["Atlantis"])
    fails("raise", "UA80", *where, says=["there is no key", "TOCSIN_KEY"])
    fails("raise", "UA80", *where, TOCSIN_KEY="wrong", says=["not known"])
    fails("clear", "UA32", *where, TOCSIN_KEY=feed.key, says=["never raised"])
    nobody = ("--desk", "http://127.0.0.1:9")
    fails("raise", "UA80", *nobody, "--data", tmp_path, TOCSIN_KEY="x", says=["cannot reach", "check"])


# why, verify


def test_why_leads_from_an_alert_back_to_its_source(server, feed):
    """From the id in the stream to what was heard, in words and as JSON."""
    place = feed.say("UA32")
    alert = max(server.said())
    epoch = server.board()["epoch"]
    chain = json.loads(ok("why", f"{epoch}-{alert}", "--data", server.data, "--json"))
    assert [entry["seq"] for entry in chain] == [alert, place]
    assert [entry["body"]["kind"] for entry in chain] == ["alert", "signal"]
    words = " ".join(ok("why", str(place), "--data", server.data).split())
    assert "feed said: UA32 air raised" in words
    fails("why", "999999", "--data", server.data, says=["no entry 999999", "from 1 to"])
    fails("why", "0", "--data", server.data, says=["no entry 0"])
    fails("why", f"00000000-{place}", "--data", server.data, says=["no place in the log"])
    fails("why", "x", "--data", server.data, says=["no place"])
    feed.say("UA32", "clear")


def test_verify_finds_one_flipped_bit(stopped, tmp_path):
    """Wherever it is in what an entry says: exit 1, and which entry."""
    good = json.loads(ok("verify", "--data", stopped, "--json"))
    assert good["ok"] and good["entries"] > 5 and good["erased"] == 0
    assert good["head"] in " ".join(ok("verify", "--data", stopped).split())
    copy = tmp_path / "data"
    shutil.copytree(stopped, copy)
    database = apsw.Connection(str(copy / "log.db"))
    database.execute("pragma journal_mode = delete")  # all of it in the one file
    database.close()
    log = bytearray((copy / "log.db").read_bytes())
    place = log.index(b'"area":"UA80"')
    log[place + len('"area":"UA')] ^= 0x01
    (copy / "log.db").write_bytes(bytes(log))
    fails("verify", "--data", copy, says=["entry"])
    fails("board", "--data", copy, says=["entry"])


def test_a_server_does_not_start_on_a_log_that_was_changed(stopped, tmp_path):
    """It would tell the public what nobody said."""
    copy = tmp_path / "data"
    shutil.copytree(stopped, copy)
    database = apsw.Connection(str(copy / "log.db"))
    changed = "cast(replace(cast(body as text), 'UA80', 'UA63') as blob)"
    database.execute(f"update entry set body = {changed} where key like 'signal/feed/%'")
    assert database.changes() == 1
    database.close()
    fails("serve", "--data", copy, "--public", "127.0.0.1:0", "--desk", "127.0.0.1:0", says=["entry"])


def test_where_there_is_no_log_the_commands_say_so(tmp_path):
    """And what to do, and they make none."""
    for command in (("verify",), ("why", "1"), ("history",), ("board",)):
        fails(*command, "--data", tmp_path / "nothing", says=["there is no log", "check --data"])
    assert not (tmp_path / "nothing").exists()


# key


def test_a_key_is_printed_once_and_alone_on_the_last_line(tmp_path):
    """So that a script can take it; the list never shows it."""
    done = tocsin("key", "add", "air-force", "--areas", "UA", "--threats", "*", "--realm", "actual",
                  "--data", tmp_path)  # fmt: skip
    assert done.returncode == 0
    key = done.stdout.splitlines()[-1]
    assert key.startswith("tocsin_") and " " not in key
    ok("key", "add", "office", "--areas", "Kyiv City, UA32", "--realm", "exercise", "--data", tmp_path)
    listed = json.loads(ok("key", "list", "--data", tmp_path, "--json"))
    assert [(one["name"], one["areas"], one["threats"], one["realm"]) for one in listed] == [
        ("air-force", ["UA"], ["*"], "actual"),
        ("office", ["UA80", "UA32"], ["air"], "exercise"),
    ]
    table = ok("key", "list", "--data", tmp_path)
    assert "air-force" in table and key not in table


def test_a_key_can_be_ended_and_its_name_used_again(tmp_path):
    """Revoking says so; what is not there cannot be revoked."""
    add = ("key", "add", "feed", "--areas", "UA80", "--realm", "actual", "--data", tmp_path)
    ok(*add)
    fails(*add, says=["already", "revoke"])
    assert ok("key", "revoke", "feed", "--data", tmp_path) == "feed is revoked\n"
    fails("key", "revoke", "feed", "--data", tmp_path, says=["no key 'feed'", "key list"])
    assert "revoked" in ok("key", "list", "--data", tmp_path)
    ok(*add)


@pytest.mark.parametrize(
    ("change", "says"),
    [({"--areas": "Atlantis"}, ["Atlantis"]), ({"--areas": " , "}, ["areas and threats"]),
     ({"--threats": ","}, ["areas and threats"]), ({"name": "pack"}, ["cannot be a key's name"]),
     ({"name": "Київ"}, ["cannot be a key's name"])],
)  # fmt: skip
def test_a_key_for_nothing_is_not_made(tmp_path, change, says):
    """A wrong area or name makes no key."""
    given = {"name": "feed", "--areas": "UA80", "--threats": "air", **change}
    name = given.pop("name")
    words = [word for pair in given.items() for word in pair]
    fails("key", "add", name, *words, "--realm", "actual", "--data", tmp_path, says=says)
    listed = tocsin("key", "list", "--data", tmp_path, "--json")
    assert listed.stdout.strip() == "[]" or "there are no keys" in listed.stderr


# config, serve


def test_config_prints_what_holds(tmp_path):
    """From the file and the environment; the defaults are a file that can be used as it is."""
    file = tmp_path / "tocsin.toml"
    file.write_text(ok("config", "--defaults"), encoding="utf-8")
    plain = json.loads(ok("config", "--json"))
    assert plain == json.loads(ok("config", "--config", file, "--json"))
    file.write_text('silence_s = 30.0\npublic = "127.0.0.1:9000"\n', encoding="utf-8")
    held = json.loads(ok("config", "--config", file, "--json", TOCSIN_SILENCE_S="45"))
    assert (held["silence_s"], held["public"]) == (45.0, "127.0.0.1:9000")
    assert "silence_s = 45.0" in ok("config", "--config", file, TOCSIN_SILENCE_S="45")


@pytest.mark.parametrize(
    ("text", "says"),
    [("silence_sec = 1\n", ["silence_sec", "did you mean silence_s?"]), ("silence_s = 'x'\n", ["silence_s"]),
     ("not toml", ["settings.toml"]), ("silence_s = -1.0\n", ["silence_s", "above 0"])],
)  # fmt: skip
def test_a_wrong_setting_is_named(tmp_path, text, says):
    """With what it should be; nothing starts with half of the settings."""
    file = tmp_path / "settings.toml"
    file.write_text(text, encoding="utf-8")
    fails("config", "--config", file, says=says)
    fails("serve", "--data", tmp_path / "data", "--config", file, says=says)
    assert not (tmp_path / "data").exists()


def test_two_servers_do_not_share_a_log(server, tmp_path):
    """The second one says who holds it; and an address can be had once."""
    free = ("--public", "127.0.0.1:0", "--desk", "127.0.0.1:0")
    fails("serve", "--data", server.data, *free, says=["log.db"])
    taken = server.public.removeprefix("http://")
    fails("serve", "--data", tmp_path, "--public", taken, "--desk", "127.0.0.1:0", says=[taken, "--public"])
    fails("serve", "--data", tmp_path, "--public", "127.0.0.1:0", "--desk", taken, says=[taken, "--desk"])
    fails("serve", "--data", tmp_path, "--public", "nonsense", says=["HOST:PORT"])
    assert server.get("/healthz").text == "ok\n"


def test_history_needs_a_window_that_can_be_read(stopped):
    """--from before --to, both with a zone, and a level that there is."""
    fails("history", "--data", stopped, "--from", "2024-01-03T00:00Z", "--to", "2024-01-02T00:00Z",
          says=["--from is not before --to"])  # fmt: skip
    fails("history", "--data", stopped, "--from", "2024-01-02T00:00", says=["--from", "no zone"])
    fails("history", "--data", stopped, "--to", "soon", says=["--to", "'soon'"])
    fails("history", "--data", stopped, "--to", "0001-01-01T00:00Z", says=["--from is not before --to"])
    fails("history", "--data", stopped, "--level", "county", says=["county", "oblast, raion"])


def test_history_tells_of_the_standing_raises_apart(stopped):
    """Luhansk and Crimea stand the whole time, and are in no peak."""
    rows = json.loads(ok("history", "--data", stopped, "--format", "json"))
    told = {row["area"]: row for row in rows}
    assert len(rows) == 27
    assert {name for name, row in told.items() if row["standing"]} == {"UA01", "UA44"}
    assert told["UA44"]["standing_seconds"] == pytest.approx(86_400, abs=2)
    assert told["UA44"]["seconds"] == 0
    assert told["UA80"]["seconds"] < 600 and not told["UA80"]["standing"]


# A crash


def test_what_was_acknowledged_survives_a_kill_in_the_middle(own_server):
    """Twenty raises by ten threads, then the process is gone: every 201 is in the log and on the board."""
    server = own_server
    feed = server.feed("feed")
    areas = [area for area in UA.board if area not in ("UA01", "UA44")][:20]
    taken: dict[str, int] = {}

    def raise_one(area):
        body = feed.signal(area)
        headers = {"Authorization": f"Bearer {feed.key}"}
        try:
            answer = httpx.post(f"{server.desk}/v1/signals", json=body, headers=headers, trust_env=False)
        except httpx.HTTPError:
            return
        if answer.status_code == 201:
            taken[area] = answer.json()["seq"]

    with ThreadPoolExecutor(10) as threads:
        sent = [threads.submit(raise_one, area) for area in areas]
        wait_until(lambda: len(taken) >= 5, "some are acknowledged", PATIENCE_S)
        server.kill()
        for one in sent:
            one.result()
    server.start()
    kept = {entry.seq: kind for entry, kind in server.entries()}
    assert taken
    for area, place in taken.items():
        assert getattr(kept[place], "area", None) == area
        assert server.state(area) == "raised"
    assert tocsin("verify", "--data", server.data).returncode == 0


def test_a_server_stops_when_it_is_asked_to(own_server):
    """Within 5 s, with exit code 0, also while somebody listens; and nobody holds the log any longer."""
    with Listener(own_server) as listener:
        listener.next()
        assert own_server.stop() < 5.0
        assert listener.ended()
    assert json.loads(ok("verify", "--data", own_server.data, "--json"))["ok"]

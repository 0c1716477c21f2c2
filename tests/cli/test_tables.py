"""The tables that people read: none of their words is broken, on a terminal of any width and in a pipe."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios

import pytest

from tests.support import RunningServer, plain_environment, tocsin
from tocsin.cli.common import _when
from tocsin.countries import load

UA = load("ua").areas
OBLASTS = [UA.name(area, "en") for area in UA.board]
NAMES = [UA.name(area.id, "en") for area in UA]
SIGNS = "■▨·? "
LEGEND = "unknown: treat as danger"
DAY = ["--from", "2024-01-02T00:00Z", "--to", "2024-01-03T00:00Z"]
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COLOUR = re.compile(r"\x1b\[[0-9;]*\b(3[0-8]|4[0-8]|9[0-7]|10[0-7])\b[0-9;]*m")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A server: two feeds hold Kyiv raised, one a raion of Kyiv oblast; nobody reports Sumy oblast."""
    with RunningServer(tmp_path_factory.mktemp("tables")) as server:
        one, two = server.feed("air-force", "UA80,UA32,UA05", "*"), server.feed("kyiv-office", "UA80", "air")
        for feed in (one, two):
            feed.contact()
            feed.say("UA80")
        one.say("UA3210", threat="artillery")
        yield server


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A folder with one day of history, of which one end was invented upstream."""
    folder = tmp_path_factory.mktemp("kept")
    table = folder / "day.csv"
    table.write_text(
        "oblast,raion,hromada,level,started_at,finished_at,source\n"
        "Kyiv City,,,oblast,2024-01-02 03:53:57+00:00,2024-01-02 06:46:01+00:00,official\n"
        "Odeska oblast,,,oblast,2024-01-02 04:00:00+00:00,2024-01-02 05:00:00+00:00,official\n",
        encoding="utf-8",
    )
    done = tocsin("import", "sirens-csv", table, "--data", folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def printed(served, kept):
    """Return what a command prints with so many columns; no number is a pipe."""

    def run(what, columns=""):
        words = {
            "board": ["board", "--url", served.public],
            "history": ["history", "--data", kept, *DAY],
            "demo": ["demo", "--once"],
        }[what]
        done = tocsin(*words, COLUMNS=str(columns), NO_COLOR="")
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.mark.parametrize("what", ["board", "history", "demo"])
@pytest.mark.parametrize("columns", [80, 100, 160])
def test_no_line_is_too_long_and_no_name_is_broken(printed, what, columns):
    """Every oblast stands in one line of its own, whole."""
    lines = printed(what, columns).splitlines()
    assert max(map(len, lines)) <= columns
    assert "…" not in "".join(lines)
    begin = next(number for number, line in enumerate(lines) if "area  " in line) + 1
    rows = [re.split(r"  +", line.lstrip(SIGNS)) for line in lines[begin:] if line.strip() != LEGEND]
    assert set(OBLASTS) <= {row[0] for row in rows} <= set(NAMES)


def test_what_matters_less_is_left_out_first(printed):
    """The sources, then the codes; never the state, since when, and what of."""
    heads = {}
    for columns in (60, 80, 100, 160):
        lines = printed("board", columns).splitlines()
        heads[columns] = next(line for line in lines if "since (UTC)" in line).split()
    assert heads[160] == ["area", "code", "state", "since", "(UTC)", "threats", "sources"]
    assert "sources" not in heads[80]
    for head in heads.values():
        assert ["area", "state", "since", "(UTC)", "threats"] == [
            w for w in head if w not in ("code", "sources")
        ]


@pytest.mark.parametrize("columns", [80, 160, ""])
def test_a_row_of_the_board_says_it_in_whole_words(printed, columns):
    """What is raised stands first, since when, and by what; an area that nobody reports is no clear one."""
    rows = [line.split("  ") for line in printed("board", columns).splitlines()]
    cells = [[cell.strip() for cell in row if cell.strip()] for row in rows]
    told = {row[1]: row for row in cells if len(row) > 2}
    assert "ALERT" in told["Kyiv"]
    assert "air" in told["Kyiv"]
    assert "alert in part" in told["Kyiv Oblast"]
    assert "artillery" in told["Vyshhorodskyi Raion"]
    if columns == 80:
        assert "unknown" in told["Sumy Oblast"]
        assert LEGEND == cells[-1][0]
    else:
        assert "unknown, treat as danger" in told["Sumy Oblast"]
    assert "all clear" in told["Vinnytsia Oblast"]
    assert "2022-04-04 16:45:00" in told["Luhansk Oblast"] or "2022-04-04" in told["Luhansk Oblast"]
    assert [cell for cell in told["Kyiv"] if re.fullmatch(r"(\d{4}-)?(\d\d-\d\d )?\d\d:\d\d(:\d\d)?", cell)]


def test_a_time_of_today_has_no_date():
    """Of another day it has one, also where there is little room; the day is that of the board."""
    now = "2024-01-02T07:00:00Z"
    assert "03:53:57" == _when("2024-01-02T03:53:57.123456Z", now, long=True)
    assert "03:53:57" == _when("2024-01-02T03:53:57Z", now, long=False)
    assert "2024-01-01 23:59:59" == _when("2024-01-01T23:59:59Z", now, long=True)
    assert "01-01 23:59" == _when("2024-01-01T23:59:59Z", now, long=False)
    assert "2022-04-04" == _when("2022-04-04T16:45:00Z", now, long=False)
    assert "" == _when(None, now, long=True)


@pytest.mark.parametrize("what", ["board", "history", "demo"])
def test_a_pipe_gets_whole_lines_without_colour(printed, what):
    """With all columns, for `grep` and `less`: nothing is left out where there is no edge."""
    text = printed(what)
    assert "\x1b" not in text
    head = next(line for line in text.splitlines() if "area  " in line)
    last = {"board": "sources", "history": "standing, s", "demo": "00:00 to 00:00 UTC"}[what]
    assert head.rstrip().endswith(last)
    assert head == text.splitlines()[1], "the line above the table is one line"


def on_a_terminal(*words, columns=100, **env):
    """Return what a command writes to a terminal of so many columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    plain = plain_environment(TERM="xterm-256color", **env)
    for name in ("COLUMNS", *(["NO_COLOR"] if "NO_COLOR" not in env else [])):
        plain.pop(name)
    with subprocess.Popen(
        [sys.executable, "-m", "tocsin", *words], stdout=theirs, stderr=subprocess.DEVNULL, env=plain
    ) as running:
        os.close(theirs)
        written = b""
        while True:
            try:
                more = os.read(ours, 65_536)
            except OSError:  # Linux says so when the other end is closed
                break
            if not more:
                break
            written += more
        os.close(ours)
    assert running.returncode == 0
    return written.decode()


def test_a_terminal_is_filled_and_coloured_unless_one_asks_for_no_colour(served):
    """NO_COLOR takes the colours and nothing else: words and signs tell the states apart."""
    words = ["board", "--url", served.public]
    coloured, plain = on_a_terminal(*words), on_a_terminal(*words, NO_COLOR="1")
    assert COLOUR.search(coloured)
    assert not COLOUR.search(plain)
    for text in (coloured, plain):
        lines = ESCAPES.sub("", text).splitlines()
        assert max(map(len, lines)) <= 100
        assert any(re.match(r"■  Kyiv .*ALERT", line) for line in lines)

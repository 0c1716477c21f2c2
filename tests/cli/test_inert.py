"""What other people wrote is text in a terminal: it styles nothing, moves no cursor and reorders no line."""

from datetime import UTC, datetime

from tests.support import tocsin
from tocsin import wire
from tocsin.app.serve import log_path
from tocsin.log.sqlite import SqliteLog
from tocsin.model import Act, Approval, AreaId, Realm, Signal, SourceId, Step, Threat

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
NASTY = "[bold red]All clear[/] \x1b[2J \x9b31m \u202egniog \u2066 [link=https://example.org]here[/link]"
HIDDEN = ("\x1b", "\x9b", "\u202e", "\u2066")


def folder_with(tmp_path, kind, key):
    """Return a folder whose log holds one entry."""
    log = SqliteLog(log_path(tmp_path, Realm.ACTUAL), realm=Realm.ACTUAL)
    log.append(key, wire.encode(kind), NOW)
    log.close()
    return tmp_path


def approval():
    """Return an act of a person whose every field is nasty."""
    return Approval(
        Realm.ACTUAL, "ab", Step.SENT, NASTY, SourceId(NASTY), NASTY, NASTY, "cd", NOW, body=NASTY
    )


def test_why_shows_words_and_keys_as_they_are_without_what_steers(tmp_path):
    data = folder_with(tmp_path, approval(), "order/[bold]x[/bold]")
    told = tocsin("why", "1", "--data", data).stdout
    assert "[bold red]All clear[/]" in told.replace("\n", "")
    assert "order/[bold]x[/bold]" in told
    assert not any(one in told for one in HIDDEN)


def test_audit_and_why_as_json_escape_what_steers(tmp_path):
    """It is the same JSON: a reader gets every character back."""
    data = folder_with(tmp_path, approval(), "order/x")
    for told in (
        tocsin("audit", "--data", data).stdout,
        tocsin("why", "1", "--json", "--data", data).stdout,
    ):
        assert "\\u202e" in told
        assert not any(one in told for one in HIDDEN)


def test_the_board_in_the_terminal_shows_no_free_text(tmp_path):
    raised = Signal(
        Realm.ACTUAL, SourceId("feed"), "1", AreaId("UA80"), Threat("air"), Act.RAISED, NOW, text=NASTY
    )
    told = tocsin("board", "--data", folder_with(tmp_path, raised, "signal/feed/1")).stdout
    assert not any(one in told for one in (*HIDDEN, "[link="))

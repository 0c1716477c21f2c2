"""`tocsin verify --note`: whoever kept an old note finds out whether the log was rewritten since."""

import json

import pytest

from tests.app.test_checkpoint import rewrite
from tests.support import RunningServer, tocsin, wait_until
from tocsin.log.sqlite import SqliteLog


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Return a data folder whose server has stopped, with a note and its key that a reader kept."""
    folder = tmp_path_factory.mktemp("noted")
    with RunningServer(folder / "data") as server:
        feed = server.feed("feed", "UA80", "air")
        feed.contact("UA80")
        answer = wait_until(lambda: (a := server.get("/v1/checkpoint")).status_code == 200 and a, "a note")
        (folder / "note.txt").write_bytes(answer.content)
        (folder / "key.txt").write_bytes(server.get("/v1/checkpoint.key").content)
        feed.say("UA80")
        server.stop()
    return folder


def verify(folder, *words):
    return tocsin("verify", "--data", folder / "data", "--note", folder / "note.txt", *words)


def test_a_log_that_has_grown_still_is_the_one_that_was_signed(kept):
    """It names the entry and the time of the note; with the key of the folder or with a given one."""
    done = verify(kept)
    assert done.returncode == 0, done.stderr
    assert "is the one that was signed on" in done.stdout
    key = (kept / "key.txt").read_text()
    told = json.loads(verify(kept, "--note-key", key, "--json").stdout)
    assert told["ok"] and 1 <= told["note"] < told["entries"]


def test_a_log_that_was_rewritten_is_found_although_its_chain_is_whole(kept, tmp_path):
    """Without the note `verify` finds nothing wrong with it."""
    (tmp_path / "data").mkdir()
    copy = tmp_path / "data" / "log.db"
    copy.write_bytes((kept / "data" / "log.db").read_bytes())
    (tmp_path / "note.txt").write_bytes((kept / "note.txt").read_bytes())
    key = (kept / "key.txt").read_text()
    assert verify(tmp_path, "--note-key", key).returncode == 0
    log = SqliteLog(copy)
    log._db.execute(
        "update entry set body = cast(replace(cast(body as text), 'pack', 'pick') as blob) where seq = 1"
    )
    log.close()
    rewrite(copy)
    assert tocsin("verify", "--data", tmp_path / "data").returncode == 0
    done = verify(tmp_path, "--note-key", key)
    assert done.returncode == 1 and "it was rewritten" in done.stderr


def test_a_note_by_another_key_or_without_any_is_refused(kept, tmp_path):
    """Nothing is made while looking for a key."""
    other = tocsin(
        "verify", "--data", kept / "data", "--note", kept / "note.txt", "--note-key", "A" * 43 + "="
    )
    assert other.returncode == 1 and "not signed by this key" in other.stderr
    (tmp_path / "data").mkdir()
    (tmp_path / "note.txt").write_bytes((kept / "note.txt").read_bytes())
    done = verify(tmp_path)
    assert done.returncode == 1 and "give --note-key" in done.stderr
    assert list((tmp_path / "data").iterdir()) == []
    gone = tocsin("verify", "--data", kept / "data", "--note", tmp_path / "none.txt")
    assert gone.returncode == 1 and "cannot read the note" in gone.stderr

"""Checkpoints: a start from one is quick, and shows nothing that the log does not say."""

import asyncio
import os
import time

import pytest

from tests.app.test_station import NOON, UA, Clock, Stand
from tocsin.app import fold as folding
from tocsin.app.checkpoint import Checkpoints, signing_key
from tocsin.app.outlet import Outlet
from tocsin.app.station import Station
from tocsin.countries import load
from tocsin.errors import ConfigError, LogBroken
from tocsin.log import checked, note
from tocsin.log.chain import digest, genesis, link
from tocsin.log.sqlite import SqliteLog
from tocsin.model import Act, Contact, Realm

AREAS = [area for area in UA.board if area not in ("UA01", "UA44")]


@pytest.fixture(autouse=True)
def _short_tail(monkeypatch):
    """A log of some dozen entries is as long here as one of a million is in life."""
    monkeypatch.setattr(folding, "_TAIL", 6)


@pytest.fixture
def path(tmp_path):
    """Return a log that a station filled and closed, with its checkpoint beside it."""
    path = tmp_path / "log.db"
    desk = Stand(SqliteLog(path), checkpoints(path))
    desk.agree("feed")
    desk.contact("UA80")
    for number, area in enumerate(AREAS[:8]):
        desk.say(f"{number}", area)
    desk.clock.seconds = 5
    desk.say("c", AREAS[0], Act.CLEAR)
    desk.station.stop()
    return path


def checkpoints(path):
    return Checkpoints(path, UA, signing_key(path.parent))


def states(told):
    return {area.id: str(told.status(area.id, "air").state) for area in UA}


def started(path, kept=True):
    """Return what a station knows when it begins, and how many entries it left unchecked."""
    station = Station(SqliteLog(path), UA, Clock(), lambda news: None, checkpoints(path) if kept else None)
    try:
        found = station.start()
    finally:
        station.stop()
    return states(found.told), found.unchecked


def change(path, sql, *values):
    log = SqliteLog(path)
    log._db.execute(sql, values)
    log.close()


def test_a_start_from_a_checkpoint_shows_what_the_whole_log_says(path):
    quick, unchecked = started(path)
    whole, none = started(path, kept=False)
    assert (quick, none) == (whole, 0)
    assert unchecked > 20


def test_what_came_after_a_checkpoint_is_folded_and_checked(path):
    old = path.with_suffix(".checkpoint").read_bytes()
    desk = Stand(SqliteLog(path), checkpoints(path))
    desk.say("new", "UA46")
    desk.station.stop()
    path.with_suffix(".checkpoint").write_bytes(old)  # as after a crash
    told, unchecked = started(path)
    assert (told["UA46"], unchecked > 20) == ("raised", True)
    path.with_suffix(".checkpoint").write_bytes(old)
    change(path, "update entry set key = 'x' where seq = (select max(seq) from entry)")
    with pytest.raises(LogBroken):
        started(path)


@pytest.mark.parametrize("spoil", ["garble", "empty", "cut", "foreign key", "other rules", "other areas"])
def test_a_checkpoint_that_cannot_be_trusted_is_left_aside_and_the_whole_log_is_folded(
    path, spoil, monkeypatch
):
    whole, _ = started(path, kept=False)
    file = path.with_suffix(".checkpoint")
    body = bytearray(file.read_bytes())
    if spoil == "garble":
        body[len(body) // 2] ^= 1
        file.write_bytes(body)
    elif spoil in ("empty", "cut"):
        file.write_bytes(body[: len(body) // 2 if spoil == "cut" else 0])
    elif spoil == "foreign key":
        (path.parent / "checkpoint.key").unlink()
    elif spoil == "other rules":
        monkeypatch.setattr("tocsin.app.checkpoint._rules", lambda areas: b"others")
    elif spoil == "other areas":
        monkeypatch.setattr("tocsin.app.checkpoint.restore", _no_such_area)
    assert started(path) == (whole, 0)


def _no_such_area(areas, body):
    raise ValueError("it names areas that are not there: UA99")


def rewrite(path):
    """Change an old entry, and link all that follow anew: the chain alone cannot tell."""
    log = SqliteLog(path)
    before = genesis(log.realm, log.epoch)
    for entry in list(log.read()):
        body = entry.body.replace(b'"UA80"', b'"UA46"')
        made = digest(entry.salt, body)
        before = link(before, entry.seq, entry.at_us, entry.key, made)
        log._db.execute(
            "update entry set body = ?, digest = ?, hash = ? where seq = ?", (body, made, before, entry.seq)
        )
    log.close()


def test_a_log_that_was_rewritten_is_refused_although_its_chain_is_whole(path):
    rewrite(path)
    log = SqliteLog(path, append=False)
    assert list(checked(log))
    log.close()
    with pytest.raises(LogBroken, match="is not the one that was signed"):
        started(path)


def test_a_log_that_was_rewritten_while_the_server_was_renewed_is_refused_too(path, monkeypatch):
    """Under new rules the board of before is of no use; what was signed about the log still holds."""
    rewrite(path)
    monkeypatch.setattr("tocsin.app.checkpoint._rules", lambda areas: b"others")
    with pytest.raises(LogBroken, match="is not the one that was signed"):
        started(path)


def test_a_log_that_is_shorter_than_what_we_signed_is_refused(path):
    change(path, "delete from entry where seq > 10")
    change(path, "update sqlite_sequence set seq = 10")
    with pytest.raises(LogBroken, match="has no entry"):
        started(path)


def test_whoever_holds_an_old_note_can_tell_that_the_log_was_rewritten(path):
    keeper = checkpoints(path)
    log = SqliteLog(path, append=False)
    assert keeper.load(log)
    old = note.read(keeper.newest, note.public_of(signing_key(path.parent)))
    note.compare(log, old)
    log.close()
    rewrite(path)
    log = SqliteLog(path, append=False)
    with pytest.raises(LogBroken, match="it was rewritten"):
        note.compare(log, old)
    log.close()


def test_a_note_that_was_changed_or_signed_by_another_is_refused(path, tmp_path):
    keeper = checkpoints(path)
    log = SqliteLog(path, append=False)
    keeper.load(log)
    log.close()
    public = note.public_of(signing_key(path.parent))
    with pytest.raises(ConfigError, match="signature is wrong"):
        note.read(keeper.newest.replace("actual", "test"), public)
    with pytest.raises(ConfigError, match="not signed by this key"):
        note.read(keeper.newest, note.public_of(signing_key(tmp_path / "other")))
    for nothing in ("", "x", keeper.newest.partition("\n\n")[0]):
        with pytest.raises(ConfigError):
            note.read(nothing, public)


def outlet(path):
    return Outlet(
        load("ua"),
        SqliteLog(path),
        Clock(),
        asyncio.get_running_loop(),
        checkpoints=checkpoints(path),
        reader=lambda: SqliteLog(path, append=False),
    )


def test_after_a_quick_start_the_rest_is_checked_and_until_then_the_server_is_not_ready(path):
    async def story():
        one = outlet(path)
        try:
            assert "verifying the log up to entry" in one.ready()
            await one.check_rest()
            assert one.ready() is None
            one.clock.seconds = 3_600
            (row,) = one.history.past(NOON, one.clock.now(), ["UA80"], now=one.clock.now())
            assert row.seconds == 3_600
        finally:
            one.station.stop()

    asyncio.run(story())


def test_when_the_rest_is_found_changed_nothing_is_vouched_for_and_nothing_is_taken_any_more(path):
    change(
        path,
        "update entry set body = cast(replace(cast(body as text), 'actual', 'test') as blob) where seq = 2",
    )

    async def story():
        one = outlet(path)
        try:
            one.station.submit("c", contact(one)).result(10)
            assert one.station.fresh(one.clock.now())
            await one.check_rest()
            assert "entry 2" in one.ready()
            assert one.station.fresh(one.clock.now()) == {}
            with pytest.raises(LogBroken):
                one.station.submit("d", contact(one)).result(10)
        finally:
            one.station.stop()

    asyncio.run(story())


def contact(one):
    return Contact(Realm.ACTUAL, "feed", held=True, sent=one.clock.now(), raised=())


def test_the_key_is_for_its_owner_only(tmp_path):
    signing_key(tmp_path / "new")
    assert (tmp_path / "new" / "checkpoint.key").stat().st_mode & 0o777 == 0o600
    (tmp_path / "new" / "checkpoint.key").write_bytes(b"short")
    with pytest.raises(ConfigError, match="cannot use the signing key"):
        signing_key(tmp_path / "new")


def test_the_key_is_never_there_by_half(tmp_path, monkeypatch):
    """Its bytes are on the disk before it has its name: a power cut leaves a server that starts."""
    done = []
    fsync, link_to = os.fsync, os.link

    def sync(handle):
        done.append("sync")
        fsync(handle)

    def name(fresh, path):
        done.append("name")
        link_to(fresh, path)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(os, "link", name)
    key = signing_key(tmp_path / "new")
    assert done == ["sync", "name", "sync"]
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["checkpoint.key"]
    assert note.public_of(key) == note.public_of(signing_key(tmp_path / "new"))


def test_a_checkpoint_is_on_the_disk_before_it_takes_the_place_of_the_one_before(path, monkeypatch):
    """After a power cut one of the two is there whole, and the start is quick."""
    done = []
    fsync, replace = os.fsync, os.replace

    def sync(handle):
        done.append("sync")
        fsync(handle)

    def swap(fresh, old):
        done.append("swap")
        replace(fresh, old)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(os, "replace", swap)
    log = SqliteLog(path, append=False)
    checkpoints(path).keep(log, b"board", NOON)
    log.close()
    assert done == ["sync", "swap"]


def test_the_board_is_kept_while_the_server_runs(tmp_path, monkeypatch):
    monkeypatch.setattr("tocsin.app.station.KEEP_S", 0.1)
    path = tmp_path / "log.db"
    desk = Stand(SqliteLog(path), checkpoints(path))
    desk.agree("feed")
    desk.clock.seconds = 1
    end = time.monotonic() + 10
    while not path.with_suffix(".checkpoint").exists() and time.monotonic() < end:
        time.sleep(0.02)
    assert path.with_suffix(".checkpoint").exists()
    desk.station.stop()

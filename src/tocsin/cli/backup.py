"""Commands for the day on which the machine is gone: backup, restore."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import FrameType

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from tocsin.app.serve import log_path
from tocsin.cli.common import config_option, console, data_option, json_option, print_json, settings, warnings
from tocsin.errors import ConfigError
from tocsin.log.backup import Backup, copy_file, put_back
from tocsin.model import Realm
from tocsin.wire import stamp

EVERY_S = 0.25  # the copy is never older than this and the time of one step
_REALMS = (Realm.ACTUAL, Realm.EXERCISE, Realm.TEST)  # a replay leaves nothing behind
_KEYS = ("desk.db",)  # the rights, the people and the drills: as soon as they change
_STATE = (
    "subscribers.db",
    "cap.db",
)  # changed by each receipt; behind by this, an endpoint hears a thing twice
STATE_S = 5.0
_PLAIN = (
    "desk.secret",
    "checkpoint.key",
    "push.key",
    "map.svg",
    "outlines.json",
    "sources.csv",
    "figures.json",
)
_SIGNS = "cap"  # the folder of the keys that sign CAP, with their certificates


@click.command()
@click.argument("target", type=click.Path(path_type=Path))
@data_option
@click.option("--once", is_flag=True, help="Copy what is there, and end.")
@config_option
@json_option
def backup(target: Path, data: str | None, once: bool, config_file: Path | None, as_json: bool) -> None:
    """Keep a copy of logs, keys and endpoints in the folder TARGET, at most seconds old, until stopped."""
    folder = Path(settings(config_file, data=data)["data"])
    if target.resolve() == folder.resolve():
        raise ConfigError(f"{target} is the data folder itself", todo="choose a folder on another disk")
    if not any(log_path(folder, realm).exists() for realm in _REALMS):
        raise ConfigError(f"there is no log in {folder}", todo="check --data, or start the server once")
    stop = _Stop()
    with contextlib.ExitStack() as kept_open:
        copier = _Copier(folder, target, kept_open)
        places = copier.step()
        while not once and not stop.asked:
            time.sleep(EVERY_S)
            places = copier.step()
        copier.copy_state()
    if as_json:
        print_json(places)
    else:
        told = ", ".join(f"{realm} up to entry {seq}" for realm, seq in places.items())
        console.print(f"copied to {target}: {told}")


class _Stop:
    """Whether somebody asked us to end; a step under way is finished first."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True


class _Copier:
    """Copies one data folder to another, again and again."""

    def __init__(self, folder: Path, target: Path, kept_open: contextlib.ExitStack) -> None:
        self._folder = folder
        self._target = target
        self._kept_open = kept_open
        self._copies: dict[Realm, Backup] = {}
        self._seen: dict[str, tuple[int, int]] = {}
        self._state_at = -STATE_S

    def step(self) -> dict[str, int]:
        """Copy what is new, and return the last place of each realm's log."""
        for realm in _REALMS:
            source, copy = log_path(self._folder, realm), log_path(self._target, realm)
            if realm not in self._copies and source.exists():
                self._copies[realm] = self._kept_open.enter_context(Backup(source, copy))
                warnings.print(f"{source} is copied to {copy}")
        for one in self._copies.values():
            one.catch_up()
        copy_rest(self._folder, self._target, self._seen)
        if time.monotonic() - self._state_at >= STATE_S:
            self.copy_state()
        places = {str(realm): one.seq for realm, one in self._copies.items()}
        note = {"at": stamp(datetime.now(UTC)), "places": places}
        _write(self._target / "backup.json", json.dumps(note).encode())
        return places

    def copy_state(self) -> None:
        """Copy what changes all the time, where it has changed."""
        copy_state(self._folder, self._target, self._seen)
        self._state_at = time.monotonic()


def copy_rest(folder: Path, target: Path, seen: dict[str, tuple[int, int]]) -> None:
    """Copy the keys and the small files, where they are not as they were seen last.

    A key for CAP that was taken away is taken away from the copy too: somebody may have stolen it.
    """
    _copy(_KEYS, folder, target, seen, copy_file)
    signs = sorted(path.name for path in (folder / _SIGNS).glob("*") if path.suffix in (".key", ".pem"))
    if (folder / _SIGNS).is_dir():
        (target / _SIGNS).mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in (target / _SIGNS).iterdir():
            if path.name not in signs:
                path.unlink()
    _copy((*_PLAIN, *(f"{_SIGNS}/{name}" for name in signs)), folder, target, seen, _copy_plain)


def copy_state(folder: Path, target: Path, seen: dict[str, tuple[int, int]]) -> None:
    """Copy the endpoints with how far each was told, and the messages in CAP that are kept."""
    _copy(_STATE, folder, target, seen, copy_file)


def _copy(
    names: Iterable[str],
    folder: Path,
    target: Path,
    seen: dict[str, tuple[int, int]],
    copy: Callable[[Path, Path], None],
) -> None:
    for name in names:
        files = [path for path in (folder / name, folder / f"{name}-wal") if path.exists()]
        if not files:
            continue
        now = max(path.stat().st_mtime_ns for path in files), sum(path.stat().st_size for path in files)
        if seen.get(name) != now:
            copy(folder / name, target / name)
            seen[name] = now


def _copy_plain(source: Path, target: Path) -> None:
    _write(target, source.read_bytes())


def _write(path: Path, body: bytes) -> None:
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(body)
    os.replace(fresh, path)


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@data_option
@config_option
@json_option
def restore(source: Path, data: str | None, config_file: Path | None, as_json: bool) -> None:
    """Make a data folder from the backup in SOURCE, under a new epoch: clients are told to begin anew."""
    folder = Path(settings(config_file, data=data)["data"])
    found = [realm for realm in _REALMS if log_path(source, realm).exists()]
    if not found:
        raise ConfigError(f"there is no log in {source}", todo="name the folder that `tocsin backup` wrote")
    there = [path for path in (log_path(folder, realm) for realm in _REALMS) if path.exists()]
    if there:
        raise ConfigError(f"a log is at {there[0]} already", todo="choose an empty folder, or move it aside")
    begun = time.monotonic()
    logs = {str(realm): _put_back(source, folder, realm, quiet=as_json) for realm in found}
    copy_rest(source, folder, {})
    copy_state(source, folder, {})
    took = round(time.monotonic() - begun, 1)
    if as_json:
        print_json({"seconds": took, "logs": logs})
        return
    for name, one in logs.items():
        console.print(f"{name}: {one['seq']} entries, all as appended, new epoch {one['epoch']}")
    console.print(f"restored to {folder} in {took} s; what came after the backup is lost")


def _put_back(source: Path, folder: Path, realm: Realm, *, quiet: bool) -> dict[str, str | int]:
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=warnings, disable=quiet or not warnings.is_terminal) as progress:
        task = progress.add_task(f"checking {log_path(source, realm).name}", total=None)
        told = partial(_show, progress, task)
        epoch, seq = put_back(log_path(source, realm), log_path(folder, realm), told)
    return {"epoch": epoch, "seq": seq}


def _show(progress: Progress, task: TaskID, done: int, of: int) -> None:
    progress.update(task, completed=done, total=of)

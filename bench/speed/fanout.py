"""How fast one alert reaches everybody, beside the kernel's limit and beside nchan, in the same run.

    python bench/speed/fanout.py [--quick] [--readers N ...] [--rounds N] [--json FILE]

One client in C opens the readers, publishes, and notes when each reader has read each alert whole; the time
begins before the first byte of the publisher's request is written.  The servers take turns, each alone on
one core, the client on another:

C loop    a C program that only calls send() for each reader: the limit; nothing is kept
nchan     nginx with nchan, server-sent events and WebSocket; nothing is kept on disk
tocsin    `tocsin serve`; each signal comes in at the desk and is durable on disk before anybody hears of it

All send the bytes that tocsin sends.  Medians of the rounds.  Read the ratios: they hold while the machine
is busy, the milliseconds do not.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

import apsw
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from bench.speed.native import servers
from bench.speed.native.servers import Frame, Missing, Running, Tocsin

READERS = (1_000, 10_000, 18_500)
EVENTS = 10  # alerts, one at a time, in each visit
BURSTS, BURST = 4, 5
# Before each publish.  What comes later than TCP's timeout, 0.2 s, is acknowledged at once, as alerts are;
# what comes sooner may not be, depending on what its stream was told before, and servers would not be alike.
PAUSE_S = 0.3
LONE = 60  # alerts to one reader on an idle server
IDLE_S = 0.05  # between those: a disk that rests takes longer
WAIT_MS = 20_000

Figures = dict[str, float]
Posts = Callable[[Frame, str, int], list[bytes]]


class Peer(NamedTuple):
    """One server, in one form."""

    name: str
    form: str  # sse or ws
    start: Callable[[Path, str], AbstractContextManager[Running]]
    posts: Posts


class Round(NamedTuple):
    """What the client says of one publish."""

    first_ms: float
    median_ms: float
    p99_ms: float
    last_ms: float
    answered_ms: float  # when the publishers had their answers
    read: int
    missed: int  # this and what follows: since the readers were opened
    doubled: int
    disordered: int
    bytes: int
    refused: int


class Client:
    """The readers and publishers, one C process."""

    def __init__(
        self, program: Path, server: Running, form: str, readers: int, publishers: int = BURST
    ) -> None:
        command = [program, form, server.public, server.target, server.publish, readers, publishers]
        pipe = subprocess.PIPE
        self._process = servers.start(servers.CLIENT_CORE, command, stdin=pipe, stdout=pipe)
        ready = self._line().split()
        self.connects_per_s = float(ready[1])

    def publish(self, requests: list[bytes]) -> Round:
        """Write requests at once, and return when all readers have read all of it."""
        assert self._process.stdin is not None
        parts = [b"publish %d %d\n" % (len(requests), WAIT_MS)]
        for request in requests:
            parts += [b"%d\n" % len(request), request]
        self._process.stdin.write(b"".join(parts))
        self._process.stdin.flush()
        said = self._line().split()
        first, median, p99, last, answered = map(float, said[:5])
        return Round(first, median, p99, last, answered, *map(int, said[5:]))

    def _line(self) -> bytes:
        assert self._process.stdout is not None
        line: bytes = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the client ended with {self._process.wait()}")
        return line

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *error: object) -> None:
        self._process.kill()
        self._process.communicate()


def visit(peer: Peer, program: Path, folder: Path, frame: Frame, readers: int) -> Figures:
    """Start a server, fill it with readers, and measure it once."""
    with peer.start(folder, peer.form) as server:
        rss = servers.rss_bytes(server.pid)
        with Client(program, server, peer.form, readers) as client:
            time.sleep(0.5 + readers / 20_000)  # everybody reads the snapshot
            cpu = 0.0

            def publish(count: int) -> Round:
                nonlocal cpu
                time.sleep(PAUSE_S)
                requests = peer.posts(frame, peer.form, count)
                before = servers.cpu_s(server.pid)
                said = client.publish(requests)
                cpu += servers.cpu_s(server.pid) - before
                return said

            publish(1)
            held, cpu = servers.rss_bytes(server.pid) - rss, 0.0
            ones = [publish(1) for _ in range(EVENTS)]
            cpu_us = cpu / (readers * EVENTS) * 1e6
            bursts = [publish(BURST) for _ in range(BURSTS)]
    end = bursts[-1]
    return {
        "first_ms": statistics.median(one.first_ms for one in ones),
        "median_ms": statistics.median(one.median_ms for one in ones),
        "last_ms": statistics.median(one.last_ms for one in ones),
        "cpu_us": cpu_us,
        "burst_per_s": statistics.median(one.read / one.last_ms * 1e3 for one in bursts),
        "stream_kib": held / readers / 1024,
        "connects_per_s": client.connects_per_s,
        "bytes": end.bytes,
        "missed": end.missed,
        "doubled": end.doubled,
        "disordered": end.disordered,
        "refused": sum(one.refused for one in (*ones, *bursts)),
    }


def lone(tocsin: Tocsin, program: Path, folder: Path, frame: Frame) -> Figures:
    """Tell one reader on an idle server, in turn with a bare commit on the same disk and the same core."""
    command = [sys.executable, servers.HERE / "commit.py", tocsin.folder / "bare.db", 2 * len(frame.sse)]
    pipe = subprocess.PIPE
    bare = servers.start(servers.SERVER_CORE, command, stdin=pipe, stdout=pipe)
    assert bare.stdin is not None and bare.stdout is not None
    ours, disk = [], []
    with bare, tocsin.serve(folder, "sse") as server, Client(program, server, "sse", 1) as client:
        bare.stdout.readline()  # it is ready
        for _ in range(LONE):
            time.sleep(IDLE_S)
            bare.stdin.write(b"\n")
            bare.stdin.flush()
            disk.append(float(bare.stdout.readline()))
            time.sleep(IDLE_S)
            ours.append(client.publish(tocsin.posts(frame, "sse", 1)).last_ms)
        bare.stdin.close()
    return {"told_ms": statistics.median(ours), "sync_ms": statistics.median(disk)}


def peers_of(tocsin: Tocsin) -> list[Peer]:
    """Return everybody who takes part, the limit first."""
    return [
        Peer("C loop, SSE", "sse", servers.loop, servers.loop_posts),
        Peer("nchan, SSE", "sse", servers.nchan, servers.nchan_posts),
        Peer("tocsin, SSE", "sse", tocsin.serve, tocsin.posts),
        Peer("nchan, WebSocket", "ws", servers.nchan, servers.nchan_posts),
        Peer("tocsin, WebSocket", "ws", tocsin.serve, tocsin.posts),
    ]


def measure(counts: list[int], rounds: int, folder: Path) -> list[dict[str, dict[str, Figures]]]:
    """Visit every server in turn; returns for each round what was found, by number of readers and name."""
    program = servers.compiled("subscribers", folder)
    data = folder / "data"
    data.mkdir()
    tocsin = Tocsin(data)
    frame = tocsin.frame()
    peers = peers_of(tocsin)
    found: list[dict[str, dict[str, Figures]]] = []
    with Progress(transient=True) as progress:
        task = progress.add_task("", total=(len(counts) * len(peers) + 1) * rounds)
        for number in range(rounds):
            found.append({str(readers): {} for readers in counts})
            for readers in counts:
                for peer in list(peers):
                    about = f"round {number + 1}: {peer.name}, {readers:,} readers"
                    progress.update(task, description=about, advance=1)
                    try:
                        one = visit(peer, program, folder, frame, readers)
                    except Missing as missing:
                        progress.console.print(f"{peer.name}: not measured, {missing}")
                        peers.remove(peer)
                    except RuntimeError as error:
                        progress.console.print(f"{about}: {error}")
                    else:
                        found[-1][str(readers)][peer.name] = one
            progress.update(task, description=f"round {number + 1}: one reader", advance=1)
            found[-1]["1"] = {"tocsin, SSE": lone(tocsin, program, folder, frame)}
    return found


WORST = {"missed", "doubled", "disordered", "refused"}  # one is too many, so no median


def medians(found: list[dict[str, dict[str, Figures]]]) -> dict[str, dict[str, Figures]]:
    """Return what the rounds say together."""
    figures: dict[str, dict[str, Figures]] = {}
    for readers in found[0]:
        for name in dict.fromkeys(name for one in found for name in one[readers]):
            many = [one[readers][name] for one in found if name in one[readers]]
            figures.setdefault(readers, {})[name] = {
                key: max(one[key] for one in many)
                if key in WORST
                else round(statistics.median(one[key] for one in many), 3)
                for key in many[0]
            }
    return figures


GOALS = (  # what, form, figure, the peer it is beside, and by how much the ratio may be above or below
    ("last reader", "SSE", "last_ms", "C loop, SSE", "<=", 1.25),
    ("last reader", "SSE", "last_ms", "nchan, SSE", "<=", 0.8),
    ("last reader", "WebSocket", "last_ms", "nchan, WebSocket", "<=", 0.9),
    ("server CPU a delivery", "SSE", "cpu_us", "C loop, SSE", "<=", 1.3),
    ("deliveries/s, bursts of 5", "SSE", "burst_per_s", "nchan, SSE", ">=", 3.0),
    ("deliveries/s, bursts of 5", "WebSocket", "burst_per_s", "nchan, WebSocket", ">=", 3.0),
)
STREAM_KIB, BEYOND_SYNC_MS = 4.0, 1.0


class Verdict(NamedTuple):
    """One goal, and how far we are."""

    readers: int
    what: str
    beside: str
    found: float
    sign: str
    goal: float

    @property
    def met(self) -> bool:
        """Whether the goal is reached."""
        return self.found <= self.goal if self.sign == "<=" else self.found >= self.goal


def verdicts(found: list[dict[str, dict[str, Figures]]]) -> list[Verdict]:
    """Return each goal beside what was found: the median of the ratios within each round."""
    said = []
    figures = medians(found)
    for readers in (key for key in figures if key != "1"):
        for what, form, key, beside, sign, goal in GOALS:
            both = [
                one[readers][f"tocsin, {form}"][key] / one[readers][beside][key]
                for one in found
                if {f"tocsin, {form}", beside} <= one[readers].keys()
            ]
            if both:
                ratio = round(statistics.median(both), 3)
                said.append(Verdict(int(readers), f"{what}, {form}", f"x {beside}", ratio, sign, goal))
        for name, one in figures[readers].items():
            if name.startswith("tocsin"):
                kib = one["stream_kib"]
                said.append(
                    Verdict(int(readers), f"memory a stream, {name[8:]}", "KiB", kib, "<=", STREAM_KIB)
                )
    alone = figures["1"]["tocsin, SSE"]
    beyond = round(alone["told_ms"] - alone["sync_ms"], 3)
    said.append(Verdict(1, "one reader", "ms beyond the disk's sync", beyond, "<=", BEYOND_SYNC_MS))
    return said


def show(figures: dict[str, dict[str, Figures]], goals: list[Verdict]) -> None:
    """Print the figures, then the goals beside them."""
    console = Console(width=130)
    table = Table(box=None, header_style="bold")
    for column in (
        "readers", "", "first ms", "median ms", "last ms", "CPU us a delivery", "burst of 5, per s",
        "KiB a stream", "connects/s", "bytes", "missed, doubled, disordered",
    ):  # fmt: skip
        table.add_column(column, justify="left" if not column else "right")
    for readers, peers in figures.items():
        for name, one in peers.items() if readers != "1" else ():
            cells = [f"{one[key]:.1f}" for key in ("first_ms", "median_ms", "last_ms", "cpu_us")]
            cells += [
                f"{one['burst_per_s']:,.0f}",
                f"{one['stream_kib']:.1f}",
                f"{one['connects_per_s']:,.0f}",
            ]
            cells += [
                f"{one['bytes']:.0f}",
                f"{one['missed']:.0f}, {one['doubled']:.0f}, {one['disordered']:.0f}",
            ]
            table.add_row(f"{int(readers):,}", name, *cells)
    console.print(table)
    alone = figures["1"]["tocsin, SSE"]
    console.print(
        f"one reader, idle server: {alone['told_ms']} ms; the disk's own sync {alone['sync_ms']} ms\n"
    )
    table = Table(box=None, header_style="bold")
    for column in ("readers", "", "found", "goal", ""):
        table.add_column(column, justify="right" if column in ("readers", "found", "goal") else "left")
    for goal in goals:
        mark = "[green]reached[/]" if goal.met else "[red]not reached[/]"
        table.add_row(
            f"{goal.readers:,}",
            goal.what,
            f"{goal.found:.2f} {goal.beside}",
            f"{goal.sign} {goal.goal}",
            mark,
        )
    console.print(table)


def machine() -> dict[str, str | int | None]:
    """Return where the figures were made."""
    model = "".join(
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        if line.startswith("model name") and "processor" not in line
    )
    return {
        "cpus": os.cpu_count(),
        "cpu": model[: len(model) // (os.cpu_count() or 1)],
        "kernel": platform.release(),
        "python": platform.python_version(),
        "sqlite": apsw.sqlite_lib_version(),
    }


def main() -> int:
    """Measure, print, and write the figures where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", type=Path, help="write the figures here too")
    parser.add_argument(
        "--quick", action="store_true", help="one round with 1,000 and 10,000 readers, a minute"
    )
    parser.add_argument("--rounds", type=int, help="how often every server has its turn; default: 5")
    parser.add_argument("--readers", type=int, nargs="+", help="how many readers; default: 1000 10000 18500")
    asked = parser.parse_args()
    servers.most_files()
    rounds = asked.rounds or (1 if asked.quick else 5)
    counts = asked.readers or (READERS[:2] if asked.quick else READERS)
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", ".")) as folder:
        try:
            found = measure(list(counts), rounds, Path(folder).resolve())
        except Missing as missing:
            print(f"nothing is measured: {missing}")
            return 0
    figures, goals = medians(found), verdicts(found)
    show(figures, goals)
    where = machine()
    print(", ".join(f"{name} {value}" for name, value in where.items()) + f", {rounds} rounds")
    if asked.json:
        told = {
            "readers": figures,
            "goals": [{**one._asdict(), "met": one.met} for one in goals],
            "rounds": rounds,
            "machine": where,
        }
        asked.json.parent.mkdir(parents=True, exist_ok=True)
        asked.json.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The crowds that are let loose on a server of ours, one function each: `bench/speed/crowd.py` runs them."""

from __future__ import annotations

import http.client
import json
import re
import select
import shutil
import socket
import statistics
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.speed.fanout import Client
from bench.speed.native import servers
from bench.speed.native.servers import OBLASTS, Missing, Running, Tocsin
from tocsin.countries import load
from tocsin.desk.keys import Keys, Principal
from tocsin.model import THREATS, AreaId, Realm, SourceId, Threat

Figures = dict[str, Any]
PAUSE_S = 0.3
SMALL = 4_096  # bytes of a stalled reader's own buffer, the least that the kernel gives
FILL = 1_500  # alerts, so that a stalled reader's buffers are full and more waits for it
PAGE_KIB = 4


def stalled(tocsin: Tocsin, folder: Path, quick: bool) -> Figures:
    """Measure the others with and without readers that read nothing, in turn."""
    program, frame = servers.compiled("subscribers", folder), tocsin.frame()
    readers, sleepers, rounds = (900, 100, 1) if quick else (9_000, 1_000, 3)
    without, beside, owns, kernels, wrong = [], [], [], [], 0
    for _ in range(rounds):
        for asleep in (0, sleepers):
            with ExitStack() as stack:
                server = stack.enter_context(tocsin.serve(folder, "sse"))
                client = stack.enter_context(Client(program, server, "sse", readers, len(OBLASTS)))
                time.sleep(1)
                if not asleep:
                    _fill(client, tocsin)
                    without.append(statistics.median(_ones(client, tocsin, frame)))
                    continue
                own, kernel = servers.rss_bytes(server.pid) / 1024, _kernel_kib()
                sleeping = [_stall(server.public) for _ in range(asleep)]
                _fill(client, tocsin)
                time.sleep(1)  # the others have read all
                owns.append((servers.rss_bytes(server.pid) / 1024 - own) / asleep)
                kernels.append((_kernel_kib() - kernel) / asleep)
                beside.append(statistics.median(_ones(client, tocsin, frame)))
                wrong += sum(not woke for woke in _wake(sleeping, server))
    return {
        "readers": readers,
        "stalled": sleepers,
        "p99_ms_without": round(statistics.median(without), 2),
        "p99_ms_beside": round(statistics.median(beside), 2),
        "p99_growth": round(statistics.median(b / a for a, b in zip(without, beside, strict=True)) - 1, 3),
        "own_kib_each": round(max(owns), 1),
        "kernel_kib_each": round(max(kernels), 1),  # the reader's end of the connection too
        "kib_each": round(max(map(sum, zip(owns, kernels, strict=True))), 1),
        "woke_wrong": wrong,
    }


def _fill(client: Client, tocsin: Tocsin) -> None:
    for _ in range(FILL // len(OBLASTS)):  # each once, so that no raise and clear of one have one time
        client.publish(tocsin.posts(_ANY, "sse", len(OBLASTS)))


def _ones(client: Client, tocsin: Tocsin, frame: servers.Frame) -> Iterator[float]:
    for _ in range(10):
        time.sleep(PAUSE_S)
        yield client.publish(tocsin.posts(frame, "sse", 1)).p99_ms


_ANY = servers.Frame(b"", b"")


def _kernel_kib() -> float:
    """Return what the kernel holds for all TCP sockets of the machine, both ends."""
    found = re.search(r"TCP: .* mem (\d+)", Path("/proc/net/sockstat").read_text(encoding="ascii"))
    assert found is not None
    return int(found.group(1)) * PAGE_KIB


def _stall(port: int) -> socket.socket:
    """Return a reader that has asked for the stream and reads nothing of it."""
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
    reader.connect(("127.0.0.1", port))
    reader.sendall(b"GET /v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return reader


def _wake(sleeping: list[socket.socket], server: Running) -> list[bool]:
    """Return for each stalled reader whether it knows what the board shows, once it has read all."""
    connection = http.client.HTTPConnection("127.0.0.1", server.public, timeout=10)
    board = {}
    for oblast in OBLASTS:
        connection.request("GET", f"/v1/areas/{oblast}.json")
        board[oblast] = json.loads(connection.getresponse().read())["threats"]["air"]["state"]
    return [_knows(text, board) for text in _all_of(sleeping)]


WAKING_S = 8.0  # longer than two beats


def _all_of(sleeping: list[socket.socket]) -> list[str]:
    """Return all that each of them hears until it is at the present."""
    poller, heard = select.epoll(), {reader.fileno(): b"" for reader in sleeping}
    for reader in sleeping:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        reader.setblocking(False)
        poller.register(reader.fileno(), select.EPOLLIN)
    by_number = {reader.fileno(): reader for reader in sleeping}
    end = time.monotonic() + WAKING_S
    while time.monotonic() < end:
        for fd, _ in poller.poll(0.1):
            piece = by_number[fd].recv(1 << 18)
            heard[fd] += piece
            if not piece:
                poller.unregister(fd)
    for reader in sleeping:
        reader.close()
    return [text.decode("utf-8", "replace") for text in heard.values()]


def _knows(text: str, board: dict[str, str]) -> bool:
    known: dict[str, str] = {}
    for kind, data in re.findall(r"event: (snapshot|alert)\ndata: (.*)\n", text):
        told = json.loads(data)
        if kind == "snapshot":
            known = {
                area: one["threats"]["air"]["state"] for area, one in told["areas"].items() if area in board
            }
        elif told["threat"] == "air":
            known |= {area: told["state"] for area in told.get("areas", [told["area"]]) if area in board}
    return known == board


# Connections that never make a whole request


def half_open(tocsin: Tocsin, folder: Path, quick: bool) -> Figures:
    """Open connections that say nothing, half a request, or one byte a second, and time their end."""
    many = 500 if quick else 5_000
    with tocsin.serve(folder, "sse") as server:
        poller, kinds, opened = select.epoll(), {}, {}
        begun = time.monotonic()
        sockets = []
        for number in range(many):
            one = socket.create_connection(("127.0.0.1", server.public), 10)
            sockets.append(one)
            kinds[one.fileno()], opened[one.fileno()] = number % 3, time.monotonic()
            if number % 3 == 1:
                one.sendall(b"GET /v1/board.json HTTP/1.1\r\nHost: local")
            one.setblocking(False)
            poller.register(one.fileno(), select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR)
        opening_s = time.monotonic() - begun
        by_number = {one.fileno(): one for one in sockets}
        lasted, acks, dripped = [], [], begun
        while by_number and time.monotonic() - begun < 60:
            for fd, _ in poller.poll(0.05):
                if _over(by_number[fd]):
                    lasted.append(time.monotonic() - opened[fd])
                    poller.unregister(fd)
                    by_number.pop(fd).close()
            if time.monotonic() - dripped > 1:
                dripped = time.monotonic()
                _drip([by_number[fd] for fd in by_number if kinds[fd] == 2])
                acks.append(_ack_s(server, tocsin))
    return {
        "connections": many,
        "kinds": "silent, half a request, one byte a second",
        "opened_in_s": round(opening_s, 2),
        "closed": len(lasted),
        "closed_s": round(max(lasted), 2) if len(lasted) == many else float("inf"),
        "worst_ack_s": round(max(acks), 4),
        "raises": len(acks),
    }


def _over(one: socket.socket) -> bool:
    try:
        return not one.recv(4_096)
    except BlockingIOError:
        return False
    except OSError:
        return True


def _drip(sockets: list[socket.socket]) -> None:
    for one in sockets:
        try:
            one.send(b"G")
        except OSError:
            continue  # it is closed; the poller says so next


def _ack_s(server: Running, tocsin: Tocsin) -> float:
    begun = time.monotonic()
    with socket.create_connection(("127.0.0.1", server.publish), 10) as desk:
        desk.sendall(tocsin.posts(_ANY, "sse", 1)[0])
        servers.read_until(desk, rb"HTTP/1.1 201")
    return time.monotonic() - begun


# The storm of refreshers

AUTHORITIES = 52  # alerts were sent where one was planned, on the German Warntag of 2020


def storm(tocsin: Tocsin, folder: Path, quick: bool) -> Figures:
    """Let refreshers ask at full rate while all authorities send at once."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise Missing("no wrk (apt: wrk)")
    program = servers.compiled("subscribers", folder)
    readers, rounds = (200, 3) if quick else (2_000, 20)
    authorities = _authorities(tocsin.folder)
    combos = [(area, threat) for threat in THREATS[:3] for area in _oblasts()][:AUTHORITIES]
    with tocsin.serve(folder, "sse") as server:
        for threat in THREATS[:3]:
            _say(server, tocsin.key, servers.HELD, threat, "raised", f"held-{threat}")
        with Client(program, server, "sse", readers, AUTHORITIES + 1) as client:
            time.sleep(1)
            command = [
                wrk,
                "-t",
                1,
                "-c",
                500,
                "-d",
                str(4 + rounds),
                f"http://127.0.0.1:{server.public}/v1/board.json",
            ]
            refreshers = servers.start(servers.CLIENT_CORE, command, stdout=subprocess.PIPE)
            time.sleep(1)
            found = []
            for turn in range(rounds):
                state = "clear" if turn % 2 else "raised"
                posts = [
                    _post(key, f"{turn}-{number}", area, threat, state)
                    for number, (key, (area, threat)) in enumerate(zip(authorities, combos, strict=True))
                ]
                posts.append(_post(tocsin.key, f"{turn}-all", "UA", THREATS[3], state))
                found.append(client.publish(posts))
            every_area_s = _every_area(server, tocsin.key)
            said = refreshers.communicate()[0].decode()
    asked = re.search(r"([\d]+) requests in", said)
    errors = [line for line in said.splitlines() if "Non-2xx" in line or "Socket errors" in line]
    return {
        "readers": readers,
        "rounds": rounds,
        "refreshes": int(asked.group(1)) if asked else 0,
        "ack_last_s": round(max(one.answered_ms for one in found) / 1e3, 3),  # of all; no p99 is worse
        "every_area_named_ack_s": round(every_area_s, 3),
        "push_p99_s": round(max(one.p99_ms for one in found) / 1e3, 3),
        "refused": sum(one.refused for one in found) + len(errors),
        "errors": errors,
        "missed": found[-1].missed,
    }


def _oblasts() -> list[AreaId]:
    areas = load("ua").areas
    return [area for area in areas.children("UA") if area not in (servers.HELD, "UA44", "UA01")]


def _authorities(folder: Path) -> list[str]:
    keys = Keys(folder)
    made = [
        keys.add(
            Principal(SourceId(f"authority-{number}"), (AreaId("UA"),), (Threat("*"),), Realm.ACTUAL),
            datetime.now(UTC),
        )
        for number in range(AUTHORITIES)
    ]
    keys.close()
    return made


def _post(key: str, name: str, area: str, threat: str, state: str) -> bytes:
    body = {"id": name, "area": area, "threat": threat, "state": state, "sent": _now()}
    return servers.post(json.dumps(body).encode(), f"Authorization: Bearer {key}")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _say(server: Running, key: str, area: str, threat: str, state: str, name: str) -> None:
    with socket.create_connection(("127.0.0.1", server.publish), 10) as desk:
        desk.sendall(_post(key, name, area, threat, state))
        servers.read_until(desk, rb"HTTP/1.1 201")


def _every_area(server: Running, key: str) -> float:
    """Name every area of the country as raised, and return the seconds to the answer."""
    areas = load("ua").areas
    body = json.dumps({"sent": _now(), "raised": [[area, "x"] for area in areas.below("UA")]}).encode()
    begun = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", server.publish, timeout=30)
    connection.request("POST", "/v1/contact", body, {"Authorization": f"Bearer {key}"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return time.monotonic() - begun if answer.status == 204 else float("inf")


# Everybody is cut off, and comes back


def returning(tocsin: Tocsin, folder: Path, quick: bool) -> Figures:
    """Cut all readers off at once, and let them come back while signals go in."""
    program, readers = servers.compiled("returning", folder), 1_000 if quick else 10_000
    pipe = subprocess.PIPE
    with tocsin.serve(folder, "sse") as server:
        command = [program, server.public, "/v1/stream", readers]
        with servers.start(servers.CLIENT_CORE, command, stdin=pipe, stdout=pipe) as crowd:

            def tell(words: str) -> list[str]:
                assert crowd.stdin is not None and crowd.stdout is not None
                crowd.stdin.write(f"{words}\n".encode())
                crowd.stdin.flush()
                return crowd.stdout.readline().decode().split()

            assert crowd.stdout is not None
            assert crowd.stdout.readline() == b"ready\n"
            with _raising(server, tocsin, 100) as sent:
                tell("hear 1500")
                back_ms = int(tell("cut 5000")[0])
                tell("hear 1500")
            tell("hear 3000")
            heard, gaps, doubled, resets, most, _ = map(int, tell("count"))
            assert crowd.stdin is not None
            crowd.stdin.close()
    return {
        "readers": readers,
        "signals": sent["signals"],
        "signals_per_s": round(sent["signals"] / sent["seconds"], 1),
        "heard": heard,
        "back_s": round(back_ms / 1e3, 2),
        "missed": gaps + most,
        "doubled": doubled,
        "resets": resets,
    }


@contextmanager
def _raising(server: Running, tocsin: Tocsin, rate: int) -> Iterator[dict[str, float]]:
    """Let so many signals a second go in while the block runs; counts them."""
    told: dict[str, float] = {"signals": 0, "seconds": 0.0}
    over = threading.Event()

    def go_on() -> None:
        begun = time.monotonic()
        with socket.create_connection(("127.0.0.1", server.publish), 10) as desk:
            while not over.wait(max(0.0, begun + told["signals"] / rate - time.monotonic())):
                desk.sendall(tocsin.posts(_ANY, "sse", 1)[0])
                servers.read_until(desk, rb"HTTP/1.1 201.*}")
                told["signals"] += 1
        told["seconds"] = time.monotonic() - begun

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield told
    finally:
        over.set()
        thread.join()


# For long

LASTS_S, QUICK_LASTS_S, WARM_S, LOOK_S = 480, 60, 180, 5  # what resumes are served from is full after 100 s


def lasting(tocsin: Tocsin, folder: Path, quick: bool) -> Figures:
    """Send 100 signals a second to many readers for long, and see whether memory or descriptors grow."""
    program, readers = servers.compiled("returning", folder), 1_000 if quick else 10_000
    lasts_s, warm_s = (QUICK_LASTS_S, QUICK_LASTS_S / 4) if quick else (LASTS_S, WARM_S)
    pipe = subprocess.PIPE
    seen: list[tuple[float, float, int]] = []  # seconds, MB, descriptors
    with tocsin.serve(folder, "sse") as server:
        command = [program, server.public, "/v1/stream", readers]
        with servers.start(servers.CLIENT_CORE, command, stdin=pipe, stdout=pipe) as crowd:
            assert crowd.stdin is not None and crowd.stdout is not None
            assert crowd.stdout.readline() == b"ready\n"
            begun = time.monotonic()
            with _raising(server, tocsin, 100) as sent:
                while (lasted := time.monotonic() - begun) < lasts_s:
                    crowd.stdin.write(b"hear %d\n" % (LOOK_S * 1_000))
                    crowd.stdin.flush()
                    crowd.stdout.readline()
                    descriptors = len(list(Path(f"/proc/{server.pid}/fd").iterdir()))
                    seen.append((lasted, servers.rss_bytes(server.pid) / 1e6, descriptors))
            for words in (b"hear 3000\n", b"count\n"):  # one at a time, or the second would lie in a buffer
                crowd.stdin.write(words)
                crowd.stdin.flush()
                answer = crowd.stdout.readline()
            _, gaps, doubled, resets, most, _ = map(int, answer.split())
            crowd.stdin.close()
    warm = [one for one in seen if one[0] >= warm_s]
    slope = statistics.linear_regression([one[0] / 60 for one in warm], [one[1] for one in warm]).slope
    return {
        "readers": readers,
        "minutes": round(lasts_s / 60, 1),
        "signals_per_s": round(sent["signals"] / sent["seconds"], 1),
        "mb_per_min": round(slope, 3),
        "mb_begin": round(warm[0][1], 1),
        "mb_end": round(warm[-1][1], 1),
        "descriptors_grew": max(one[2] for one in warm) - min(one[2] for one in warm),
        "missed": gaps + most,
        "doubled": doubled,
        "resets": resets,
    }

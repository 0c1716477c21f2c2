"""How many readers a second can ask for the whole board, beside nginx serving the same bytes from a file.

    python bench/speed/board_json.py [--quick] [--rounds N] [--json FILE]

Two questions, each on 64 keep-alive connections that ask again once they are answered, no pipelining:

200   GET /v1/board.json, the whole answer
304   the same with If-None-Match: nothing has changed

`wrk` asks, on one core.  `tocsin serve` and nginx take turns, one process on another core.  tocsin's board is
made anew four times a second while it is asked, as in real service; the file of nginx never changes.
Medians of the ratios within each round.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from bench.speed.fanout import machine
from bench.speed.native import servers
from bench.speed.native.servers import Missing, Tocsin

CONNECTIONS = 64
QUESTIONS = ("200", "304")
SECONDS, QUICK_SECONDS = 5, 2
GOAL = 0.8  # of nginx
_FILE = """
    sendfile on;
    tcp_nopush on;
    server {{ listen 127.0.0.1:{port} backlog=4096; root {folder}; }}
"""
Rates = dict[str, float]  # requests/s by question


def rate(address: str, seconds: int, *more: str) -> float:
    """Return how many requests a second are answered.

    Raises:
        Missing: There is no wrk.
        RuntimeError: An answer was an error.
    """
    wrk = shutil.which("wrk")
    if wrk is None:
        raise Missing("no wrk (apt: wrk)")
    command = [wrk, "-t", 1, "-c", CONNECTIONS, "-d", seconds, *more, address]
    with servers.start(servers.CLIENT_CORE, command, stdout=subprocess.PIPE) as process:
        said = process.communicate()[0].decode()
    found = re.search(r"Requests/sec:\s*([\d.]+)", said)
    if found is None or "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(f"wrk at {address}: {said}")
    return float(found.group(1))


def rates(port: int, path: str, seconds: int) -> Rates:
    """Return the rates of a server."""
    address = f"http://127.0.0.1:{port}{path}"
    with urllib.request.urlopen(address, timeout=5) as answer:
        etag = answer.headers["ETag"]
    return {
        "200": rate(address, seconds),
        "304": rate(address, seconds, "-H", f"If-None-Match: {etag}"),
    }


def measure(rounds: int, seconds: int, folder: Path) -> tuple[int, list[dict[str, Rates]]]:
    """Return the board's size in bytes, and the rates of each round by server."""
    data = folder / "data"
    data.mkdir()
    tocsin = Tocsin(data)
    tocsin.frame()  # an oblast is raised
    found: list[dict[str, Rates]] = []
    body = b""
    with Progress(transient=True) as progress:
        for number in progress.track(range(rounds), description="board.json"):
            found.append({})
            with tocsin.serve(folder, "sse") as server:
                with urllib.request.urlopen(f"http://127.0.0.1:{server.public}/v1/board.json") as answer:
                    body = answer.read()
                found[number]["tocsin"] = rates(server.public, "/v1/board.json", seconds)
            (folder / "board.json").write_bytes(body)
            port = servers.free_port()
            with servers.nginx(folder, _FILE.format(port=port, folder=folder), port):
                found[number]["nginx"] = rates(port, "/board.json", seconds)
    return len(body), found


def main() -> int:
    """Measure, print, and write the figures where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", type=Path, help="write the figures here too")
    parser.add_argument("--quick", action="store_true", help="one short round")
    parser.add_argument("--rounds", type=int, help="how often each has its turn; default: 5")
    asked = parser.parse_args()
    rounds = asked.rounds or (1 if asked.quick else 5)
    servers.most_files()
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", ".")) as folder:
        os.chmod(folder, 0o755)  # nginx's worker is another user
        try:
            size, found = measure(rounds, QUICK_SECONDS if asked.quick else SECONDS, Path(folder).resolve())
        except Missing as missing:
            print(f"nothing is measured: {missing}")
            return 0
    figures = {
        question: {
            **{name: round(statistics.median(one[name][question] for one in found)) for name in found[0]},
            "ratio": round(statistics.median(o["tocsin"][question] / o["nginx"][question] for o in found), 3),
        }
        for question in QUESTIONS
    }
    table = Table(box=None, header_style="bold")
    for column in ("GET /v1/board.json", "tocsin, per s", "nginx, per s", "ratio", "goal"):
        table.add_column(column)
    for question, one in figures.items():
        mark = "[green]reached[/]" if one["ratio"] >= GOAL else "[red]not reached[/]"
        cells = [f"{one['tocsin']:,}", f"{one['nginx']:,}", f"{one['ratio']:.2f}", f">= {GOAL} {mark}"]
        table.add_row(question, *cells)
    Console(width=120).print(table)
    where = machine()
    print(f"{size} bytes, " + ", ".join(f"{name} {value}" for name, value in where.items()))
    if asked.json:
        told = {**figures, "bytes": size, "rounds": rounds, "machine": where}
        asked.json.parent.mkdir(parents=True, exist_ok=True)
        asked.json.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

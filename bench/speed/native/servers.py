"""The servers that are measured: how each is started, asked, published to and stopped.

Each listens on loopback, runs alone on one core and is gone when its block ends.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent
SERVER_CORE, CLIENT_CORE = 0, 1
STARTS_S = 20.0  # a server that does not listen by then does not work here
NCHAN = "ngx_nchan_module.so"
MODULES = ("/usr/lib/nginx/modules", "/usr/share/nginx/modules", "/usr/lib64/nginx/modules")


class Missing(Exception):
    """A program that this measure needs is not on this machine."""


class Running(NamedTuple):
    """A server that listens."""

    pid: int  # of the process that serves
    public: int  # the port for readers
    publish: int  # the port for publishers
    target: str  # what a reader asks for


class Frame(NamedTuple):
    """One alert of tocsin, as it goes over the wire; ``%d`` stands for its number."""

    sse: bytes
    payload: bytes

    def body(self, form: str, number: int) -> bytes:
        """Return the bytes that a peer is to send to each reader."""
        return re.sub(rb'"seq":\d+', b'"seq":%d' % number, self.sse if form == "sse" else self.payload)


_numbers = itertools.count(1_000)


def compiled(name: str, folder: Path) -> Path:
    """Return a program made from the C source of this name.

    Raises:
        Missing: There is no C compiler.
    """
    program, compiler = folder / name, shutil.which("cc")
    if compiler is None:
        raise Missing("no C compiler (cc)")
    if not program.exists():
        subprocess.run([compiler, "-O2", "-o", program, HERE / f"{name}.c"], check=True)
    return program


def start(core: int, command: Sequence[object], **more: Any) -> subprocess.Popen[bytes]:
    """Start a program on one core, ahead of what else the machine does, where that can be had."""
    taskset = shutil.which("taskset")
    pinned = [taskset, "-c", str(core)] if taskset and (os.cpu_count() or 1) > 1 else []
    words = [*pinned, *(str(word) for word in command)]
    process = subprocess.Popen(words, start_new_session=True, **more)
    with contextlib.suppress(OSError):  # a session of its own is scheduled as one; only root may prefer it
        Path(f"/proc/{process.pid}/autogroup").write_text("-10", encoding="ascii")
    return process


def free_port() -> int:
    """Return a port that nobody listens at, below those that outgoing connections use."""
    while True:
        port = 10_000 + int.from_bytes(os.urandom(2), "big") % 20_000
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port


def post(body: bytes, *headers: str) -> bytes:
    """Return one request that posts a body."""
    lines = ["POST {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).format(path="/v1/signals").encode() + b"\r\n\r\n" + body


# The C loop


@contextlib.contextmanager
def loop(folder: Path, form: str) -> Iterator[Running]:
    """The C program that only calls send() in a loop."""
    public, publish = free_port(), free_port()
    command = [compiled("loop", folder), str(public), str(publish)]
    with running(command) as server:
        wait_for(public, server)
        yield Running(server.pid, public, publish, "/")


def loop_posts(frame: Frame, form: str, count: int) -> list[bytes]:
    """Return requests that make the loop send alerts."""
    return [post(frame.body(form, next(_numbers))) for _ in range(count)]


# nginx

_NGINX = """
{load}
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr crit;
events {{ worker_connections {connections}; }}
http {{
    access_log off;
    default_type application/json;
    keepalive_requests 1000000000;
    keepalive_timeout 75s;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {http}
}}
"""
_NCHAN = """
    nchan_shared_memory_size 256M;
    server {{
        listen 127.0.0.1:{public} backlog=4096;
        location = /stream {{
            nchan_subscriber {kind};
            nchan_channel_id alerts;
            nchan_subscriber_first_message newest;
            nchan_message_buffer_length 100;
        }}
    }}
    server {{
        listen 127.0.0.1:{publish};
        location = /v1/signals {{
            nchan_publisher http;
            nchan_channel_id alerts;
            nchan_message_buffer_length 100;
        }}
    }}
"""


@contextlib.contextmanager
def nchan(folder: Path, form: str) -> Iterator[Running]:
    """Run nginx with nchan, one worker."""
    public, publish = free_port(), free_port()
    module = next((at for at in MODULES if (Path(at) / NCHAN).exists()), None)
    if module is None:
        raise Missing("nginx has no nchan (apt: libnginx-mod-nchan)")
    kind = "eventsource" if form == "sse" else "websocket"
    http = _NCHAN.format(public=public, publish=publish, kind=kind)
    with nginx(folder, http, public, f"load_module {module}/{NCHAN};") as pid:
        yield Running(pid, public, publish, "/stream")


def nchan_posts(frame: Frame, form: str, count: int) -> list[bytes]:
    """Return requests that publish alerts; nchan writes ``id:`` and ``event:`` by itself."""
    bodies = [frame.body("ws", next(_numbers)) for _ in range(count)]
    if form == "sse":
        bodies = [re.sub(rb'^.*?"data":(.*)}$', rb"\1", body) for body in bodies]
    return [post(body, "X-EventSource-Event: alert", "Accept: text/json") for body in bodies]


@contextlib.contextmanager
def nginx(folder: Path, http: str, port: int, load: str = "") -> Iterator[int]:
    """Run nginx with one worker; yields the worker's process number."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        raise Missing("no nginx (apt: nginx-light)")
    config = folder / "nginx.conf"
    config.write_text(
        _NGINX.format(load=load, folder=folder, http=http, connections=most_files() - 100), encoding="ascii"
    )
    with running([program, "-p", folder, "-e", "stderr", "-c", config]) as server:
        wait_for(port, server)
        children = Path(f"/proc/{server.pid}/task/{server.pid}/children")
        while not (worker := children.read_text().split()):
            time.sleep(0.02)
        yield int(worker[0])


# tocsin

OBLASTS = ("UA05", "UA12", "UA18", "UA21", "UA23", "UA26", "UA32", "UA35")
HELD = "UA63"  # raised all the time: so the country is partly raised by the feed, and nothing is said of it
_TOCSIN = Path(sys.executable).with_name("tocsin")


class Tocsin:
    """A real `tocsin serve`: SQLite log on disk, a feed with a key, durable before it is pushed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        made = subprocess.run(
            [_TOCSIN, "key", "add", "feed", "--areas", "UA", "--threats", "*", "--realm", "actual",
             "--data", folder],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        self.key = made.stdout.strip().splitlines()[-1]
        self._turns = itertools.count()

    @contextlib.contextmanager
    def serve(self, folder: Path, form: str) -> Iterator[Running]:
        """Serve; the log goes on where the last block ended."""
        public, desk = free_port(), free_port()
        command = [
            _TOCSIN, "serve", "--data", self.folder, "--public", f"127.0.0.1:{public}",
            "--desk", f"127.0.0.1:{desk}",
        ]  # fmt: skip
        with running(command, TOCSIN_SILENCE_S="86400") as server:
            wait_for(public, server)
            wait_for(desk, server)
            yield Running(server.pid, public, desk, "/v1/stream" if form == "sse" else "/v1/ws")

    def posts(self, frame: Frame, form: str, count: int) -> list[bytes]:
        """Return signals that make one alert each: an oblast is raised, and cleared at its next turn."""
        return [self._next() for _ in range(count)]

    def _next(self) -> bytes:
        turn = next(self._turns)
        times, which = divmod(turn, len(OBLASTS))
        return self._signal(f"turn-{turn}", OBLASTS[which], "clear" if times % 2 else "raised")

    def _signal(self, name: str, area: str, state: str) -> bytes:
        sent = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        body = f'{{"id":"{name}","area":"{area}","threat":"air","state":"{state}","sent":"{sent}"}}'
        return post(body.encode(), f"Authorization: Bearer {self.key}", "Content-Type: application/json")

    def frame(self) -> Frame:
        """Return an alert as it goes over the wire, so that the peers send the same bytes."""
        with (
            self.serve(self.folder, "sse") as server,
            socket.create_connection(("127.0.0.1", server.publish), 5) as desk,
            ask(server.public, f"/v1/stream?areas={OBLASTS[0]}", until=b"event: snapshot") as events,
        ):
            for request in (self._signal("held", HELD, "raised"), self._next()):
                desk.sendall(request)
                read_until(desk, rb"HTTP/1.1 201.*}")
            text = read_until(events, rb'id: [^\n]+\nevent: alert\ndata: {"area":"UA05[^\n]+\n\n')
        found = re.fullmatch(rb"id: ([^\n]+)\nevent: alert\ndata: ([^\n]+)\n\n", text)
        assert found is not None
        return Frame(text, b'{"event":"alert","id":"%s","data":%s}' % found.groups())


# Processes and sockets


@contextlib.contextmanager
def running(command: Sequence[object], **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server on its core while the block runs, then end it."""
    nowhere = subprocess.DEVNULL
    more = {"stdin": nowhere, "stdout": nowhere, "env": {**os.environ, **environment}}
    with start(SERVER_CORE, command, **more) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def most_files() -> int:
    """Return how many files this process and those that it starts may open, as many as there can be."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


def wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    """Return when somebody listens at a port."""
    deadline = time.monotonic() + STARTS_S
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise RuntimeError(f"{server.args!r} does not listen at {port}")


def ask(port: int, target: str, until: bytes) -> socket.socket:
    """Return a connection that has asked for something, once these bytes came."""
    connection = socket.create_connection(("127.0.0.1", port), 5)
    connection.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    read_until(connection, re.escape(until))
    return connection


def read_until(connection: socket.socket, pattern: bytes) -> bytes:
    """Return what came first on a connection that looks like this."""
    text = b""
    while (found := re.search(pattern, text, re.DOTALL)) is None:
        piece = connection.recv(65_536)
        if not piece:
            raise RuntimeError(f"closed before {pattern!r} came")
        text += piece
    return found.group()


def cpu_s(pid: int) -> float:
    """Return the seconds that a process was on a core, user and system, to the nanosecond where it can."""
    tasks = list(Path(f"/proc/{pid}/task").iterdir())
    with contextlib.suppress(OSError):
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / float(os.sysconf("SC_CLK_TCK"))


def rss_bytes(pid: int) -> int:
    """Return how much memory a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

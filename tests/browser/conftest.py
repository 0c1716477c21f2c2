"""A real server, a feed that speaks to it, and a real browser that looks at it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tocsin.countries import load
from tocsin.public.pages import Pages

CONTACT_S = 3.0  # how often the feed says that it is there; 20 s would do
READY_S = 30.0


class Server:
    """`tocsin serve` as a process of its own, with one feed that holds all clears."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.public = self.desk = "127.0.0.1:0"
        self.held: set[str] = set()
        self._number = 0
        self._process: subprocess.Popen[str] | None = None
        self._stop = threading.Event()
        added = _tocsin("key", "add", "feed", "--areas", "UA", "--threats", "air", "--realm", "actual",
                        "--data", str(folder))  # fmt: skip
        self._key = added.stdout.split()[-1]
        self._client = httpx.Client(timeout=10, trust_env=False)
        self._contacts = threading.Thread(target=self._keep_contact, daemon=True)

    def start(self) -> None:
        """Start, at the same addresses as before if it ran before; nothing happens where it runs."""
        if self._process is not None:
            return
        command = ["serve", "--data", str(self.folder), "--public", self.public, "--desk", self.desk]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tocsin", *command], stdout=subprocess.PIPE, text=True
        )
        self.public, self.desk = re.findall(r"http://([\d.:]+)/", _first_line(self._process.stdout))
        if not self._contacts.is_alive():
            self._contacts.start()
        self.contact()

    def kill(self) -> None:
        """End it without a word, as a power cut does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    def stop(self) -> None:
        """End everything."""
        self._stop.set()
        self.kill()
        if self._contacts.is_alive():
            self._contacts.join()
        self._client.close()

    def say(self, area: str, state: str, **more: str) -> None:
        """Send a signal, and return when it is durable."""
        (self.held.add if state == "raised" else self.held.discard)(area)
        self._number += 1
        signal = {"id": f"{area}-{self._number}", "area": area, "threat": "air", "state": state, **more}
        answer = self._post("signals", {**signal, "sent": _now()})
        assert answer.status_code == 201, answer.text

    def contact(self) -> None:
        """Say that the feed is there, and all that it holds raised."""
        held = [[area, "air"] for area in sorted(self.held)]
        answer = self._post("contact", {"sent": _now(), "raised": held})
        assert answer.status_code == 204, answer.text

    def at(self, path: str = "/en") -> str:
        """Return a page's address."""
        return f"http://{self.public}{path}"

    def get(self, path: str) -> Any:
        """Return decoded JSON of the public door."""
        return self._client.get(self.at(path)).json()

    def _post(self, what: str, body: dict[str, Any]) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._key}"}
        return self._client.post(f"http://{self.desk}/v1/{what}", json=body, headers=headers)

    def _keep_contact(self) -> None:
        while not self._stop.wait(CONTACT_S):
            try:
                self.contact()
            except (httpx.HTTPError, AssertionError):
                continue  # the server is dead for a while, as some tests want it


def _first_line(stream: Any) -> str:
    """Return the line by which a process says that it is ready."""
    lines: list[str] = []
    reader = threading.Thread(target=lambda: lines.append(stream.readline()), daemon=True)
    reader.start()
    reader.join(READY_S)
    assert lines and lines[0], "the server did not become ready"
    return lines[0]


def _tocsin(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tocsin", *arguments], capture_output=True, text=True, check=True, timeout=60
    )


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose feed holds every area clear."""
    one = Server(tmp_path_factory.mktemp("data"))
    try:
        one.start()
        yield one
    finally:
        one.stop()


@pytest.fixture(scope="module")
def replay() -> Iterator[str]:
    """The address of a day that is told again, an hour in ten seconds."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tocsin", "demo", "--public", "127.0.0.1:0", "--speed", "360"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield re.findall(r"http://[\d.:]+", _first_line(process.stderr))[0]
    finally:
        process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()


@pytest.fixture(scope="module")
def launch() -> Iterator[Callable[..., Browser]]:
    """Start a real Chromium: `launch("--flag")`.  While it lasts no other event loop runs in this process."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("Chromium is missing; `make browser` installs it")
    with sync_playwright() as playwright:

        def launched(*flags: str) -> Browser:
            # The sandbox needs rights that containers do not give; every page here is our own.
            return playwright.chromium.launch(executable_path=path, args=["--no-sandbox", *flags])

        yield launched


@pytest.fixture(scope="module")
def browser(launch: Callable[..., Browser]) -> Iterator[Browser]:
    """A real Chromium."""
    with launch() as chromium:
        yield chromium


@pytest.fixture
def the_map() -> str:
    """The map that the set-up drew."""
    found = Pages(load("ua")).asset("map-ua.svg")
    if found is None:
        pytest.skip("the map could not be fetched; `make map` tries again")
    return found[0].decode()


@pytest.fixture
def scriptless(launch: Callable[..., Browser]) -> Iterator[Page]:
    """A page in a browser whose owner has switched scripts off."""
    with launch("--blink-settings=scriptEnabled=false") as chromium:
        yield chromium.new_page()


Open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Open an address in a browser that nobody used before: `open_page(url, viewport=…)`."""
    contexts: list[BrowserContext] = []

    def opened(url: str, **settings: Any) -> Page:
        settings.setdefault("viewport", {"width": 1280, "height": 900})
        context = browser.new_context(**settings)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.goto(url)
        return page

    yield opened
    for context in contexts:
        context.close()

"""An address that somebody chose never leads inside, in whatever spelling or by whatever name server."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tocsin.channels import Undelivered
from tocsin.channels.guard import (
    NOTHING,
    Allowed,
    Caller,
    Inside,
    _Resolver,
    check_url,
    may_call,
    read_allowed,
)
from tocsin.errors import ConfigError

_SPELLINGS = (Path(__file__).with_name("spellings.txt")).read_text("utf-8").split("\n\n")
INSIDE, SPELLED = (part.split("\n")[1:] for part in _SPELLINGS)


@pytest.fixture
def trap() -> Iterator[tuple[int, list[str]]]:
    """A listener on loopback that notes who comes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        caught: list[str] = []
        stop = threading.Event()

        def take() -> None:
            while not stop.is_set():
                try:
                    connection, at = listener.accept()
                except TimeoutError:
                    continue
                caught.append(str(at))
                connection.close()

        thread = threading.Thread(target=take)
        thread.start()
        yield listener.getsockname()[1], caught
        stop.set()
        thread.join()


def post(caller: Caller, url: str) -> None:
    """Post to an address."""

    async def once() -> None:
        try:
            await caller.post(url, b"x", {})
        finally:
            await caller.close()

    asyncio.run(once())


def test_there_are_sixty_spellings():
    """As many as the goal asks for."""
    assert len(set(INSIDE)) >= 60
    assert len(set(SPELLED)) >= 30


@pytest.mark.parametrize("host", INSIDE)
def test_an_address_inside_is_refused_in_every_spelling(host: str):
    """At the command, before anything is kept."""
    with pytest.raises(ConfigError):
        check_url(f"https://{host}/hook", Allowed())


@pytest.mark.parametrize(
    "url", [*SPELLED, "https://example.org/ x", "https://exam\tple.org/", "https://example.org\r\n"]
)
def test_an_odd_address_is_refused(url: str):
    """It has a part by which one reader would go elsewhere than another."""
    with pytest.raises(ConfigError):
        check_url(url, Allowed())


def test_an_ordinary_address_is_taken():
    """The rules leave what people really use."""
    for url in (
        "https://example.org/hook?a=b",
        "https://EXAMPLE.org:8443/",
        "https://8.8.8.8/",
        "https://xn--e1afmkfd.xn--p1ai/x",
    ):
        check_url(url, Allowed())


@pytest.mark.parametrize("host", INSIDE)
def test_no_connection_is_made_to_an_address_inside(
    host: str, trap: tuple[int, list[str]], monkeypatch: pytest.MonkeyPatch
):
    """The socket is refused too, as if the spelling had got past the first look."""
    monkeypatch.setattr("tocsin.channels.guard.check_url", lambda url, allowed: "")
    monkeypatch.setattr("tocsin.channels.guard.PORTS", (trap[0],))

    with pytest.raises(Undelivered):
        post(Caller(), f"https://{host}:{trap[0]}/")

    assert trap[1] == []


@pytest.mark.parametrize(
    "answers", [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["127.0.0.1", "8.8.8.8"], ["::1"], ["0.0.0.0"]]
)
def test_a_name_that_leads_inside_is_not_called(
    answers: list[str], trap: tuple[int, list[str]], monkeypatch: pytest.MonkeyPatch
):
    """One address inside among others refuses the name."""
    asked = rebind(monkeypatch, [answers])
    monkeypatch.setattr("tocsin.channels.guard.PORTS", (trap[0],))

    with pytest.raises(Undelivered):
        post(Caller(), f"https://harmless.example.org:{trap[0]}/")

    assert (len(asked), trap[1]) == (1, [])


def test_a_name_is_resolved_once_a_call(monkeypatch: pytest.MonkeyPatch, trap: tuple[int, list[str]]):
    """A name server that says something else the second time is not asked a second time."""
    asked = rebind(monkeypatch, [["203.0.114.1"], ["127.0.0.1"]])
    monkeypatch.setattr("tocsin.channels.guard.PORTS", (trap[0],))
    monkeypatch.setattr("tocsin.channels.guard.DEADLINE_S", 0.5)

    with pytest.raises(Undelivered):
        post(Caller(), f"https://harmless.example.org:{trap[0]}/")

    assert (len(asked), trap[1]) == (1, [])


def rebind(monkeypatch: pytest.MonkeyPatch, answers: list[list[str]]) -> list[str]:
    """Let names have other addresses each time; returns the list of who was asked for."""
    asked: list[str] = []

    async def getaddrinfo(self: object, host: str, port: int, **_: object) -> list[object]:
        found = answers[min(len(asked), len(answers) - 1)]
        asked.append(host)
        return [
            (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port))
            for one in found
        ]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", getaddrinfo)
    return asked


def test_an_operator_can_allow_addresses_inside():
    """And nothing beside them."""
    allowed = read_allowed("127.0.0.1, 10.1.0.0/16")

    check_url("https://127.0.0.1:9000/", allowed)
    assert may_call("10.1.2.3", allowed)
    assert not may_call("10.2.0.1", allowed)
    with pytest.raises(ConfigError, match=r"10\.2\.0\.1"):
        check_url("https://10.2.0.1/", allowed)
    with pytest.raises(ConfigError, match="channels_allow"):
        read_allowed("10.1.0.0/99")


@pytest.mark.parametrize("answers", [
    ["127.0.0.1"], ["10.0.0.7"], ["169.254.169.254"], ["::1"], ["fe80::1%eth0"], ["::ffff:127.0.0.1"],
    ["64:ff9b::7f00:1"], ["93.184.216.34", "192.168.1.1"], ["0.0.0.0"], ["no address"],
])  # fmt: skip
def test_one_address_inside_refuses_a_name(monkeypatch: pytest.MonkeyPatch, answers: list[str]):
    """Whichever of its addresses would have been called: who owns the name chooses their order."""
    rebind(monkeypatch, [answers])
    with pytest.raises(Inside, match=r"harmless\.example\.org is .*, which lies inside"):
        asyncio.run(_Resolver(NOTHING).resolve("harmless.example.org", 443))


def test_what_was_resolved_is_called_and_not_resolved_again(monkeypatch: pytest.MonkeyPatch):
    """The answer holds addresses, marked so that nobody asks for a name a second time."""
    asked = rebind(monkeypatch, [["93.184.216.34", "2606:2800:220:1::1"], ["127.0.0.1"]])
    found = asyncio.run(_Resolver(NOTHING).resolve("harmless.example.org", 443))

    assert [one["host"] for one in found] == ["93.184.216.34", "2606:2800:220:1::1"]
    assert {one["flags"] for one in found} == {socket.AI_NUMERICHOST}
    assert asked == ["harmless.example.org"]

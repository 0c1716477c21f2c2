"""Calls to addresses that others chose: https only, never inside, never for long.

Whoever may name an address could name one of ours: the cloud's metadata, the desk on loopback, a router.
So every address is checked at the moment its socket is made, after all names and spellings are resolved;
nothing that a name server answers later can change it.  Rules:

1.  https, port 443 or 8443, no user, no fragment, no redirect.
2.  Every address that a name has must be a global one, else none is called.
3.  Addresses that carry another inside (NAT64, 6to4, Teredo, mapped, compatible) are no global ones.
4.  An answer is read up to 64 KiB; all of a call takes at most 10 s.
5.  An operator can name addresses inside that may be called after all.

Source: RFC 6890 and the registries of special addresses; what Python 3.11.7 calls global and is not.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
import ssl
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from tocsin.channels import DEADLINE_S, Undelivered
from tocsin.errors import ConfigError

ANSWER_LIMIT = 64 * 1024  # bytes
PORTS = (443, 8443)
_HEAD_LIMIT = 8 * 1024  # bytes of one line of an answer's head
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NEVER: tuple[Network, ...] = tuple(
    ipaddress.ip_network(one)
    for one in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # shared by carriers
        "168.63.129.16/32",  # a cloud's own services answer here, though it is a global address
        "192.0.0.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "198.18.0.0/15",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/96",  # IPv4-compatible
        "::ffff:0:0/96",  # IPv4-mapped
        "::ffff:0:0:0/96",  # IPv4-translated
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",  # Teredo, ORCHID, benchmarking
        "2001:db8::/32",
        "2002::/16",  # 6to4
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
)
# One label or more of letters, digits, hyphens; a name that is a number is left to the check of its address.
_HOST = re.compile(
    r"(?=.{1,253}\.?\Z)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\.?",
    re.I,
)
_ANY_CONTROL = re.compile(r"[\x00-\x20\x7f-\uffff\\]")


class Inside(OSError):
    """The address lies inside, or is no address to be called."""


class Allowed(NamedTuple):
    """What an operator says of addresses that may be called though they lie inside."""

    networks: tuple[Network, ...] = ()

    def has(self, address: Address) -> bool:
        """Return whether an address is among them."""
        return any(address in network for network in self.networks)


NOTHING = Allowed()


def read_allowed(text: str) -> Allowed:
    """Return the networks of a setting.

    Args:
        text: ``127.0.0.1, 10.1.0.0/16`` or ``none``.

    Raises:
        ConfigError: One of them is none.
    """
    if text.strip() == "none":
        return NOTHING
    try:
        return Allowed(tuple(ipaddress.ip_network(one.strip()) for one in text.split(",")))
    except ValueError as error:
        raise ConfigError(
            f"channels_allow is {text!r}: {error}", todo="write addresses or networks, as in 10.1.0.0/16"
        ) from error


def may_call(address: str, allowed: Allowed) -> bool:
    """Return whether an address, as the system's resolver wrote it, may be called."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if allowed.has(found):
        return True
    if getattr(found, "scope_id", None):
        return False
    return found.is_global and not found.is_multicast and not any(found in network for network in _NEVER)


def check_url(url: str, allowed: Allowed) -> str:
    """Return the host of an address that may be called, as far as its spelling tells.

    Raises:
        ConfigError: It may not.
    """

    def refuse(why: str) -> ConfigError:
        return ConfigError(
            f"cannot call {url[:200]!r}: {why}", todo="give an address as in https://example.org/hook"
        )

    if _ANY_CONTROL.search(url):
        raise refuse("it has spaces, a backslash, or letters that are not ASCII")
    try:
        parts = urlsplit(url)
        port, host = parts.port or 443, parts.hostname or ""
    except ValueError as error:
        raise refuse(str(error)) from error
    if parts.scheme != "https":
        raise refuse("only https is called")
    if "@" in parts.netloc or parts.fragment or "#" in url:
        raise refuse("it has a user or a fragment")
    literal = host if ":" in host else _literal(host)
    if literal is not None:
        if not may_call(literal, allowed):
            raise refuse(f"{literal} lies inside, or is no public address")
    elif "[" in parts.netloc or not _HOST.fullmatch(host):
        raise refuse("its host is no name")
    elif "." not in host.rstrip(".") and not allowed.networks:
        raise refuse("its host is a name without a dot, which only means something inside")
    if port not in PORTS and not (literal is not None and allowed.has(ipaddress.ip_address(literal))):
        if not allowed.networks:
            raise refuse(f"port {port} is neither of {', '.join(map(str, PORTS))}")
    return host


def _literal(host: str) -> str | None:
    """Return the address that the system reads in a host: ``0x7f.1``, ``2130706433``, ``017700000001``."""
    try:
        return str(ipaddress.IPv4Address(socket.inet_aton(host)))
    except (OSError, ValueError):
        return None


class _Resolver(AbstractResolver):
    """Resolves a name once; one address inside among those of a name refuses the whole name."""

    def __init__(self, allowed: Allowed) -> None:
        self._allowed = allowed

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        infos = await loop.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
        found = [(kind, proto, str(at[0]), int(at[1])) for kind, _, proto, _, at in infos]
        for _, _, address, _ in found:
            if not may_call(address, self._allowed):
                raise Inside(f"{host} is {address}, which lies inside")
        return [
            ResolveResult(
                hostname=host, host=address, port=at, family=kind, proto=proto, flags=socket.AI_NUMERICHOST
            )
            for kind, proto, address, at in found
        ]

    async def close(self) -> None:
        """Do nothing."""


class Caller:
    """Calls addresses that others chose.

    Args:
        allowed: Addresses inside that may be called.
        authorities: A PEM file of authorities beside the system's own.
    """

    def __init__(self, allowed: Allowed = NOTHING, authorities: str | None = None) -> None:
        self.allowed = allowed
        self.context = ssl.create_default_context()
        if authorities is not None:
            try:
                self.context.load_verify_locations(authorities)
            except (OSError, ssl.SSLError) as error:
                raise ConfigError(
                    f"channels_ca: cannot read {authorities}: {error}",
                    todo="give a file of certificates, PEM",
                ) from error
        self._session: aiohttp.ClientSession | None = None

    def _socket(self, info: Any) -> socket.socket:
        """Return a socket for an address; the last check, which also sees literal ones."""
        family, kind, proto, _, at = info
        address, port = str(at[0]), int(at[1])
        inside = self.allowed.has(ipaddress.ip_address(address.partition("%")[0]))
        if not may_call(address, self.allowed) or (port not in PORTS and not inside):
            raise Inside(f"{address} port {port} is not called")
        made = socket.socket(family, kind, proto)
        made.setblocking(False)
        return made

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                resolver=_Resolver(self.allowed),
                socket_factory=self._socket,
                ssl=self.context,
                limit=0,  # one slow endpoint must not hold a place that another needs
                use_dns_cache=False,
                keepalive_timeout=30.0,
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                timeout=aiohttp.ClientTimeout(total=DEADLINE_S),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,  # a proxy would make the calls, and check nothing
                auto_decompress=False,  # 64 KiB can unpack to 64 MiB
                max_line_size=_HEAD_LIMIT,
                max_field_size=_HEAD_LIMIT,
            )
        return self._session

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, Mapping[str, str]]:
        """Post; return the status and the head of the answer.

        Raises:
            Undelivered: There was no answer, or the address may not be called.
        """
        try:
            check_url(url, self.allowed)
            async with self._open().post(
                url, data=body, headers={"User-Agent": "tocsin", **headers}, allow_redirects=False
            ) as answer:
                await _read(answer)
                return answer.status, answer.headers
        except ConfigError as error:
            raise Undelivered(str(error)) from error
        except TimeoutError as error:
            raise Undelivered(f"no answer within {DEADLINE_S:.0f} s") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Undelivered(f"{type(error).__name__}: {_first_line(error)}") from error

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()


async def _read(answer: aiohttp.ClientResponse) -> None:
    """Read an answer, so that its connection can be used again; one that is too long ends it."""
    size = 0
    async for piece in answer.content.iter_any():
        size += len(piece)
        if size > ANSWER_LIMIT:
            answer.close()
            return


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [""])[0][:200]


def retry_after(headers: Mapping[str, str], most: float) -> float:
    """Return for how many seconds an answer asks to be left alone; 0 where it does not say."""
    text = headers.get("Retry-After", "")
    return min(float(text), most) if text.isascii() and text.isdigit() and len(text) < 7 else 0.0

"""Somebody who is posted to: a real https server on loopback, which answers as it is told."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import ssl
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.support import wait_until


class Got(NamedTuple):
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def said(self) -> Any:
        """What the body says."""
        return json.loads(self.body)


def certificate(folder: Path) -> tuple[Path, Path]:
    """Return the files of a certificate for loopback and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"loopback {time.time_ns()}")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName(
        [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir(parents=True, exist_ok=True)
    cert_file, key_file = folder / "loopback.pem", folder / "loopback.key"
    cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8
    key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    return cert_file, key_file


class Receiver:
    """An https server in a thread of its own.

    Args:
        folder: For its certificate.
        answer: Gives the response to a request; by default 204.
    """

    def __init__(
        self, folder: Path, answer: Callable[[Got], Any] = lambda got: web.Response(status=204)
    ) -> None:
        self.authority, self._key = certificate(folder)
        self.answer = answer
        self.got: list[Got] = []
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._stop = asyncio.Event()
        self._up = threading.Event()

    def __enter__(self) -> Receiver:
        self._thread.start()
        assert self._up.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"https://127.0.0.1:{self.port}/hook"

    def types(self) -> list[str]:
        """Return what kinds of word it has got, beats left out."""
        return [got.said["type"] for got in self.got if got.said["type"] != "beat"]

    def of(self, saying: str) -> list[Got]:
        """Return the requests of one kind."""
        return [got for got in self.got if got.said["type"] == saying]

    def wait_for(self, saying: str, count: int = 1) -> list[Got]:
        """Return the requests of one kind when there are so many."""
        wait_until(lambda: len(self.of(saying)) >= count, f"{count} times {saying}, there is {self.types()}")
        return self.of(saying)

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._take)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.authority, self._key)
        site = web.TCPSite(runner, "127.0.0.1", self.port, ssl_context=context)
        await site.start()
        self.port = runner.addresses[0][1]
        self._up.set()
        await self._stop.wait()
        await runner.cleanup()

    async def _take(self, request: web.Request) -> web.StreamResponse:
        got = Got(request.path, dict(request.headers), await request.read(), time.monotonic())
        answer = self.answer(got)
        if asyncio.iscoroutine(answer):
            answer = await answer
        assert isinstance(answer, web.StreamResponse)
        if answer.status < 300:
            self.got.append(got)
        return answer

"""An answer of the public door: bytes that are made once and sent to many."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from http import HTTPStatus

from tocsin.public.frames import to_bytes

JSON = "application/json"
PROBLEM = "application/problem+json"
TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"

_SECURITY = (
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\n"
)
_SMALL = 1_000  # below this gzip does not pay


class Answer:
    """One answer.

    Args:
        body: What is sent.
        kind: Its media type.
        status: The HTTP status.
        etag: Names the state, not its age: a 304 renews ``fresh_until`` by its headers.
        headers: More headers; they stand in 200 and 304 alike.
        cache: What caches may do.
    """

    def __init__(
        self,
        body: bytes,
        kind: str,
        *,
        status: int = 200,
        etag: str | None = None,
        headers: Mapping[str, str] | None = None,
        cache: str = "no-cache",
    ) -> None:
        self.status = status
        self.body = body
        self.kind = kind
        self.etag = etag
        self._cache = cache
        self._headers = dict(headers or {})
        self._zipped: bytes | None = None
        self._made: dict[tuple[bool, bool, bool, bool], bytes] = {}  # whole responses, by what they depend on

    def response(self, asked: Mapping[str, str], *, head_only: bool, keep: bool) -> bytes:
        """Return all bytes of the response to a request with these headers (lower-case names)."""
        same = self.status == 200 and _matches(asked.get("if-none-match"), self.etag)
        zipped = not same and len(self.body) >= _SMALL and "gzip" in asked.get("accept-encoding", "")
        form = (same, zipped, head_only, keep)
        made = self._made.get(form)
        if made is None:
            made = self._made[form] = self._response(*form)
        return made

    def _response(self, same: bool, zipped: bool, head_only: bool, keep: bool) -> bytes:
        if same:
            return self._head(304, None, zipped=False, keep=keep)
        body = self._zip() if zipped else self.body
        head = self._head(self.status, len(body), zipped=zipped, keep=keep)
        return head if head_only else head + body

    def _zip(self) -> bytes:
        if self._zipped is None:
            self._zipped = gzip.compress(self.body, 6, mtime=0)
        return self._zipped

    def _head(self, status: int, size: int | None, *, zipped: bool, keep: bool) -> bytes:
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"]
        if size is not None:
            lines.append(f"Content-Type: {self.kind}\r\nContent-Length: {size}\r\n")
        if zipped:
            lines.append("Content-Encoding: gzip\r\n")
        if self.etag is not None:
            lines.append(f'ETag: "{self.etag}"\r\n')
        lines.append(f"Cache-Control: {self._cache}\r\nVary: Accept-Encoding, Accept-Language\r\n")
        lines.append("Access-Control-Allow-Origin: *\r\n")
        lines.append("Access-Control-Expose-Headers: ETag, As-Of, Fresh-Until, Notice\r\n")
        lines.extend(f"{name}: {value}\r\n" for name, value in self._headers.items())
        lines.append(_SECURITY)
        lines.append("Connection: keep-alive\r\n\r\n" if keep else "Connection: close\r\n\r\n")
        return "".join(lines).encode("latin-1", "replace")


def problem(status: int, detail: str, todo: str = "", **more: str) -> Answer:
    """Return an error that says what we found and what to do next (RFC 9457)."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    if todo:
        body["todo"] = todo
    return Answer(to_bytes(body), PROBLEM, status=status, headers=more, cache="no-store")


def _matches(asked: str | None, etag: str | None) -> bool:
    """Return whether an If-None-Match header names this state (RFC 9110, 13.1.2)."""
    if asked is None or etag is None:
        return False
    if asked == f'"{etag}"':  # what nearly everybody asks
        return True
    names = [name.strip().removeprefix("W/").strip('"') for name in asked.split(",")]
    return etag in names or "*" in names

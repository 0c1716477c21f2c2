"""The front of the console: what every page is made with, who asks, and how a refusal is shown.

A page is HTML from a template with values in it; no template comes from data.
Values are shown without the characters that reorder or hide others.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qs

from jinja2 import Environment, PackageLoader, StrictUndefined
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from tocsin.desk.api import body_of_request, status_of_error
from tocsin.desk.guard import Elsewhere, Guard
from tocsin.desk.people import People, Session
from tocsin.desk.words import WORDS, say
from tocsin.errors import SubscriberError, TocsinError
from tocsin.model import Realm

REALMS = (Realm.ACTUAL, Realm.EXERCISE)
LANGUAGES = tuple(WORDS)
FORM_LIMIT = 256 * 1024  # bytes
_HIDDEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]"
)
_STATIC = {"desk.css": "text/css; charset=utf-8", "desk.js": "text/javascript; charset=utf-8"}

Form = Mapping[str, list[str]]


class Asked(Struct, frozen=True):
    """One request for a page of the console."""

    request: Request
    realm: Realm
    lang: str
    session: Session | None = None
    token: str = ""
    form: Form = {}

    @property
    def here(self) -> str:
        """Where the pages of this realm and language are."""
        return f"/{self.realm}/{self.lang}"

    @property
    def address(self) -> str:
        """Where whoever asks sits, as far as we can see."""
        client = self.request.client
        return client.host if client else "unknown"

    def one(self, name: str) -> str:
        """Return one field of the form; empty where it is missing."""
        return self.form.get(name, [""])[0]

    @property
    def who(self) -> Session:
        """Who is logged in."""
        if self.session is None:
            raise NotLoggedIn("nobody is logged in here", todo="log in")
        return self.session


class NotLoggedIn(SubscriberError):
    """There is no session, or its rights have ended."""


Handler = Callable[[Asked], Awaitable[Response]]


class Front:
    """Makes pages, and lets nobody in who is not.

    Args:
        people: Who is logged in.
        guard: Where the desk is.
        now: The time.
    """

    def __init__(self, people: People, guard: Guard, now: Callable[[], datetime]) -> None:
        self.people, self.guard, self.now = people, guard, now
        self._environment = Environment(
            loader=PackageLoader("tocsin.desk"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=inert,
        )

    def page(self, asked: Asked, name: str, status: int = 200, **values: Any) -> Response:
        """Return a page."""
        other = next(lang for lang in LANGUAGES if lang != asked.lang)
        words = WORDS[asked.lang]
        person = asked.session.person if asked.session else None
        hello = say(asked.lang, "hello", name=person.name, authority=person.authority) if person else ""
        common = {
            "w": words, "lang": asked.lang, "other": other, "realm": str(asked.realm), "here": asked.here,
            "there": f"/{asked.realm}/{other}", "session": person is not None, "hello": hello,
            "title": words["desk"], "error": "", "todo": "", "done": "", "version": "",
        }  # fmt: skip
        html = self._environment.get_template(f"{name}.html").render({**common, **values})
        return HTMLResponse(html, status)

    def open(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        """Return an endpoint that anybody may ask for."""
        return self._endpoint(handler, inside=False)

    def inside(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        """Return an endpoint for who is logged in."""
        return self._endpoint(handler, inside=True)

    def _endpoint(self, handler: Handler, *, inside: bool) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            asked = self._plainly(request)
            try:
                self.guard.place(request)
                asked = await self._read(request, asked)
                if inside and asked.session is None:
                    raise NotLoggedIn("nobody is logged in here", todo="log in")
                return self.guard.dress(await handler(asked))
            except NotLoggedIn as error:
                if request.url.path.endswith("/live"):
                    return self.guard.dress(Response(error.found, 401, media_type="text/plain"))
                return self.guard.dress(RedirectResponse(f"{asked.here}/log-in", 303))
            except TocsinError as error:
                return self.guard.dress(self.refusal(asked, error))

        return answer

    def refusal(self, asked: Asked, error: TocsinError) -> Response:
        """Return a page that says what was not done, and what to do."""
        status = HTTPStatus.MISDIRECTED_REQUEST if isinstance(error, Elsewhere) else status_of_error(error)[0]
        if status is HTTPStatus.INTERNAL_SERVER_ERROR:  # it is for whoever called us
            status = HTTPStatus.UNPROCESSABLE_ENTITY
        return self.page(asked, "error", int(status), error=error.found, todo=error.todo)

    def _plainly(self, request: Request) -> Asked:
        realm, lang = request.path_params.get("realm", "actual"), request.path_params.get("lang", "uk")
        return Asked(request, Realm(realm), lang if lang in LANGUAGES else "uk")

    async def _read(self, request: Request, asked: Asked) -> Asked:
        form: Form = {}
        if request.method == "POST":
            self.guard.written_from_here(request)
            form = read_form(await body_of_request(request, FORM_LIMIT))
        token = request.cookies.get(self.guard.cookie(asked.realm), "")
        session = self.people.session(token, asked.realm, self.now()) if token else None
        return Asked(request, asked.realm, asked.lang, session, token, form)


def read_form(body: bytes) -> Form:
    """Return the fields of a posted form.

    Raises:
        SubscriberError: It is none.
    """
    try:
        return parse_qs(body.decode(), keep_blank_values=True, max_num_fields=2_000, errors="strict")
    except ValueError as error:
        raise SubscriberError(f"this is no form: {error}", todo="load the page again") from error


def inert(value: object) -> object:
    """Return a value without the characters that reorder or hide others; what is no plain text stays."""
    return _HIDDEN.sub("�", value) if type(value) is str else value


async def static(request: Request) -> Response:
    """Return a static file of the console."""
    name = request.path_params["name"]
    if name not in _STATIC:
        return Response("no such file\n", 404, media_type="text/plain")
    content = files("tocsin.desk").joinpath("static", name).read_bytes()
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}
    headers["ETag"] = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
    return Response(content, headers=headers, media_type=_STATIC[name])

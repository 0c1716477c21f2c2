"""What guards every page of the console: under which name it is asked for, who writes to it, what it loads.

A write must come from a page of ours: the browser says so itself
(`Sec-Fetch-Site`, `Origin`), and the session's cookie is `SameSite=Strict`.
The host must be ours, so that no other name can be made to point here.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from tocsin.desk.passkeys import Place
from tocsin.errors import ConfigError, SubscriberError
from tocsin.model import Realm

LOOPBACK = "loopback"
_LOCAL = ("localhost", "127.0.0.1", "[::1]")
_PLACEHOLDERS = ("example.org", "example.com", "example.net", ".example", ".invalid", ".test")  # RFC 2606
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_HSTS = {"Strict-Transport-Security": "max-age=31536000"}


class Elsewhere(SubscriberError):
    """Asked for under another name than ours, or written to from another page than ours."""


class Guard:
    """Knows where the desk is.

    Args:
        origin: "https://desk.example.org", or "loopback": any port of this machine, over plain HTTP.

    Raises:
        ConfigError: It is neither.
    """

    def __init__(self, origin: str) -> None:
        parts = urlsplit(origin)
        self._origin = None if origin == LOOPBACK else origin.rstrip("/")
        if self._origin is not None and (
            parts.scheme != "https" or not parts.hostname or parts.path.strip("/")
        ):
            raise ConfigError(
                f"desk_origin is {origin!r}", todo=f"write https://NAME as browsers see it, or {LOOPBACK}"
            )

        if parts.hostname and parts.hostname.endswith(_PLACEHOLDERS):
            raise ConfigError(
                f"desk_origin is {origin!r}, a name for examples", todo="write the name of your own desk"
            )

    @property
    def secure(self) -> bool:
        """Whether browsers come over TLS."""
        return self._origin is not None

    def place(self, request: Request) -> Place:
        """Return where the browser thinks that it is.

        Raises:
            Elsewhere: That is not us.
        """
        host = request.headers.get("host", "")
        if self._origin is not None:
            if host.lower() == urlsplit(self._origin).netloc.lower():
                return Place(str(urlsplit(self._origin).hostname), self._origin)
        elif host.rpartition(":")[0].lower() in _LOCAL or host.lower() in _LOCAL:
            return Place("localhost", f"http://{host.lower()}")
        raise Elsewhere(
            "this desk is not called that", todo="open it under its own name; see the setting desk_origin"
        )

    def written_from_here(self, request: Request) -> None:
        """Do nothing if a write comes from a page of ours.

        Raises:
            Elsewhere: It comes from another, or the browser does not say.
        """
        place = self.place(request)
        site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
        # Under `no-referrer` a browser calls the origin of a form null; then the other header must say it.
        known = (place.origin, None, "null") if site == "same-origin" else (place.origin,)
        if site not in (None, "same-origin") or origin not in known:
            raise Elsewhere(
                "this does not come from a page of the desk; nothing was done",
                todo="open the desk, and do it there",
            )

    def dress(self, response: Response) -> Response:
        """Return an answer with the headers that every page of the console has."""
        for name, value in {**HEADERS, **(_HSTS if self.secure else {})}.items():
            response.headers[name] = value
        return response

    def cookie(self, realm: Realm) -> str:
        """Return the name of a realm's cookie."""
        return f"__Secure-tocsin-{realm}" if self.secure else f"tocsin-{realm}"

    def remember(self, response: Response, realm: Realm, token: str | None) -> Response:
        """Give a browser its session, or take it away."""
        if token is None:
            response.delete_cookie(
                self.cookie(realm), path=f"/{realm}", secure=self.secure, httponly=True, samesite="strict"
            )
        else:
            response.set_cookie(
                self.cookie(realm),
                token,
                path=f"/{realm}",
                secure=self.secure,
                httponly=True,
                samesite="strict",
            )
        return response

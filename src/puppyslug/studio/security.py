"""Who may ask what: Host, Origin and token are checked, and every response says what it may do."""

import hmac
import ipaddress
import socket
from collections.abc import Iterable
from http.cookies import SimpleCookie
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from puppyslug.studio.http_errors import RefusedError

PLAIN = 200_000  # bytes of a request without pictures
COOKIE = "puppyslug_token"
LONGEST_DETAIL = 600  # letters
HEALTH = "/healthz"  # open to whoever watches over the server
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        "media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    """ASGI middleware around the whole studio.

    Against DNS rebinding only known names are answered; writes from other origins are refused;
    beyond this machine a token is asked for, by cookie after the first visit or as a bearer.
    """

    def __init__(self, app: ASGIApp, *, hosts: Iterable[str], token: str | None, most: int) -> None:
        """Guard an application.

        Args:
            app: to be guarded.
            hosts: names that it may be called by, without ports.
            token: that is asked for, or None.
            most: bytes that a request may have.
        """
        self._app, self._token, self._most = app, token, most
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if not scope["path"].startswith("/static/"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            response = self._visit(scope, Headers(scope=scope))
        except RefusedError as refusal:
            response = refused(refusal)
        await (response or self._app)(scope, receive, guarded)

    def _visit(self, scope: Scope, headers: Headers) -> Response | None:
        """Let a request through (None), or answer it here."""
        host = headers.get("host", "")
        name = _name_of(host)
        if name is None or not (name in self._hosts or (self._token and _is_address(name))):
            raise RefusedError(421, f"this studio does not answer to the name {host[:60]!r}")
        if scope["method"] not in _SAFE:
            _check_origin(headers, host)
        self._check_length(headers)
        if self._token is None or scope["path"] == HEALTH:
            return None
        query = parse_qs(scope["query_string"].decode("latin-1"))
        if self._fits(query.pop("token", [""])[-1]) and scope["method"] in _SAFE:
            rest = f"?{urlencode(query, doseq=True)}" if query else ""
            path = "/" + scope["path"].lstrip("/")  # two slashes would be another host
            response = RedirectResponse(path + rest, status_code=303)
            response.set_cookie(COOKIE, self._token, httponly=True, samesite="strict")
            return response
        kind, _, bearer = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and self._fits(bearer.strip()):
            return None
        if self._fits(_cookie(headers.get("cookie", ""))):
            return None
        raise RefusedError(
            401, "a token is needed; open the address that 'puppyslug studio' printed"
        )

    def _check_length(self, headers: Headers) -> None:
        """Refuse what is too large before any of it is read; servers hold senders to their word."""
        if "transfer-encoding" in headers:
            raise RefusedError(411, "say how long the request is (Content-Length)")
        length = headers.get("content-length", "0")
        form = headers.get("content-type", "").startswith("multipart/")
        most = self._most if form else PLAIN
        if not length.isdecimal() or int(length[:20]) > most:
            raise RefusedError(413, f"that is more than {most / 1e6:g} MB, the limit for a request")

    def _fits(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), (self._token or "").encode())


def refused(refusal: RefusedError) -> JSONResponse:
    """The response to a request that is refused."""
    headers = {} if refusal.wait is None else {"Retry-After": str(refusal.wait)}
    text = str(refusal).encode("utf-8", "replace").decode()  # half a surrogate has no JSON
    detail = " ".join(text.split())
    if len(detail) > LONGEST_DETAIL:
        detail = f"{detail[:LONGEST_DETAIL]} …"
    return JSONResponse({"detail": detail}, refusal.status, headers)


def own_names(host: str) -> set[str]:
    """The names that a studio may be called by.

    Args:
        host: that it listens at.
    """
    names = {"localhost", "127.0.0.1", "::1", host.strip("[]").lower()}
    if not is_local(host):
        own = socket.gethostname().lower()
        names |= {own, f"{own}.local", socket.getfqdn().lower()}
    return names - {"0.0.0.0", "::", ""}


def is_local(host: str) -> bool:
    """Whether a host to listen at is reached from this machine only."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _check_origin(headers: Headers, host: str) -> None:
    """Refuse a write that another site's page sends; scripts name no origin and may."""
    origin = headers.get("origin")
    if origin is not None and origin.lower() not in {f"http://{host}", f"https://{host}"}:
        raise RefusedError(403, f"requests from {origin[:60]} are not taken")
    if origin is None and headers.get("sec-fetch-site", "same-origin") not in {
        "same-origin",
        "none",
    }:
        raise RefusedError(403, "requests from other sites are not taken")


def _name_of(host: str) -> str | None:
    """A Host header without its port; None for no name at all."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return None
    if not host or parts.netloc != host or "@" in host:
        return None
    return (parts.hostname or "").rstrip(".") or None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _cookie(text: str) -> str:
    cookies: SimpleCookie = SimpleCookie()
    try:
        cookies.load(text)
    except Exception:  # whatever is wrong with it, it holds no token
        return ""
    return cookies[COOKIE].value if COOKIE in cookies else ""

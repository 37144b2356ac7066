"""Access control: checks of Host, Origin and token, and security headers on every response."""

import ipaddress
import re
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from puppyslug.recipe import MAX_RECIPE_LENGTH
from puppyslug.studio.classroom.classroom import Classroom
from puppyslug.studio.classroom.gate import ClassroomGate
from puppyslug.studio.credentials import (
    SAFE_METHODS,
    is_equal,
    query_token,
    remember_token,
    sent_tokens,
)
from puppyslug.studio.http_errors import HTTPError, error_response

_UPLOAD_PATHS = re.compile(r"/api/(dreams|recipe|seen|lessons/[^/]+/things/[^/]+/pictures)")
MAX_PLAIN_BODY = MAX_RECIPE_LENGTH  # bytes of a request without uploads
POLICY_VIOLATION = 1008  # code of a WebSocket that is refused
HEALTH_PATH = "/healthz"  # needs no token
_SECURITY_HEADERS = {
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


class SecurityMiddleware:
    """ASGI middleware around the whole studio.

    Only requests to known host names are answered, to prevent DNS rebinding. Writes from other
    origins are rejected. If there is a token, every request needs it: as a query parameter on the
    first visit, then as a cookie, or as a bearer token. In class mode, every request needs the
    teacher's token, or the cookie of a pupil who has joined.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: Iterable[str],
        token: str | None,
        max_upload: int,
        classroom: Classroom | None = None,
    ) -> None:
        """Wrap an application.

        Args:
            app: the application.
            hosts: allowed host names, without ports.
            token: the required token, or None.
            max_upload: maximum size of a request with uploads, in bytes.
            classroom: the class, which replaces the token; None without class mode.
        """
        self._app, self._token, self._max_upload = app, token, max_upload
        self._hosts = frozenset(hosts)
        self._gate = None if classroom is None else ClassroomGate(classroom)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a valid request on to the application, and respond to all others."""
        if scope["type"] == "websocket":
            await self._guard_socket(scope, receive, send)
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                if not scope["path"].startswith("/static/"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        response: Response | None
        try:
            response = self._check_request(scope, Headers(scope=scope))
        except HTTPError as error:
            response = error_response(error)
        await (response or self._app)(scope, receive, send_with_headers)

    async def _guard_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a WebSocket on that a page of this studio, or a script with a token, opens."""
        headers, as_request = Headers(scope=scope), {**scope, "method": "GET"}
        try:
            _check_origin(headers, headers.get("host", ""))
            refused = self._check_request(as_request, headers) is not None
        except HTTPError:
            refused = True
        if not refused:
            if "is_teacher" in as_request:
                scope["is_teacher"] = as_request["is_teacher"]
            await self._app(scope, receive, send)
            return
        await receive()
        await send({"type": "websocket.close", "code": POLICY_VIOLATION})

    def _check_request(self, scope: Scope, headers: Headers) -> Response | None:
        """Return None for a valid request, or the redirect that sets the cookie."""
        host = headers.get("host", "")
        name = _host_name(host)
        is_guarded = self._token is not None or self._gate is not None
        if name is None or not (name in self._hosts or (is_guarded and _is_address(name))):
            raise HTTPError(
                421, f"the host name {host[:60]!r} is not this studio's; open the printed address"
            )
        if scope["method"] not in SAFE_METHODS:
            _check_origin(headers, host)
        self._check_length(scope["path"], headers)
        if scope["path"] == HEALTH_PATH:
            return None
        if self._gate is not None:
            return self._gate.check(scope, headers)
        if self._token is None:
            return None
        return self._check_token(self._token, scope, headers)

    def _check_token(self, token: str, scope: Scope, headers: Headers) -> Response | None:
        if is_equal(query_token(scope), token):
            return remember_token(scope, token)
        if any(is_equal(sent, token) for sent in sent_tokens(headers)):
            return None
        raise HTTPError(
            401, "a token is required; open the address that 'puppyslug studio' printed"
        )

    def _check_length(self, path: str, headers: Headers) -> None:
        """Reject large requests unread; the server enforces the declared length."""
        if "transfer-encoding" in headers:
            raise HTTPError(411, "the request has no Content-Length; send one")
        length = headers.get("content-length", "0")
        is_form = headers.get("content-type", "").startswith("multipart/form-data")
        has_uploads = is_form and _UPLOAD_PATHS.fullmatch(path) is not None
        limit = self._max_upload if has_uploads else MAX_PLAIN_BODY
        if not length.isdecimal() or int(length[:20]) > limit:
            raise HTTPError(413, f"the request exceeds the limit of {limit / 1e6:g} MB; send less")


def allowed_hosts(host: str) -> set[str]:
    """Return the host names that requests may use.

    Args:
        host: the host that the server listens on.
    """
    names = {"localhost", "127.0.0.1", "::1", host.strip("[]").lower()}
    if not is_loopback(host):
        machine = socket.gethostname().lower()
        names |= {machine, f"{machine}.local", socket.getfqdn().lower()}
    return names - {"0.0.0.0", "::", ""}


def is_loopback(host: str) -> bool:
    """Return whether a host to listen on can be reached from this machine only."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _check_origin(headers: Headers, host: str) -> None:
    """Reject writes by pages of other sites; scripts, which send no Origin, are allowed."""
    origin = headers.get("origin")
    if origin is not None and origin.lower() not in {f"http://{host}", f"https://{host}"}:
        raise HTTPError(403, f"requests from the origin {origin[:60]!r} are not allowed")
    if origin is None and headers.get("sec-fetch-site", "same-origin") not in {
        "same-origin",
        "none",
    }:
        raise HTTPError(403, "requests from other sites are not allowed")


def _host_name(host: str) -> str | None:
    """Return the name in a Host header, without the port; None if it is malformed."""
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

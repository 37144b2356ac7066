"""Checks of a request's body while it arrives: it is whole, in time, and cheap to parse."""

import asyncio
import time
from email.message import Message as EmailMessage

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartParser
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from puppyslug.recipe import MAX_RECIPE_VALUES
from puppyslug.studio.http_errors import HTTPError, error_response

IDLE_TIMEOUT = 15.0  # seconds without any byte of the body
BASE_TIMEOUT = 30.0  # seconds for any body, and
MIN_RATE = 20_000  # bytes per second beyond them

MultiPartParser.spool_max_size = 100_000  # bytes of a file in memory while the form arrives


class RequestBodyMiddleware:
    """ASGI middleware that ends requests whose body does not arrive, or not whole.

    It also reports the errors of file responses, such as a malformed Range, as JSON.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with a body that is checked."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            body = _Body(Headers(scope=scope), receive)
        except HTTPException as error:
            response = error_response(HTTPError(error.status_code, error.detail))
            await response(scope, receive, send)
            return
        await self._app(scope, body.receive, _JSONErrors(scope, receive, send).send)


class _Body:
    """The body of one request."""

    def __init__(self, headers: Headers, receive: Receive) -> None:
        self._receive = receive
        length = headers.get("content-length", "0")
        size = int(length) if length.isdecimal() and len(length) < 20 else 0
        self._deadline = time.monotonic() + BASE_TIMEOUT + size / MIN_RATE
        self._complete = size == 0
        kind, boundary = _content_type(headers.get("content-type", ""))
        self._end = f"--{boundary}--".encode("latin-1", "replace") if boundary else b""
        self._tail = b""
        self._ended = not self._end
        self._values_left = MAX_RECIPE_VALUES if kind == "application/json" else None

    async def receive(self) -> Message:
        """Receive the next part of the body.

        Raises:
            HTTPException: it takes too long, is not whole, or has too many values.
        """
        if self._complete:  # then it waits for the client to disconnect
            return await self._receive()
        timeout = min(IDLE_TIMEOUT, self._deadline - time.monotonic())
        try:
            message = await asyncio.wait_for(self._receive(), max(0.0, timeout))
        except TimeoutError as error:
            raise HTTPException(
                408, "the request did not arrive in time; send it again", {"Connection": "close"}
            ) from error
        if message["type"] == "http.request":
            self._check(message.get("body", b""))
            self._complete = not message.get("more_body", False)
            if self._complete and not self._ended:
                raise HTTPException(
                    400, "the form ends before its last boundary; send the request again"
                )
        return message

    def _check(self, data: bytes) -> None:
        if not self._ended:
            data = self._tail + data
            self._ended = self._end in data
            self._tail = data[-len(self._end) :]
        if self._values_left is not None:
            self._values_left -= data.count(b",") + data.count(b"[") + data.count(b"{")
            if self._values_left < 0:
                raise HTTPException(
                    413, f"the request has more than {MAX_RECIPE_VALUES} values; send less"
                )


def _content_type(header: str) -> tuple[str, str | None]:
    """Return the media type of a Content-Type, and the boundary of a multipart one.

    Raises:
        HTTPException: the header is malformed.
    """
    content = EmailMessage()
    try:
        content["content-type"] = header
        kind = content.get_content_type()
        boundary = content.get_param("boundary") if kind.startswith("multipart/") else None
    except Exception as error:  # its parser raises errors of many types
        raise HTTPException(400, "the Content-Type of the request is malformed") from error
    return kind, None if boundary is None else str(boundary)


class _JSONErrors:
    """Sends a response; plain text that reports an error becomes JSON."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self._start: Message | None = None
        self._text = b""

    async def send(self, message: Message) -> None:
        """Send a message, or hold it until the text is complete."""
        if message["type"] == "http.response.start" and message["status"] >= 400:
            kind = Headers(raw=message["headers"]).get("content-type", "")
            if kind.startswith(PlainTextResponse.media_type or "text/plain"):
                self._start = message
                return
        if self._start is None:
            await self._send(message)
            return
        self._text += message.get("body", b"")
        if message.get("more_body", False):
            return
        status, old = self._start["status"], Headers(raw=self._start["headers"])
        text = self._text.decode("utf-8", "replace") or "the range is not in the file"
        response = error_response(HTTPError(status, text))
        if "content-range" in old:
            response.headers["Content-Range"] = old["content-range"]
        await response(self._scope, self._receive, self._send)

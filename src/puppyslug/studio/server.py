"""The HTTP server of a studio: connections that are slow do not stay, and there are not too many.

Uvicorn has no time limit for a request's header or for a client that reads no response, and none
for the number of connections. This protocol adds them.
"""

import asyncio
import contextlib
import logging
import socket
import sys
from collections.abc import Callable

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

MAX_CONNECTIONS = 500
HEADER_TIMEOUT = 10.0  # seconds until the header of a request has arrived
SWITCH_INTERVAL = 0.001  # seconds that a thread computes while the event loop waits
MAX_MESSAGE = 4_000_000  # bytes of a WebSocket's message
SEND_TIMEOUT = 60.0  # seconds in which a client must read something of its response


class LimitedProtocol(H11Protocol):
    """A connection that is closed if the client is too slow."""

    _header_timer: asyncio.TimerHandle | None = None
    _send_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept a connection; of too many, close the one that has waited longest."""
        super().connection_made(transport)
        self._await_header()
        if len(self.connections) > MAX_CONNECTIONS:
            waiting = [one for one in self.connections if isinstance(one, LimitedProtocol)]
            oldest = min(filter(LimitedProtocol.is_waiting, waiting), key=_deadline, default=self)
            oldest.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timers of a connection."""
        for timer in (self._header_timer, self._send_timer):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Hand the connection over to the protocol of WebSockets, which waits for no request."""
        if self._header_timer is not None:
            self._header_timer.cancel()
        super().handle_websocket_upgrade(event)

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        self._await_header()

    def pause_writing(self) -> None:
        """Wait until the client reads."""
        super().pause_writing()
        self._await_reading()

    def resume_writing(self) -> None:
        """The client has read."""
        if self._send_timer is not None:
            self._send_timer.cancel()
        super().resume_writing()

    def is_waiting(self) -> bool:
        """Return whether no request is being processed."""
        return self.cycle is None or self.cycle.response_complete

    def abort(self) -> None:
        """Close the connection at once, without sending what is left."""
        if self.transport is not None:
            self.transport.abort()

    def _await_reading(self) -> None:
        size = self.transport.get_write_buffer_size()
        self._send_timer = self.loop.call_later(SEND_TIMEOUT, self._check_reading, size)

    def _check_reading(self, previous_size: int) -> None:
        if self.transport.get_write_buffer_size() < previous_size:
            self._await_reading()
        else:
            self.abort()

    def _await_header(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
        self._header_timer = self.loop.call_later(HEADER_TIMEOUT, self._check_header)

    def _check_header(self) -> None:
        if self.is_waiting():
            self.abort()


def _deadline(connection: LimitedProtocol) -> float:
    timer = connection._header_timer
    return 0.0 if timer is None else timer.when()


def serve(
    app: ASGIApp,
    listener: socket.socket,
    on_start: Callable[[], None],
    on_stop: Callable[[], None] = lambda: None,
) -> None:
    """Serve an application until Ctrl-C.

    Args:
        app: the application.
        listener: a listening socket.
        on_start: called when the server is ready.
        on_stop: called when it stops, to end the responses that never end by themselves.
    """

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            on_start()

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            on_stop()
            await super().shutdown(sockets)

    config = uvicorn.Config(
        app,
        http=LimitedProtocol,
        log_level="warning",
        access_log=False,
        server_header=False,
        ws_max_size=MAX_MESSAGE,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=1,
    )
    logging.getLogger("uvicorn.error").addFilter(_is_no_cancellation)
    _raise_file_limit()
    sys.setswitchinterval(SWITCH_INTERVAL)
    with contextlib.suppress(KeyboardInterrupt):
        Server(config).run(sockets=[listener])


def _is_no_cancellation(record: logging.LogRecord) -> bool:
    """Return whether to log a record: that the server stops and cancels a request is no error."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, asyncio.CancelledError)


def _raise_file_limit() -> None:
    """Allow as many open files as the system permits: connections, uploads and results are."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

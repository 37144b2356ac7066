"""A WebSocket to an ASGI application in this process."""

import asyncio
import json

TIMEOUT = 60  # seconds


class RefusedError(Exception):
    """The application does not accept the WebSocket."""


class AppSocket:
    """A WebSocket over the event loop of an ``AppClient``, for ``with``."""

    def __init__(self, client, path, **headers):
        url, _, query = path.partition("?")
        host = headers.pop("host", client.base_url.partition("//")[2])
        fields = {"host": host, **{name.replace("_", "-"): text for name, text in headers.items()}}
        self._scope = {
            "type": "websocket",
            "path": url,
            "raw_path": url.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), text.encode()) for name, text in fields.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 8000),
            "subprotocols": [],
            "state": {},
        }
        self._app, self._run = client._app, client._runner.run

    def __enter__(self):
        self._run(self._open())
        return self

    def __exit__(self, *_):
        self._run(self._close())

    async def _open(self):
        self._to_app, self._from_app = asyncio.Queue(), asyncio.Queue()
        app = self._app(self._scope, self._to_app.get, self._from_app.put)
        self._task = asyncio.create_task(app)
        await self._to_app.put({"type": "websocket.connect"})
        if (await self._next())["type"] == "websocket.close":
            await self._task
            raise RefusedError

    async def _next(self, timeout=TIMEOUT):
        return await asyncio.wait_for(self._from_app.get(), timeout)

    async def _close(self):
        await self._to_app.put({"type": "websocket.disconnect", "code": 1000})
        await asyncio.wait_for(self._task, TIMEOUT)

    def _send(self, **message):
        self._run(self._to_app.put({"type": "websocket.receive", **message}))

    def send_bytes(self, data):
        self._send(bytes=data)

    def send_text(self, text):
        self._send(text=text)

    def send_json(self, message):
        self.send_text(json.dumps(message))

    def receive(self, timeout=TIMEOUT):
        """Return the next message; None if there is none within the timeout."""
        try:
            return self._run(self._next(timeout))
        except TimeoutError:
            return None

    def receive_json(self):
        return json.loads(self.receive()["text"])

"""The HTTP API of live dreams: the camera's WebSocket, the stream for other programs, snapshots.

The browser opens the WebSocket ``/api/live``. Its first message is a JSON object: ``look``, the
settings, and ``fps``. Then it sends frames, each 8 bytes of its choice and a JPEG, and receives
dreamt frames that begin with the same 8 bytes. Other messages are JSON objects: ``change``
(settings) and ``record`` (true or false) to the studio; ``status``, ``rejected``, ``recorded`` and
``error`` to the browser.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from starlette.websockets import WebSocketState

from puppyslug.errors import PuppyslugError
from puppyslug.recipe.defaults import LIVE_FPS, LIVE_SIDE
from puppyslug.studio.api.dependencies import Client, Studio, run_untrusted
from puppyslug.studio.http_errors import HTTPError
from puppyslug.studio.jobs.live_results import LiveResults
from puppyslug.studio.jobs.models import DreamView
from puppyslug.studio.jobs.recipes import clean_live_settings
from puppyslug.studio.services import Services
from puppyslug.studio.visitors import Visitor
from puppyslug.studio.workers.live_protocol import Frame, Recorded, Start
from puppyslug.studio.workers.live_worker import LiveSession

router = APIRouter()

NAME_BYTES = 8  # in front of a JPEG
MAX_FRAME = 1_500_000  # bytes
MAX_TEXT = 100_000  # characters of a JSON message
MAX_FPS = 60
STATUS_INTERVAL = 0.5  # seconds
TRY_AGAIN_LATER = 1013  # code of a WebSocket that is closed
MAX_VIEWERS = 8  # of the stream
BOUNDARY = "frame"


@router.websocket("/api/live")
async def dream_camera(socket: WebSocket, studio: Studio, client: Client) -> None:
    """Dream the frames of the browser's camera."""
    await socket.accept()
    try:
        start = await _read_start(socket, studio)
        session = await run_in_threadpool(studio.live.open, client.owner, start)
    except PuppyslugError as error:
        await socket.send_json({"error": str(error)})
        await socket.close(TRY_AGAIN_LATER)
        return
    except WebSocketDisconnect:
        return
    camera = _Camera(socket, studio, client, session)
    sender = asyncio.create_task(camera.send())
    try:
        await camera.receive()
    finally:
        sender.cancel()
        await run_in_threadpool(session.close)
        camera.discard_recording()


async def _read_start(socket: WebSocket, studio: Services) -> Start:
    """Read the first message.

    Raises:
        HTTPError: it is malformed.
    """
    message = _parse(await socket.receive_text())
    fps = message.get("fps", LIVE_FPS)
    if not isinstance(fps, int | float) or not 1 <= fps <= MAX_FPS:
        raise HTTPError(422, f"fps is {str(fps)[:20]}; choose 1 to {MAX_FPS}")
    settings = await run_untrusted(_clean, studio, message.get("look", {}))
    return Start(settings, float(fps), LIVE_SIDE)


def _clean(studio: Services, settings: Any) -> dict[str, Any]:
    if not isinstance(settings, dict):
        raise HTTPError(422, "a look is an object of recipe fields")
    return clean_live_settings(settings, studio.networks)


def _parse(text: str) -> dict[str, Any]:
    try:
        message = json.loads(text) if len(text) <= MAX_TEXT else None
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict):
        raise HTTPError(422, "a message is a JSON object of at most 100 kB")
    return message


class _Camera:
    """The two directions of a camera's WebSocket."""

    def __init__(
        self, socket: WebSocket, studio: Services, client: Visitor, session: LiveSession
    ) -> None:
        self._socket, self._studio, self._session = socket, studio, session
        self._results = LiveResults(studio.store, studio.folder, client, studio.limits)
        self._news = asyncio.Event()
        loop = asyncio.get_running_loop()
        session.listen(partial(loop.call_soon_threadsafe, self._news.set))

    async def receive(self) -> None:
        """Receive frames and other messages until the browser is gone."""
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            data, text = message.get("bytes"), message.get("text")
            try:
                if data is not None:
                    self._receive_frame(data)
                elif text is not None:
                    await self._receive_text(text)
            except PuppyslugError as error:
                await self._socket.send_json({"rejected": str(error)})

    def _receive_frame(self, data: bytes) -> None:
        if NAME_BYTES < len(data) <= MAX_FRAME:
            self._session.offer(Frame(data[:NAME_BYTES], data[NAME_BYTES:]))
        else:
            self._session.count_invalid()

    async def _receive_text(self, text: str) -> None:
        message = _parse(text)
        if "change" in message:
            self._session.change(await run_untrusted(_clean, self._studio, message["change"]))
        if message.get("record") is True:
            self._session.record(await run_in_threadpool(self._results.start_recording))
        elif message.get("record") is False:
            self._session.record(None)

    async def send(self) -> None:
        """Send the newest frame whenever the browser has taken the last one; and other news."""
        number, status_time = 0, 0.0
        loop = asyncio.get_running_loop()
        while self._socket.application_state is WebSocketState.CONNECTED:
            await self._news.wait()
            self._news.clear()
            session = self._session
            while session.events:
                await self._send_event(session.events.popleft())
            if session.latest is not None and session.number != number:
                number = session.number
                await self._socket.send_bytes(b"".join(session.latest))
            if loop.time() >= status_time:
                status_time = loop.time() + STATUS_INTERVAL
                await self._socket.send_json({"status": session.status._asdict()})

    async def _send_event(self, event: Any) -> None:
        if not isinstance(event, Recorded):
            await self._socket.send_json({"rejected": event.reason})
            return
        job = await run_in_threadpool(
            self._results.finish_recording, event, dict(self._session.recipe)
        )
        if job is None:
            await self._socket.send_json({"rejected": f"nothing was recorded: {event.error}"})
        else:
            await self._socket.send_json({"recorded": job.id})
            self._studio.hub.notify()

    def discard_recording(self) -> None:
        """Delete what an interrupted recording has left."""
        self._results.discard_recording()


@router.post("/api/live/snapshot", status_code=201)
async def take_snapshot(studio: Studio, client: Client) -> DreamView:
    """Keep the latest frame in the gallery, with the camera's frame as its photo."""
    session = _find_session(studio, client)
    latest, source, recipe = session.latest, session.source, dict(session.recipe)
    if latest is None or not source:
        raise HTTPError(409, "no frame has been dreamt yet; wait a moment")
    results = LiveResults(studio.store, studio.folder, client, studio.limits)
    async with studio.heavy_requests.turn(client.owner):
        upload = await run_in_threadpool(
            lambda: studio.sandbox.decode_upload(
                "camera.jpg", source, max_pixels=studio.limits.photo
            )
        )
        job = await run_in_threadpool(results.keep_snapshot, upload, latest[1], recipe)
    studio.hub.notify()
    return await run_in_threadpool(studio.view_dream, job, client)


@router.get("/live.mjpg", response_class=StreamingResponse)
async def stream_frames(studio: Studio, client: Client) -> StreamingResponse:
    """Stream the dreamt frames as Motion JPEG, for OBS, VLC and projectors."""
    _find_session(studio, client)
    if _viewers.count >= MAX_VIEWERS:
        raise HTTPError(503, f"{MAX_VIEWERS} viewers watch the stream already; close one of them")
    media_type = f"multipart/x-mixed-replace; boundary={BOUNDARY}"
    return StreamingResponse(_stream(studio, client), media_type=media_type)


class _Viewers:
    count = 0


_viewers = _Viewers()


async def _stream(studio: Services, client: Visitor) -> AsyncIterator[bytes]:
    """Yield frames until nobody is live any more; a slow viewer gets the newest ones only."""
    news, number = asyncio.Event(), 0
    loop = asyncio.get_running_loop()
    session = _find_session(studio, client)
    session.listen(partial(loop.call_soon_threadsafe, news.set))
    _viewers.count += 1
    try:
        while not session.is_closed and not studio.hub.is_closed():
            if session.latest is not None and session.number != number:
                number, jpeg = session.number, session.latest[1]
                head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}"
                yield head.encode() + b"\r\n\r\n" + jpeg + b"\r\n"
            try:
                await asyncio.wait_for(news.wait(), 1.0)
            except TimeoutError:
                continue
            news.clear()
    finally:
        _viewers.count -= 1


def _find_session(studio: Services, client: Visitor) -> LiveSession:
    """Return the live camera, which only its owner may see, and who sees all.

    Raises:
        HTTPError: there is none, or it is somebody else's.
    """
    session = studio.live.session
    if session is None or not client.may_see(session):
        raise HTTPError(404, "no camera is live; open the page Live, and start it")
    return session

"""What is happening now: progress and previews in memory, and who waits for news of them."""

import asyncio
import threading
from dataclasses import dataclass, field

from puppyslug.studio.jobs.models import Progress


@dataclass
class _Now:
    progress: Progress = field(default_factory=Progress)
    preview: bytes = b""
    refusal: str = ""


class Live:
    """The latest of every running dream; what nobody fetched in time is never sent."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._now: dict[str, _Now] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news = asyncio.Event()
        self._lock = threading.Lock()

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Tell news to waiters in this loop from now on."""
        self._loop = loop

    def progress(self, identity: str) -> Progress | None:
        """How far a dream is; None where it is not running."""
        now = self._now.get(identity)
        return now.progress if now else None

    def preview(self, identity: str) -> bytes:
        """The latest preview, a JPEG; empty where there is none."""
        now = self._now.get(identity)
        return now.preview if now else b""

    def refusal(self, identity: str) -> str:
        """Why the last steering was refused; empty where it was not."""
        now = self._now.get(identity)
        return now.refusal if now else ""

    def update(self, identity: str, **news: object) -> None:
        """Take news of a dream, from any thread."""
        with self._lock:
            now = self._now.setdefault(identity, _Now())
            for name, value in news.items():
                setattr(now, name, value)
        self.tell()

    def end(self, identity: str) -> None:
        """Forget a dream that is not running any more."""
        with self._lock:
            self._now.pop(identity, None)
        self.tell()

    def tell(self) -> None:
        """Wake all who wait for news, from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    @property
    def news(self) -> asyncio.Event:
        """Is set when something changes; take it before you look, then wait for it."""
        return self._news

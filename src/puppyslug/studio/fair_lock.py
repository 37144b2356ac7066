"""A lock for work that disturbs all others: those who wait take turns, however much each asks."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class FairLock:
    """An asyncio lock that goes round robin from owner to owner.

    A client that sends a hundred uploads at once delays each of the others by one of them.
    """

    def __init__(self) -> None:
        """Create a free lock."""
        self._is_taken = False
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def turn(self, owner: str) -> AsyncIterator[None]:
        """Hold the lock within the context.

        Args:
            owner: who asks; requests of the same owner follow each other in order.
        """
        await self._acquire(owner)
        try:
            yield
        finally:
            self._release()

    async def _acquire(self, owner: str) -> None:
        if not self._is_taken:
            self._is_taken = True
            return
        ready = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(owner, deque()).append(ready)
        try:
            await ready
        except asyncio.CancelledError:
            if ready.done() and not ready.cancelled():
                self._release()  # it was this one's turn
            raise

    def _release(self) -> None:
        """Give the lock to the next owner, who then waits behind all others."""
        while self._waiting:
            owner, requests = self._waiting.popitem(last=False)
            ready = requests.popleft()
            if requests:
                self._waiting[owner] = requests
            if not ready.done():  # done: the client has gone
                ready.set_result(None)
                return
        self._is_taken = False

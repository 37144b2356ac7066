"""How often a pass phrase can be guessed: a little from each address, and not much from all."""

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

ADDRESS_GUESSES = 10  # wrong ones from one address, and
TOTAL_GUESSES = 120  # from all together, before each has to wait
REFILL_SECONDS = 60.0  # until all of them are possible again
MAX_ADDRESSES = 2000  # that are remembered; the one that guessed longest ago is forgotten


@dataclass
class _Bucket:
    """The guesses that are left, which come back with time."""

    capacity: int
    left: float
    updated: float

    def refill(self, now: float) -> None:
        rate = self.capacity / REFILL_SECONDS
        self.left = min(self.capacity, self.left + rate * (now - self.updated))
        self.updated = now

    @property
    def wait(self) -> float:
        """Seconds until one guess is left."""
        return max(0.0, 1 - self.left) * REFILL_SECONDS / self.capacity


class GuessLimiter:
    """Counts wrong guesses. Each call takes constant time and memory."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Allow all guesses.

        Args:
            clock: returns the time in seconds.
        """
        self._clock = clock
        self._total = _Bucket(TOTAL_GUESSES, TOTAL_GUESSES, clock())
        self._addresses: OrderedDict[str, _Bucket] = OrderedDict()

    def seconds_to_wait(self, address: str) -> int:
        """Return after how many seconds an address may guess; 0 for now.

        Args:
            address: IP address of the client.
        """
        now = self._clock()
        self._total.refill(now)
        wait = self._total.wait
        bucket = self._addresses.get(_network(address))
        if bucket is not None:
            bucket.refill(now)
            wait = max(wait, bucket.wait)
        return ceil(wait)

    def count_wrong(self, address: str) -> None:
        """Count a wrong guess of an address."""
        now, network = self._clock(), _network(address)
        bucket = self._addresses.setdefault(network, _Bucket(ADDRESS_GUESSES, ADDRESS_GUESSES, now))
        self._addresses.move_to_end(network)
        for one in (bucket, self._total):
            one.refill(now)
            one.left -= 1
        while len(self._addresses) > MAX_ADDRESSES:
            self._addresses.popitem(last=False)


def _network(address: str) -> str:
    """Return what one computer can choose its address from: a /64 of IPv6."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False))

"""The way to a cluster: its address, and whether it is there, and stays."""

import contextlib
import importlib.util
import os
import re
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from puppyslug.cluster.log_filter import silent_start, silent_workers
from puppyslug.cluster.versions import check_versions, probe
from puppyslug.errors import ClusterError, PuppyslugError

EXTRA = "puppyslug[cluster]"
_PLACE = re.compile(r"(?P<client>ray://)?(?P<host>[^:/\s]+|\[[0-9a-fA-F:]+\]):(?P<port>\d{1,5})")
_PATIENCE = 5.0  # seconds for a port to answer
_GONE = 15.0  # seconds without a head; one that begins again is back by then
_TOKENS = ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")  # where Ray looks for one
_OWN_TOKEN = Path.home() / ".ray/auth_token"  # likewise; a cluster that is begun here puts it there
# Ray sends nothing anywhere, and says soon where no cluster is.
_SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_ENABLE_AUTO_CONNECT": "0",  # else it looks for another cluster where one is gone
    "RAY_NUM_REDIS_GET_RETRIES": "5",
    "RAY_CLIENT_INITIAL_CONNECTION_TIMEOUT_S": "2",
    "RAY_CLIENT_MAX_CONNECTION_TIMEOUT_S": "2",
}


@dataclass(frozen=True)
class Cluster:
    """A cluster that this process is connected to.

    Attributes:
        address: as it was asked for.
        head: (host, port) of what ends this process where it is gone for long; None by Ray's
            client, which notices that itself.
    """

    address: str
    head: tuple[str, int] | None = None

    def check(self) -> None:
        """Wait for a head that does not answer; ask whatever else of Ray, and it waits for ever.

        Raises:
            ClusterError: it has not answered for a while.
        """
        if self.head is None:
            return
        deadline = time.monotonic() + _GONE
        while True:
            try:
                socket.create_connection(self.head, timeout=_PATIENCE).close()
            except OSError as error:
                if time.monotonic() > deadline:
                    raise _gone(self.address) from error
                time.sleep(1)
            else:
                return

    def room(self, needs: Mapping[str, float]) -> int:
        """How many workers the cluster's machines have room for, whatever they do now.

        Args:
            needs: of a worker, by the names of Ray's resources: ``CPU``, ``GPU``, ``memory``.
        """
        import ray

        nodes: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
        return sum(
            int(min(node["Resources"].get(name, 0) // need for name, need in needs.items() if need))
            for node in nodes
            if node["Alive"]
        )


@contextlib.contextmanager
def connected(address: str | None) -> Iterator[Cluster | None]:
    """Connect to a cluster for as long as the context lasts.

    Args:
        address: ``auto`` for the cluster that this machine belongs to, ``local`` for one of this
            machine alone, ``ray://HOST:PORT`` for any; None for none.

    Raises:
        ClusterError: Ray is not installed, no cluster is there, it has other versions, or it goes
            away.
    """
    if address is None:
        yield None
        return
    _check(address)
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    if any(os.environ.get(name) for name in _TOKENS) or _OWN_TOKEN.is_file():
        os.environ.setdefault("RAY_AUTH_MODE", "token")
    import ray

    place = os.environ.get("RAY_ADDRESS", "") if address == "auto" else address
    found = _PLACE.fullmatch(place)
    if found:
        _knock(address, found["host"].strip("[]"), int(found["port"]))
    with silent_workers():
        try:
            _connect(address)
            there: dict[str, str] = ray.get(ray.remote(num_cpus=0)(probe()).remote(), timeout=60)
            check_versions(there, address)
            yield Cluster(address, None if found and found["client"] else _head())
        except Exception as error:
            lost = isinstance(error, ConnectionError) or not ray.is_initialized()
            if isinstance(error, PuppyslugError) or not lost:
                raise
            raise _gone(address) from error
        finally:
            ray.shutdown()


def _connect(address: str) -> None:
    """Connect this process to a cluster.

    Raises:
        ClusterError: none is there, or it does not take this driver.
    """
    import ray

    options: dict[str, Any] = {"log_to_driver": False, "logging_level": "CRITICAL"}
    if address == "local":
        options["include_dashboard"] = False
    try:
        with silent_start():
            try:
                ray.init(address=address, **options)
            except ConnectionAbortedError:  # a fresh cluster's door now and then fails once
                ray.init(address=address, **options)
    except ConnectionAbortedError as error:
        text = " ".join(str(error).split())[-200:]
        raise ClusterError(f"the cluster at {address} takes no drivers now: {text}") from error
    except (ConnectionError, TimeoutError, ValueError) as error:
        raise _nothing_at(address) from error
    except (RuntimeError, ray.exceptions.RayError) as error:
        text = " ".join(str(error).split())[:300]  # Ray's own has several lines
        if "ersion mismatch" not in text:
            raise ClusterError(
                f"the cluster at {address} does not take this driver: {text}"
            ) from error
        raise ClusterError(
            f"the cluster at {address} has other versions than this machine; install the same "
            f"ones ({text})"
        ) from error


def _head() -> tuple[str, int]:
    """(host, port) of the head that this process is connected to."""
    import ray

    host, _, port = str(ray.get_runtime_context().gcs_address).rpartition(":")
    return host.strip("[]"), int(port)


def _gone(address: str) -> ClusterError:
    return ClusterError(
        f"the cluster at {address} is gone; what is finished is kept, and a film or an atlas goes "
        "on with the same command"
    )


def _check(address: str) -> None:
    place = _PLACE.fullmatch(address)
    if address not in ("auto", "local") and not (place and place["client"]):
        raise ClusterError(
            f"there is no cluster called {address!r}; write auto, local or ray://HOST:PORT"
        )
    if importlib.util.find_spec("ray") is None:
        raise ClusterError(f"--cluster needs Ray, which is not installed: pip install '{EXTRA}'")


def _knock(address: str, host: str, port: int) -> None:
    """Refuse an address where nothing listens, before Ray tries for long.

    Raises:
        ClusterError: nobody opens.
    """
    try:
        socket.create_connection((host, port), timeout=_PATIENCE).close()
    except (OSError, UnicodeError, OverflowError) as error:
        raise _nothing_at(address, getattr(error, "strerror", None) or str(error)) from error


def _nothing_at(address: str, reason: str = "") -> ClusterError:
    why = f": {reason}" if reason else ""
    if address == "auto":
        where = os.environ.get("RAY_ADDRESS")
        at = f"at {where}, which RAY_ADDRESS names" if where else "that this machine belongs to"
        return ClusterError(
            f"there is no cluster {at}, or it asks for another token{why}; start one with 'ray "
            "start --head', or write --cluster local or ray://HOST:PORT"
        )
    return ClusterError(
        f"there is no cluster at {address}{why}; check the address, whether Ray runs there, and "
        "whether it asks for a token (RAY_AUTH_MODE=token)"
    )

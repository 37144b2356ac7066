"""Connects to a Ray cluster, and checks that it is reachable and has the same versions."""

import contextlib
import importlib.util
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from puppyslug.cluster.log_filter import suppress_connection_warnings, suppress_worker_logs
from puppyslug.cluster.ray_cluster import CONNECT_TIMEOUT, Cluster, lost_cluster_error
from puppyslug.cluster.versions import check_versions, make_version_probe
from puppyslug.errors import ClusterError, PuppyslugError

EXTRA = "puppyslug[cluster]"
_ADDRESS = re.compile(r"(?P<client>ray://)?(?P<host>[^:/\s]+|\[[0-9a-fA-F:]+\]):(?P<port>\d{1,5})")
_TOKEN_VARIABLES = ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")
_TOKEN_FILE = Path.home() / ".ray/auth_token"
_RAY_ENVIRONMENT = {  # no telemetry, and short timeouts where no cluster is running
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_ENABLE_AUTO_CONNECT": "0",  # otherwise Ray looks for another cluster when one is lost
    "RAY_NUM_REDIS_GET_RETRIES": "5",
    "RAY_CLIENT_INITIAL_CONNECTION_TIMEOUT_S": "2",
    "RAY_CLIENT_MAX_CONNECTION_TIMEOUT_S": "2",
}


@contextlib.contextmanager
def connect(address: str | None) -> Iterator[Cluster | None]:
    """Connect to a cluster for the duration of the context.

    Args:
        address: ``auto`` for the cluster that this machine belongs to, ``local`` for a temporary
            one on this machine, ``ray://HOST:PORT`` for any cluster; None for no cluster.

    Yields:
        The cluster; None if ``address`` is None.

    Raises:
        ClusterError: Ray is not installed, no cluster is reachable, its versions differ, or the
            connection is lost.
    """
    if address is None:
        yield None
        return
    _validate_address(address)
    for name, value in _RAY_ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    if any(os.environ.get(name) for name in _TOKEN_VARIABLES) or _TOKEN_FILE.is_file():
        os.environ.setdefault("RAY_AUTH_MODE", "token")
    import ray

    resolved = os.environ.get("RAY_ADDRESS", "") if address == "auto" else address
    parts = _ADDRESS.fullmatch(resolved)
    if parts:
        _check_port(address, parts["host"].strip("[]"), int(parts["port"]))
    with suppress_worker_logs():
        try:
            _init_ray(address)
            probe: Any = ray.remote(num_cpus=0)(make_version_probe())
            check_versions(ray.get(probe.remote(), timeout=60), address)
            yield Cluster(address, None if parts and parts["client"] else _head_address())
        except Exception as error:
            lost = isinstance(error, ConnectionError) or not ray.is_initialized()
            if isinstance(error, PuppyslugError) or not lost:
                raise
            raise lost_cluster_error(address) from error
        finally:
            ray.shutdown()


def _init_ray(address: str) -> None:
    """Connect this process to a cluster.

    Raises:
        ClusterError: no cluster is running there, or it refuses the connection.
    """
    import ray

    options: dict[str, Any] = {"log_to_driver": False, "logging_level": "CRITICAL"}
    if address == "local":
        options["include_dashboard"] = False
    try:
        with suppress_connection_warnings():
            try:
                ray.init(address=address, **options)
            except ConnectionAbortedError:  # happens occasionally just after a cluster has started
                ray.init(address=address, **options)
    except ConnectionAbortedError as error:
        text = " ".join(str(error).split())[-200:]
        raise ClusterError(
            f"the cluster at {address} refuses connections, try again later: {text}"
        ) from error
    except (ConnectionError, TimeoutError, ValueError) as error:
        raise _no_cluster_error(address) from error
    except (RuntimeError, ray.exceptions.RayError) as error:
        text = " ".join(str(error).split())[:300]  # Ray's messages have several lines
        if "ersion mismatch" not in text:
            raise ClusterError(
                f"the cluster at {address} refuses this connection: {text}"
            ) from error
        raise ClusterError(
            f"the cluster at {address} has other versions than this machine; install the same "
            f"versions ({text})"
        ) from error


def _head_address() -> tuple[str, int]:
    """Return (host, port) of the head node to which this process is connected."""
    import ray

    host, _, port = str(ray.get_runtime_context().gcs_address).rpartition(":")
    return host.strip("[]"), int(port)


def _validate_address(address: str) -> None:
    parts = _ADDRESS.fullmatch(address)
    if address not in ("auto", "local") and not (parts and parts["client"]):
        raise ClusterError(
            f"invalid cluster address {address!r}; use auto, local or ray://HOST:PORT"
        )
    if importlib.util.find_spec("ray") is None:
        raise ClusterError(f"--cluster needs Ray; install it with: pip install '{EXTRA}'")


def _check_port(address: str, host: str, port: int) -> None:
    """Check that something listens at an address, since Ray itself would retry for a long time.

    Raises:
        ClusterError: nothing listens there.
    """
    try:
        socket.create_connection((host, port), timeout=CONNECT_TIMEOUT).close()
    except (OSError, UnicodeError, OverflowError) as error:
        raise _no_cluster_error(address, getattr(error, "strerror", None) or str(error)) from error


def _no_cluster_error(address: str, reason: str = "") -> ClusterError:
    details = f": {reason}" if reason else ""
    if address == "auto":
        variable = os.environ.get("RAY_ADDRESS")
        where = f"at {variable} (from RAY_ADDRESS)" if variable else "on this machine"
        return ClusterError(
            f"no cluster is reachable {where}, or it requires another token{details}; start one "
            "with 'ray start --head', or use --cluster local or ray://HOST:PORT"
        )
    return ClusterError(
        f"no cluster is reachable at {address}{details}; check the address, whether Ray is running "
        "there, and whether it requires a token (RAY_AUTH_MODE=token)"
    )

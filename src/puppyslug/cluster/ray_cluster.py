"""A connected Ray cluster as the backend of a worker pool."""

import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from puppyslug.cluster.actor import WorkerActor
from puppyslug.cluster.backend import WorkerLostError, WorkerResources
from puppyslug.cluster.payload import NetworkPayload
from puppyslug.errors import ClusterError, PuppyslugError

CONNECT_TIMEOUT = 5.0  # seconds for a port to accept a connection
HEAD_TIMEOUT = 15.0  # seconds without the head node; one that restarts is back by then


@dataclass(frozen=True)
class Cluster:
    """A cluster to which this process is connected; implements ``Backend``.

    Attributes:
        address: address as given by the user.
        head: (host, port) of the head node, which Ray would wait for indefinitely; None for a
            connection through Ray's client, which notices the loss itself.
    """

    address: str
    head: tuple[str, int] | None = None

    def check_connection(self) -> None:
        """Wait for a head node that does not respond; call this before other calls of Ray block.

        Raises:
            ClusterError: it has not responded for a while.
        """
        if self.head is None:
            return
        deadline = time.monotonic() + HEAD_TIMEOUT
        while True:
            try:
                socket.create_connection(self.head, timeout=CONNECT_TIMEOUT).close()
            except OSError as error:
                if time.monotonic() > deadline:
                    raise lost_cluster_error(self.address) from error
                time.sleep(1)
            else:
                return

    def capacity(self, amounts: Mapping[str, float]) -> int:
        """Return how many workers fit on the cluster's machines, regardless of their load.

        Args:
            amounts: resources of a worker by Ray's names: ``CPU``, ``GPU`` and ``memory``.
        """
        import ray

        nodes: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
        return sum(
            int(
                min(
                    node["Resources"].get(name, 0) // amount
                    for name, amount in amounts.items()
                    if amount
                )
            )
            for node in nodes
            if node["Alive"]
        )

    def start_actor(self, resources: WorkerResources, network: NetworkPayload) -> Any:
        """Request a worker's actor; see ``Backend``."""
        import ray

        amounts = resources.by_name
        actor_class: Any = ray.remote(WorkerActor)
        return actor_class.options(
            num_cpus=amounts["CPU"], num_gpus=amounts["GPU"], memory=amounts["memory"]
        ).remote(resources.threads, network)

    def put(self, value: Any) -> Any:
        """Store an object for several jobs; see ``Backend``."""
        import ray

        return ray.put(value)

    def call(self, actor: Any, method: str, *arguments: Any) -> Any:
        """Call a method of an actor; see ``Backend``."""
        return getattr(actor, method).remote(*arguments)

    def wait(self, futures: Sequence[Any], timeout: float) -> list[Any]:
        """Wait for one of several futures; see ``Backend``."""
        import ray

        completed, _ = ray.wait(list(futures), num_returns=1, timeout=timeout)
        return completed

    def result(self, future: Any) -> Any:
        """Return a call's result, with Ray's errors translated; see ``Backend``."""
        import ray
        from ray.exceptions import RayError, RayTaskError

        try:
            return ray.get(future)
        except RayTaskError as error:
            _raise_job_error(error)
        except RayError as error:
            self._raise_loss(error)

    def stop_actor(self, actor: Any) -> None:
        """End an actor's process."""
        import ray

        ray.kill(actor)

    def _raise_loss(self, error: Exception) -> NoReturn:
        from ray.exceptions import OutOfMemoryError, RayActorError

        text = _one_line(error)
        if isinstance(error, RayActorError) and error.actor_init_failed:
            raise ClusterError(
                f"a machine of the cluster at {self.address} cannot start a worker; install this "
                f"version of puppyslug on all of its machines ({text[-200:]})"
            ) from error
        raise WorkerLostError(text, out_of_memory=isinstance(error, OutOfMemoryError)) from error


def lost_cluster_error(address: str) -> ClusterError:
    """Return the error for a connection that was lost."""
    return ClusterError(
        f"lost the connection to the cluster at {address}; finished work is kept, and the same "
        "command resumes a film or an atlas"
    )


def _raise_job_error(error: Any) -> NoReturn:
    """Raise the error of a job; a worker without memory counts as lost."""
    cause = error.cause
    if isinstance(cause, PuppyslugError):
        raise cause from None
    text = _one_line(cause)[:300]
    if isinstance(cause, MemoryError) or "can't allocate" in text:
        raise WorkerLostError(text, out_of_memory=True) from error
    raise ClusterError(f"unexpected {type(cause).__name__} on the cluster: {text}") from error


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())

"""One worker as seen from the driver: its job, and the calls that have not returned yet."""

from collections import deque
from dataclasses import dataclass
from typing import Any

from puppyslug.cluster.backend import Backend, WorkerResources
from puppyslug.cluster.payload import NetworkPayload
from puppyslug.cluster.versions import check_versions

PREFETCH = 2  # items requested in advance, so that a worker never waits for the driver


@dataclass
class WorkerHandle:
    """A worker of a pool.

    Attributes:
        backend: the cluster on which it runs.
        actor: the backend's handle of its actor.
        pending: futures of its calls, in order.
        key: key of its current job, or None.
        started: whether its process has started.
    """

    backend: Backend
    actor: Any
    pending: deque[Any]
    key: Any = None
    started: bool = False

    @classmethod
    def start(
        cls, backend: Backend, resources: WorkerResources, network: NetworkPayload
    ) -> "WorkerHandle":
        """Request a worker, which starts as soon as a machine has room."""
        actor = backend.start_actor(resources, network)
        return cls(backend, actor, deque([backend.call(actor, "versions")]))

    @property
    def busy(self) -> bool:
        """Whether it has a job."""
        return self.key is not None

    def assign(self, key: Any, job: tuple[Any, ...]) -> None:
        """Start a job, and request its first items."""
        self.key = key
        self.pending.append(self.backend.call(self.actor, "start_job", *job))
        for _ in range(PREFETCH):
            self.request_item()

    def request_item(self) -> None:
        """Request one more item."""
        self.pending.append(self.backend.call(self.actor, "next_item"))

    def next_result(self) -> tuple[bool, Any] | None:
        """Return the result of the earliest pending call, which has completed.

        Returns:
            As ``WorkerActor.next_item``; None for calls that return no item.

        Raises:
            WorkerLostError: the worker has died.
            ClusterError: the worker cannot be used.
            PuppyslugError: raised by its job.
        """
        result = self.backend.result(self.pending.popleft())
        if not self.started:
            check_versions(result, self.backend.address)
            self.started = True
            return None
        item: tuple[bool, Any] | None = result
        return item

    def release(self) -> Any:
        """Drop the current job, and return its key."""
        key, self.key = self.key, None
        self.pending.clear()
        return key

    def stop(self) -> None:
        """End the worker's process."""
        self.pending.clear()
        self.backend.stop_actor(self.actor)

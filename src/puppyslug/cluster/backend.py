"""The interface between a worker pool and a cluster: actors, futures, capacity and losses."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from puppyslug.cluster.payload import NetworkPayload

PROCESS_MEMORY = (
    1_000_000_000  # bytes that a worker needs in addition to its job, for torch and a network
)


class WorkerLostError(Exception):
    """A worker process has died; the message says why.

    Attributes:
        out_of_memory: whether it ran out of memory.
    """

    def __init__(self, reason: str, *, out_of_memory: bool = False) -> None:
        super().__init__(f"out of memory: {reason}" if out_of_memory else reason)
        self.out_of_memory = out_of_memory


class WorkerResources(NamedTuple):
    """Resources that a worker reserves on its machine.

    Attributes:
        threads: number of processor threads.
        device: ``"cuda"`` reserves a GPU.
        memory: bytes that a job needs.
    """

    threads: int
    device: str = "cpu"
    memory: int = 0

    @property
    def by_name(self) -> dict[str, float]:
        """The amounts under Ray's names: ``CPU``, ``GPU`` and ``memory``."""
        if self.device == "cuda":
            return {"CPU": 1, "GPU": 1, "memory": PROCESS_MEMORY}
        return {"CPU": self.threads, "GPU": 0, "memory": PROCESS_MEMORY + self.memory}


class Backend(Protocol):
    """Runs actors for a worker pool; actors and futures are opaque to the pool."""

    @property
    def address(self) -> str:
        """The cluster's address, for error messages."""

    def capacity(self, amounts: Mapping[str, float]) -> int:
        """Return how many workers with these resources fit on the machines in total."""

    def check_connection(self) -> None:
        """Raise ClusterError if the cluster has been unreachable for a while."""

    def start_actor(self, resources: WorkerResources, network: "NetworkPayload") -> Any:
        """Request a ``WorkerActor``, which starts as soon as a machine has room."""

    def put(self, value: Any) -> Any:
        """Store an object that several jobs share; return a reference to pass as an argument."""

    def call(self, actor: Any, method: str, *arguments: Any) -> Any:
        """Call a method of an actor, and return a future of its result."""

    def wait(self, futures: Sequence[Any], timeout: float) -> list[Any]:
        """Return a completed future, or none after ``timeout`` seconds."""

    def result(self, future: Any) -> Any:
        """Return the result of a completed future.

        Raises:
            WorkerLostError: the worker has died.
            ClusterError: workers cannot start there, or the call failed unexpectedly.
            PuppyslugError: raised by the call itself.
        """

    def stop_actor(self, actor: Any) -> None:
        """End an actor's process."""

"""The actor class of a worker process: it loads a network once, and runs job after job."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from puppyslug.cluster.payload import NetworkPayload
from puppyslug.cluster.versions import local_versions

if TYPE_CHECKING:
    from puppyslug.networks.network import Network


class WorkerActor:
    """Runs jobs in a worker process, one call at a time."""

    def __init__(self, threads: int, network: NetworkPayload) -> None:
        """Set the number of threads; results are equal only with the driver's number.

        Args:
            threads: number of processor threads.
            network: the network; it is loaded with the first job.
        """
        import torch

        torch.set_num_threads(threads)
        self._payload = network
        self._network: Network | None = None
        self._items: Iterator[Any] = iter(())

    def versions(self) -> dict[str, str]:
        """Return the versions of the installed packages; the first call to every worker."""
        return local_versions()

    def start_job(self, job: Callable[..., Iterator[Any]], *arguments: Any) -> None:
        """Start a job, and drop the previous one.

        Args:
            job: generator function of the network and the arguments.
            arguments: arguments of the job.
        """
        self._items = self._run(job, arguments)

    def next_item(self) -> tuple[bool, Any]:
        """Return True and the job's next item, or False and None at its end."""
        for item in self._items:
            return True, item
        return False, None

    def _run(self, job: Callable[..., Iterator[Any]], arguments: tuple[Any, ...]) -> Iterator[Any]:
        if self._network is None:
            self._network = self._payload.load()
        yield from job(self._network, *arguments)

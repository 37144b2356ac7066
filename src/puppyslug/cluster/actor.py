"""The far side: one worker of a cluster, which keeps its networks and does job after job."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from puppyslug.cluster.versions import own_versions
from puppyslug.errors import ClusterError
from puppyslug.networks.specs import RemoteFile

if TYPE_CHECKING:
    from puppyslug.networks.network import Network

Boxed = list[Any]  # one reference to bytes; Ray fetches what is in a list only when it is asked to


@dataclass(frozen=True)
class Wanted:
    """A network as a worker has to have it, and the files that it may lack.

    Attributes:
        name: the network's.
        precision: what it computes in, resolved.
        device: where it computes, resolved.
        winograd: as in ``Network.winograd_from``.
        sha256: the weights' hash.
        weights: name and content of a weights file of one's own, or None.
        labels: likewise of a file with the names of its classes.
        taught: name and content of networks that were taught.
        downloads: files that are downloaded, as they are in the driver's cache.
    """

    name: str
    precision: str
    device: str
    winograd: int
    sha256: str
    weights: tuple[str, Boxed] | None = None
    labels: tuple[str, Boxed] | None = None
    taught: tuple[tuple[str, Boxed], ...] = ()
    downloads: tuple[tuple[RemoteFile, Boxed], ...] = ()


class Hand:
    """What a worker's process does; one call at a time."""

    def __init__(self, threads: int, wanted: Wanted) -> None:
        """Compute in as many threads as the recipe says, whatever Ray set.

        Args:
            threads: of the processor.
            wanted: the network; it is loaded with the first job.
        """
        import torch

        torch.set_num_threads(threads)
        self._wanted = wanted
        self._network: Network | None = None
        self._items: Iterator[Any] = iter(())

    def ready(self) -> dict[str, str]:
        """Say that it is there, and which versions it has."""
        return own_versions()

    def begin(self, job: Callable[..., Iterator[Any]], *arguments: Any) -> None:
        """Take on a job; what was before is forgotten.

        Args:
            job: a function of the network and the arguments, whose items are to be asked for.
            arguments: of the job.
        """
        self._items = self._run(job, arguments)

    def next(self) -> tuple[bool, Any]:
        """The job's next item: True and the item, or False where there is none any more."""
        for item in self._items:
            return True, item
        return False, None

    def _run(self, job: Callable[..., Iterator[Any]], arguments: tuple[Any, ...]) -> Iterator[Any]:
        if self._network is None:
            self._network = load(self._wanted)
        yield from job(self._network, *arguments)


def load(wanted: Wanted) -> "Network":
    """Load a network; what this machine lacks of it comes out of the object store.

    Raises:
        ClusterError: this machine has other weights.
        PuppyslugError: as in ``load_network``.
    """
    from puppyslug.files.atomic import write_whole
    from puppyslug.networks.external.loader import allow
    from puppyslug.networks.finetuned import remember
    from puppyslug.networks.loader import load_network
    from puppyslug.networks.registry import find_spec
    from puppyslug.networks.specs import names_in
    from puppyslug.networks.weights.cache import cached_path

    own_files = {name for name, _ in wanted.taught}
    for part in names_in(wanted.name):
        if part not in own_files:
            allow(part)  # whoever sends it here was asked
    for file, data in wanted.downloads:
        path = cached_path(file)
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, memoryview(_unboxed(data)))
    with tempfile.TemporaryDirectory(prefix="puppyslug-") as folder:
        own: dict[str, Path | None] = {}
        for role, file_of_own in (("weights", wanted.weights), ("labels", wanted.labels)):
            own[role] = None
            if file_of_own is not None:
                name, data = file_of_own
                own[role] = path = Path(folder) / role / name
                path.parent.mkdir()
                path.write_bytes(memoryview(_unboxed(data)))
        for name, data in wanted.taught:
            taught = Path(folder) / name
            taught.write_bytes(memoryview(_unboxed(data)))
            remember(taught)
        network = load_network(
            find_spec(wanted.name),
            weights=own["weights"],
            labels=own["labels"],
            precision=wanted.precision,
            device=wanted.device,
            winograd=wanted.winograd,
        )
    if network.weights_sha256 != wanted.sha256:
        raise ClusterError(
            f"a machine of the cluster has other weights of {wanted.name} than this one "
            f"({network.weights_sha256[:8]}… there, {wanted.sha256[:8]}… here); bring the same ones"
        )
    return network


def _unboxed(box: Boxed) -> Any:
    import ray

    return ray.get(box[0])

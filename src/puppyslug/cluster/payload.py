"""What the driver sends along: the network, and what a dream was prepared with."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from torch import Tensor

from puppyslug.cluster.actor import Boxed, Wanted
from puppyslug.cluster.connection import Cluster
from puppyslug.cluster.worker_handle import Needs
from puppyslug.cluster.worker_pool import MOST, Crew
from puppyslug.engine.preparation import Prepared
from puppyslug.networks import find_spec
from puppyslug.networks.loader import local_file
from puppyslug.networks.network import Network
from puppyslug.networks.specs import NetworkSpec, OwnFile, RemoteFile
from puppyslug.networks.weights.cache import cached_path
from puppyslug.recipe.recipe import Recipe
from puppyslug.recipe.settings import Files


def crew_for(
    cluster: Cluster,
    prepared: Prepared,
    files: Files,
    *,
    tell: Callable[[str], None],
    memory: int | None = None,
    most: int = MOST,
) -> Crew:
    """Workers that compute as what has been prepared says; none is asked for yet.

    Args:
        cluster: where they are.
        prepared: its recipe says in how many threads and on which device.
        files: that its network was loaded from.
        tell: is told what the user should know.
        memory: bytes that a job takes; None for what the whole dream does.
        most: how many there are at most.
    """
    needs = needs_of(prepared, prepared.needed if memory is None else memory)
    return Crew(cluster, needs, wanted(prepared.network, files), most, tell)


def needs_of(prepared: Prepared, memory: int) -> Needs:
    """What a worker takes of a machine, if its jobs take so many bytes of memory."""
    return Needs(prepared.recipe.threads or 1, prepared.network.device.type, memory)


def wanted(network: Network, files: Files | None = None) -> Wanted:
    """A network as the driver has it, for its workers; files go into the object store.

    Args:
        network: that is loaded here.
        files: weights and labels of one's own that it was loaded from.
    """
    files = files or Files()
    spec = find_spec(network.spec.name)
    return Wanted(
        spec.name,
        network.precision,
        str(network.device),
        network.winograd_from,
        network.weights_sha256,
        weights=None if files.weights is None else _named(local_file(files.weights)),
        labels=None if files.labels is None else _named(files.labels),
        taught=tuple(
            (one.name, _boxed(one.weights.path))
            for one in spec.members or (spec,)
            if isinstance(one.weights, OwnFile)
        ),
        downloads=tuple(
            (file, _boxed(cached_path(file)))
            for file in _downloads(spec)
            if cached_path(file).is_file()
        ),
    )


def _downloads(spec: NetworkSpec) -> list[RemoteFile]:
    """The files of a network, or of those in it, that are downloaded."""
    specs = spec.members or (spec,)
    files = [file for one in specs for file in (one.weights, one.labels)]
    return [file for file in files if isinstance(file, RemoteFile)]


def _named(path: Path) -> tuple[str, Boxed]:
    return path.name, _boxed(path)


def _boxed(path: Path) -> Boxed:
    import ray

    return [ray.put(np.fromfile(path, np.uint8))]


class Sent(NamedTuple):
    """What ``prepare`` has prepared, less the network, which every worker has."""

    image: Tensor
    recipe: Recipe
    mask: Tensor | None
    guides: Mapping[str, Tensor]

    @classmethod
    def of(cls, prepared: Prepared) -> "Sent":
        """What there is to send."""
        mask = None if prepared.mask is None else prepared.mask.cpu()
        guides = {name: guide.cpu() for name, guide in prepared.guides.items()}
        return cls(prepared.image.cpu(), prepared.recipe, mask, guides)

    def on(self, network: Network) -> Prepared:
        """The same as it was prepared, with the network of whoever calls this."""
        mask = None if self.mask is None else self.mask.to(network.device)
        image = self.image.to(network.device)
        return Prepared(image, None, self.recipe, network, mask, self.guides, (), "")

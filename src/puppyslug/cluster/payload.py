"""What the driver sends to its workers: the network, and a prepared dream without the network."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor

from puppyslug.engine.prepared_dream import PreparedDream
from puppyslug.errors import ClusterError
from puppyslug.files.atomic import write_atomically
from puppyslug.networks import find_spec
from puppyslug.networks.external import trust
from puppyslug.networks.finetuned import register_finetuned_file
from puppyslug.networks.kernels import ConvolutionMethod
from puppyslug.networks.loader import load_network, resolve_weights_path
from puppyslug.networks.network import Network
from puppyslug.networks.specs import LocalFile, NetworkSpec, RemoteFile, split_network_names
from puppyslug.networks.weights.cache import cache_path
from puppyslug.recipe import InputFiles, Recipe

BytesRef = list[Any]  # one reference to bytes; in a list, so that Ray fetches it only on demand


@dataclass(frozen=True)
class NetworkPayload:
    """A network as loaded by the driver, with the files that a worker may be missing.

    Attributes:
        name: name of the network.
        precision: resolved precision.
        device: resolved device.
        convolution: as in ``Network.convolution``.
        sha256: hash of the weights.
        weights: name and content of the user's weights file, or None.
        labels: name and content of the user's file of class names, or None.
        finetuned: names and contents of finetuned networks.
        downloads: files of the driver's download cache.
    """

    name: str
    precision: str
    device: str
    convolution: ConvolutionMethod
    sha256: str
    weights: tuple[str, BytesRef] | None = None
    labels: tuple[str, BytesRef] | None = None
    finetuned: tuple[tuple[str, BytesRef], ...] = ()
    downloads: tuple[tuple[RemoteFile, BytesRef], ...] = ()

    @classmethod
    def pack(cls, network: Network, files: InputFiles) -> "NetworkPayload":
        """Describe a network for workers, and put its files into the object store.

        Args:
            network: the network, loaded in this process.
            files: the user's weights and labels from which it was loaded.
        """
        spec = find_spec(network.spec.name)
        members = spec.members or (spec,)
        return cls(
            spec.name,
            network.precision,
            str(network.device),
            network.convolution,
            network.weights_sha256,
            weights=None
            if files.weights is None
            else _store_named(resolve_weights_path(files.weights)),
            labels=None if files.labels is None else _store_named(files.labels),
            finetuned=tuple(
                (member.name, _store(member.weights.path))
                for member in members
                if isinstance(member.weights, LocalFile)
            ),
            downloads=tuple(
                (file, _store(cache_path(file)))
                for file in _downloads(members)
                if cache_path(file).is_file()
            ),
        )

    def load(self) -> Network:
        """Load the network in a worker; files that its machine lacks are fetched from the driver.

        Raises:
            ClusterError: this machine has other weights.
            PuppyslugError: as in ``load_network``.
        """
        finetuned_names = {name for name, _ in self.finetuned}
        for name in split_network_names(self.name):
            if name not in finetuned_names:
                trust(name)  # the user has confirmed it on the driver
        for remote_file, data in self.downloads:
            path = cache_path(remote_file)
            if not path.is_file():
                path.parent.mkdir(parents=True, exist_ok=True)
                write_atomically(path, memoryview(_fetch(data)))
        with tempfile.TemporaryDirectory(prefix="puppyslug-") as folder:
            weights, labels = (
                None if file is None else _unpack_file(Path(folder) / role, file)
                for role, file in (("weights", self.weights), ("labels", self.labels))
            )
            for named_file in self.finetuned:
                register_finetuned_file(_unpack_file(Path(folder) / "finetuned", named_file))
            network = load_network(
                find_spec(self.name),
                weights=weights,
                labels=labels,
                precision=self.precision,
                device=self.device,
                winograd=self.convolution.winograd_min_channels,
                kernels=self.convolution.kernels,
            )
        if network.weights_sha256 != self.sha256:
            raise ClusterError(
                f"a machine of the cluster has other weights of {self.name} than the driver "
                f"({network.weights_sha256[:8]}… instead of {self.sha256[:8]}…); install the same "
                "weights on all machines"
            )
        return network


class PreparedPayload(NamedTuple):
    """A prepared dream without its network, which every worker has."""

    image: Tensor
    recipe: Recipe
    mask: Tensor | None
    guides: Mapping[str, Tensor]
    is_reproducible: bool = False
    composition: Tensor | None = None

    @classmethod
    def pack(cls, prepared: PreparedDream) -> "PreparedPayload":
        """Copy what a worker needs of a prepared dream to the CPU."""
        mask = None if prepared.mask is None else prepared.mask.cpu()
        guides = {name: guide.cpu() for name, guide in prepared.guides.items()}
        composition = None if prepared.composition is None else prepared.composition.cpu()
        return cls(
            prepared.image.cpu(),
            prepared.recipe,
            mask,
            guides,
            prepared.is_reproducible,
            composition,
        )

    def unpack(self, network: Network) -> PreparedDream:
        """Restore the prepared dream with a worker's network, on its device."""
        mask = None if self.mask is None else self.mask.to(network.device)
        image = self.image.to(network.device)
        composition = None if self.composition is None else self.composition.to(network.device)
        return PreparedDream(
            image,
            self.recipe,
            network,
            mask,
            self.guides,
            is_reproducible=self.is_reproducible,
            composition=composition,
        )


def _downloads(specs: tuple[NetworkSpec, ...]) -> list[RemoteFile]:
    files = [file for spec in specs for file in (spec.weights, spec.labels)]
    return [file for file in files if isinstance(file, RemoteFile)]


def _store_named(path: Path) -> tuple[str, BytesRef]:
    return path.name, _store(path)


def _store(path: Path) -> BytesRef:
    """Put the content of a file into the object store."""
    import ray

    return [ray.put(np.fromfile(path, np.uint8))]


def _fetch(reference: BytesRef) -> Any:
    """Fetch bytes from the object store."""
    import ray

    return ray.get(reference[0])


def _unpack_file(folder: Path, file: tuple[str, BytesRef]) -> Path:
    """Write a file, given by name and content, into a folder, and return its path."""
    name, data = file
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(memoryview(_fetch(data)))
    return path

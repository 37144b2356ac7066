"""What the part of a network that stays as it is sees of pictures: computed once, and kept."""

import contextlib
import hashlib
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from puppyslug.errors import OutputError
from puppyslug.files.atomic import write_whole
from puppyslug.networks.network import Network
from puppyslug.networks.weights.cache import cache_folder

FOLDER = "teaching"
MOST_BYTES = 1_000_000_000  # kept; what was used least recently goes first
TOGETHER = 8  # views that are looked at at a time
_FORM = 1  # of what is kept, and of how views are drawn


class Features:
    """Activations of the layer below a network's last block, in half precision.

    Attributes:
        network: what looks, in float32.
        layer: whose activations they are.
        full: whether there was no room to keep all of them.
    """

    def __init__(self, network: Network) -> None:
        """Take the network."""
        self.network = network
        self.layer = network.architecture.top_from
        self.full = False
        self._folder = cache_folder() / FOLDER
        self._new = 0

    def of(self, views: Callable[[], Tensor], *key: object) -> Tensor:
        """The activations of views, from what is kept or computed now.

        Args:
            views: makes N×3×H×W RGB in [0, 1].
            key: decides the views.

        Returns:
            N×C×h×w, float16.
        """
        parts = (_FORM, self.network.weights_sha256, self.layer, torch.__version__, *key)
        name = hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()
        path = self._folder / f"{name}.safetensors"
        with contextlib.suppress(OSError, SafetensorError, KeyError):
            kept = load_file(path)["features"]
            path.touch()
            return kept
        found = self._computed(views())
        self._keep(path, found)
        return found

    def _computed(self, views: Tensor) -> Tensor:
        with torch.no_grad():
            seen = [
                self.network.activations(some, [self.layer])[self.layer].half()
                for some in torch.split(views, TOGETHER)
            ]
        return torch.cat(seen).contiguous()

    def _keep(self, path: Path, found: Tensor) -> None:
        if self.full:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_whole(path, save({"features": found}))
        except (OSError, OutputError):
            self.full = True
            return
        self._new += found.nbytes
        if self._new > MOST_BYTES // 8:
            self.prune()

    def prune(self) -> None:
        """Throw away what was used least recently, where there is too much."""
        self._new = 0
        with contextlib.suppress(OSError):
            kept = sorted(self._folder.iterdir(), key=lambda file: -file.stat().st_mtime)
            total = 0
            for file in kept:
                total += file.stat().st_size
                if total > MOST_BYTES:
                    file.unlink(missing_ok=True)

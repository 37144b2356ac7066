"""Features of training images, computed by the frozen part of a network and cached on disk."""

import contextlib
import hashlib
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from puppyslug.errors import OutputError
from puppyslug.files.atomic import write_atomically
from puppyslug.files.folders import cache_folder
from puppyslug.networks.network import Network

CACHE_FOLDER = "teaching"
MAX_CACHE_BYTES = 1_000_000_000  # the least recently used files are deleted first
BATCH_SIZE = 8  # views
_CACHE_VERSION = 1  # of the files' format, and of the augmentation


class FeatureExtractor:
    """Computes the input of a network's last block, in half precision.

    Attributes:
        network: the base network, in float32.
        layer: the layer below the last block.
        cache_full: whether some features could not be written to the cache.
    """

    def __init__(self, network: Network) -> None:
        """Prepare the extraction from a network."""
        self.network = network
        self.layer = network.architecture.last_block_input
        self.cache_full = False
        self._folder = cache_folder() / CACHE_FOLDER
        self._unpruned_bytes = 0

    def extract(self, make_views: Callable[[], Tensor], *key: object) -> Tensor:
        """Return the features of views, from the cache where possible.

        Args:
            make_views: returns N×3×H×W RGB in [0, 1]; called if the features are not cached.
            key: identifies the views.

        Returns:
            N×C×h×w, float16.
        """
        parts = (_CACHE_VERSION, self.network.weights_sha256, self.layer, torch.__version__, *key)
        name = hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()
        path = self._folder / f"{name}.safetensors"
        with contextlib.suppress(OSError, SafetensorError, KeyError):
            cached = load_file(path)["features"]
            path.touch()
            return cached
        features = self._compute(make_views())
        self._write(path, features)
        return features

    def _compute(self, views: Tensor) -> Tensor:
        with torch.no_grad():
            batches = [
                self.network.activations(batch, [self.layer])[self.layer].half()
                for batch in torch.split(views, BATCH_SIZE)
            ]
        return torch.cat(batches).contiguous()

    def _write(self, path: Path, features: Tensor) -> None:
        if self.cache_full:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_atomically(path, save({"features": features}))
        except (OSError, OutputError):
            self.cache_full = True
            return
        self._unpruned_bytes += features.nbytes
        if self._unpruned_bytes > MAX_CACHE_BYTES // 8:
            self.prune_cache()

    def prune_cache(self) -> None:
        """Delete the least recently used files beyond the size limit."""
        self._unpruned_bytes = 0
        with contextlib.suppress(OSError):
            files = sorted(self._folder.iterdir(), key=lambda file: -file.stat().st_mtime)
            total = 0
            for file in files:
                total += file.stat().st_size
                if total > MAX_CACHE_BYTES:
                    file.unlink(missing_ok=True)

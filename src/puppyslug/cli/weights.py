"""Weights of the network that a command uses: download with a progress bar, and loading."""

from pathlib import Path
from typing import TYPE_CHECKING

from puppyslug.cli.messages import print_message
from puppyslug.cli.progress_bar import DownloadBar
from puppyslug.networks import find_spec
from puppyslug.networks.specs import RemoteFile

if TYPE_CHECKING:
    from puppyslug.networks.network import Network
    from puppyslug.recipe import InputFiles, Recipe


def download(file: RemoteFile, *, quiet: bool = False) -> Path:
    """Download a file into the cache, with a progress bar.

    Returns:
        Path of the file in the cache.

    Raises:
        WeightsError: no mirror has the file.
    """
    from puppyslug.files.hashing import file_sha256
    from puppyslug.networks.weights.download import fetch

    with DownloadBar(file.name, quiet=quiet) as bar:
        path = fetch(file, bar.update)
    if not file.checksum:
        print_message(
            f"no hash of {file.name} is published; the downloaded file has sha256 "
            f"{file_sha256(path)}",
            quiet=quiet,
        )
    return path


def resolve_weights(weights: str | Path | None, *, quiet: bool) -> Path | None:
    """Return the path of a weights file; if it is a URL, download it.

    Raises:
        WeightsError: the download fails.
    """
    from puppyslug.networks.weights.download import is_url, remote_file_from_url

    if isinstance(weights, str) and is_url(weights):
        return download(remote_file_from_url(weights), quiet=quiet)
    return None if weights is None else Path(weights)


def load_selected_network(recipe: "Recipe", files: "InputFiles", *, quiet: bool) -> "Network":
    """Load the network that a command's options select, for work other than a dream.

    Args:
        recipe: its ``network``, ``precision`` and ``device`` apply.
        files: weights and labels.
        quiet: whether to print no progress.

    Raises:
        PuppyslugError: the network cannot be loaded.
    """
    from puppyslug.networks.loader import load_network

    return load_network(
        find_spec(recipe.network),
        weights=resolve_weights(files.weights, quiet=quiet),
        labels=files.labels,
        precision=recipe.precision,
        device=recipe.device,
        winograd="steady",
    )

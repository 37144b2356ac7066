"""``puppyslug networks`` and ``puppyslug layers``: what there is to choose from."""

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from puppyslug.cli.printing import print_cards, print_columns, print_table
from puppyslug.networks import find_record, list_networks


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"puppyslug {version('puppyslug')}")
        raise typer.Exit


def options(
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


def networks() -> None:
    """List the networks, their licences and whom to credit."""
    header = ("network", "what it is", "default layer", "classes", "licence", "credit", "source")
    rows = [
        (
            record.name,
            record.title,
            record.default_layer,
            str(record.classes or "-"),
            record.licence,
            record.credit,
            record.source,
        )
        for record in list_networks()
    ]
    if sys.stdout.isatty():
        print_cards(header, rows)
    else:
        print_columns(header, rows)


def layers(
    network: Annotated[str, typer.Argument(metavar="NETWORK", help="a network's name")],
) -> None:
    """List a network's layers, lowest first."""
    record = find_record(network)
    print_table(
        ("layer", "channels", "stride", "sees", "smallest picture", ""),
        [
            (
                layer.name,
                str(layer.channels),
                str(layer.stride),
                f"{layer.receptive_field}×{layer.receptive_field}",
                f"{layer.smallest}×{layer.smallest}",
                "default" if layer.name == record.default_layer else "",
            )
            for layer in record.layers
        ],
    )

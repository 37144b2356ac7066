"""``puppyslug networks`` and ``puppyslug layers``: what there is to choose from."""

import sys
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from typing import Annotated

import typer

from puppyslug.networks import find_record, list_networks


def print_version(
    version_wanted: Annotated[
        bool, typer.Option("--version", is_eager=True, help="print the version and exit")
    ] = False,
) -> None:
    """Shows what a neural network sees: turns pictures into dreams."""
    if version_wanted:
        print(f"puppyslug {version('puppyslug')}")
        raise typer.Exit


def networks() -> None:
    """List the networks, their licences and whom to credit."""
    _print_table(
        ("network", "what it is", "default layer", "classes", "licence", "credit", "source"),
        (
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
        ),
    )


def layers(
    network: Annotated[str, typer.Argument(metavar="NETWORK", help="a network's name")],
) -> None:
    """List a network's layers, lowest first."""
    record = find_record(network)
    _print_table(
        ("layer", "channels", "stride", "sees", "smallest picture", ""),
        (
            (
                layer.name,
                str(layer.channels),
                str(layer.stride),
                f"{layer.receptive_field}×{layer.receptive_field}",
                f"{layer.smallest}×{layer.smallest}",
                "default" if layer.name == record.default_layer else "",
            )
            for layer in record.layers
        ),
    )


def _print_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table that folds to the terminal's width; in a pipe, plain columns of full width."""
    lines = [header, *rows]
    if sys.stdout.isatty():
        from rich.box import SIMPLE_HEAD
        from rich.console import Console
        from rich.table import Table

        table = Table(box=SIMPLE_HEAD, padding=(0, 1), header_style="bold")
        for title in header:
            table.add_column(title, overflow="fold")
        for row in lines[1:]:
            table.add_row(*row)
        Console().print(table)
        return
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print("  ".join(cells).rstrip())

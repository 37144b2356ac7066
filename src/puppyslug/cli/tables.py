"""``puppyslug networks`` and ``puppyslug layers``: what there is to choose from."""

import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

import typer

from puppyslug.networks import find_record, list_networks


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"puppyslug {version('puppyslug')}")
        raise typer.Exit


def options(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="print the version and exit"
        ),
    ] = False,
) -> None:
    """Shows what a neural network sees: turns pictures into dreams."""


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
        _print_cards(header, rows)
    else:
        _print_columns(header, rows)


def layers(
    network: Annotated[str, typer.Argument(metavar="NETWORK", help="a network's name")],
) -> None:
    """List a network's layers, lowest first."""
    record = find_record(network)
    _print_table(
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


def _print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table: coloured in a terminal, plain columns in a pipe."""
    if not sys.stdout.isatty():
        _print_columns(header, rows)
        return
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(*header, box=SIMPLE_HEAD, padding=(0, 1), header_style="bold")
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def _print_cards(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """One block a row, for rows too long to stand side by side in a terminal."""
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    for name, *cells in rows:
        console.print(f"[bold]{name}[/]")
        card = Table.grid(padding=(0, 2))
        for title, cell in zip(header[1:], cells, strict=True):
            card.add_row(f"  [dim]{title}[/]", cell)
        console.print(card)
        console.print()


def _print_columns(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Plain columns of full width, for other programs."""
    lines = [header, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print("  ".join(cells).rstrip())

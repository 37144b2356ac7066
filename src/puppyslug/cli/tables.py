"""Tables: formatted in a terminal, plain columns in a pipe."""

import sys
from collections.abc import Sequence

from puppyslug.cli.messages import escape_control_characters


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table: with bold headings in a terminal, as plain columns in a pipe."""
    if not sys.stdout.isatty():
        print_columns(header, rows)
        return
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), header_style="bold", pad_edge=False)
    for column, title in enumerate(header):
        table.add_column(title, no_wrap=column == 0)  # names must stay in one piece to be copied
    for row in rows:
        table.add_row(*(escape(escape_control_characters(cell)) for cell in row))
    Console().print(table)


def print_cards(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print each row as a block of lines, for rows that are wider than a terminal."""
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


def print_columns(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print plain columns without truncation, for other programs."""
    lines = [header, *([escape_control_characters(cell) for cell in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print("  ".join(cells).rstrip())

"""``puppyslug atlas``: portraits of all channels of a layer, or of all classes."""

import typer

from puppyslug.cli.atlas_build import build
from puppyslug.cli.atlas_queries import like, search, show
from puppyslug.cli.help_panels import GroupedCommand

app = typer.Typer(rich_markup_mode=None, invoke_without_command=True)


@app.callback()
def atlas(context: typer.Context) -> None:
    """Build and search portraits of a layer's channels or classes."""
    if context.invoked_subcommand is None:
        print(context.get_help())


for command in (build, show, search, like):
    app.command(cls=GroupedCommand)(command)

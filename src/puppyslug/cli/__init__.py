"""The command line: options → calls → exit codes. Heavy imports wait until they are needed."""

import os
import sys
from collections.abc import Sequence

import typer

from puppyslug.cli.atlas import app as atlas_app
from puppyslug.cli.bench import bench
from puppyslug.cli.channels import channels
from puppyslug.cli.classify import classify
from puppyslug.cli.downloads import fetch
from puppyslug.cli.dream import dream
from puppyslug.cli.film import film
from puppyslug.cli.labels import labels
from puppyslug.cli.networks import layers, networks, start
from puppyslug.cli.output import say
from puppyslug.cli.portrait import portrait
from puppyslug.cli.redo import redo
from puppyslug.cli.sheet import sheet
from puppyslug.cli.studio import studio
from puppyslug.cli.teach import teach
from puppyslug.cli.zoom import journey, zoom
from puppyslug.errors import PuppyslugError

app = typer.Typer(
    name="puppyslug",
    help="Shows what a neural network sees: turns pictures into dreams.",
    epilog="Start with 'puppyslug dream', then 'puppyslug dream PHOTO.jpg'.",
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.callback()(start)
for command in (
    dream,
    redo,
    sheet,
    zoom,
    journey,
    film,
    portrait,
    channels,
    teach,
    studio,
    classify,
    layers,
    labels,
    bench,
):
    app.command()(command)
app.add_typer(atlas_app, name="atlas")
networks_app = typer.Typer(invoke_without_command=True, rich_markup_mode=None)
networks_app.callback()(networks)
networks_app.command()(fetch)
app.add_typer(networks_app, name="networks")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: without the program's name; None for the process's own.

    Returns:
        0; 1 when a run fails, with one line on standard error; 2 for wrong usage; 130 on Ctrl-C.
    """
    try:
        return app(args=arguments, prog_name="puppyslug", standalone_mode=False) or 0
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "puppyslug"
        _fail(f"{_sentence(error.format_message())} (see '{command} --help')")
        return error.exit_code
    except BrokenPipeError:  # the reader of our output, such as head, has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if os.environ.get("PUPPYSLUG_TRACEBACK"):
            raise
        return _fail(_explain(error))


def _explain(error: Exception) -> str:
    """What to tell the user of an error."""
    if isinstance(error, PuppyslugError):
        return str(error)
    if isinstance(error, MemoryError) or "can't allocate" in str(error):  # the latter is torch's
        return "there is not enough memory; take a smaller --size or --memory"
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror or error}"
    text = " ".join(str(error).split())[:300]
    return f"unexpected {type(error).__name__}: {text}; set PUPPYSLUG_TRACEBACK=1 to see where"


def _fail(message: str) -> int:
    say(f"error: {message}")
    return 1


def _sentence(message: str) -> str:
    """One line, without the full stop that Typer ends with."""
    return " ".join(message.split()).rstrip(".")

"""The application: all commands, and the translation of errors into exit statuses."""

import os
import re
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from puppyslug.cli.atlas import app as atlas_app
from puppyslug.cli.bench import bench
from puppyslug.cli.channels import channels
from puppyslug.cli.classify import classify
from puppyslug.cli.dream import dream
from puppyslug.cli.fetch import fetch
from puppyslug.cli.film import film
from puppyslug.cli.help_panels import GroupedCommand
from puppyslug.cli.journey import journey
from puppyslug.cli.labels import labels
from puppyslug.cli.listen import listen
from puppyslug.cli.live import live
from puppyslug.cli.messages import EXIT_INTERRUPTED, print_message
from puppyslug.cli.networks import layers, networks
from puppyslug.cli.portrait import portrait
from puppyslug.cli.redo import redo
from puppyslug.cli.sheet import sheet
from puppyslug.cli.studio import studio
from puppyslug.cli.teach import teach
from puppyslug.cli.zoom import zoom
from puppyslug.errors import PuppyslugError, command_line_messages

PHOTO_SUFFIXES = frozenset((".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".heic", ".avif"))
MAX_UNEXPECTED_LENGTH = 300  # characters of the message of an unexpected error

app = typer.Typer(
    name="puppyslug",
    epilog="Start with 'puppyslug dream', then 'puppyslug dream PHOTO.jpg'.",
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(requested: bool) -> None:
    if requested:
        print(f"puppyslug {version('puppyslug')}")
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Deep Dream: amplify in a picture what a neural network sees in it."""
    if context.invoked_subcommand is None:
        print(context.get_help())


for command in (
    dream,
    redo,
    sheet,
    zoom,
    journey,
    film,
    listen,
    live,
    portrait,
    channels,
    teach,
    studio,
    classify,
    layers,
    labels,
    bench,
):
    app.command(cls=GroupedCommand)(command)
app.add_typer(atlas_app, name="atlas")
networks_app = typer.Typer(invoke_without_command=True, rich_markup_mode=None)
networks_app.callback()(networks)
networks_app.command(cls=GroupedCommand)(fetch)
app.add_typer(networks_app, name="networks")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: command-line arguments without the program's name; None for ``sys.argv``.

    Returns:
        The exit status: 0; 1 if the command fails, with one line on standard error; 2 for wrong
        usage; 130 after Ctrl-C.
    """
    try:
        with command_line_messages():
            return app(args=arguments, prog_name="puppyslug", standalone_mode=False) or 0
    except (KeyboardInterrupt, typer.Abort) as error:
        if not isinstance(error.__cause__, EOFError):  # on which Typer aborts as on Ctrl-C
            return EXIT_INTERRUPTED
        print_message(f"error: {_describe_error(error.__cause__)}")
        return 1
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "puppyslug"
        message = " ".join(error.format_message().split()).rstrip(".")
        message += _suggest_dream(message)
        print_message(f"error: {message} (see '{command} --help')")
        return error.exit_code
    except BrokenPipeError:  # the program that reads the output, such as head, has ended
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if os.environ.get("PUPPYSLUG_TRACEBACK"):
            raise
        print_message(f"error: {_describe_error(error)}")
        return 1


def _suggest_dream(message: str) -> str:
    """Return a hint if a photo was given in place of a command; empty otherwise."""
    match = re.fullmatch(r"No such command '(.+)'", message)
    if match is None or Path(match[1]).suffix.lower() not in PHOTO_SUFFIXES:
        return ""
    return f"; did you mean 'puppyslug dream {match[1]}'?"


def _describe_error(error: Exception) -> str:
    """Return the message for an exception, on one line."""
    if isinstance(error, PuppyslugError):
        return str(error)
    if isinstance(error, MemoryError) or "can't allocate" in str(error):  # the latter is PyTorch's
        return "out of memory; choose a smaller --size or --memory"
    if isinstance(error, OSError):
        prefix = f"{error.filename}: " if error.filename else ""
        return f"{prefix}{error.strerror or error}"
    text = " ".join(str(error).split())[:MAX_UNEXPECTED_LENGTH]
    return f"unexpected {type(error).__name__}: {text}; set PUPPYSLUG_TRACEBACK=1 for a traceback"

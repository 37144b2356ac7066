"""The command line: a module for each command, and what several commands share."""

from puppyslug.cli.app import main

__all__ = ["main"]

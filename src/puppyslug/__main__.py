"""``python -m puppyslug`` is the command ``puppyslug``."""

from puppyslug.cli import run

run()

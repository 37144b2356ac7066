"""Writes docs/command-line.md from the commands' own help."""

import contextlib
import io
import os
from pathlib import Path

COMMANDS = (
    "dream", "redo", "sheet", "zoom", "journey", "film",
    "portrait", "channels", "teach", "studio", "classify", "layers", "labels", "bench",
    "atlas", "networks",
)  # fmt: skip
INNER = (
    *(("atlas", name) for name in ("build", "show", "search", "like")),
    ("networks", "fetch"),
)
PAGE = Path(__file__).with_name("command-line.md")


def page() -> str:
    """The whole page, as Markdown."""
    os.environ["COLUMNS"] = "80"
    from puppyslug.cli import main

    parts = [
        "# The command line\n",
        "Exit status: 0; 1 when a run fails, with one line `error: …` on standard error; 2 for "
        "wrong usage;\n130 on Ctrl-C, with the dream so far saved and named. The names of saved "
        "files go to standard\noutput, notices to standard error, and progress too, but only to a "
        "terminal.\n\nA photo called `noise` or `clouds` is named `./noise` or `./clouds`.\n",
    ]
    for command in ((), *((name,) for name in COMMANDS), *INNER):
        shown = io.StringIO()
        with contextlib.redirect_stdout(shown):
            main([*command, "--help"])
        title = " ".join(("puppyslug", *command))
        lines = (line.rstrip() for line in shown.getvalue().strip().splitlines())
        parts.append(f"## {title}\n\n```\n" + "\n".join(lines) + "\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

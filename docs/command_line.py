"""Writes docs/command-line.md from the help of the commands."""

import contextlib
import io
import os
from pathlib import Path

COMMANDS = (
    "dream", "redo", "sheet", "zoom", "journey", "film", "listen", "live",
    "portrait", "channels", "teach", "studio", "classify", "layers", "labels", "bench",
    "atlas", "networks",
)  # fmt: skip
SUBCOMMANDS = (
    *(("atlas", name) for name in ("build", "show", "search", "like")),
    ("networks", "fetch"),
)
PAGE = Path(__file__).with_name("command-line.md")
INTRODUCTION = """# The command line

Exit status: 0 on success; 1 if a command fails, with one line `error: …` on standard error; 2 for
wrong usage; 130 after Ctrl-C: an interrupted dream is saved as it is. Paths of saved files are
printed on standard output, notices on standard error; progress is shown only in a terminal.

The names `noise` and `clouds` stand for generated images; for files of these names, give `./noise`
and `./clouds`.
"""


def render_page() -> str:
    """Return the whole page as Markdown."""
    os.environ["COLUMNS"] = "80"
    from puppyslug.cli import main

    parts = [INTRODUCTION]
    for command in ((), *((name,) for name in COMMANDS), *SUBCOMMANDS):
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            main([*command, "--help"])
        title = " ".join(("puppyslug", *command))
        lines = (line.rstrip() for line in output.getvalue().strip().splitlines())
        parts.append(f"## {title}\n\n```\n" + "\n".join(lines) + "\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(render_page(), encoding="utf-8")

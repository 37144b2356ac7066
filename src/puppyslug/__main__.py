"""The installed command, and ``python -m puppyslug``."""

import contextlib
import os
import sys
from pathlib import Path


def run() -> None:
    """Run the command line and exit; Ctrl-C is heard from the first import on."""
    with contextlib.ExitStack() as opened:
        for name in ("stdout", "stderr"):
            if getattr(sys, name) is None:  # closed by whoever started us
                setattr(sys, name, opened.enter_context(Path(os.devnull).open("w")))
            getattr(sys, name).reconfigure(errors="backslashreplace")
        try:
            from puppyslug.cli import main

            status = main()
        except KeyboardInterrupt:
            status = 130
        sys.exit(status)


if __name__ == "__main__":
    run()

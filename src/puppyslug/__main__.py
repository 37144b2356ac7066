"""Entry point of the command ``puppyslug`` and of ``python -m puppyslug``."""

import contextlib
import os
import sys
from pathlib import Path


def run() -> None:
    """Run the command line and exit; Ctrl-C is handled from the first import on."""
    with contextlib.ExitStack() as stack:
        for name in ("stdout", "stderr"):
            if getattr(sys, name) is None:  # closed by the parent process
                setattr(sys, name, stack.enter_context(Path(os.devnull).open("w")))
            getattr(sys, name).reconfigure(errors="backslashreplace")
        try:
            from puppyslug.networks.threads import configure_threads

            configure_threads()  # before torch is imported
            from puppyslug.cli import main

            status = main()
        except KeyboardInterrupt:
            status = 130
        sys.exit(status)


if __name__ == "__main__":
    run()

"""Locks held by another process."""

import subprocess
import sys
from contextlib import contextmanager


@contextmanager
def locked_by_other_process(lock):
    """Let another process hold a lock; kill it at the end."""
    code = (
        "import sys, time, pathlib; from puppyslug.files.locks import acquire; "
        "print(acquire(pathlib.Path(sys.argv[1])), flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", code, str(lock)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout.readline() == "True\n"
        yield
        owner.kill()

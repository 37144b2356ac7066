"""Locks that another process holds, until it is killed."""

import subprocess
import sys
from contextlib import contextmanager


@contextmanager
def held_elsewhere(lock):
    """Have another process hold a lock, and kill it at the end."""
    code = (
        "import sys, time, pathlib; from puppyslug.files.locks import take; "
        "print(take(pathlib.Path(sys.argv[1])), flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", code, str(lock)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout.readline() == "True\n"
        yield
        owner.kill()

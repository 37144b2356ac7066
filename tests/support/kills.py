"""Kills commands at random moments."""

import os
import random
import signal
import subprocess
import sys
import time

from support.films import decode_with_opencv


def assert_resumes_after_kills(folder, arguments, *, frames):
    """Kill a command at random moments until it finishes; compare with an undisturbed run."""
    command = [sys.executable, "-m", "puppyslug", *arguments]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run([*command, "-o", "whole.mp4"], check=True, env=environment)
    generator = random.Random(arguments[0])
    for _ in range(10):
        process = subprocess.Popen([*command, "-o", "killed.mp4"], env=environment)
        time.sleep(2 + generator.random() * 2)
        process.send_signal(signal.SIGKILL)
        process.wait()
        if (folder / "killed.mp4").exists():
            break
    else:
        subprocess.run([*command, "-o", "killed.mp4"], check=True, env=environment)
    assert (folder / "whole.mp4").read_bytes() == (folder / "killed.mp4").read_bytes()
    assert len(decode_with_opencv(folder / "killed.mp4")) == frames

"""Threads of torch's operations: how they wait, and how many there are.

OpenMP's threads spin while they wait for work. Where another program uses the same cores, that
makes both programs many times slower. These settings must be made before torch is imported.
"""

import math
import os
from collections.abc import MutableMapping
from pathlib import Path

WAIT_POLICY = "OMP_WAIT_POLICY"  # read by GNU's, LLVM's and Intel's OpenMP
THREAD_COUNT = "OMP_NUM_THREADS"
_OTHER_POLICIES = ("GOMP_SPINCOUNT", "KMP_BLOCKTIME")  # of GNU's, and of LLVM's and Intel's
_CGROUP_LIMIT = Path("/sys/fs/cgroup/cpu.max")


def configure_threads(environment: MutableMapping[str, str] = os.environ) -> None:
    """Let waiting threads sleep, and use no more threads than a container's limit of cores.

    Settings that the user made are kept. Call it before torch is imported, in the process that
    computes or in its parent.

    Args:
        environment: the variables that are set.
    """
    if not any(name in environment for name in (WAIT_POLICY, *_OTHER_POLICIES)):
        environment[WAIT_POLICY] = "PASSIVE"
    limit = _core_limit()
    if limit is not None and limit < (os.cpu_count() or 1):
        environment.setdefault(THREAD_COUNT, str(limit))


def _core_limit() -> int | None:
    """Return the number of cores that a container may use; None without a limit."""
    try:
        quota, period = _CGROUP_LIMIT.read_text().split()
        return max(1, math.ceil(int(quota) / int(period)))
    except (OSError, ValueError, ZeroDivisionError):  # not Linux, or a quota of "max"
        return None

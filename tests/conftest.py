"""Fixtures that many tests share."""

import os
import signal

# The processes of pytest -n share the cores; torch reads this when it is imported.
if workers := os.environ.get("PYTEST_XDIST_WORKER_COUNT"):
    threads = max(1, (os.cpu_count() or 1) // int(workers))
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))

import pytest
import torch
from hypothesis import settings
from torch import Tensor

from puppyslug.networks import runtime
from puppyslug.networks.network import Network
from support.toy_network import Toy, toy_spec

# A shell's background jobs ignore Ctrl-C, and so would every process that tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)
settings.register_profile("untimed", deadline=None)  # the machine may be busy
settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--auto-precision",
        choices=("float32", "bfloat16"),
        help="what precision auto resolves to, whatever this processor supports",
    )


def pytest_configure(config: pytest.Config) -> None:
    if precision := config.getoption("--auto-precision"):
        runtime.has_fast_bfloat16 = lambda device: precision == "bfloat16"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Give each worker consecutive tests, so that fixtures of modules are seldom made twice."""
    if config.getoption("dist") != "load":  # the user has chosen another
        return None
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log)


@pytest.fixture
def toy_architecture() -> Toy:
    return Toy()


@pytest.fixture
def toy(toy_architecture: Toy) -> Network:
    return Network(toy_spec(), toy_architecture)


@pytest.fixture
def picture() -> Tensor:
    """A random picture of 1×3×40×52, the same in every test."""
    return torch.rand(1, 3, 40, 52, generator=torch.Generator().manual_seed(3))

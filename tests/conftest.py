"""Fixtures that many tests share."""

import signal

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

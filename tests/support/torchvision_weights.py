"""State dicts with the names and shapes of torchvision's, and random numbers."""

from functools import cache
from pathlib import Path

import torch

KEYS = Path(__file__).parents[1] / "data" / "torchvision.txt"


@cache
def torchvision_shapes() -> dict[str, dict[str, tuple[int, ...]]]:
    """Names and shapes of the tensors of each network, by puppyslug's name of the network."""
    found: dict[str, dict[str, tuple[int, ...]]] = {}
    for line in KEYS.read_text().splitlines():
        if line.startswith("["):
            shapes = found[line[1:-1]] = {}
        elif not line.startswith("#"):
            name, _, shape = line.partition(" ")
            shapes[name] = tuple(map(int, shape.split("x"))) if shape else ()
    return found


def random_state_dict(network: str, seed: int = 0) -> dict[str, torch.Tensor]:
    """A state dict of torchvision's network with random weights of a sensible size."""
    generator = torch.Generator().manual_seed(seed)
    state = {}
    for key, shape in torchvision_shapes()[network].items():
        if len(shape) == 4:
            inputs = shape[1] * shape[2] * shape[3]
            state[key] = torch.randn(shape, generator=generator) * (2 / inputs) ** 0.5
        elif key.endswith("running_var"):
            state[key] = torch.rand(shape, generator=generator) + 0.5
        elif not shape:
            state[key] = torch.zeros((), dtype=torch.long)
        else:
            state[key] = torch.randn(shape, generator=generator) * 0.1
            state[key] += key.endswith("weight") and len(shape) == 1
    return state

"""puppyslug shows what a neural network sees: Deep Dream as a library and a command line.

>>> import puppyslug
>>> puppyslug.dream("sky.jpg", layer="relu4_4").save("sky.dream.png")  # doctest: +SKIP

Names are imported when they are first used, so that ``import puppyslug`` does not load torch.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from puppyslug.answering import strongest
    from puppyslug.atlas import Atlas, find_atlas, list_atlases
    from puppyslug.classification import classify
    from puppyslug.dreaming import DreamStep, dream, dream_steps
    from puppyslug.errors import PuppyslugError
    from puppyslug.evidence import class_map
    from puppyslug.images import load_image, save_image
    from puppyslug.labels import find_label
    from puppyslug.networks import list_networks
    from puppyslug.networks.loading import load_network
    from puppyslug.networks.network import Network
    from puppyslug.objectives import channel, guide, layer, neuron, parse_objective, see
    from puppyslug.portraits import portrait_steps
    from puppyslug.recipe import Recipe
    from puppyslug.teaching import teach

__all__ = [
    "Atlas",
    "DreamStep",
    "Network",
    "PuppyslugError",
    "Recipe",
    "channel",
    "class_map",
    "classify",
    "dream",
    "dream_steps",
    "find_atlas",
    "find_label",
    "guide",
    "layer",
    "list_atlases",
    "list_networks",
    "load_image",
    "load_network",
    "neuron",
    "parse_objective",
    "portrait_steps",
    "save_image",
    "see",
    "strongest",
    "teach",
]

_ROOMS = {
    "Atlas": "atlas",
    "DreamStep": "dreaming",
    "Network": "networks.network",
    "PuppyslugError": "errors",
    "Recipe": "recipe",
    "channel": "objectives",
    "class_map": "evidence",
    "classify": "classification",
    "dream": "dreaming",
    "dream_steps": "dreaming",
    "find_atlas": "atlas",
    "find_label": "labels",
    "guide": "objectives",
    "layer": "objectives",
    "list_atlases": "atlas",
    "list_networks": "networks",
    "load_image": "images",
    "load_network": "networks.loading",
    "neuron": "objectives",
    "parse_objective": "objectives",
    "portrait_steps": "portraits",
    "save_image": "images",
    "see": "objectives",
    "strongest": "answering",
    "teach": "teaching",
}


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module 'puppyslug' has no attribute {name!r}")
    return getattr(importlib.import_module(f"puppyslug.{_ROOMS[name]}"), name)


def __dir__() -> list[str]:
    return __all__

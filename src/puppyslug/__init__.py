"""puppyslug shows what a neural network sees: Deep Dream as a library and a command line.

>>> import puppyslug
>>> puppyslug.dream("sky.jpg", layer="relu4_4").save("sky.dream.png")  # doctest: +SKIP

Names are imported when they are first used, so that ``import puppyslug`` does not load torch.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from puppyslug.engine.dream import dream
    from puppyslug.engine.loop import dream_steps
    from puppyslug.engine.progress import DreamStep
    from puppyslug.engine.scoring import score
    from puppyslug.errors import PuppyslugError
    from puppyslug.images import Photo, load_image, save_image
    from puppyslug.labels import find_label
    from puppyslug.networks import list_networks
    from puppyslug.networks.layer_info import LayerInfo
    from puppyslug.networks.loader import load_network
    from puppyslug.networks.network import Network
    from puppyslug.objectives import (
        Objective,
        Term,
        channel,
        guide,
        layer,
        neuron,
        parse_objective,
        see,
    )
    from puppyslug.objectives.factories import objective
    from puppyslug.recipe import PortraitRecipe, Recipe
    from puppyslug.recognition.channel_responses import ChannelResponse, strongest
    from puppyslug.recognition.class_maps import class_map
    from puppyslug.recognition.classification import classify
    from puppyslug.training import teach
    from puppyslug.visualization.atlas import Atlas, find_atlas, list_atlases
    from puppyslug.visualization.portrait import Portrait, portrait
    from puppyslug.visualization.portraits import PortraitStep, portrait_steps
    from puppyslug.visualization.redo import redo

__all__ = [
    "Atlas",
    "ChannelResponse",
    "DreamStep",
    "LayerInfo",
    "Network",
    "Objective",
    "Photo",
    "Portrait",
    "PortraitRecipe",
    "PortraitStep",
    "PuppyslugError",
    "Recipe",
    "Term",
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
    "objective",
    "parse_objective",
    "portrait",
    "portrait_steps",
    "redo",
    "save_image",
    "score",
    "see",
    "strongest",
    "teach",
]

_MODULES = {
    "Atlas": "visualization.atlas",
    "ChannelResponse": "recognition.channel_responses",
    "DreamStep": "engine.progress",
    "LayerInfo": "networks.layer_info",
    "Network": "networks.network",
    "Objective": "objectives.objective",
    "Photo": "images.reader",
    "Portrait": "visualization.portrait",
    "PortraitRecipe": "recipe.portrait_recipe",
    "PortraitStep": "visualization.portraits",
    "PuppyslugError": "errors",
    "Recipe": "recipe.recipe",
    "Term": "objectives.term",
    "channel": "objectives",
    "class_map": "recognition.class_maps",
    "classify": "recognition.classification",
    "dream": "engine.dream",
    "dream_steps": "engine.loop",
    "find_atlas": "visualization.atlas",
    "find_label": "labels",
    "guide": "objectives",
    "layer": "objectives",
    "list_atlases": "visualization.atlas",
    "list_networks": "networks",
    "load_image": "images",
    "load_network": "networks.loader",
    "neuron": "objectives",
    "objective": "objectives.factories",
    "parse_objective": "objectives",
    "portrait": "visualization.portrait",
    "portrait_steps": "visualization.portraits",
    "redo": "visualization.redo",
    "save_image": "images",
    "score": "engine.scoring",
    "see": "objectives",
    "strongest": "recognition.channel_responses",
    "teach": "training",
}


if not TYPE_CHECKING:  # type checkers know the names above, and refuse any other

    def __getattr__(name: str) -> Any:
        if name not in _MODULES:
            raise AttributeError(f"module 'puppyslug' has no attribute {name!r}")
        return getattr(importlib.import_module(f"puppyslug.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return __all__

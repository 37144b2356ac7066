"""Presets: named settings that fill in what is unset. Nothing here imports torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from puppyslug.errors import RecipeError, nearest


@dataclass(frozen=True)
class Preset:
    """Settings under a name.

    Attributes:
        title: one line on what it looks like.
        settings: fields of a recipe that differ from the recipe's own defaults.
    """

    title: str
    settings: Mapping[str, object]


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "classic": Preset("the notebook of 2015: slugs and eyes", {}),
        "strokes": Preset(
            "brush strokes", {"network": "vgg19", "objective": "relu3_1", "step_size": 0.7}
        ),
        "swirls": Preset(
            "ornaments that flow", {"network": "vgg19", "objective": "relu3_3", "step_size": 0.9}
        ),
        "eyes": Preset("eyes everywhere", {"network": "vgg19", "objective": "relu4_1"}),
        "animals": Preset("whole animals", {"network": "vgg19", "objective": "relu5_2"}),
    }
)


def find_preset(name: str) -> Preset:
    """Look a preset up.

    Raises:
        RecipeError: there is no such preset; near names are offered.
    """
    if name not in PRESETS:
        raise RecipeError(f"there is no preset {name!r}; {nearest(name, PRESETS)}")
    return PRESETS[name]

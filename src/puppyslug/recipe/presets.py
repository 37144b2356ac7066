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


ZOOM = 1.05  # enlargement from frame to frame of a zoom that does not say; the notebook's
SEEING = "natural"  # the preset that things by name take
EYES = "efficientnet_lite0"  # finds things by name where a network knows none itself

PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "classic": Preset("as in the notebook of 2015: slugs and eyes", {}),
        "strokes": Preset(
            "brush strokes", {"network": "vgg19", "objective": "relu3_1", "step_size": 0.7}
        ),
        "swirls": Preset(
            "ornaments that flow", {"network": "vgg19", "objective": "relu3_3", "step_size": 0.9}
        ),
        "eyes": Preset("eyes everywhere", {"network": "vgg19", "objective": "relu4_1"}),
        "natural": Preset(
            "things by name, clear and calm: what --see takes",
            {
                "network": "efficientnet_lite0+efficientnet_lite1",
                "count": 1,
                "iterations": 20,
                "step_size": 4.5,
                "taper": 0.75,
                "rescale": 0.5,
                "smooth": "1.2",
                "soften": 0.15,
                "palette": "natural",
                "focus": 1.5,
                "margin": 0.25,
            },
        ),
        "film": Preset(
            "a frame of a zoom: few steps, for each goes on from the one before",
            {"octaves": 3, "iterations": 4},
        ),
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

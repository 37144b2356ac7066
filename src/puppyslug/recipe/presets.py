"""Presets: named settings that replace the defaults of a recipe. Nothing here imports torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from puppyslug.errors import RecipeError, suggest
from puppyslug.recipe import defaults


@dataclass(frozen=True)
class Preset:
    """Named settings.

    Attributes:
        title: one-line description of the result.
        settings: recipe fields that differ from their defaults.
    """

    title: str
    settings: Mapping[str, object]


_ONE_THING: Mapping[str, object] = {  # a named thing by octaves, whole and smooth
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
}

PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "classic": Preset("as in the notebook of 2015: slugs and eyes", {}),
        "strokes": Preset(
            "brush strokes", {"network": "vgg19", "objective": "relu3_1", "step_size": 0.7}
        ),
        "swirls": Preset(
            "flowing ornaments", {"network": "vgg19", "objective": "relu3_3", "step_size": 0.9}
        ),
        "eyes": Preset("eyes everywhere", {"network": "vgg19", "objective": "relu4_1"}),
        "natural": Preset(
            "named things, clear and calm; the default of --see in films",
            {"network": defaults.ATLAS_CLASSIFIER, **_ONE_THING},
        ),
        "vivid": Preset(
            "a named thing, large, in the classic colours of VGG-19 and with its eyes",
            {"network": "vgg19", **_ONE_THING},
        ),
        "named": Preset(
            "a named thing, drawn whole where the photo resembles it; the default of --see",
            {
                "network": defaults.SEE_NETWORK,
                "method": "spectrum",
                "iterations": 8,
                "step_size": 0.2,
                "rescale": 0.3,
                "smooth": "1.2",
                "palette": "natural",
                "focus": 1.5,
            },
        ),
        "film": Preset(
            "a frame of a zoom: few steps, because each frame continues from the previous one",
            {"octaves": 3, "iterations": 4},
        ),
        "live": Preset(
            "a calm dream that a camera's picture can follow; the default of live",
            {
                "network": defaults.CLASSIFIER,
                "objective": "block_3",
                "octaves": 2,
                "octave_scale": 1.6,
                "iterations": 7,
                "smooth": "1",
                "palette": "natural",
            },
        ),
        "animals": Preset(
            "whole animals", {"network": "vgg19", "objective": "relu5_2", "min_side": 480}
        ),
    }
)


def find_preset(name: str) -> Preset:
    """Look up a preset by name.

    Raises:
        RecipeError: unknown preset; similar names are suggested.
    """
    if name not in PRESETS:
        raise RecipeError(f"there is no preset {name[:80]!r}; {suggest(name, PRESETS)}")
    return PRESETS[name]

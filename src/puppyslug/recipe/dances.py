"""Dances: ready-made curves by which a film follows music. Nothing here imports torch.

They scale the recipe's own settings, such as its zoom and step size.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from puppyslug.errors import RecipeError, suggest
from puppyslug.networks import NetworkSpec
from puppyslug.recipe.curves import check_curves
from puppyslug.recipe.recipe import Recipe
from puppyslug.recipe.schedule import CAMERA_FIELDS

MIN_LAYERS = 4  # of a network among which a dance changes
LAYER_SHARES = (0.3, 0.45, 0.6, 0.75)  # of the way up through a network's typical layers


class Dance(NamedTuple):
    """How settings follow music.

    Attributes:
        title: one-line description.
        zoom: curves of zooms and journeys; in braces, the recipe's own values.
        film: curves of films.
        beats: number of beats after which the layer changes.
    """

    title: str
    zoom: Mapping[str, str]
    film: Mapping[str, str]
    beats: int


DANCES: Mapping[str, Dance] = MappingProxyType(
    {
        "gentle": Dance(
            "slow waves that follow the loudness",
            {
                "zoom": "clamp(1 + {zoom:g}*(0.5 + 0.7*loudness), 0.5, 2)",
                "rotate": "{rotate} + 0.3*sin(seconds/3)*(0.5 + loudness)",
                "step_size": "{step_size}*(0.7 + 0.6*loudness)",
            },
            {
                "strength": "{strength}*(0.45 + 0.4*loudness)",
                "saturation": "{saturation}*(1 + 0.15*bass)",
            },
            32,
        ),
        "strong": Dance(
            "everything moves with the bass",
            {
                "zoom": "clamp(1 + {zoom:g}*(0.2 + 1.6*bass), 0.5, 2)",
                "rotate": "{rotate} + 1.5*(bass - 0.3)*sin(seconds*0.8)",
                "step_size": "{step_size}*(0.6 + 0.9*bass + 0.7*onset)",
            },
            {
                "strength": "{strength}*clamp(0.25 + 0.5*bass + 0.35*onset, 0, 1)",
                "saturation": "{saturation}*(1 + 0.3*bass)",
                "contrast": "{contrast}*(1 + 0.12*beat)",
            },
            16,
        ),
        "drums": Dance(
            "a jerk at every beat and every drum",
            {
                "zoom": "clamp(1 + {zoom:g}*(0.1 + 2.2*beat*loudness), 0.5, 2)",
                "rotate": "{rotate} + 2*onset*where(beat_number % 2 < 1, 1, -1)",
                "step_size": "{step_size}*(0.5 + 1.6*onset)",
            },
            {
                "strength": "{strength}*clamp(0.15 + 0.85*onset + 0.2*beat, 0, 1)",
                "contrast": "{contrast}*(1 + 0.2*beat)",
            },
            8,
        ),
    }
)


def dance_curves(
    name: str, recipe: Recipe, spec: NetworkSpec, *, camera: bool, layers: bool
) -> dict[str, str]:
    """Return the curves of a dance.

    Args:
        name: one of ``DANCES``.
        recipe: its settings are scaled.
        spec: the network, whose layers alternate.
        camera: whether the camera moves, as in zooms and journeys.
        layers: whether the layer may change.

    Raises:
        RecipeError: unknown dance; similar names are suggested.
    """
    if name not in DANCES:
        raise RecipeError(f"there is no dance {name[:80]!r}; {suggest(name, DANCES)}")
    dance = DANCES[name]
    values = {
        "zoom": recipe.zoom - 1,
        "rotate": f"{recipe.rotate:g}",
        "step_size": f"{recipe.step_size:g}",
        **{
            field: f"{getattr(recipe, field):g}" for field in ("strength", "saturation", "contrast")
        },
    }
    templates = dance.zoom if camera else dance.film
    curves = {field: text.format(**values) for field, text in templates.items()}
    typical = spec.preview_layers
    if layers and len(typical) >= MIN_LAYERS:
        chosen = [typical[round(share * (len(typical) - 1))] for share in LAYER_SHARES]
        names = list(dict.fromkeys(chosen))
        curves["layer"] = f"[{', '.join(names)}][beat_number//{dance.beats} % {len(names)}]"
    assert camera or not CAMERA_FIELDS & curves.keys()
    return check_curves(curves)

"""What a seed varies beside the random views, so that other seeds give other pictures.

Nothing here imports torch.
"""

import math
from dataclasses import dataclass

from puppyslug.objectives import Objective
from puppyslug.recipe import Recipe
from puppyslug.recipe.defaults import SEED

MAX_ANGLE = 25.0  # degrees
MAX_PATTERN = 0.12  # standard deviation of the pattern, in [0, 1] of the image's range
_STREAM = 1  # of the seed's random numbers; those of the views have two numbers, seed and frame


@dataclass(frozen=True)
class Variation:
    """How a dream differs from that of the default seed.

    Attributes:
        octave_ratio: ratio of the sizes of all octaves but the last to those without variation.
        angle: by which the network sees the image rotated, in degrees.
        flipped: whether the network sees the image mirrored.
        emphasis: how unequally the channels of a layer are weighted, in [0, 1].
        pattern: standard deviation of a smooth random pattern under the coarsest octave, in [0, 1].
    """

    octave_ratio: float = 1.0
    angle: float = 0.0
    flipped: bool = False
    emphasis: float = 0.0
    pattern: float = 0.0

    @classmethod
    def of_recipe(cls, recipe: Recipe) -> "Variation":
        """Draw the variation of a recipe's seed; the default seed has none.

        A composition, which a seed draws from other coefficients, has none, either. An image is
        neither rotated nor mirrored for neurons, whose positions would move.
        """
        if not recipe.variety or recipe.seed == SEED or recipe.draws_composition:
            return cls()
        import numpy as np  # not needed for the default seed

        generator = np.random.default_rng((recipe.seed, 0, _STREAM))
        ratio, angle, flip, strength = (float(number) for number in generator.random(4))
        limit = min(math.sqrt(recipe.octave_scale), math.sqrt(2.0))
        octave_ratio = limit ** (recipe.variety * (2 * ratio - 1))
        pattern = MAX_PATTERN * recipe.variety * (0.5 + 0.5 * strength)
        if _names_positions(recipe.combined_objective()):
            return cls(octave_ratio, emphasis=recipe.variety, pattern=pattern)
        return cls(
            octave_ratio,
            MAX_ANGLE * recipe.variety * (2 * angle - 1),
            flip < 0.5,
            recipe.variety,
            pattern,
        )


def _names_positions(objective: Objective) -> bool:
    return any(term.has_position for _, term in objective.terms)

"""Fields of the look of a dream: colours, sizes, variety. Nothing here imports torch.

Each was added by a later version of recipes; see ``puppyslug.recipe.versions``.
"""

from typing import Literal

from pydantic import Field

from puppyslug.recipe.fields import RecipeFields, slider
from puppyslug.recipe.sizes import MAX_SIDE


class LookFields(RecipeFields):
    """Settings of the look of a dream."""

    balance: Literal["gradient", "sum"] = Field(
        "gradient",
        description="how terms of the objective are added: gradient: equal weights change the "
        "image equally; sum: by their values, where the term with the largest gradient prevails",
    )
    scale: Literal["small", "medium", "large", "huge"] = Field(
        "medium",
        description="size of the shapes, which sets the octaves",
    )
    palette_from: tuple[float, ...] | None = Field(
        None,
        min_length=9,
        max_length=9,
        description="mean and covariance of the colours that the result gets, such as those of "
        "another image",
    )
    colour_limit: float = Field(
        1.1,
        ge=0,
        le=10,
        description="mean colourfulness that the natural palette and the frames of zooms may have, "
        "relative to the photo's; 0: no limit",
        json_schema_extra=slider(1, 2, 0.05),
    )
    saturation: float = Field(
        1.0,
        ge=0,
        le=4,
        description="saturation of the result: 0 is grey, 1 leaves it as it is",
        json_schema_extra=slider(0, 2, 0.05),
    )
    contrast: float = Field(
        1.0,
        ge=0,
        le=4,
        description="contrast of the result: 0 is plain grey, 1 leaves it as it is",
        json_schema_extra=slider(0, 2, 0.05),
    )
    variety: float = Field(
        0.75,
        ge=0,
        le=1,
        description="how much the seed varies the picture: which channels of a layer prevail, "
        "where octaves start, how the network sees the image turned; the default seed varies "
        "nothing",
        json_schema_extra=slider(0, 1, 0.05),
    )
    min_side: int = Field(
        1,
        ge=1,
        le=MAX_SIDE,
        description="shorter side in pixels to which smaller photos are enlarged if there is no "
        "size",
    )
    enlarge: Literal["refine", "dream"] = Field(
        "refine",
        description="what octaves above the composed size do in dreams of named things: refine: "
        "sharpen what the smaller dream shows; dream: add smaller shapes, as in dreams of layers",
    )

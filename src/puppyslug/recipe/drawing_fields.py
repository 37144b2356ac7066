"""The fields of a recipe that tell how a named thing is drawn. Nothing here imports torch."""

from typing import Literal

from pydantic import Field, field_validator

from puppyslug.recipe.fields import slider
from puppyslug.recipe.look_fields import LookFields
from puppyslug.recipe.places import format_place, parse_place

DRAWING_FIELDS = frozenset(
    {"drawing_steps", "natural", "fidelity", "chroma", "annealing", "place", "extent"}
)
"""The settings that only drawings have."""


class DrawingFields(LookFields):
    """The settings of the method ``"spectrum"``, on top of all others."""

    method: Literal["octaves", "spectrum"] = Field(
        "octaves",
        description="how the dream grows: octaves, from the photo, as in the notebook; spectrum: a "
        "named thing is drawn coarse to fine, and octaves refine it",
    )
    drawing_steps: int = Field(
        120,
        ge=1,
        le=100_000,
        description="with the method spectrum: steps in which the thing is drawn",
        json_schema_extra=slider(40, 240, 10),
    )
    natural: float | None = Field(
        None,
        ge=0,
        le=1000,
        description="with the method spectrum: how closely the statistics of activations follow "
        "those of natural photographs; default: 15 where the network has statistics of them",
        json_schema_extra=slider(0, 40, 1),
    )
    fidelity: float = Field(
        2.0,
        ge=0,
        le=1000,
        description="with the method spectrum: how closely the thing follows the photo's colours "
        "and light",
        json_schema_extra=slider(0, 8, 0.5),
    )
    chroma: float = Field(
        0.5,
        gt=0,
        le=4,
        description="with the method spectrum: how much colours change, relative to brightness",
        json_schema_extra=slider(0.2, 1.5, 0.1),
    )
    annealing: float = Field(
        0.6,
        ge=0,
        le=1,
        description="with the method spectrum: last share of the steps, in which they become "
        "smaller, so that no grain is left; 0: none",
    )
    place: str | None = Field(
        None,
        description="X,Y of the thing's centre, as shares of the width and height, such as "
        "0.3,0.6; default: where the photo resembles it",
    )
    extent: float = Field(
        0.9,
        gt=0,
        le=2,
        description="size of the thing, as a share of the photo's shorter side",
        json_schema_extra=slider(0.2, 1.2, 0.05),
    )

    @field_validator("place")
    @classmethod
    def _validate_place(cls, text: str | None) -> str | None:
        return None if text is None else format_place(parse_place(text))

"""The recipe of portraits: everything that draws them again. Nothing here imports torch."""

import json
from collections.abc import Mapping
from importlib.metadata import version
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from puppyslug.errors import RecipeError
from puppyslug.networks.finetuned import strip_folders
from puppyslug.objectives import Objective
from puppyslug.recipe import defaults
from puppyslug.recipe.completion import validate_names, validate_version
from puppyslug.recipe.references import FileReference
from puppyslug.recipe.settings import PORTRAIT_KEY, parse_settings
from puppyslug.recipe.validation import format_validation_error
from puppyslug.recipe.versions import (
    RECIPE_VERSION,
    AddedFields,
    earlier_settings,
    without_later_fields,
)

ADDED_FIELDS: AddedFields = {2: {"method": "transforms"}}  # see ``puppyslug.recipe.versions``
MIN_SIDE, MAX_SIDE, MAX_STEPS, MAX_BATCH = 8, 2048, 10_000, 64


class PortraitRecipe(BaseModel):
    """All settings that determine a row of portraits.

    Attributes:
        objectives: what the portraits maximise: one of them for all, or one for each.
        batch: number of portraits.
        steps: number of steps, which also sets the learning rate.
        method: ``"transforms"`` for gradient ascent under random affine transforms (Lucid),
            ``"spectrum"`` for named classes, drawn whole from coarse to fine, ``"vivid spectrum"``
            for the same with strong colours and more grain, or ``"auto"``: spectrum where all
            objectives are classes and nothing is transparent.
        stop_after: number of steps after which drawing was interrupted, or None.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    recipe_version: Annotated[int, Field(ge=1)] = RECIPE_VERSION
    version: str = Field(default_factory=lambda: version("puppyslug"))
    objectives: tuple[str, ...] = Field(min_length=1, max_length=MAX_BATCH)
    network: str = defaults.NETWORK
    weights: FileReference | None = None
    labels: FileReference | None = None
    size: int = Field(defaults.PORTRAIT_SIDE, ge=MIN_SIDE, le=MAX_SIDE)
    steps: int = Field(defaults.PORTRAIT_STEPS, ge=1, le=MAX_STEPS)
    seed: int = Field(defaults.SEED, ge=0, lt=2**63)
    batch: int = Field(defaults.PORTRAIT_BATCH, ge=1, le=MAX_BATCH)
    diversity: float = Field(defaults.PORTRAIT_DIVERSITY, ge=0, le=100)
    transparent: bool = False
    method: Literal["auto", "transforms", "spectrum", "vivid spectrum"] = "auto"
    precision: Literal["auto", "float32", "bfloat16", "float64"] = "auto"
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    winograd: Annotated[int, Field(ge=0, le=1_000_000)] | Literal["auto", "steady"] = "steady"
    kernels: Literal["auto", "native", "torch"] = "auto"
    threads: int | None = Field(None, ge=1, le=4096)
    stop_after: int | None = Field(None, ge=1)

    @field_validator("network")
    @classmethod
    def _strip_folders(cls, name: str) -> str:
        return strip_folders(name)

    @field_validator("objectives", mode="before")
    @classmethod
    def _to_texts(cls, value: object) -> object:
        values = value if isinstance(value, list | tuple) else [value]
        return tuple(str(one) if isinstance(one, Objective) else one for one in values)

    @classmethod
    def complete(cls, settings: Mapping[str, object]) -> Self:
        """Create a recipe from the settings that a user chose.

        Raises:
            RecipeError: unknown field, value out of range, or recipe of a newer puppyslug.
        """
        settings = dict(settings)
        if "objective" in settings:  # the only one
            settings["objectives"] = settings.pop("objective")
        validate_version(settings)
        validate_names(settings, cls.model_fields)
        if settings.get("recipe_version") == 2 and settings.get("method") == "spectrum":
            settings["method"] = "vivid spectrum"  # the name that it has since version 3
        try:
            recipe = cls.model_validate({**earlier_settings(settings, ADDED_FIELDS), **settings})
        except ValidationError as error:
            raise RecipeError(format_validation_error(error)) from error
        if len(recipe.objectives) not in (1, recipe.batch):
            raise RecipeError(
                f"there are {len(recipe.objectives)} objectives for {recipe.batch} portraits; name "
                "one, or one for each"
            )
        return recipe

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Parse the recipe inside the file of a portrait.

        Raises:
            RecipeError: as in ``complete``, or the recipe is that of a dream.
        """
        settings = parse_settings(text)
        if not is_portrait(settings):
            raise RecipeError("the recipe is that of a dream, not of a portrait")
        return cls.complete(settings[PORTRAIT_KEY])

    def to_json(self) -> str:
        """Serialise as ASCII JSON; ``from_json`` restores an equal recipe."""
        settings = self.model_dump(mode="json", exclude_none=True)
        if len(self.objectives) == 1:
            settings["objective"] = settings.pop("objectives")[0]
        settings = without_later_fields(settings, ADDED_FIELDS)
        return json.dumps({PORTRAIT_KEY: settings})

    def with_settings(self, settings: Mapping[str, object]) -> Self:
        """Return a copy with some fields changed and validated.

        Raises:
            RecipeError: value out of range.
        """
        return type(self).complete({**self.model_dump(), **settings})


def is_portrait(settings: Mapping[str, Any]) -> bool:
    """Return whether the settings of a file are those of a portrait rather than of a dream."""
    return isinstance(settings.get(PORTRAIT_KEY), Mapping)

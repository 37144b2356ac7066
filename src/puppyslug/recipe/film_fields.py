"""The fields of a recipe that only films have. Nothing here imports torch."""

from pydantic import Field, field_validator

from puppyslug.errors import RecipeError
from puppyslug.recipe.curves import check_curves
from puppyslug.recipe.defaults import MUSIC_ATTACK, MUSIC_RELEASE
from puppyslug.recipe.drawing_fields import DrawingFields
from puppyslug.recipe.references import FileReference


class FilmFields(DrawingFields):
    """The settings of films that follow expressions and music, on top of all others.

    Recipes without them are written as before these fields existed, since they are None.
    """

    curves: dict[str, str] | None = Field(
        None,
        max_length=40,
        description="of films: settings as functions of the frame, by the names of their fields, "
        "such as 1.01+0.04*bass",
    )
    music: FileReference | None = Field(
        None, description="of films: the song whose signals the curves use"
    )
    attack: float | None = Field(
        None,
        ge=0,
        le=60,
        description="of films to music: seconds in which loudness, bass, mid and treble rise; "
        f"default: {MUSIC_ATTACK:g}",
    )
    release: float | None = Field(
        None,
        ge=0,
        le=60,
        description=f"of films to music: seconds in which they fall; default: {MUSIC_RELEASE:g}",
    )

    @field_validator("curves")
    @classmethod
    def _validate_curves(cls, curves: dict[str, str] | None) -> dict[str, str] | None:
        try:
            return None if curves is None else check_curves(curves) or None
        except RecipeError as error:
            raise ValueError(str(error)) from error

"""Options that zoom, journey and film share."""

from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer

from puppyslug.cli.help_panels import FILM_PANEL, OUTPUT_PANEL
from puppyslug.cli.options import output_option
from puppyslug.errors import RecipeError
from puppyslug.images.sizes import format_size
from puppyslug.recipe import STARTING_IMAGES, Recipe
from puppyslug.recipe.curves import without_fields
from puppyslug.recipe.defaults import DRAFT_OCTAVES, FILM_FPS, PHOTO_SIDE, STARTING_IMAGE_SIZE

MIN_FPS, MAX_FPS = 0.01, 1000

Fps = Annotated[
    float | None,
    typer.Option(
        "--fps",
        metavar="N",
        help=f"frames per second [default: {FILM_FPS}]",
        rich_help_panel=FILM_PANEL,
    ),
]
Seconds = Annotated[
    float | None,
    typer.Option(
        "--seconds",
        metavar="N",
        min=0.01,
        help="length of the film, in place of a number of frames",
        rich_help_panel=FILM_PANEL,
    ),
]
Keyframes = Annotated[
    list[str] | None,
    typer.Option(
        "--at",
        metavar="FRAME:SETTING",
        help="keyframe, such as 0:layer=relu3_4, 4s:see=castle or 100:zoom=1.02; expression for "
        "every frame, such as zoom=1.01+0.04*sin(t/10); keys as Deforum writes them, such as "
        "'zoom=0:(1.02), 40:(1.1)'; or a .json file (repeatable)",
        rich_help_panel=FILM_PANEL,
    ),
]
Draft = Annotated[
    bool,
    typer.Option(
        "--draft",
        help="render at half the size, to judge the film: at most a quarter of the work",
        rich_help_panel=FILM_PANEL,
    ),
]
Quality = Annotated[
    int,
    typer.Option(
        "--quality",
        metavar="N",
        min=0,
        max=100,
        help="video quality, 0 to 100",
        rich_help_panel=OUTPUT_PANEL,
    ),
]
NoRecipe = Annotated[
    bool,
    typer.Option(
        "--no-recipe",
        help="do not store the recipe in the film's metadata",
        rich_help_panel=OUTPUT_PANEL,
    ),
]
Output = Annotated[Path, output_option("film to write: .mp4, .webm or .gif", metavar="OUT")]
Force = Annotated[
    bool,
    typer.Option(
        "--force",
        help="replace OUT, and start an interrupted film again",
        rich_help_panel=OUTPUT_PANEL,
    ),
]


def as_draft(recipe: Recipe, photo: str | None) -> Recipe:
    """Return the recipe of a zoom or journey at half its size, with fewer octaves.

    Shapes keep their share of the frame; the finest details are missing.

    Args:
        recipe: the recipe.
        photo: the starting image as the user names it.

    Raises:
        ImageError: the photo cannot be read.
    """
    if recipe.size is not None and recipe.size != "full":
        size = recipe.size
    elif photo is None or photo in STARTING_IMAGES:
        size = format_size(STARTING_IMAGE_SIZE)
    else:
        from puppyslug.images.reader import read_image

        largest = None if recipe.size == "full" else PHOTO_SIDE
        size = str(max(read_image(Path(photo), largest).image.shape[-2:]))
    half = "x".join(str(max(1, int(side) // 2)) for side in size.split("x"))
    octaves = max(1, recipe.octaves - DRAFT_OCTAVES)
    curves = without_fields(recipe.curves, {"octaves"})
    return recipe.with_settings({"size": half, "octaves": octaves, "curves": curves})


def count_frames(
    frames: int | None, seconds: float | None, fps: Fraction, default: int, option: str
) -> int:
    """Return the number of frames of a film.

    Args:
        frames: value of the option for a number of frames, or None.
        seconds: value of ``--seconds``, or None.
        fps: frames per second.
        default: number of frames if both are None.
        option: name of the option for a number of frames.

    Raises:
        RecipeError: both are given.
    """
    if frames is not None and seconds is not None:
        raise RecipeError(f"--seconds sets the number of frames; leave out {option} or --seconds")
    if seconds is not None:
        return max(1, round(seconds * fps))
    return default if frames is None else frames


def parse_fps(fps: float | None, default: float = FILM_FPS) -> Fraction:
    """Return the frame rate as a fraction.

    Args:
        fps: value of ``--fps``, frames per second.
        default: frame rate if it is None.

    Raises:
        RecipeError: the frame rate is out of range.
    """
    value = default if fps is None else fps
    if not MIN_FPS <= value <= MAX_FPS:
        raise RecipeError(
            f"--fps is {value:g}; it must be between {MIN_FPS:g} and {MAX_FPS:g} frames per second"
        )
    return Fraction(value).limit_denominator(1001)

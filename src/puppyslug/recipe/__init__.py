"""Recipes: fields, defaults, presets, shorthand and schedules. Nothing here imports torch."""

from puppyslug.recipe.fields import STARTING_IMAGES
from puppyslug.recipe.input_files import InputFiles, extract_files
from puppyslug.recipe.keyframes import (
    name_classes,
    parse_curves,
    parse_keyframes,
    with_curves,
    with_keyframes,
)
from puppyslug.recipe.merging import merge_settings
from puppyslug.recipe.portrait_recipe import PortraitRecipe, is_portrait
from puppyslug.recipe.presets import PRESETS, find_preset
from puppyslug.recipe.recipe import Recipe
from puppyslug.recipe.references import FileReference
from puppyslug.recipe.schedule import POSTPROCESSING_FIELDS, STEP_FIELDS, Change, FrameValues
from puppyslug.recipe.settings import (
    MAX_RECIPE_LENGTH,
    MAX_RECIPE_VALUES,
    check_recipe_length,
    parse_settings,
    portable_settings,
)
from puppyslug.recipe.sheet_recipe import is_sheet, recipe_of_sheet, sheet_to_json
from puppyslug.recipe.shorthand import expand_shorthand, film_preset, live_preset
from puppyslug.recipe.timeline import Music, Timeline
from puppyslug.recipe.versions import RECIPE_VERSION

__all__ = [
    "MAX_RECIPE_LENGTH",
    "MAX_RECIPE_VALUES",
    "POSTPROCESSING_FIELDS",
    "PRESETS",
    "RECIPE_VERSION",
    "STARTING_IMAGES",
    "STEP_FIELDS",
    "Change",
    "FileReference",
    "FrameValues",
    "InputFiles",
    "Music",
    "PortraitRecipe",
    "Recipe",
    "Timeline",
    "check_recipe_length",
    "expand_shorthand",
    "extract_files",
    "film_preset",
    "find_preset",
    "is_portrait",
    "is_sheet",
    "live_preset",
    "merge_settings",
    "name_classes",
    "parse_curves",
    "parse_keyframes",
    "parse_settings",
    "portable_settings",
    "recipe_of_sheet",
    "sheet_to_json",
    "with_curves",
    "with_keyframes",
]

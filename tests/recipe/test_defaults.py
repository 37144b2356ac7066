"""Defaults are stated in ``puppyslug.recipe`` only; commands and the studio refer to them."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from pydantic_core import PydanticUndefined

import puppyslug
from puppyslug.recipe import PRESETS, Recipe, defaults
from puppyslug.recipe.fields import RecipeFields
from puppyslug.recipe.sizes import validate_size

SOURCE = Path(puppyslug.__file__).parent
CONSTANTS = {name: value for name, value in vars(defaults).items() if name.isupper()}
FIELDS = {name: field.default for name, field in RecipeFields.model_fields.items()}
START_WIDTH, START_HEIGHT = defaults.STARTING_IMAGE_SIZE[::-1]

# Names of parameters and settings, and the values that are their defaults somewhere.
VALUES: dict[str, set[object]] = {
    **{name: {value} for name, value in FIELDS.items()},
    "photo": {defaults.STARTING_IMAGE, defaults.FILM_STARTING_IMAGE},
    "preset": {defaults.PRESET, defaults.SEE_PRESET, defaults.FILM_PRESET},
    "network": {defaults.NETWORK, defaults.SEE_NETWORK, defaults.CLASSIFIER},
    "classifier": {defaults.ATLAS_CLASSIFIER, defaults.CLASSIFIER},
    "zoom": {FIELDS["zoom"], defaults.ZOOM},
    "size": {
        side
        for name, value in CONSTANTS.items() if name.endswith("_SIDE")
        for side in (value, str(value))
    },
    "longest": {value for name, value in CONSTANTS.items() if name.endswith("_SIDE")},
    "steps": {value for name, value in CONSTANTS.items() if name.endswith("_STEPS")},
    "frames": {defaults.ZOOM_FRAMES},
    "fps": {defaults.FILM_FPS, defaults.TIMELAPSE_FPS},
    "quality": {defaults.FILM_QUALITY},
    "flow": {defaults.FLOW},
    "each": {defaults.FRAMES_PER_LAYER},
    "frames_per_layer": {defaults.FRAMES_PER_LAYER},
    "crossfade": {defaults.CROSSFADE},
    "batch": {defaults.PORTRAIT_BATCH},
    "diversity": {defaults.PORTRAIT_DIVERSITY},
    "top": {defaults.TOP_CLASSES, defaults.CHANNEL_RESULTS, defaults.ATLAS_RESULTS},
    "host": {defaults.STUDIO_HOST},
    "port": {defaults.STUDIO_PORT},
    "workers": {defaults.STUDIO_WORKERS},
    "keep": {defaults.STUDIO_DISK_QUOTA},
}  # fmt: skip
# Texts that can only be a default, wherever they stand.
TEXTS = {
    f"{START_WIDTH}x{START_HEIGHT}", defaults.NETWORK, defaults.CLASSIFIER, defaults.SEE_NETWORK,
    defaults.SEE_PRESET, defaults.STUDIO_DISK_QUOTA,
}  # fmt: skip
UNSET: tuple[object, ...] = (None, "", (), [], {}, True, False)  # not set, or a switch
NO_SETTINGS = {
    "studio/limits.py": {"photo", "frames"},  # limits of requests
    "studio/jobs/models.py": {"frames", "octaves", "steps"},  # of a job before it starts
}


class Literal(NamedTuple):
    """A literal value in a module.

    Attributes:
        line: line number.
        name: parameter, field, keyword or key that the literal is the value of.
        value: the value.
        is_default: whether it applies where nothing else is given, not in a call.
    """

    line: int
    name: str
    value: object
    is_default: bool


def evaluate(node: ast.expr | None) -> object:
    """The value of a literal; None for other expressions."""
    try:
        return None if node is None else ast.literal_eval(node)
    except (ValueError, TypeError):
        return None


def parameter_defaults(arguments: ast.arguments) -> Iterator[Literal]:
    positional = arguments.posonlyargs + arguments.args
    optional = positional[len(positional) - len(arguments.defaults) :]
    values = [*arguments.defaults, *arguments.kw_defaults]
    for parameter, value in zip([*optional, *arguments.kwonlyargs], values, strict=True):
        yield Literal(parameter.lineno, parameter.arg, evaluate(value), is_default=True)


def named_literals(tree: ast.AST) -> Iterator[Literal]:
    """All literals that belong to a name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.arguments):
            yield from parameter_defaults(node)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield Literal(node.lineno, node.target.id, evaluate(node.value), is_default=True)
        elif isinstance(node, ast.keyword) and node.arg:
            yield Literal(node.value.lineno, node.arg, evaluate(node.value), is_default=False)
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                yield Literal(value.lineno, str(evaluate(key)), evaluate(value), is_default=False)
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "get" and node.args:
            key, *fallback = node.args
            for value in fallback:
                yield Literal(node.lineno, str(evaluate(key)), evaluate(value), is_default=True)


def stated_defaults(text: str, module: str = "") -> list[str]:
    """One line for each literal in a module that states a default."""
    tree = ast.parse(text)
    found = []
    for line, name, value, is_default in named_literals(tree):
        if name not in VALUES or name in NO_SETTINGS.get(module, ()) or value in UNSET:
            continue
        # "auto" is also a value to set: it has a setting resolved again
        if is_default or (value in tuple(VALUES[name]) and value != "auto"):
            found.append(f"{module}:{line}: {name}={value!r}")
    return found + [
        f"{module}:{node.lineno}: {node.value!r}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in TEXTS
    ]


@pytest.mark.parametrize("package", ["cli", "studio"])
def test_no_default_is_stated_outside_recipe(package):
    found = [
        problem
        for path in sorted((SOURCE / package).rglob("*.py"))
        for problem in stated_defaults(
            path.read_text(encoding="utf-8"), path.relative_to(SOURCE).as_posix()
        )
    ]
    assert not found


@pytest.mark.parametrize(
    "text",
    [
        "def film(*, quality: int = 80): ...",
        "def film(*, quality: int = 79): ...",
        "def zoom(frames=100, fps=None): ...",
        "async def dream(octaves: int = 4): ...",
        "def dream(device: str = 'auto'): ...",
        "class Job:\n    fps: float = 25",
        "encode(quality=80)",
        'settings = {"size": "480"}',
        'settings.get("photo", "clouds")',
        'SIZE = "640x360"',
        'load_network("efficientnet_lite0")',
    ],
)
def test_a_stated_default_is_found(text):
    assert stated_defaults(text)


@pytest.mark.parametrize(
    "text",
    [
        "def film(*, quality: int = defaults.FILM_QUALITY): ...",
        "def zoom(frames=defaults.ZOOM_FRAMES, fps=None, keep_colours=False, retries=3): ...",
        "encode(quality=quality)",
        "thumbnail(quality=60, guides=[1])",
        'settings = {"size": str(defaults.SHEET_SIDE), "tile": "auto"}',
        'settings.get("photo")',
    ],
)
def test_a_reference_or_another_value_is_accepted(text):
    assert not stated_defaults(text)


def test_fields_have_the_named_defaults():
    named = {
        "preset": defaults.PRESET,
        "network": defaults.NETWORK,
        "photo": defaults.STARTING_IMAGE,
        "seed": defaults.SEED,
    }
    assert {name: FIELDS[name] for name in named} == named


def test_sizes_presets_and_networks_are_valid():
    for name, value in CONSTANTS.items():
        if name.endswith("_SIDE"):
            assert validate_size(str(value))
        if name.endswith("PRESET"):
            assert value in PRESETS
        if name.endswith(("CLASSIFIER", "NETWORK")):
            assert Recipe.complete({"network": value}).network == value
    assert defaults.FLOW in defaults.FLOWS


def test_every_field_but_the_version_has_a_static_default():
    assert [name for name, value in FIELDS.items() if value is PydanticUndefined] == ["version"]

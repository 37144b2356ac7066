"""Options that commands share. Names, defaults and descriptions come from the recipe's fields."""

import copy
import functools
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, get_args

import typer

from puppyslug.cli.help_panels import (
    DRAWING_PANEL,
    FILM_PANEL,
    LOOK_PANEL,
    MACHINE_PANEL,
    OBJECTIVE_PANEL,
    OUTPUT_PANEL,
    PICTURE_PANEL,
    STEPS_PANEL,
)
from puppyslug.errors import RecipeError, option, suggest
from puppyslug.networks import list_networks
from puppyslug.networks.external import trust
from puppyslug.recipe import PRESETS, Recipe
from puppyslug.recipe.defaults import GUIDE_MATCHING, SEE_FILM_PRESET, SEE_PRESET

_DEFAULT = " [default: "
_EXAMPLE_NETWORKS = ", ".join(spec.name for spec in list_networks()[:3])


def _field(panel: str, name: str, kind: type, metavar: str, choices: str = "") -> tuple[str, Any]:
    """Return the option of a recipe field; if not given, the preset or the default applies."""
    info = Recipe.model_fields[name]
    text = (info.description or "") + (f" ({choices})" if choices else "")
    if info.default not in (None, ""):
        text += f"{_DEFAULT}{info.default}]"
    option = typer.Option(
        f"--{name.replace('_', '-')}",
        help=text,
        metavar=metavar,
        show_default=False,
        rich_help_panel=panel,
    )
    return name, Annotated[kind | None, option]


def _objective_option(
    name: str, kind: Any, metavar: str, text: str, minimum: int | None = None
) -> tuple[str, Any]:
    """Return an option that is shorthand for an objective."""
    option: Any = typer.Option(
        f"--{name}", metavar=metavar, help=text, min=minimum, rich_help_panel=OBJECTIVE_PANEL
    )
    return name, Annotated[kind | None, option]


# Every option that sets a field of the recipe or is shorthand for one, in the order of --help.
RECIPE_OPTIONS: dict[str, Any] = dict(
    (
        _field(PICTURE_PANEL, "size", str, "PX|WxH|full"),
        _field(PICTURE_PANEL, "mask", str, "IMAGE|see(NAME)|face|not face|…"),
        _field(LOOK_PANEL, "preset", str, "NAME", ", ".join(PRESETS)),
        _objective_option("layer", list[str], "L", "layer to amplify (repeatable)"),
        _objective_option("channel", int, "N", "amplify only this channel of the layer"),
        _objective_option(
            "strongest",
            int,
            "N",
            "amplify only the N channels of the layer that the image activates most strongly",
            minimum=1,
        ),
        _objective_option(
            "see",
            list[str],
            "NAME",
            "class or group to amplify, such as 'golden retriever' or 'dog'; '2*NAME' gives it "
            f"twice the weight (repeatable; changes the default preset to {SEE_PRESET}, or to "
            f"{SEE_FILM_PRESET} with a network or octaves of your own)",
        ),
        _objective_option(
            "guide",
            list[str],
            "IMAGE",
            "image that the dream shall look like: its features at the layer are sought "
            "(repeatable)",
        ),
        _objective_option(
            "matching",
            str,
            "patches|dot",
            "how a guide is matched: by patches, or by the notebook's dot product [default: "
            f"{GUIDE_MATCHING}]",
        ),
        _objective_option(
            "objective",
            str,
            "TEXT",
            "what to maximise, such as '2*relu4_4 - 0.5*relu5_1:12' [default: the network's "
            "default layer]",
        ),
        _field(OBJECTIVE_PANEL, "balance", str, "gradient|sum"),
        _field(
            OBJECTIVE_PANEL,
            "network",
            str,
            "NAME",
            f"{_EXAMPLE_NETWORKS}, …; 'puppyslug networks' lists all; A+B for an ensemble, or the "
            "file of a finetuned network",
        ),
        _field(OBJECTIVE_PANEL, "weights", str, "FILE|URL"),
        _field(OBJECTIVE_PANEL, "labels", str, "FILE"),
        _field(STEPS_PANEL, "scale", str, "small|medium|large|huge"),
        _field(STEPS_PANEL, "count", int, "N"),
        _field(STEPS_PANEL, "octaves", int, "N"),
        _field(STEPS_PANEL, "octave_scale", float, "RATIO"),
        _field(STEPS_PANEL, "iterations", int, "N"),
        _field(STEPS_PANEL, "step_size", float, "LEVELS"),
        _field(STEPS_PANEL, "taper", float, "RATIO"),
        _field(STEPS_PANEL, "jitter", int, "PX"),
        _field(STEPS_PANEL, "rescale", float, "SHARE"),
        _field(DRAWING_PANEL, "method", str, "NAME"),
        _field(DRAWING_PANEL, "place", str, "X,Y"),
        _field(DRAWING_PANEL, "extent", float, "SHARE"),
        _field(DRAWING_PANEL, "drawing_steps", int, "N"),
        _field(DRAWING_PANEL, "natural", float, "X"),
        _field(DRAWING_PANEL, "fidelity", float, "X"),
        _field(DRAWING_PANEL, "chroma", float, "X"),
        _field(DRAWING_PANEL, "annealing", float, "SHARE"),
        _field(LOOK_PANEL, "smooth", str, "SIGMA|laplacian|0"),
        _field(LOOK_PANEL, "soften", float, "SHARE"),
        _field(LOOK_PANEL, "palette", str, "NAME"),
        _field(LOOK_PANEL, "colour_limit", float, "RATIO"),
        (
            "palette_from",
            Annotated[
                str | None,
                typer.Option(
                    "--palette-from",
                    metavar="IMAGE",
                    help="image whose colours the result gets",
                    show_default=False,
                    rich_help_panel=LOOK_PANEL,
                ),
            ],
        ),
        _field(LOOK_PANEL, "saturation", float, "X"),
        _field(LOOK_PANEL, "contrast", float, "X"),
        _field(LOOK_PANEL, "focus", float, "X"),
        _field(LOOK_PANEL, "margin", float, "SHARE"),
        _field(LOOK_PANEL, "strength", str, "SHARE|PERCENT"),
        (
            "keep_colours",
            Annotated[
                bool | None,
                typer.Option(
                    "--keep-colours/--no-keep-colours",
                    help=Recipe.model_fields["keep_colours"].description,
                    show_default=False,
                    rich_help_panel=LOOK_PANEL,
                ),
            ],
        ),
        _field(STEPS_PANEL, "seed", int, "N"),
        _field(LOOK_PANEL, "variety", float, "X"),
        _field(MACHINE_PANEL, "precision", str, "NAME", "auto, float32, bfloat16"),
        _field(MACHINE_PANEL, "memory", str, "SIZE"),
        _field(MACHINE_PANEL, "device", str, "NAME", "auto, cpu, cuda, mps"),
        _field(MACHINE_PANEL, "threads", int, "N"),
    )
)

# Options of single pictures only.
STILL_OPTIONS: dict[str, Any] = dict(
    (_field(OUTPUT_PANEL, "metadata", str, "keep|keep-position|strip"),)
)

# Options of films only: the motion of the camera between frames.
CAMERA_OPTIONS: dict[str, Any] = dict(
    (
        _field(FILM_PANEL, "zoom", float, "RATIO"),
        _field(FILM_PANEL, "rotate", float, "DEGREES"),
        _field(FILM_PANEL, "pan_x", float, "PERCENT"),
        _field(FILM_PANEL, "pan_y", float, "PERCENT"),
    )
)

Unset = Annotated[
    list[str] | None,
    typer.Option(
        "--unset",
        metavar="FIELD",
        help="forget what the recipe sets, such as mask or count: the default applies again "
        "(repeatable)",
        rich_help_panel=LOOK_PANEL,
    ),
]
Strip = Annotated[
    bool,
    typer.Option(
        "--strip",
        help="drop artist, copyright and ICC profile of the photo: short for --metadata strip",
        rich_help_panel=OUTPUT_PANEL,
    ),
]
Cluster = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        metavar="auto|local|ray://HOST:PORT",
        help="run on a Ray cluster: the one that this machine belongs to, a temporary one on this "
        "machine, or the one at an address",
        rich_help_panel=MACHINE_PANEL,
    ),
]
Force = Annotated[
    bool,
    typer.Option("--force", help="replace OUT if it exists", rich_help_panel=OUTPUT_PANEL),
]
ForceDream = Annotated[
    bool,
    typer.Option(
        "--force",
        help="replace OUT if it exists, and start an interrupted dream again",
        rich_help_panel=OUTPUT_PANEL,
    ),
]
Quiet = Annotated[
    bool,
    typer.Option("--quiet", help="print no progress and no notices", rich_help_panel=OUTPUT_PANEL),
]
RecipeFile = Annotated[
    Path | None,
    typer.Option(
        "--recipe",
        metavar="FILE.json",
        help="read settings from a recipe file or a dream; other options take precedence",
        rich_help_panel=LOOK_PANEL,
    ),
]
PrintRecipe = Annotated[
    bool,
    typer.Option(
        "--print-recipe",
        help="print the complete recipe as JSON; without -o, do not dream",
        rich_help_panel=OUTPUT_PANEL,
    ),
]
NoRecipe = Annotated[
    bool,
    typer.Option(
        "--no-recipe", help="do not store the recipe in the file", rich_help_panel=OUTPUT_PANEL
    ),
]


def with_flags(
    settings: dict[str, object], *, unset: list[str] | None, strip: bool
) -> dict[str, object]:
    """Return settings with what ``--unset``, ``--mask ""`` and ``--strip`` add.

    Raises:
        RecipeError: a recipe has no such field, or it cannot be unset.
    """
    fields = sorted(Recipe.model_fields.keys() - {"version", "recipe_version", "photo"})
    names = [name.strip().removeprefix("--").replace("-", "_") for name in unset or []]
    for name in names:
        if name not in fields:
            raise RecipeError(
                f"--unset takes a field of a recipe, not {name}; {suggest(name, fields)}"
            )
        if name in settings:
            raise RecipeError(f"--unset {name} contradicts {option(name.replace('_', '-'))}")
    if settings.get("mask") == "":
        names.append("mask")
    return {**settings, **dict.fromkeys(names), **({"metadata": "strip"} if strip else {})}


def output_option(help_text: str, metavar: str = "OUT|DIR") -> Any:
    """Return the option ``-o``, whose meaning depends on the command."""
    return typer.Option(
        "-o", "--output", metavar=metavar, help=help_text, rich_help_panel=OUTPUT_PANEL
    )


def recipe_options(
    *names: str,
    camera: bool = False,
    still: bool = False,
    defaults: Mapping[str, object] = MappingProxyType({}),
    **help_texts: str,
) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Add options of ``RECIPE_OPTIONS`` to a command, collected in its argument ``settings``.

    Args:
        names: names of the options; none for all.
        camera: whether to add ``CAMERA_OPTIONS``, too.
        still: whether to add ``STILL_OPTIONS``, too.
        defaults: defaults of this command that differ from the recipe's.
        help_texts: help of this command's options that differs from the recipe's descriptions.

    Returns:
        A decorator for a function with a keyword argument ``settings``, a dict of the options that
        the user gave.
    """
    chosen = {name: RECIPE_OPTIONS[name] for name in names or RECIPE_OPTIONS}
    if camera:
        chosen |= CAMERA_OPTIONS
    if still:
        chosen |= STILL_OPTIONS
    texts = {
        name: f"{get_args(chosen[name])[1].help.partition(_DEFAULT)[0]}{_DEFAULT}{value}]"
        for name, value in defaults.items()
    }
    for name, text in {**texts, **help_texts}.items():
        kind, option = get_args(chosen[name])
        option = copy.copy(option)
        option.help = text
        chosen[name] = Annotated[kind, option]

    def decorate(function: Callable[..., int]) -> Callable[..., int]:
        @functools.wraps(function)
        def command(**arguments: object) -> int:
            values = {name: arguments.pop(name) for name in chosen}
            settings = {name: value for name, value in values.items() if value not in (None, [])}
            trust(str(settings.get("network", "")))  # naming code on the command line permits it
            return function(settings=settings, **arguments)

        signature = inspect.signature(function)
        others = [p for p in signature.parameters.values() if p.name != "settings"]
        added = [
            inspect.Parameter(
                name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
            )
            for name, annotation in chosen.items()
        ]
        others = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in others]
        parameters = [*others[:1], *added, *others[1:]]
        command.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        command.__annotations__ = {p.name: p.annotation for p in parameters} | {"return": int}
        return command

    return decorate

"""Options that commands share. Names, defaults and descriptions come from the recipe."""

import copy
import functools
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, get_args

import typer

from puppyslug.networks import list_networks
from puppyslug.networks.external.loader import allow
from puppyslug.recipe.presets import PRESETS
from puppyslug.recipe.recipe import Recipe

DEFAULT = " [default: "


def _field(name: str, kind: type, metavar: str, choices: str = "") -> tuple[str, object]:
    """The option of a recipe's field; unset, the preset and then the recipe's default holds."""
    info = Recipe.model_fields[name]
    text = (info.description or "") + (f" ({choices})" if choices else "")
    if info.default not in (None, ""):
        text += f"{DEFAULT}{info.default}]"
    option = typer.Option(
        f"--{name.replace('_', '-')}",
        help=text,
        metavar=metavar,
        show_default=False,
    )
    return name, Annotated[kind | None, option]


_LAYER = typer.Option("--layer", metavar="L", help="layer to see more of (repeatable)")
_CHANNEL = typer.Option("--channel", metavar="N", help="only this channel of the layer")
_STRONGEST = typer.Option(
    "--strongest",
    metavar="N",
    min=1,
    help="the N channels of the layer that answer most to the picture",
)

_SEE = typer.Option(
    "--see",
    metavar="NAME",
    help="a thing to see, such as 'golden retriever' or 'dog'; '2*NAME' weighs it (repeatable; "
    "takes the preset natural)",
)
_GUIDE = typer.Option(
    "--guide", metavar="IMAGE", help="picture whose features to seek at the layer (repeatable)"
)
_COLOURS = typer.Option(
    "--keep-colours", help=Recipe.model_fields["keep_colours"].description, show_default=False
)

_PACKAGED = ", ".join(r.name for r in list_networks()[:3])

# Every option that sets a field of the recipe, or is short for one, in the order of --help.
SETTINGS: dict[str, Any] = dict(
    (
        _field("preset", str, "NAME", ", ".join(PRESETS)),
        _field(
            "network",
            str,
            "NAME",
            f"{_PACKAGED}, …; 'puppyslug networks' lists them; A+B is several; or the file of "
            "a taught one",
        ),
        _field("weights", str, "FILE|URL"),
        _field("labels", str, "FILE"),
        ("layer", Annotated[list[str] | None, _LAYER]),
        ("channel", Annotated[int | None, _CHANNEL]),
        ("strongest", Annotated[int | None, _STRONGEST]),
        ("see", Annotated[list[str] | None, _SEE]),
        ("guide", Annotated[list[str] | None, _GUIDE]),
        _field("objective", str, "TEXT", "such as '2*relu4_4 - 0.5*relu5_1:12'"),
        _field("count", int, "N"),
        _field("octaves", int, "N"),
        _field("octave_scale", float, "RATIO"),
        _field("iterations", int, "N"),
        _field("step_size", float, "LEVELS"),
        _field("taper", float, "RATIO"),
        _field("jitter", int, "PX"),
        _field("rescale", float, "SHARE"),
        _field("smooth", str, "SIGMA|laplacian|0"),
        _field("soften", float, "SHARE"),
        _field("palette", str, "NAME"),
        _field("focus", float, "X"),
        _field("margin", float, "SHARE"),
        _field("mask", str, "IMAGE|see(NAME)|not see(NAME)"),
        _field("strength", float, "SHARE"),
        ("keep_colours", Annotated[bool | None, _COLOURS]),
        _field("seed", int, "N"),
        _field("size", str, "PX|WxH|full"),
        _field("precision", str, "NAME", "auto, float32, bfloat16"),
        _field("memory", str, "SIZE"),
        _field("device", str, "NAME", "auto, cpu, cuda, mps"),
        _field("threads", int, "N"),
    )
)

# What films have besides: how a frame lies on the one before.
MOVING: dict[str, Any] = dict(
    (
        _field("zoom", float, "RATIO"),
        _field("rotate", float, "DEGREES"),
        _field("pan_x", float, "PERCENT"),
        _field("pan_y", float, "PERCENT"),
    )
)

Cluster = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        metavar="auto|local|ray://HOST:PORT",
        help="work on a Ray cluster: the one that this machine belongs to, one of this machine "
        "alone, or the one at an address",
    ),
]
Force = Annotated[bool, typer.Option("--force", help="replace OUT where it exists")]
Quiet = Annotated[bool, typer.Option("--quiet", help="no progress and no notices")]
RecipeFile = Annotated[
    Path | None,
    typer.Option(
        "--recipe",
        metavar="FILE.json",
        help="settings from a file, or from inside a dream; other options win over it",
    ),
]
PrintRecipe = Annotated[
    bool,
    typer.Option(
        "--print-recipe",
        help="print the complete recipe as JSON; dream only if -o is given too",
    ),
]
NoRecipe = Annotated[
    bool,
    typer.Option("--no-recipe", help="leave the recipe out of the picture's file"),
]


def output(help_text: str, metavar: str = "OUT|DIR") -> Any:
    """The option ``-o``, which every command has but each explains in its own way."""
    return typer.Option("-o", "--output", metavar=metavar, help=help_text)


def takes_settings(
    *names: str,
    moving: bool = False,
    defaults: Mapping[str, object] = MappingProxyType({}),
    **help_texts: str,
) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Give a command the options in ``SETTINGS``, collected in its argument ``settings``.

    Args:
        names: which of them; none for all.
        moving: whether to take those in ``MOVING`` besides.
        defaults: what a command takes where nothing is given, if not the recipe's own defaults.
        help_texts: what an option means for this command, where that differs.

    Returns:
        A decorator for a function with a keyword argument ``settings``, a dict of those options
        that the user gave.
    """
    chosen = {name: SETTINGS[name] for name in names or SETTINGS} | (MOVING if moving else {})
    texts = {
        name: f"{get_args(chosen[name])[1].help.partition(DEFAULT)[0]}{DEFAULT}{value}]"
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
            given = {name: value for name, value in values.items() if value not in (None, [])}
            allow(str(given.get("network", "")))  # who names code here wants it run
            return function(settings=given, **arguments)

        signature = inspect.signature(function)
        own = [p for p in signature.parameters.values() if p.name != "settings"]
        options = [
            inspect.Parameter(
                name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
            )
            for name, annotation in chosen.items()
        ]
        positional = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own]
        parameters = [*positional[:1], *options, *positional[1:]]
        command.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        command.__annotations__ = {p.name: p.annotation for p in parameters} | {"return": int}
        return command

    return decorate

"""Settings on their way into a recipe: short forms, and a look taken from another recipe."""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from puppyslug.errors import RecipeError, nearest
from puppyslug.images.sizes import parse_size
from puppyslug.labels import FindLabel, finder, open_label
from puppyslug.networks import find_spec
from puppyslug.networks.weights.cache import file_sha256
from puppyslug.objectives import LayerTerm, Objective, guide, parse_objective, see
from puppyslug.recipe.presets import SEEING, find_preset
from puppyslug.recipe.recipe import FINISHING, STEERABLE, Change, FileReference, Recipe

_MASK_BY_NAME = re.compile(r"\s*(not\s+)?see\s*\(")


class Files(NamedTuple):
    """Files that settings bring along; pictures may also be in memory.

    Attributes:
        mask: where to dream, or None.
        guides: by the name that the objective calls them.
        weights: of the network, instead of its own: a file, a URL, or None.
        labels: names of the network's classes, or None.
    """

    mask: Any = None
    guides: Mapping[str, Any] = MappingProxyType({})
    weights: str | Path | None = None
    labels: Path | None = None


def take_files(settings: Mapping[str, object]) -> tuple[dict[str, object], Files]:
    """Take the files out of settings, so that names are left.

    Args:
        settings: ``mask`` and ``guide`` may hold files or pictures; a guide may be a list. A guide
            that only the objective names is a file of that name in the current folder. ``weights``
            and ``labels`` may hold files, and ``weights`` a URL.

    Returns:
        The settings with ``guide`` as names and ``mask`` only where it is a mask by name, and the
        files.

    Raises:
        RecipeError: two guides of one name.
    """
    settings = dict(settings)
    weights, labels = (_taken(settings, name) for name in ("weights", "labels"))
    mask = settings.get("mask")
    if isinstance(mask, FileReference) or (isinstance(mask, str) and _MASK_BY_NAME.match(mask)):
        mask = None
    else:
        settings.pop("mask", None)
        mask = Path(mask) if isinstance(mask, str) else mask
    guides: dict[str, Any] = {}
    given = settings.pop("guide", None)
    several = given if isinstance(given, list | tuple) else [] if given is None else [given]
    for number, picture in enumerate(several, 1):
        name = Path(picture).name if isinstance(picture, str | Path) else f"guide-{number}"
        if name in guides:
            raise RecipeError(f"two guides are called {name}; rename one of them")
        guides[name] = Path(picture) if isinstance(picture, str) else picture
    if guides:
        settings["guide"] = list(guides)
    elif settings.get("objective") and not settings.get("guides"):
        named = parse_objective(str(settings["objective"]), open_label).guides
        guides = {term.name: Path(term.name) for term in named}
    own = None if labels is None else Path(labels)
    if own is not None and own.is_file():  # things by name wait until it is read
        name = own.name.encode("utf-8", "replace").decode()
        settings["labels"] = FileReference(name=name, sha256=file_sha256(own))
    return settings, Files(mask, guides, weights, own)


def _taken(settings: dict[str, object], name: str) -> str | Path | None:
    """A file's name out of settings; what a recipe says of a file stays there."""
    value = settings.get(name)
    return settings.pop(name) if isinstance(value, str | Path) else None  # type: ignore[return-value]


def fold_objective(settings: Mapping[str, object]) -> dict[str, object]:
    """Turn what is short for an objective into ``objective``.

    Args:
        settings: fields of a recipe; also ``layer``, a name or several; ``channel``, a number;
            ``see``, a name of a thing or several, each with a weight if need be (``"2*pagoda"``);
            ``guide``, a file name of a picture or several, whose features at ``layer`` are sought;
            ``strongest``, how many channels of each ``layer``: those that answer most.

    Raises:
        RecipeError: both an objective and what is short for one, or a channel with several
            layers.
        LabelError: ``see`` names no class or group.
    """
    settings = dict(settings)
    short = {name: _several(settings.pop(name, None)) for name in ("layer", "see", "guide")}
    channel, strongest = (settings.pop(name, None) for name in ("channel", "strongest"))
    if channel is None and strongest is None and not any(short.values()):
        return settings
    given = [name for name, values in short.items() if values]
    if given and settings.get("objective"):
        raise RecipeError(f"an objective already says it all; leave out --{given[0]}")
    if short["see"]:
        settings = _with_eyes(settings)
    names: FindLabel = open_label
    if short["see"] and not settings.get("labels"):
        names = finder(find_spec(_network(settings)).vocabulary)
    texts = [_seen(text, names) for text in short["see"]]
    layers = _layers(settings, short, channel, strongest)
    if short["guide"]:
        texts += [str(guide(name, layer)) for name in short["guide"] for layer in layers]
    else:
        texts += layers
    return {**settings, "objective": " + ".join(texts).replace("+ -", "- ")}


def _layers(
    settings: Mapping[str, object],
    short: Mapping[str, list[str]],
    channel: object,
    strongest: object,
) -> list[str]:
    """The layers that are asked for, or channels of them."""
    layers, chosen = short["layer"], channel is not None or strongest is not None
    if not layers and (chosen or short["guide"]):
        layers = [_own_layer(settings)]
    if not chosen:
        return layers
    if short["see"] and not short["layer"]:
        raise RecipeError("beside --see a channel needs its layer; name it with --layer")
    if short["guide"]:
        raise RecipeError("a guide goes by whole layers; leave out --channel and --strongest")
    if channel is not None and strongest is not None:
        raise RecipeError("either one channel or the strongest; leave out --channel")
    if strongest is not None:
        return [f"strongest({name}, {strongest})" for name in layers]
    if len(layers) > 1:
        raise RecipeError(
            "a channel goes with one layer; for several write an objective, such as "
            f"'{' + '.join(f'{name}:{channel}' for name in layers)}'"
        )
    return [f"{layers[0]}:{channel}"]


def _several(value: object) -> list[str]:
    """One or several texts as a list."""
    several = value if isinstance(value, list | tuple) else [] if value is None else [value]
    if not all(isinstance(one, str | int) for one in several):
        raise RecipeError(f"a layer, a thing or a guide is called by its name, not {value!r}")
    return [str(one) for one in several]


def _seen(text: str, names: FindLabel) -> str:
    """``2*pagoda`` → ``2*see(pagoda)``."""
    weight, star, name = text.rpartition("*")
    return f"{weight}{star}{see(name, names)}"


def _network(settings: Mapping[str, object]) -> str:
    """The network of settings that may be incomplete."""
    return str(settings.get("network", Recipe.model_fields["network"].default))


def _with_eyes(settings: Mapping[str, object]) -> dict[str, object]:
    """Settings with the preset for seeing things, and a network that can, unless they say."""
    chosen = {"preset": SEEING, **settings}
    preset = find_preset(str(chosen["preset"])).settings
    return {"network": preset.get("network", find_preset(SEEING).settings["network"]), **chosen}


def _own_layer(settings: Mapping[str, object]) -> str:
    """The layer that these settings dream of anyway."""
    (_, term), *others = Recipe.complete(settings).any_objective().terms
    if others or not isinstance(term, LayerTerm):
        raise RecipeError("there are several layers to choose from; name one with --layer")
    return term.layer


def look_of(settings: Mapping[str, object]) -> dict[str, object]:
    """What of a recipe makes sense for another picture, on another machine.

    Args:
        settings: fields of a recipe.

    Returns:
        Those that are neither about the picture it was made with nor about the machine; a size in
        both directions becomes its longest edge.
    """
    bound = {"photo", "composed", "stop_after", "device", "threads", "winograd", "tile", "version"}
    if not isinstance(settings.get("mask"), str):  # a picture of where things are in the old photo
        bound.add("mask")
    look = {name: value for name, value in settings.items() if name not in bound}
    if isinstance(size := look.get("size"), str) and re.fullmatch(r"\d+x\d+", size):
        look["size"] = str(max(parse_size(size)))
    return look


def laid_over(stored: Mapping[str, object], settings: Mapping[str, object]) -> dict[str, object]:
    """Stored settings with others over them, less what the others stand against.

    Args:
        stored: fields of a recipe.
        settings: fields of a recipe, or what is short for an objective.

    Raises:
        PuppyslugError: the stored settings are no recipe.
    """
    network = Recipe.complete(stored).network  # says what is wrong, whatever lies over it
    against: set[str] = {"count"} if "octaves" in settings else set()
    if {"objective", "layer", "see", "guide"} & settings.keys():
        against |= {"objective", "guides"}
    if settings.get("network", network) != network:
        against |= {"objective", "weights", "labels"}
    if "preset" in settings:
        against |= {"objective", "network", "weights", "labels"}
        against |= set(find_preset(str(settings["preset"])).settings)
    kept = {name: value for name, value in stored.items() if name not in against}
    if "objective" in against and kept.get("schedule"):
        kept["schedule"] = [one for one in _schedule(kept) if one.field != "objective"]
    return {**kept, **settings}


def _schedule(settings: Mapping[str, object]) -> tuple[Change, ...]:
    return Recipe.complete({"schedule": settings["schedule"]}).schedule


def steered(recipe: Recipe, place: tuple[int, int, int], changes: Mapping[str, Any]) -> Recipe:
    """A recipe with changes that are made while it is followed.

    They are written into its schedule; what only matters once a dream is finished has no place in
    it, and changes as a whole.

    Args:
        recipe: that is followed.
        place: (frame, octave, step) from which on they hold.
        changes: fields of a recipe in ``STEERABLE`` or ``FINISHING``.

    Raises:
        RecipeError: other fields, or values out of range.
    """
    choices = sorted(STEERABLE | FINISHING)
    for field in changes:
        if field not in choices:
            raise RecipeError(f"{field!r} cannot change while dreaming; {nearest(field, choices)}")
    recipe.with_settings(changes)  # says what is wrong with a value
    added = tuple(
        Change(*place, field, str(value) if isinstance(value, Objective) else value)
        for field, value in changes.items()
        if field in STEERABLE
    )
    finishing = {field: value for field, value in changes.items() if field in FINISHING}
    return recipe.with_settings({**finishing, "schedule": recipe.schedule + added})

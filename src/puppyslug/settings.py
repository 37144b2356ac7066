"""Settings on their way into a recipe: short forms, and a look taken from another recipe."""

from collections.abc import Mapping

from puppyslug.errors import RecipeError
from puppyslug.objectives import LayerTerm, parse_objective
from puppyslug.recipe import Recipe
from puppyslug.sizes import parse_size


def fold_objective(settings: Mapping[str, object]) -> dict[str, object]:
    """Turn ``layer`` and ``channel``, which are short for an objective, into ``objective``.

    Args:
        settings: fields of a recipe; also ``layer``, a name or several, and ``channel``, a number.

    Raises:
        RecipeError: both an objective and a layer, or a channel with several layers.
    """
    settings = dict(settings)
    layer, channel = settings.pop("layer", None), settings.pop("channel", None)
    layers = [layer] if isinstance(layer, str) else list(layer or ())  # type: ignore[call-overload]
    if not layers and channel is None:
        return settings
    if layers and settings.get("objective"):
        raise RecipeError("an objective already says which layers; leave out --layer")
    if not layers:
        (_, term), *others = parse_objective(Recipe.complete(settings).objective).terms
        if others or not isinstance(term, LayerTerm):
            raise RecipeError("a channel goes with one layer; name it with --layer")
        layers = [term.layer]
    if channel is not None:
        if len(layers) > 1:
            raise RecipeError(
                "a channel goes with one layer; for several write an objective, such as "
                f"'{' + '.join(f'{name}:{channel}' for name in layers)}'"
            )
        layers = [f"{layers[0]}:{channel}"]
    return {**settings, "objective": " + ".join(layers)}


def look_of(settings: Mapping[str, object]) -> dict[str, object]:
    """What of a recipe makes sense for another picture, on another machine.

    Args:
        settings: fields of a recipe.

    Returns:
        Those that are neither about the picture it was made with nor about the machine; a size in
        both directions becomes its longest edge.
    """
    bound = {"photo", "composed", "stop_after", "device", "threads", "winograd", "tile", "version"}
    look = {name: value for name, value in settings.items() if name not in bound}
    if isinstance(size := look.get("size"), str) and "x" in size:
        look["size"] = str(max(parse_size(size)))
    return look

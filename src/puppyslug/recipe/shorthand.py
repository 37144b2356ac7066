"""Shorthand for objectives: ``layer``, ``channel``, ``strongest``, ``see`` and ``guide``."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from puppyslug.errors import RecipeError, option, suggest
from puppyslug.labels import FindLabel, label_finder, unresolved_label
from puppyslug.networks import NetworkSpec, find_spec
from puppyslug.objectives import Objective, guide, patches, see
from puppyslug.recipe import defaults
from puppyslug.recipe.drawing_fields import DRAWING_FIELDS
from puppyslug.recipe.presets import find_preset
from puppyslug.recipe.recipe import Recipe

MATCHINGS: Mapping[str, Callable[[str, str], Objective]] = MappingProxyType(
    {"patches": patches, "dot": guide}
)
MIN_GUIDE_FIELD = 24  # pixels of the receptive field, as of VGG-19's relu3_1


def expand_shorthand(
    settings: Mapping[str, object], network: NetworkSpec | None = None
) -> dict[str, object]:
    """Replace shorthand in settings by an ``objective``.

    Args:
        settings: fields of a recipe and shorthand: ``layer``, one or several names; ``channel``, a
            number; ``strongest``, a number of channels of each ``layer``, those that activate most
            strongly; ``see``, one or several class names, each with an optional weight
            (``"2*castle"``); ``guide``, one or several names of guide images, whose features at
            ``layer`` are sought; ``matching``, how: ``"patches"`` (so that the picture looks like
            the guide; the default) or ``"dot"`` (the notebook's dot product).
        network: spec of a network that the caller loaded; by default, ``network`` of the settings
            is looked up by name.

    Raises:
        RecipeError: shorthand beside an objective, or a channel with several layers.
        LabelError: ``see`` names an unknown class or group.
    """
    settings = dict(settings)
    lists = {name: _to_list(settings.pop(name, None)) for name in ("layer", "see", "guide")}
    channel, strongest = (settings.pop(name, None) for name in ("channel", "strongest"))
    match = _find_matching(settings.pop("matching", None), lists["guide"])
    used = [name for name, values in lists.items() if values]
    if not used and channel is None and strongest is None:
        return settings
    if used and settings.get("objective"):
        raise RecipeError(f"{option(used[0])} cannot be combined with an objective; leave out one")
    if network is not None:
        settings["network"] = network.name
    if lists["see"]:
        settings = _with_see_defaults(settings)
    find_label: FindLabel = unresolved_label
    if lists["see"] and not settings.get("labels") and network is None:
        name = str(settings.get("network", defaults.NETWORK))
        find_label = label_finder(find_spec(name).vocabulary)
    terms = [_see_term(text, find_label) for text in lists["see"]]
    if lists["guide"] and match is patches and not lists["layer"]:
        lists["layer"] = _guide_layers(settings, network)
    layers = _layer_terms(settings, lists, channel, strongest, network)
    if lists["guide"]:
        terms += [str(match(name, layer)) for name in lists["guide"] for layer in layers]
    else:
        terms += layers
    return {**settings, "objective": " + ".join(terms).replace("+ -", "- ")}


def film_preset(settings: Mapping[str, object]) -> dict[str, object]:
    """Return the preset of a film whose settings name a class but no preset."""
    is_chosen = "preset" in settings or not settings.get("see")
    return {} if is_chosen else {"preset": defaults.SEE_FILM_PRESET}


def live_preset(settings: Mapping[str, object]) -> dict[str, object]:
    """Return the preset of a live dream whose settings name none."""
    return {} if "preset" in settings else {"preset": defaults.LIVE_PRESET}


def _find_matching(name: object, guides: list[str]) -> Callable[[str, str], Objective]:
    """Return the function that creates the objective of a guide."""
    if name is not None and not guides:
        raise RecipeError(f"{option('matching')} needs a {option('guide')}")
    if name is not None and name not in MATCHINGS:
        raise RecipeError(f"{option('matching')} is not {name!r}; {suggest(str(name), MATCHINGS)}")
    return MATCHINGS[str(name or defaults.GUIDE_MATCHING)]


def _guide_layers(settings: Mapping[str, object], network: NetworkSpec | None) -> list[str]:
    """Return the typical layers at which the patches of a guide are matched.

    The lowest one that sees enough of a picture gives colours and surfaces, the next one of a
    larger stride the things that have them.
    """
    spec = network or find_spec(str(settings.get("network", defaults.NETWORK)))
    layers = [spec.layer(name) for name in spec.preview_layers]
    large = [layer for layer in layers if (layer.receptive_field or 0) >= MIN_GUIDE_FIELD]
    if not large:
        return [spec.default_layer]
    higher = [layer for layer in large if layer.stride > large[0].stride]
    return [layer.name for layer in large[:1] + higher[:1]]


def _layer_terms(
    settings: Mapping[str, object],
    lists: Mapping[str, list[str]],
    channel: object,
    strongest: object,
    network: NetworkSpec | None,
) -> list[str]:
    """Return the terms for ``layer``, ``channel`` and ``strongest``."""
    layers, uses_channels = lists["layer"], channel is not None or strongest is not None
    if not layers and (uses_channels or lists["guide"]):
        layers = [_default_layer(settings, network)]
    if not uses_channels:
        return layers
    if lists["see"] and not lists["layer"]:
        raise RecipeError(
            f"a channel beside {option('see')} needs its layer; name it as {option('layer')}"
        )
    if lists["guide"]:
        raise RecipeError(
            f"guides use whole layers; leave out {option('channel')} and {option('strongest')}"
        )
    if channel is not None and strongest is not None:
        raise RecipeError(
            f"{option('channel')} and {option('strongest')} cannot be combined; leave out "
            f"{option('channel')}"
        )
    if strongest is not None:
        return [f"strongest({layer}, {strongest})" for layer in layers]
    if len(layers) > 1:
        raise RecipeError(
            f"{option('channel')} needs a single layer; for several layers write an objective, "
            f"such as '{' + '.join(f'{layer}:{channel}' for layer in layers)}'"
        )
    return [f"{layers[0]}:{channel}"]


def _to_list(value: object) -> list[str]:
    """Return one or several names as a list."""
    values = value if isinstance(value, list | tuple) else [] if value is None else [value]
    if not all(isinstance(one, str | int) for one in values):
        raise RecipeError(f"layer, see and guide take names, not {value!r}")
    return [str(one) for one in values]


def _see_term(text: str, find_label: FindLabel) -> str:
    """Return the term of a class name, such as ``2*see(castle)`` for ``2*castle``."""
    weight, star, name = text.rpartition("*")
    return f"{weight}{star}{see(name, find_label)}"


def _with_see_defaults(settings: Mapping[str, object]) -> dict[str, object]:
    """Add the preset for named classes and its network, unless the settings name others.

    Settings of a drawing choose the preset that draws. Otherwise settings of octaves, or of a
    network, choose the preset that consists of octaves: a drawing needs several networks.
    """
    draws = bool(DRAWING_FIELDS & settings.keys())
    by_octaves = not draws and bool({"octaves", "octave_scale", "network"} & settings.keys())
    preset_name = defaults.SEE_FILM_PRESET if by_octaves else defaults.SEE_PRESET
    with_preset = {"preset": preset_name, **settings}
    preset = find_preset(str(with_preset["preset"])).settings
    return {"network": preset.get("network", defaults.SEE_NETWORK), **with_preset}


def _default_layer(settings: Mapping[str, object], network: NetworkSpec | None) -> str:
    """Return the layer of the objective that the settings have without shorthand."""
    (_, term), *others = Recipe.complete(settings, network).combined_objective().terms
    if others or str(term) != term.layer:
        raise RecipeError(f"the objective has several layers; name one as {option('layer')}")
    return term.layer

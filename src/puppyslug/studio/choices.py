"""What users can choose from: networks and their layers, presets, fields, classes, portraits."""

from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any

from puppyslug.labels import Label, Vocabulary, bundled_vocabulary
from puppyslug.networks import NetworkSpec, find_spec, list_networks
from puppyslug.networks.finetuned import finetuned_vocabulary
from puppyslug.networks.weights.location import is_available
from puppyslug.recipe import PRESETS, Recipe, defaults
from puppyslug.visualization.atlas import find_atlas, list_atlases

_SHOWN_OTHERWISE = frozenset(
    ("recipe_version", "version", "preset", "photo", "network", "weights", "labels", "objective",
     "guides", "mask", "size", "count", "precision", "device", "winograd", "kernels", "threads",
     "memory", "tile", "curves", "music", "attack", "release")
)  # fmt: skip
CARRIED_FIELDS = tuple(name for name in Recipe.model_fields if name not in _SHOWN_OTHERWISE)
"""Fields of a recipe that the form keeps from a recipe, even where it has no field for them."""

_FIELD_KEYS = ("description", "default", "minimum", "maximum", "exclusiveMinimum", "usual", "enum")


def describe_networks(trained: Iterable[NetworkSpec] = ()) -> list[dict[str, Any]]:
    """Describe every network, with its layers, lowest first.

    Args:
        trained: specs of trained networks, listed after the built-in ones.
    """
    specs = (*list_networks(), *trained)
    return [{**_describe_network(spec), "here": is_available(spec)} for spec in specs]


@cache
def _describe_network(spec: NetworkSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "title": spec.title,
        "things": list(spec.finetuned.new_classes) if spec.finetuned else [],
        "default_layer": spec.default_layer,
        "classes": spec.classes,
        "licence": spec.licence,
        "depths": list(spec.preview_layers),
        "layers": [
            {
                "name": layer.name,
                "channels": layer.channels,
                "stride": layer.stride,
                "smallest": layer.min_size,
                "shows": spec.typical_motif(layer.name),
            }
            for layer in spec.layers
        ],
    }


def describe_presets() -> list[dict[str, Any]]:
    """Describe every preset, with the fields that it sets."""
    return [
        {"name": name, "title": preset.title, "settings": dict(preset.settings)}
        for name, preset in PRESETS.items()
    ]


@cache
def describe_fields() -> dict[str, dict[str, Any]]:
    """Describe the recipe's fields for a form: help, default, bounds and usual range."""
    schema = Recipe.model_json_schema()["properties"]
    return {
        name: {key: field[key] for key in _FIELD_KEYS if key in field}
        for name, field in schema.items()
    }


@cache
def field_defaults() -> dict[str, Any]:
    """Return the default of each field that the form keeps from a recipe."""
    return {name: describe_fields()[name].get("default") for name in CARRIED_FIELDS}


def describe_defaults() -> dict[str, Any]:
    """Return the defaults that the pages show or build requests from."""
    return {
        "preset": defaults.PRESET,
        "network": defaults.NETWORK,
        "see_preset": defaults.SEE_PRESET,
        "film_preset": defaults.FILM_PRESET,
        "live_fps": defaults.LIVE_FPS,
        "classifier": defaults.CLASSIFIER,
        "portrait_network": defaults.ATLAS_CLASSIFIER,
        "photo_side": defaults.PHOTO_SIDE,
        "starting_image_side": max(defaults.STARTING_IMAGE_SIZE),
    }


def search_labels(word: str, network: str, limit: int) -> list[dict[str, Any]]:
    """Find classes and groups of classes by name, best match first.

    Args:
        word: part of a name; empty for all.
        network: name of the classifier; classes that it was finetuned on come first.
        limit: maximum number of labels.

    Raises:
        NetworkError: the network does not exist.
    """
    spec = find_spec(network)
    vocabulary = _vocabulary(spec)
    if vocabulary is None:
        return []
    own = spec.finetuned.new_classes if spec.finetuned else ()
    typed = word.strip().casefold()
    found = sorted(
        vocabulary.search(word or None),
        key=lambda label: (label.name not in own, _rank(label, typed)),
    )
    return [_describe_label(label, typed) for label in found[:limit]]


@lru_cache(maxsize=8)
def _vocabulary(spec: NetworkSpec) -> Vocabulary | None:
    """Return a network's class names, if they are known without loading its weights."""
    if spec.finetuned is not None:
        return finetuned_vocabulary(spec, spec.finetuned)
    return bundled_vocabulary(spec.vocabulary)


def _rank(label: Label, typed: str) -> int:
    """Return how far the names of a label are from what the user has typed, the nearest first."""
    names = [name.casefold() for name in label.names]
    if typed in names:
        return 0
    if names[0].startswith(typed):
        return 1
    return 2 if any(name.startswith(typed) for name in names) else 3


def _describe_label(label: Label, typed: str) -> dict[str, Any]:
    names = [name for name in label.names if name.casefold().startswith(typed)]
    return {
        "name": label.name,
        "called": (names or label.names)[0],
        "also": list(label.names[1:4]),
        "group": label.number is None,
        "members": len(label.class_numbers),
        "number": label.class_numbers[0],
    }


def list_atlas_layers() -> list[dict[str, str]]:
    """List the layers that have an atlas; the layer ``labels`` stands for the classes."""
    return [{"network": one.index.network, "layer": one.index.layer} for one in list_atlases()]


def describe_atlas(network: str, layer: str, word: str) -> dict[str, Any]:
    """Describe the portraits of a layer.

    Args:
        network: name of the network.
        layer: name of the layer.
        word: return only portraits of things that match it; empty for all.

    Raises:
        AtlasError: the atlas is not built, or is damaged.
        NetworkError: the network or the layer does not exist.
    """
    atlas = find_atlas(network, layer)
    entries = [entry for entry, _ in atlas.search(word)] if word else atlas.index.entries
    return {
        "size": atlas.index.size,
        "columns": atlas.index.columns,
        "count": len(atlas.index.entries),
        "entries": [{"number": entry.number, "title": entry.title} for entry in entries],
    }

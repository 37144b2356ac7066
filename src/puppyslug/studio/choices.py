"""What there is to choose from: networks and their layers, presets, fields and their ranges."""

from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any

from puppyslug.labels import Label, Vocabulary, bundled
from puppyslug.networks import NetworkSpec, find_spec, list_networks
from puppyslug.networks.class_names import taught_vocabulary
from puppyslug.networks.weights.cache import is_here
from puppyslug.recipe.presets import PRESETS
from puppyslug.recipe.recipe import Recipe
from puppyslug.visualization.atlas import find_atlas, list_atlases


def networks(taught: Iterable[NetworkSpec] = ()) -> list[dict[str, Any]]:
    """Every network that puppyslug knows, with its layers, lowest first.

    Args:
        taught: networks to list after those.
    """
    every = (*list_networks(), *taught)
    return [{**_network(spec), "here": is_here(spec)} for spec in every]


@cache
def _network(spec: NetworkSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "title": spec.title,
        "things": list(spec.taught.things) if spec.taught else [],
        "default_layer": spec.default_layer,
        "classes": spec.classes,
        "licence": spec.licence,
        "depths": list(spec.depths),
        "layers": [
            {
                "name": layer.name,
                "channels": layer.channels,
                "stride": layer.stride,
                "smallest": layer.smallest,
                "shows": spec.tends_to_show(layer.name),
            }
            for layer in spec.layers
        ],
    }


def presets() -> list[dict[str, Any]]:
    """Every preset, with what it sets."""
    return [
        {"name": name, "title": preset.title, "settings": dict(preset.settings)}
        for name, preset in PRESETS.items()
    ]


def labels(word: str, network: str, limit: int) -> list[dict[str, Any]]:
    """Things to see whose names have a word, the best first; its own things before all.

    Args:
        word: or a part of one; empty for all.
        network: that is to see them.
        limit: how many at most.

    Raises:
        NetworkError: no such network.
    """
    spec = find_spec(network)
    vocabulary = _vocabulary(spec)
    if vocabulary is None:
        return []
    own = spec.taught.things if spec.taught else ()
    found = sorted(vocabulary.search(word or None), key=lambda label: label.name not in own)
    return [_label(label) for label in found[:limit]]


@lru_cache(maxsize=8)
def _vocabulary(spec: NetworkSpec) -> Vocabulary | None:
    """The names of what a network knows, as far as that is known without loading it."""
    if spec.taught is not None:
        return taught_vocabulary(spec, spec.taught)
    return bundled(spec.vocabulary)


def atlases() -> list[dict[str, str]]:
    """The layers of which there are portraits of all channels, or of all classes."""
    return [{"network": one.index.network, "layer": one.index.layer} for one in list_atlases()]


def atlas(network: str, layer: str, word: str) -> dict[str, Any]:
    """The portraits of a layer.

    Args:
        network: the network's name.
        layer: the layer's name.
        word: only those that look like it; empty for all.

    Raises:
        AtlasError: there are none, or they are damaged.
        NetworkError: no such network or layer.
    """
    found = find_atlas(network, layer)
    entries = [entry for entry, _ in found.search(word)] if word else found.index.entries
    return {
        "size": found.index.size,
        "columns": found.index.columns,
        "count": len(found.index.entries),
        "entries": [{"number": entry.number, "title": entry.title} for entry in entries],
    }


def _label(label: Label) -> dict[str, Any]:
    return {
        "name": label.name,
        "also": list(label.names[1:4]),
        "group": label.number is None,
        "members": len(label.members),
        "number": label.members[0],
    }


@cache
def fields() -> dict[str, dict[str, Any]]:
    """The recipe's fields as a form shows them: help, default, bounds, the usual range."""
    schema = Recipe.model_json_schema()["properties"]
    kept = ("description", "default", "minimum", "maximum", "exclusiveMinimum", "usual", "enum")
    return {
        name: {key: field[key] for key in kept if key in field} for name, field in schema.items()
    }

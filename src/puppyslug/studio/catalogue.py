"""What there is to choose from: networks and their layers, presets, fields and their ranges."""

from functools import cache
from typing import Any

from puppyslug.labels import Label, bundled
from puppyslug.networks import NetworkRecord, find_record, list_networks
from puppyslug.networks.cache import is_here
from puppyslug.presets import PRESETS
from puppyslug.recipe import Recipe


def networks() -> list[dict[str, Any]]:
    """Every network that puppyslug knows, with its layers, lowest first."""
    return [{**_network(record), "here": is_here(record)} for record in list_networks()]


@cache
def _network(record: NetworkRecord) -> dict[str, Any]:
    return {
        "name": record.name,
        "title": record.title,
        "default_layer": record.default_layer,
        "classes": record.classes,
        "licence": record.licence,
        "depths": list(record.depths),
        "layers": [
            {
                "name": layer.name,
                "channels": layer.channels,
                "stride": layer.stride,
                "smallest": layer.smallest,
                "shows": record.tends_to_show(layer.name),
            }
            for layer in record.layers
        ],
    }


def presets() -> list[dict[str, Any]]:
    """Every preset, with what it sets."""
    return [
        {"name": name, "title": preset.title, "settings": dict(preset.settings)}
        for name, preset in PRESETS.items()
    ]


def labels(word: str, network: str, limit: int) -> list[dict[str, Any]]:
    """Things to see whose names have a word, the best first.

    Args:
        word: or a part of one; empty for all.
        network: that is to see them.
        limit: how many at most.

    Raises:
        NetworkError: no such network.
    """
    vocabulary = bundled(find_record(network).vocabulary)
    if vocabulary is None:
        return []
    found = vocabulary.search(word or None)[:limit]
    return [_label(label) for label in found]


def _label(label: Label) -> dict[str, Any]:
    return {
        "name": label.name,
        "also": list(label.names[1:4]),
        "group": label.number is None,
        "members": len(label.members),
    }


@cache
def fields() -> dict[str, dict[str, Any]]:
    """The recipe's fields as a form shows them: help, default, bounds, the usual range."""
    schema = Recipe.model_json_schema()["properties"]
    kept = ("description", "default", "minimum", "maximum", "exclusiveMinimum", "usual", "enum")
    return {
        name: {key: field[key] for key in kept if key in field} for name, field in schema.items()
    }

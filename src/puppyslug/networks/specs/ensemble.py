"""Specs of ensembles: several networks that compute the same image, described as one."""

from collections.abc import Sequence
from dataclasses import replace

from puppyslug.errors import NetworkError
from puppyslug.networks.specs.layer_geometry import LayerSpec, union
from puppyslug.networks.specs.spec import CLASS_MAP, LAYER_SEPARATOR, NetworkSpec

NAME_SEPARATOR = "+"  # between the names of an ensemble's members


def split_network_names(network: str) -> list[str]:
    """Return the names of an ensemble's members; of a single network, its own name."""
    return [name.strip() for name in network.split(NAME_SEPARATOR)]


def combine_specs(members: Sequence[NetworkSpec]) -> NetworkSpec:
    """Combine the specs of several networks into that of an ensemble.

    A layer is named ``member::layer``; without the prefix, it is that of the first member that has
    it. Where members were trained on classes, ``labels`` is the mean of their class maps, provided
    that the classes are the same and the maps have the same positions. Linear probes have no part
    in it.

    Args:
        members: at least two, all different.

    Raises:
        NetworkError: a network is named twice.
    """
    name = NAME_SEPARATOR.join(member.name for member in members)
    if len({member.name for member in members}) < len(members):
        raise NetworkError(f"{name} names a network twice; name each network once")
    layers = [
        replace(layer, name=f"{member.name}{LAYER_SEPARATOR}{layer.name}")
        for member in members
        for layer in member.layers
    ]
    classifiers = [member for member in members if member.trained_classes]
    class_map_error = _find_class_map_conflict(name, classifiers)
    if classifiers and not class_map_error:
        geometry = union([one.layer(CLASS_MAP).geometry for one in classifiers])
        layers.append(LayerSpec(CLASS_MAP, classifiers[0].classes, geometry))
    classifier = classifiers[0] if classifiers and not class_map_error else None
    first = members[0]
    prefix = f"{first.name}{LAYER_SEPARATOR}"
    return replace(
        first,
        name=name,
        title=" and ".join(member.title for member in members),
        architecture="",
        structure=(),
        layers=tuple(layers),
        preview_layers=tuple(prefix + layer for layer in first.preview_layers),
        default_layer=prefix + first.default_layer,
        weights=None,
        licence="; ".join(dict.fromkeys(member.licence for member in members)),
        credit="; ".join(dict.fromkeys(member.credit for member in members)),
        source="; ".join(dict.fromkeys(member.source for member in members)),
        values_per_pixel=sum(member.values_per_pixel for member in members),
        classes=classifier.classes if classifier else 0,
        vocabulary=classifier.vocabulary if classifier else "",
        labels=classifier.labels if classifier else None,
        trained_at=(classifier or first).trained_at,
        class_map_error=class_map_error,
        finetuned=classifier.finetuned if classifier else None,
        motifs=(),
        class_map_alias="",
        members=tuple(members),
        probe=None,
    )


def _find_class_map_conflict(name: str, classifiers: Sequence[NetworkSpec]) -> str:
    """Return why class maps cannot be averaged; empty where they can."""
    identities = {
        (one.classes, one.vocabulary, one.labels, one.finetuned and one.finetuned.new_classes)
        for one in classifiers
    }
    if len(identities) > 1:
        return (
            f"the networks of {name} have different classes; to dream of a class, use one of them"
        )
    grids = {one.layer(CLASS_MAP).geometry.positions for one in classifiers}
    if len(grids) > 1:
        return (
            f"the class maps of {name} have different positions, so they cannot be averaged; to "
            "dream of a class, use one of the networks"
        )
    return ""

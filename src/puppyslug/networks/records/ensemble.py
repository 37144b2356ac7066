"""Ensembles: several networks that look at a picture together, as one record."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from puppyslug.errors import NetworkError
from puppyslug.networks.records.record import (
    CLASS_MAP,
    MEMBER,
    LayerRecord,
    NetworkRecord,
    PackagedWeights,
)

JOIN = "+"  # between the members' names


def combine(members: Sequence[NetworkRecord]) -> NetworkRecord:
    """Make one record of several networks.

    A layer is called ``member::layer``; without the prefix, the first member that has it is meant.
    Where members know classes, ``labels`` is the mean of their class maps.

    Args:
        members: at least two, all different.

    Raises:
        NetworkError: a network twice, or class maps that do not lie on one another.
    """
    name = JOIN.join(member.name for member in members)
    if len({member.name for member in members}) < len(members):
        raise NetworkError(f"{name} names a network twice; each looks once")
    layers = [
        replace(layer, name=f"{member.name}{MEMBER}{layer.name}")
        for member in members
        for layer in member.layers
    ]
    if maps := [member.layer(CLASS_MAP) for member in members if member.classes]:
        layers.append(_mean_of(name, maps))
    first = members[0]
    hashes = "".join(member.weights.sha256 for member in members)
    return replace(
        first,
        name=name,
        title=" and ".join(member.title for member in members),
        family="",
        structure=(),
        layers=tuple(layers),
        depths=tuple(f"{first.name}{MEMBER}{layer}" for layer in first.depths),
        default_layer=f"{first.name}{MEMBER}{first.default_layer}",
        weights=PackagedWeights("", "", hashlib.sha256(hashes.encode()).hexdigest()),
        licence="; ".join(dict.fromkeys(member.licence for member in members)),
        credit="; ".join(dict.fromkeys(member.credit for member in members)),
        source="; ".join(dict.fromkeys(member.source for member in members)),
        values_per_pixel=sum(member.values_per_pixel for member in members),
        classes=max(member.classes for member in members),
        members=tuple(members),
    )


def _mean_of(name: str, maps: Sequence[LayerRecord]) -> LayerRecord:
    first = maps[0]
    if any(
        (layer.channels, layer.stride, layer.drops_last)
        != (first.channels, first.stride, first.drops_last)
        for layer in maps
    ):
        raise NetworkError(f"the networks of {name} know different classes, or at other places")
    return LayerRecord(
        CLASS_MAP,
        first.channels,
        first.stride,
        max(layer.receptive_field for layer in maps),
        max(layer.reach for layer in maps),
        first.drops_last,
    )

"""Ensembles: several networks that look at a picture together, as one record."""

from collections.abc import Sequence
from dataclasses import replace

from puppyslug.errors import NetworkError
from puppyslug.networks.records.layers import LayerRecord, union
from puppyslug.networks.records.record import CLASS_MAP, MEMBER, NetworkRecord

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
    seers = [member for member in members if member.classes]
    if seers:
        layers.append(_mean_of(name, seers))
    first = members[0]
    return replace(
        first,
        name=name,
        title=" and ".join(member.title for member in members),
        family="",
        structure=(),
        layers=tuple(layers),
        depths=tuple(f"{first.name}{MEMBER}{layer}" for layer in first.depths),
        default_layer=f"{first.name}{MEMBER}{first.default_layer}",
        weights=None,
        licence="; ".join(dict.fromkeys(member.licence for member in members)),
        credit="; ".join(dict.fromkeys(member.credit for member in members)),
        source="; ".join(dict.fromkeys(member.source for member in members)),
        values_per_pixel=sum(member.values_per_pixel for member in members),
        classes=seers[0].classes if seers else 0,
        vocabulary=seers[0].vocabulary if seers else "",
        labels=seers[0].labels if seers else None,
        trained_at=(seers or members)[0].trained_at,
        shows=(),
        class_map="",
        members=tuple(members),
    )


def _mean_of(name: str, seers: Sequence[NetworkRecord]) -> LayerRecord:
    first = seers[0]
    if len({(one.classes, one.vocabulary, one.labels) for one in seers}) > 1:
        raise NetworkError(f"the networks of {name} know different classes; combine others")
    try:
        extent = union([one.layer(CLASS_MAP).extent for one in seers])
    except ValueError as error:
        raise NetworkError(
            f"the networks of {name} know their classes at different places of a picture; "
            "combine others"
        ) from error
    return LayerRecord(CLASS_MAP, first.classes, extent)

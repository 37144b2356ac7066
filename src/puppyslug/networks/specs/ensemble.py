"""Ensembles: several networks that look at a picture together, as one record."""

from collections.abc import Sequence
from dataclasses import replace

from puppyslug.errors import NetworkError
from puppyslug.networks.specs.layers import LayerSpec, union
from puppyslug.networks.specs.spec import CLASS_MAP, MEMBER, NetworkSpec

JOIN = "+"  # between the members' names


def names_in(network: str) -> list[str]:
    """The names of the networks that a name joins; of one network, its own."""
    return [name.strip() for name in network.split(JOIN)]


def combine(members: Sequence[NetworkSpec]) -> NetworkSpec:
    """Make one record of several networks.

    A layer is called ``member::layer``; without the prefix, the first member that has it is meant.
    Where members know classes, ``labels`` is the mean of their class maps, if those are of the same
    classes and lie on one another.

    Args:
        members: at least two, all different.

    Raises:
        NetworkError: a network twice.
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
    no_classes = _why_not(name, seers)
    if seers and not no_classes:
        extent = union([one.layer(CLASS_MAP).extent for one in seers])
        layers.append(LayerSpec(CLASS_MAP, seers[0].classes, extent))
    sees = seers[0] if seers and not no_classes else None
    first = members[0]
    return replace(
        first,
        name=name,
        title=" and ".join(member.title for member in members),
        architecture="",
        structure=(),
        layers=tuple(layers),
        depths=tuple(f"{first.name}{MEMBER}{layer}" for layer in first.depths),
        default_layer=f"{first.name}{MEMBER}{first.default_layer}",
        weights=None,
        licence="; ".join(dict.fromkeys(member.licence for member in members)),
        credit="; ".join(dict.fromkeys(member.credit for member in members)),
        source="; ".join(dict.fromkeys(member.source for member in members)),
        values_per_pixel=sum(member.values_per_pixel for member in members),
        classes=sees.classes if sees else 0,
        vocabulary=sees.vocabulary if sees else "",
        labels=sees.labels if sees else None,
        trained_at=(sees or first).trained_at,
        no_classes=no_classes,
        taught=sees.taught if sees else None,
        shows=(),
        class_map="",
        members=tuple(members),
    )


def _things(spec: NetworkSpec) -> tuple[str, ...]:
    return spec.taught.things if spec.taught else ()


def _why_not(name: str, seers: Sequence[NetworkSpec]) -> str:
    """Why class maps have no mean; empty where they have."""
    if len({(one.classes, one.vocabulary, one.labels, _things(one)) for one in seers}) > 1:
        return f"the networks of {name} know different classes; for things by name take one of them"
    if len({(one.layer(CLASS_MAP).stride, one.layer(CLASS_MAP).extent.extra) for one in seers}) > 1:
        return (
            f"the networks of {name} know their classes at different places of a picture, so "
            "that they have no mean; for things by name take one of them"
        )
    return ""

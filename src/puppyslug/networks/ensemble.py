"""Ensembles: several loaded networks that compute the same image."""

from collections.abc import Collection, Sequence

from torch import Tensor

from puppyslug.networks.network import Network
from puppyslug.networks.specs import CLASS_MAP, NAME_SEPARATOR, NetworkSpec
from puppyslug.networks.specs.spec import LAYER_SEPARATOR
from puppyslug.networks.specs.weights_source import combine_sha256


class Ensemble(Network):
    """Several networks as one; each computes its own layers, ``labels`` is their mean class map."""

    def __init__(self, spec: NetworkSpec, members: Sequence[Network]) -> None:
        """Combine networks.

        Args:
            spec: of the ensemble.
            members: loaded networks, in the order of ``spec.members``.
        """
        first = members[0]
        self.spec = spec
        self.members = tuple(members)
        self.weights_name = NAME_SEPARATOR.join(member.weights_name for member in members)
        self.weights_sha256 = combine_sha256([member.weights_sha256 for member in members])
        self.vocabulary = next((one.vocabulary for one in members if one.vocabulary), None)
        self.precision = first.precision
        self.device = first.device
        self.convolution = max(member.convolution for member in members)

    def activations(self, image: Tensor, layers: Collection[str]) -> dict[str, Tensor]:
        """See ``Network.activations``."""
        full_names = {name: self.spec.layer(name).name for name in layers}
        needs_class_map = CLASS_MAP in full_names.values()
        found: dict[str, Tensor] = {}
        class_maps: list[Tensor] = []
        for member in self.members:
            prefix = member.spec.name + LAYER_SEPARATOR
            own = {
                name.removeprefix(prefix) for name in full_names.values() if name.startswith(prefix)
            }
            has_class_map = needs_class_map and member.spec.trained_classes > 0
            targets = own | ({CLASS_MAP} if has_class_map else set())
            if not targets:
                continue  # a network without targets would be computed to its end
            computed = member.activations(image, targets)
            found |= {prefix + name: computed[name] for name in own}
            if has_class_map:
                class_maps.append(computed[CLASS_MAP])
        if class_maps:
            found[CLASS_MAP] = sum(class_maps[1:], start=class_maps[0]) / len(class_maps)
        return {name: found[full_name] for name, full_name in full_names.items()}

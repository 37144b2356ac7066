"""Several loaded networks that look at a picture together."""

from collections.abc import Collection, Sequence

from torch import Tensor

from puppyslug.networks.network import Network
from puppyslug.networks.specs import CLASS_MAP, NetworkSpec
from puppyslug.networks.specs.ensemble import JOIN
from puppyslug.networks.specs.spec import MEMBER
from puppyslug.networks.specs.weights_source import joint_sha256


class Ensemble(Network):
    """Networks as one: each computes its own layers, and ``labels`` is their mean class map."""

    def __init__(self, spec: NetworkSpec, members: Sequence[Network]) -> None:
        """Take the loaded members, in the order of ``spec.members``."""
        first = members[0]
        self.spec = spec
        self.members = tuple(members)
        self.weights_name = JOIN.join(member.weights_name for member in members)
        self.weights_sha256 = joint_sha256([member.weights_sha256 for member in members])
        self.vocabulary = next((one.vocabulary for one in members if one.vocabulary), None)
        self.precision = first.precision
        self.device = first.device
        self.winograd_from = max(member.winograd_from for member in members)

    def activations(self, image: Tensor, layers: Collection[str]) -> dict[str, Tensor]:
        """See ``Network.activations``."""
        asked = {name: self.spec.layer(name).name for name in layers}
        found: dict[str, Tensor] = {}
        maps: list[Tensor] = []
        for member in self.members:
            prefix = member.spec.name + MEMBER
            own = {name.removeprefix(prefix) for name in asked.values() if name.startswith(prefix)}
            sees = CLASS_MAP in asked.values() and member.spec.classes
            activations = member.activations(image, own | ({CLASS_MAP} if sees else set()))
            found |= {prefix + name: activations[name] for name in own}
            if sees:
                maps.append(activations[CLASS_MAP])
        if maps:
            found[CLASS_MAP] = sum(maps[1:], start=maps[0]) / len(maps)
        return {name: found[full] for name, full in asked.items()}

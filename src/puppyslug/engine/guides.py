"""The features of guides: what a network sees in the pictures that an objective names."""

from collections.abc import Mapping

import torch
from torch import Tensor

from puppyslug.errors import ImageError, ObjectiveError
from puppyslug.networks.network import Network
from puppyslug.objectives import GuideTerm, Objective


class GuideFeatures:
    """Computes the features of each guide once, when they are first needed."""

    def __init__(self, network: Network, guides: Mapping[str, Tensor]) -> None:
        """Take the pictures by name, each 1×3×h×w RGB in [0, 1]."""
        self._network = network
        self._guides = guides
        self._found: dict[GuideTerm, Tensor] = {}

    def check(self, objective: Objective) -> None:
        """Refuse an objective whose guides are not there, or too small.

        Raises:
            ImageError: a guide is too small for its layer.
            ObjectiveError: a guide was not given along.
        """
        for term in objective.guides:
            self._picture(term)

    def of(self, objective: Objective) -> dict[GuideTerm, Tensor]:
        """The features of an objective's guides, C×positions each.

        Raises:
            ImageError: a guide is too small for its layer.
            ObjectiveError: a guide was not given along.
        """
        for term in objective.guides:
            if term not in self._found:
                self._found[term] = self._features(term)
        return self._found

    def _features(self, term: GuideTerm) -> Tensor:
        picture = self._picture(term).to(self._network.device)
        with torch.no_grad():
            activation = self._network.activations(picture, [term.layer])[term.layer]
        return activation[0].flatten(1)

    def _picture(self, term: GuideTerm) -> Tensor:
        if term.name not in self._guides:
            raise ObjectiveError(f"the picture of {term} is missing; give it along as a guide")
        picture = self._guides[term.name]
        layer = self._network.spec.layer(term.layer)
        height, width = picture.shape[-2:]
        if min(height, width) < layer.smallest:
            raise ImageError(
                f"the guide {term.name} of {width}×{height} pixels is too small for {layer.name}, "
                f"which needs {layer.smallest}×{layer.smallest}; take a larger one or a lower layer"
            )
        return picture

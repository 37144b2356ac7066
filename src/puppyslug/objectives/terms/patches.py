"""``patches("flowers.jpg", relu3_1)``: a picture that consists of pieces of another one."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from puppyslug.errors import ObjectiveError
from puppyslug.objectives.term import MapRegion, TermContext, register_term
from puppyslug.objectives.terms.guide import GuideTerm

if TYPE_CHECKING:
    from torch import Tensor

PATCH = 3  # positions of a layer, side of a patch
MAX_PATCHES = 1500  # of a guide, evenly spaced; bounds the time for matching
_BLOCK_NUMBERS = 8_000_000  # entries of the match table computed at once, which bounds memory
_EPSILON = 1e-6


@register_term
@dataclass(frozen=True)
class PatchesTerm(GuideTerm):
    """Half the mean squared distance, negated, to the best matching patches of a guide image.

    Around every position, the 3×3 features are matched with the patch of the guide to which their
    normalised cross-correlation is largest. Where matches overlap, their mean is the target, which
    the activation approaches (Li and Wand, "Combining Markov Random Fields and Convolutional Neural
    Networks for Image Synthesis", 2016, arXiv:1601.04589). Unlike the dot product of ``guide``,
    this prefers no feature for its strength, and strength does not grow without limit.

    Attributes:
        features: C·9×M, patches of the guide's activation; None until ``bind``.
    """

    call = "patches"
    example = 'patches("flowers.jpg", relu3_1)'

    def _compute(self, context: TermContext) -> "Tensor":
        """Return at most ``MAX_PATCHES`` patches, C·9×M, in the network's precision."""
        import torch
        from torch.nn.functional import unfold

        self.check_references(context)
        image = context.reference(self.name).to(context.network.device)
        with torch.no_grad():
            activation = context.network.activations(image, [self.layer])[self.layer]
        if min(activation.shape[-2:]) < PATCH:
            activation = _pad(activation)
        stride = 1
        while _count(activation, stride) > MAX_PATCHES:
            stride += 1
        return unfold(activation, PATCH, stride=stride)[0]

    @property
    def is_global(self) -> bool:
        """See ``Term.is_global``: patches reach across the borders of regions."""
        return True

    def summary(self, region: MapRegion) -> "Tensor":
        """See ``Term.summary``: the region in a map of zeros, so that the sum is the whole map."""
        rows, columns = region.map_size
        activation = region.activation.detach()
        whole = activation.new_zeros(*activation.shape[:2], rows, columns)
        height, width = activation.shape[-2:]
        whole[:, :, region.top : region.top + height, region.left : region.left + width] = (
            activation
        )
        return whole

    def score(self, region: MapRegion, total: "Tensor | None" = None) -> "Tensor":
        """See ``Term.score``."""
        if self.features is None:
            raise ObjectiveError(f"the image of {self} is missing; pass it as a guide")
        whole = region.activation.detach() if total is None else total
        target = self._target(whole.to(region.activation.dtype), region, self.features)
        difference = region.activation.float() - target.float()
        area = region.map_size[0] * region.map_size[1]
        return -0.5 * difference.square().sum((1, 2, 3)) / (region.activation.shape[1] * area)

    def _target(self, whole: "Tensor", region: MapRegion, patches: "Tensor") -> "Tensor":
        """Return the mean of the matching patches at each position of a region.

        Args:
            whole: N×C×H×W, the whole map.
            region: the region.
            patches: C·9×M.
        """
        from torch.nn.functional import fold, unfold

        height, width = region.activation.shape[-2:]
        # patches are centred on the positions of the region and of one more around it
        top, left = max(0, region.top - 1), max(0, region.left - 1)
        bottom = min(region.map_size[0], region.top + height + 1)
        right = min(region.map_size[1], region.left + width + 1)
        crop = _pad(whole)[:, :, top : bottom + 2, left : right + 2]
        found = _best(unfold(crop, PATCH), patches.to(crop.dtype)).float()
        size = (crop.shape[-2], crop.shape[-1])
        counts = fold(found.new_ones(1, PATCH**2, found.shape[2]), size, PATCH)
        mean = fold(found, size, PATCH) / counts
        row, column = region.top - top + 1, region.left - left + 1
        return mean[:, :, row : row + height, column : column + width]


def _best(positions: "Tensor", patches: "Tensor") -> "Tensor":
    """Return the best matching patches of N×K×P, N×K×P, by normalised cross-correlation."""
    import torch

    normalised = patches / patches.norm(dim=0, keepdim=True).clamp(min=_EPSILON)
    block = max(1, _BLOCK_NUMBERS // patches.shape[1])
    best = [
        (positions[:, :, first : first + block].transpose(1, 2) @ normalised).argmax(2)
        for first in range(0, positions.shape[2], block)
    ]
    return patches[:, torch.cat(best, 1)].transpose(0, 1)


def _pad(activation: "Tensor") -> "Tensor":
    from torch.nn.functional import pad

    return pad(activation, (1, 1, 1, 1), mode="replicate")


def _count(activation: "Tensor", stride: int) -> int:
    rows, columns = ((side - PATCH) // stride + 1 for side in activation.shape[-2:])
    return rows * columns

"""``strongest(relu4_4, 3)``: the channels that an image activates most strongly."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from puppyslug.errors import ObjectiveError
from puppyslug.images.sizes import Size
from puppyslug.labels import FindLabel
from puppyslug.networks.specs import LayerSpec, NetworkSpec
from puppyslug.objectives.term import (
    LAYER_PATTERN,
    MapRegion,
    Term,
    TermContext,
    register_term,
    start_error,
)
from puppyslug.objectives.terms.channel import ChannelTerm

if TYPE_CHECKING:
    from torch import Tensor

_ARGUMENTS = re.compile(rf"\s*(?P<layer>{LAYER_PATTERN})\s*,\s*(?P<count>\d{{1,9}})\s*")
BASELINE_SIZE = 224  # side length in pixels of the clouds and noise that responses compare with
_FLOOR = 0.1  # share of the layer's mean baseline added to each channel's, for channels near 0


@register_term
@dataclass(frozen=True)
class StrongestTerm(Term):
    """The channels of a layer that the image activates most strongly.

    The channels replace the term when a dream begins.

    Attributes:
        layer: the layer's name.
        count: number of channels.
    """

    call = "strongest"
    example = "strongest(relu4_4, 3)"
    only_at_start = True

    count: int

    @classmethod
    def parse(cls, text: str, find_label: FindLabel) -> Self:  # noqa: ARG003
        """See ``Term.parse``."""
        match = _ARGUMENTS.fullmatch(text)
        if match is None:
            raise ValueError(text)
        return cls(match["layer"], int(match["count"]))

    def __str__(self) -> str:
        return f"strongest({self.layer}, {self.count})"

    def resolve(self, context: TermContext) -> tuple[Term, ...]:
        """Replace the term by the strongest channels."""
        spec = context.network.spec.layer(self.layer)
        ratios = relative_responses(
            spec, context.image, lambda image: context.activation_map(self.layer, image)
        )
        best = ratios.topk(min(self.count, len(ratios))).indices.tolist()
        return tuple(ChannelTerm(self.layer, channel) for channel in best)

    def score(self, region: MapRegion, total: "Tensor | None" = None) -> "Tensor":  # noqa: ARG002
        """Not possible before ``resolve``.

        Raises:
            ObjectiveError: always.
        """
        raise start_error(self)

    def check(self, spec: NetworkSpec, size: Size) -> None:
        """See ``Term.check``."""
        super().check(spec, size)
        channels = spec.layer(self.layer).channels
        if not 1 <= self.count <= channels:
            raise ObjectiveError(
                f"{self.layer} of {spec.name} has {channels} channels; ask for 1 to {channels} of "
                f"them, not {self.count}"
            )


def relative_responses(
    layer: LayerSpec, image: "Tensor", activation_map: "Callable[[Tensor], Tensor]"
) -> "Tensor":
    """Compute how much more strongly an image activates each channel than other images do.

    Some channels of every layer respond to all images. So the response, which is the mean over
    positions of the positive part of the activation, is divided by that to clouds and noise.

    Args:
        layer: the layer.
        image: 1×3×H×W RGB in [0, 1].
        activation_map: computes the layer's activation, 1×C×h×w, of an image.

    Returns:
        (C,), 1 for a channel that responds as usual.

    Raises:
        ObjectiveError: the image is too small for the layer.
    """
    import torch

    from puppyslug.images import generate_clouds, generate_noise

    height, width = image.shape[-2:]
    if min(height, width) < layer.min_size:
        raise ObjectiveError(
            f"{layer.name} needs {layer.min_size} pixels, and the image has {width}×{height}; use "
            "a larger one, or a lower layer"
        )

    def responses(picture: "Tensor") -> "Tensor":
        return activation_map(picture)[0].clamp(min=0).mean((1, 2))

    side = max(BASELINE_SIZE, layer.min_size)
    baseline = torch.stack(
        [
            responses(generate((side, side), seed).to(image))
            for generate in (generate_clouds, generate_noise)
            for seed in (0, 1)
        ]
    ).mean(0)
    return responses(image) / (baseline + _FLOOR * baseline.mean() + torch.finfo().tiny)

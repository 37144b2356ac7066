"""A batch of objectives, one for each image."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from puppyslug.labels import FindLabel
from puppyslug.objectives.objective import Objective
from puppyslug.objectives.term import MapRegion

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """Objectives that take the place of one, each for its own image of a batch.

    Attributes:
        objectives: one for each image.
        diversity: weight of a penalty for similar images. An image's score is reduced by this share
            times the mean cosine between its texture (correlations of channels) and the others'.
    """

    objectives: tuple[Objective, ...]
    diversity: float = 0.0

    @property
    def layers(self) -> tuple[str, ...]:
        """See ``Objective.layers``."""
        return tuple(dict.fromkeys(name for one in self.objectives for name in one.layers))

    def resolve_labels(self, find_label: FindLabel) -> "Batch":
        """See ``Objective.resolve_labels``."""
        resolved = tuple(one.resolve_labels(find_label) for one in self.objectives)
        return replace(self, objectives=resolved)

    @property
    def global_layers(self) -> tuple[str, ...]:
        """See ``Objective.global_layers``; a batch is never divided into tiles."""
        return ()

    def score_regions(
        self, regions: Mapping[str, MapRegion], totals: "Sequence[Tensor | None] | None" = None
    ) -> "Tensor":
        """See ``Objective.score_regions``; the regions are whole maps."""
        import torch

        assert totals is None
        scores = torch.cat(
            [
                objective.score_regions(
                    {
                        name: MapRegion(region.activation[number : number + 1], region.map_size)
                        for name, region in regions.items()
                    }
                )
                for number, objective in enumerate(self.objectives)
            ]
        )
        if not self.diversity or len(self.objectives) < 2:
            return scores
        similarity = torch.stack([_similarity(one.activation) for one in regions.values()]).mean(0)
        return scores - self.diversity * scores.detach().abs() * similarity


def _similarity(activation: "Tensor") -> "Tensor":
    """Return each image's mean cosine with the others' textures, (N,) (Lucid's diversity)."""
    import torch

    flat = activation.float().flatten(2)
    textures = (flat @ flat.transpose(1, 2)).flatten(1)
    textures = torch.nn.functional.normalize(textures, dim=1)
    cosines = textures @ textures.T
    others = cosines.sum(1) - cosines.diagonal()
    return others / (len(flat) - 1)

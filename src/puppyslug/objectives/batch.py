"""An objective for each picture of a batch, and how different the pictures should be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from puppyslug.objectives.objective import Objective
from puppyslug.objectives.term import Part

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """Stands in for an objective where every picture has its own.

    Attributes:
        objectives: one for each picture.
        diversity: how much of a picture's score it loses by looking like the others: the share of
            their textures (correlations of channels) that it has in common with them.
    """

    objectives: tuple[Objective, ...]
    diversity: float = 0.0

    @property
    def layers(self) -> tuple[str, ...]:
        """See ``Objective.layers``."""
        return tuple(dict.fromkeys(name for one in self.objectives for name in one.layers))

    @property
    def summarised(self) -> tuple[str, ...]:
        """See ``Objective.summarised``; a batch is always looked at whole."""
        return ()

    def score_parts(
        self, parts: Mapping[str, Part], totals: "Sequence[Tensor | None] | None" = None
    ) -> "Tensor":
        """See ``Objective.score_parts``; the parts are whole maps."""
        import torch

        assert totals is None
        scores = torch.cat(
            [
                objective.score_parts(
                    {
                        name: Part(part.activation[number : number + 1], part.whole)
                        for name, part in parts.items()
                    }
                )
                for number, objective in enumerate(self.objectives)
            ]
        )
        if not self.diversity or len(self.objectives) < 2:
            return scores
        alike = torch.stack([_likeness(part.activation) for part in parts.values()]).mean(0)
        return scores - self.diversity * scores.detach().abs() * alike


def _likeness(activation: "Tensor") -> "Tensor":
    """How alike each picture's texture is to the others', (N,) in [-1, 1] (Lucid's diversity)."""
    import torch

    flat = activation.float().flatten(2)
    textures = (flat @ flat.transpose(1, 2)).flatten(1)
    textures = torch.nn.functional.normalize(textures, dim=1)
    similar = textures @ textures.T
    others = similar.sum(1) - similar.diagonal()
    return others / (len(flat) - 1)

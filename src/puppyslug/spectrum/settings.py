"""Settings of a drawing: how a named thing is drawn as a spectrum."""

import math
from dataclasses import dataclass

from puppyslug.spectrum.crops import Window

WHOLE = Window((0.75, 1.15), border_share=0.6)  # of an image that a thing fills

LAST_RATE = 0.1  # of the learning rate, where annealing ends


@dataclass(frozen=True)
class DrawingSettings:
    """How a drawing proceeds, from coarse to fine.

    Attributes:
        steps: number of steps.
        learning_rate: of Adam.
        cutoffs: highest frequency at the start and at the end, in cycles per pixel.
        growth: share of the steps over which the cutoff grows, geometrically.
        views: (share of the steps up to which it applies, side in pixels) of what networks see.
        natural: weight of the distance from the statistics of natural photographs.
        requires_statistics: whether a network without such statistics is an error.
        variation: weight of the total variation, against grain.
        noise: standard deviation of the noise that is added to what networks see; it falls to 0.
        fidelity: weight of the squared difference from the base image, in percent.
        chroma: how much colours change, relative to brightness.
        annealing: last share of the steps, over which the learning rate falls along a cosine.
        window: where crops are taken.
    """

    steps: int
    learning_rate: float = 0.05
    cutoffs: tuple[float, float] = (0.02, 0.2)
    growth: float = 0.7
    views: tuple[tuple[float, int], ...] = ((0.6, 160), (1.0, 224))
    natural: float = 10.0
    requires_statistics: bool = False
    variation: float = 3.0
    noise: float = 0.1
    fidelity: float = 0.0
    chroma: float = 1.0
    annealing: float = 0.0
    window: Window = WHOLE

    def cutoff_at(self, done: float) -> float:
        """Return the cutoff after a share of the steps."""
        low, high = self.cutoffs
        return low * math.pow(high / low, min(1.0, done / self.growth))

    def learning_rate_at(self, done: float) -> float:
        """Return the learning rate after a share of the steps."""
        if done <= 1 - self.annealing:
            return self.learning_rate
        passed = (done - (1 - self.annealing)) / self.annealing
        share = (1 + math.cos(math.pi * passed)) / 2
        return self.learning_rate * (LAST_RATE + (1 - LAST_RATE) * share)

    def view_size_at(self, done: float) -> int:
        """Return the side of what networks see after a share of the steps."""
        return next(size for until, size in self.views if done < until or until >= 1)

"""Portraits of named classes: whole things on calm ground, drawn from coarse to fine."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from puppyslug.networks.network import Network
from puppyslug.objectives import Objective
from puppyslug.objectives.terms.see import SeeTerm
from puppyslug.spectrum.drawing import Drawing
from puppyslug.spectrum.placement import Place
from puppyslug.spectrum.settings import DrawingSettings

STARTS = 2  # of each portrait, of which the better one is drawn to the end
STARTS_SHARE = 0.35  # of the steps, after which the better one is chosen
MOMENTUM = 0.8  # of the mean score of a start over its last steps
PLACE = Place(0.5, 0.5, 0.8)  # of the thing
CHROMA, ANNEALING = 0.6, 0.6  # see ``DrawingSettings``
MASK_FLOOR = 0.3  # how much the ground around it may change


def names_classes(objective: Objective) -> bool:
    """Return whether all terms of an objective are classes."""
    return all(isinstance(term, SeeTerm) for _, term in objective.terms)


def draw_named(
    objectives: Sequence[Objective],
    network: Network,
    *,
    size: int,
    steps: int,
    seed: int,
    vivid: bool = False,
) -> Iterator[tuple[Tensor, Tensor]]:
    """Draw portraits of named classes.

    Args:
        objectives: one for each portrait, bound and with labels resolved.
        network: the network to visualise.
        size: side length in pixels.
        steps: number of steps.
        seed: of the initial noise and the crops.
        vivid: whether colours change as fast as brightness, and steps stay large to the end.

    Yields:
        After each step, what is maximised, (N,), and the images, N×3×size×size RGB in [0, 1].
    """
    count = len(objectives)
    starts = STARTS if steps > 1 else 1
    settings = DrawingSettings(steps)
    if not vivid:
        settings = replace(settings, chroma=CHROMA, annealing=ANNEALING)
    drawing = Drawing(
        network,
        [one for one in objectives for _ in range(starts)],
        (size, size),
        settings,
        seed=seed,
    )
    drawing.mask = PLACE.mask((size, size), MASK_FLOOR).to(network.device)
    totals = torch.zeros(count * starts)
    for step in range(steps):
        images = drawing.step()
        scores = drawing.scores
        if starts > 1:
            # single scores depend on the crop, so that the better start is that of the better mean
            totals = MOMENTUM * totals + (1 - MOMENTUM) * scores
            best = totals.reshape(count, starts).argmax(1)
            chosen = [number * starts + int(start) for number, start in enumerate(best)]
            images, scores = images[chosen], scores[chosen]
            if step + 1 >= STARTS_SHARE * steps:
                drawing.select(chosen)
                starts = 1
        yield scores, images

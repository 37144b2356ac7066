"""What portraits show, by a classifier; and which channels are alike, by their answers."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from puppyslug.networks.network import Network
from puppyslug.recognition.classification import classify
from puppyslug.visualization.atlas.index import Guess, Neighbour

GUESSES = 8  # kept of each portrait; the first three are shown
NEIGHBOURS = 8
_TOGETHER = 16  # portraits that are looked at at a time


class Named(NamedTuple):
    """What a classifier takes a portrait for: the likeliest classes, and whether it is sure."""

    guesses: tuple[Guess, ...]
    sure: bool


def name_portrait(portrait: Tensor, classifier: Network) -> Named:
    """Ask a classifier what a portrait shows.

    Args:
        portrait: 1×3×H×W RGB in [0, 1].
        classifier: a network that knows classes.
    """
    verdict = classify(portrait, network=classifier, top=GUESSES)
    return Named(
        tuple(Guess(number=g.number, name=g.name, probability=round(g.probability, 4))
              for g in verdict.guesses),
        verdict.sure,
    )  # fmt: skip


def answers_to(network: Network, layer: str, portraits: Sequence[Tensor]) -> Tensor:
    """How strongly every channel answers to every portrait.

    Args:
        network: that was portrayed.
        layer: whose channels answer.
        portraits: 1×3×H×W each, RGB in [0, 1].

    Returns:
        portraits × channels, means over all positions.
    """
    rows = []
    with torch.no_grad():
        for first in range(0, len(portraits), _TOGETHER):
            batch = torch.cat(list(portraits[first : first + _TOGETHER])).to(network.device)
            rows.append(network.activations(batch, [layer])[layer].float().mean((2, 3)).cpu())
    return torch.cat(rows)


def beaten_by(answers: Tensor) -> list[int]:
    """For each channel, how many other portraits excite it more than its own.

    Args:
        answers: portraits × channels, as many as portraits.
    """
    counts: list[int] = (answers > answers.diagonal()).sum(0).tolist()
    return counts


def neighbours(answers: Tensor) -> list[tuple[Neighbour, ...]]:
    """For each channel, those whose answers to all portraits go along with its own.

    Args:
        answers: portraits × channels, as many as portraits.

    Returns:
        The nearest first, by the correlation of the answers' square roots: a few portraits, its
        own before all, would outweigh all others otherwise.
    """
    tamed = answers.clamp(min=0).sqrt() if (answers >= 0).all() else answers
    centred = torch.nn.functional.normalize(tamed - tamed.mean(0), dim=0)
    likeness = (centred.T @ centred).clamp(-1, 1).fill_diagonal_(-2)
    best = likeness.topk(min(NEIGHBOURS, len(likeness) - 1))
    return [
        tuple(
            Neighbour(number=number, likeness=round(value, 3))
            for number, value in zip(numbers, values, strict=True)
        )
        for numbers, values in zip(best.indices.tolist(), best.values.tolist(), strict=True)
    ]

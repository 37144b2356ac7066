"""Captions of portraits: the classes that a classifier recognises in them."""

from typing import NamedTuple

from torch import Tensor

from puppyslug.networks.network import Network
from puppyslug.recognition.classification import classify
from puppyslug.visualization.atlas.index import PortraitGuess

MAX_GUESSES = 8  # stored for each portrait


class PortraitCaption(NamedTuple):
    """A classifier's result for a portrait.

    Attributes:
        guesses: the likeliest classes, in descending order.
        sure: whether the first guess is above the confidence threshold.
    """

    guesses: tuple[PortraitGuess, ...]
    sure: bool


def caption_portrait(portrait: Tensor, classifier: Network) -> PortraitCaption:
    """Classify a portrait.

    Args:
        portrait: 1×3×H×W RGB in [0, 1].
        classifier: a network with class names.
    """
    result = classify(portrait, network=classifier, top=MAX_GUESSES)
    guesses = tuple(
        PortraitGuess(number=one.number, name=one.name, probability=round(one.probability, 4))
        for one in result.guesses
    )
    return PortraitCaption(guesses, result.sure)

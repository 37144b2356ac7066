"""Classification: the classes that a network sees in an image, with their probabilities."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from puppyslug.errors import NetworkError
from puppyslug.images.reader import ImageSource, LoadedImage, read_image
from puppyslug.images.tensors import as_image_tensor
from puppyslug.isolation.torch_state import isolated
from puppyslug.labels import NONE_CLASS
from puppyslug.networks.loader import load_network
from puppyslug.networks.network import Network, require_network
from puppyslug.networks.specs import FinetunedHead
from puppyslug.recipe import defaults
from puppyslug.recognition.class_maps import class_map

MIN_CONFIDENCE = 0.3  # lowest probability at which a classification counts as sure
MAX_ASPECT_RATIO = 4  # beyond which an image is squeezed


@dataclass(frozen=True)
class ClassProbability:
    """A class with its probability.

    Attributes:
        number: index of the class.
        name: its preferred name.
        probability: in [0, 1]; those of all classes add up to 1.
    """

    number: int
    name: str
    probability: float


@dataclass(frozen=True)
class Classification:
    """What a network sees in an image.

    Attributes:
        guesses: the most probable classes, in descending order.
        sure: whether the first one is probable enough to rely on.
        thing: for a fine-tuned network, the most probable of its new classes, or ``"none"``; if it
            is sure, more probable than all the others together.
    """

    guesses: tuple[ClassProbability, ...]
    sure: bool
    thing: str | None = None


@isolated
def classify(
    source: ImageSource | LoadedImage | Tensor,
    *,
    network: Network | str = defaults.CLASSIFIER,
    top: int = defaults.TOP_CLASSES,
) -> Classification:
    """Classify an image.

    The network sees the whole image, not only its centre, resized so that its shorter side has the
    length that the network was trained with.

    Args:
        source: an image file, a Pillow image, what ``load_image`` returns, or 1×3×H×W RGB in
            [0, 1].
        network: a network with classes, loaded or by name.
        top: number of classes to return.

    Returns:
        The most probable classes in ``guesses``, with probabilities in [0, 1], and whether the
        network is ``sure``.

    Raises:
        ImageError: the image cannot be read.
        NetworkError: the network has no classes.
    """
    if isinstance(network, str):
        network = load_network(network)
    require_network(network)
    vocabulary = network.require_vocabulary()
    if not (isinstance(top, int) and top >= 1):
        raise NetworkError(f"top is {top}; ask for at least 1 class")
    if isinstance(source, Tensor | LoadedImage):
        image = as_image_tensor(source)
    else:
        image = read_image(source, defaults.CLASSIFIED_SIDE).image
    head = network.spec.finetuned
    logits = compute_logits(network, image)
    probabilities = (logits if head is None else calibrate_logits(logits, head)).softmax(0)
    best = probabilities.topk(min(top, probabilities.numel()))
    guesses = tuple(
        ClassProbability(number, vocabulary.class_name(number), probability)
        for number, probability in zip(best.indices.tolist(), best.values.tolist(), strict=True)
    )
    if head is None:
        return Classification(guesses, sure=float(probabilities.max()) >= MIN_CONFIDENCE)
    new = new_class_probabilities(probabilities, len(head.new_classes))
    thing = (*head.new_classes, NONE_CLASS)[int(new.argmax())]
    return Classification(guesses, sure=float(new.max()) >= head.confidence_threshold, thing=thing)


def calibrate_logits(logits: Tensor, head: FinetunedHead) -> Tensor:
    """Calibrate the logits (…, classes) of a fine-tuned network.

    Afterwards the probability of a class equals the share of predictions that are correct.
    """
    count = len(head.new_classes)
    biased = torch.cat([logits[..., :count] + head.logit_bias, logits[..., count:]], -1)
    return biased * head.logit_scale


def new_class_probabilities(probabilities: Tensor, count: int) -> Tensor:
    """Return the probabilities of the new classes of a fine-tuned network, and of none of them.

    Args:
        probabilities: (…, classes), those of the new classes first.
        count: number of new classes.

    Returns:
        (…, count + 1).
    """
    none = probabilities[..., count:].sum(-1, keepdim=True)
    return torch.cat([probabilities[..., :count], none], -1)


def compute_logits(network: Network, image: Tensor) -> Tensor:
    """Compute the network's logits for a whole image, float32 of shape (classes,)."""
    resized = resize_for_classifier(image, network.spec.trained_at)
    return class_map(network, resized).mean((0, 2, 3))


def resize_for_classifier(image: Tensor, side: int) -> Tensor:
    """Resize an image to the size that a network was trained with.

    Args:
        image: 1×3×H×W RGB in [0, 1].
        side: new length of the shorter side, in pixels; the longer one is at most
            ``MAX_ASPECT_RATIO`` times as long.
    """
    height, width = image.shape[-2:]
    scale = side / min(height, width)
    rows, columns = (
        min(max(side, round(length * scale)), MAX_ASPECT_RATIO * side) for length in (height, width)
    )
    return interpolate(
        image, size=(rows, columns), mode="bilinear", align_corners=False, antialias=True
    )

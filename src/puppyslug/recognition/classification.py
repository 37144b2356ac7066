"""What a network says of a picture: its classes with their probabilities."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from puppyslug.images.reader import Source, read_picture
from puppyslug.labels import NONE
from puppyslug.networks.loader import load_network
from puppyslug.networks.network import Network
from puppyslug.networks.specs import Taught
from puppyslug.objectives import Objective, SeeTerm
from puppyslug.recipe.presets import EYES
from puppyslug.recognition.class_maps import class_map

LONGEST = 1024  # pixels, of a file that is looked at
UNSURE_BELOW = 0.3  # probability of the first guess
LONGEST_LOOK = 4  # times the shorter edge, beyond which a picture is squeezed


@dataclass(frozen=True)
class Guess:
    """One class that a network may see.

    Attributes:
        number: of the class.
        name: its preferred name.
        probability: in [0, 1]; those of all classes add up to 1.
    """

    number: int
    name: str
    probability: float


@dataclass(frozen=True)
class Verdict:
    """What a network says of a picture.

    Attributes:
        guesses: the likeliest classes, likeliest first.
        sure: whether the first is likely enough to be told from a guess.
        thing: of a network that was taught, which of the things it is, or ``"none"``: likelier
            than all others together where it is sure.
    """

    guesses: tuple[Guess, ...]
    sure: bool
    thing: str | None = None


def classify(source: Source | Tensor, *, network: Network | str = EYES, top: int = 5) -> Verdict:
    """Ask a network what it sees.

    It sees the whole picture, not only its centre, scaled so that the shorter edge has the length
    that the network was trained with.

    Args:
        source: a picture file, a Pillow picture, or 1×3×H×W RGB in [0, 1].
        network: one that knows classes, loaded or by its name.
        top: how many classes to name.

    Raises:
        ImageError: the picture cannot be read.
        NetworkError: the network knows no classes.
    """
    if isinstance(network, str):
        network = load_network(network)
    image = source if isinstance(source, Tensor) else read_picture(source, LONGEST).image
    taught = network.spec.taught
    logits = verdict_logits(network, image)
    chances = (logits if taught is None else sharpened(logits, taught)).softmax(0)
    vocabulary = network.known_vocabulary()
    best = chances.topk(min(top, chances.numel()))
    guesses = tuple(
        Guess(number, vocabulary.class_name(number), probability)
        for number, probability in zip(best.indices.tolist(), best.values.tolist(), strict=True)
    )
    if taught is None:
        return Verdict(guesses, sure=float(chances.max()) >= UNSURE_BELOW)
    among = among_things(chances, len(taught.things))
    thing = (*taught.things, NONE)[int(among.argmax())]
    return Verdict(guesses, sure=float(among.max()) >= taught.sure_from, thing=thing)


def sharpened(logits: Tensor, taught: Taught) -> Tensor:
    """Logits (…, classes) of a network that was taught, as sure as they are often right."""
    things = len(taught.things)
    moved = torch.cat([logits[..., :things] + taught.shift, logits[..., things:]], -1)
    return moved * taught.sharpness


def among_things(chances: Tensor, things: int) -> Tensor:
    """The probabilities of the things that a network was taught, and that it is none of them.

    Args:
        chances: (…, classes), the things' first.
        things: how many there are.

    Returns:
        (…, things + 1).
    """
    return torch.cat([chances[..., :things], chances[..., things:].sum(-1, keepdim=True)], -1)


def verdict_logits(network: Network, image: Tensor) -> Tensor:
    """The network's logits for a whole picture, float32 of shape (classes,)."""
    return class_map(network, looked_at(image, network.spec.trained_at)).mean((0, 2, 3))


def looked_at(image: Tensor, shortest: int) -> Tensor:
    """The picture at the size that a network knows things at.

    Args:
        image: 1×3×H×W RGB in [0, 1].
        shortest: edge, in pixels, of the pictures that the network was trained with.
    """
    height, width = image.shape[-2:]
    scale = shortest / min(height, width)
    rows, columns = (
        min(max(shortest, round(edge * scale)), LONGEST_LOOK * shortest) for edge in (height, width)
    )
    return interpolate(
        image, size=(rows, columns), mode="bilinear", align_corners=False, antialias=True
    )


def with_members(objective: Objective, network: Network, image: Tensor) -> Objective:
    """Put in the place of every group the member that the picture is nearest to.

    Args:
        objective: groups that were asked for with "any" stay.
        network: what looks at the picture.
        image: 1×3×H×W RGB in [0, 1].
    """
    groups = [t for _, t in objective.terms if isinstance(t, SeeTerm) and t.is_open]
    if not groups:
        return objective
    logits = verdict_logits(network, image)
    nearest: dict[SeeTerm, SeeTerm] = {}
    for term in groups:
        members = list(term.label.members)
        best = members[int(torch.argmax(logits[members]))]
        nearest[term] = term.narrowed(network.known_vocabulary().labels[best])
    return Objective(
        tuple(
            (weight, nearest.get(term, term) if isinstance(term, SeeTerm) else term)
            for weight, term in objective.terms
        )
    )

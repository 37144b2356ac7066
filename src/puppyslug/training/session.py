"""A lesson: from a folder of pictures to a network that tells what is in them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import safetensors.torch
import torch
from torch import Tensor

from puppyslug.errors import NetworkError
from puppyslug.files.atomic import write_whole
from puppyslug.labels import NONE
from puppyslug.networks.architectures import ARCHITECTURES
from puppyslug.networks.finetuned import Header, Held, finetuned_spec, header_text
from puppyslug.networks.loader import load_network
from puppyslug.networks.network import Network
from puppyslug.networks.registry import find_spec
from puppyslug.networks.specs.spec import Taught
from puppyslug.recognition.classification import among_things, sharpened
from puppyslug.training.calibration import UNTRIED, calibrated, softened
from puppyslug.training.collection import (
    Collection,
    Folder,
    Picture,
    Sighted,
    read_pictures,
)
from puppyslug.training.dataset import Gathered, gather
from puppyslug.training.features import Features
from puppyslug.training.trainer import (
    EPOCHS,
    Classifier,
    Knowledge,
    LastBlock,
    base_rows,
    features_of,
    learn_classifier,
    mistakes,
)

OPINIONS = 4  # classes that a report names of what the base took a thing for
_READING, _LOOKING, _CHOOSING = 0.08, 0.82, 0.86  # shares of the work, as they end


class Examined(NamedTuple):
    """What was said of a picture that was held out.

    Attributes:
        picture: the picture.
        thing: what it is of.
        taken_for: what it was taken for.
        probability: of that.
        sure: whether that is enough.
    """

    picture: Picture
    thing: str
    taken_for: str
    probability: float
    sure: bool


class Opinion(NamedTuple):
    """A class that the base takes a thing for, and how much."""

    name: str
    share: float


@dataclass(frozen=True)
class Learnt:
    """A network that was taught.

    Attributes:
        header: what it says of itself.
        state: its weights by name, float32.
        collection: the pictures.
        examined: those that were held out, with what was said of them.
        opinions: of each thing, what the base takes it for, likeliest first.
    """

    header: Header
    state: dict[str, Tensor]
    collection: Collection
    examined: tuple[Examined, ...]
    opinions: tuple[tuple[Opinion, ...], ...]

    def save(self, path: Path, *, overwrite: bool = False) -> None:
        """Write the network's file.

        Raises:
            OutputError: it cannot be written there.
        """
        data = safetensors.torch.save(self.state, header_text(self.header))
        write_whole(path, data, overwrite=overwrite)


class Progress(NamedTuple):
    """How far a lesson is.

    Attributes:
        fraction: in [0, 1].
        place: where that is, in words.
        notices: what the user should know, once the pictures have been read; then empty again.
        learnt: the best network so far, where there is one.
        state: from which the lesson can go on, where it has come that far.
    """

    fraction: float
    place: str
    notices: tuple[str, ...] = ()
    learnt: Learnt | None = None
    state: dict[str, Tensor] | None = None


def load_base(name: str) -> Network:
    """The network that a lesson begins with, in float32.

    Raises:
        NetworkError: there is none of that name, or it cannot be taught.
    """
    spec = find_spec(name)
    if spec.taught is not None:
        raise NetworkError(
            f"{spec.name} was taught already; teach {spec.taught.base} the old and the new "
            "things together"
        )
    if spec.members or spec.brought:
        several = "is several networks" if spec.members else "is a module of somebody else's"
        raise NetworkError(f"{spec.name} {several}; teach one of 'puppyslug networks'")
    return load_network(spec, precision="float32", device="cpu", winograd=0)


def teach_steps(
    found: Mapping[str, Folder],
    base: Network,
    *,
    seed: int = 0,
    state: dict[str, Tensor] | None = None,
) -> Iterator[Progress]:
    """Teach a network the things in a folder.

    First a new classifier on top of the base, then, where that makes mistakes, its last block at a
    small rate. What is held out decides how far to go, when to stop, and how sure to be. Two runs
    with the same pictures, seed and number of threads give the same network.

    Args:
        found: the things' folders, as ``folders_of`` gives them.
        base: as ``load_base`` gives it.
        seed: decides what is held out, how pictures are looked at, and their order.
        state: of an earlier lesson on the same pictures, to go on from.

    Yields:
        How far it is; the last has the network.

    Raises:
        TeachingError: pictures that nothing can be learnt from.
    """
    collection = None
    for sight in read_pictures(found):
        if isinstance(sight, Sighted):
            place = f"reading {sight.done} of {sight.total}"
            yield Progress(_READING * sight.done / sight.total, place)
        else:
            collection = sight
    assert collection is not None
    yield Progress(_READING, "looking", collection.notices)
    features = Features(base)
    gathered = None
    for step in gather(collection, features, seed):
        if isinstance(step, Gathered):
            gathered = step
        else:
            share = _READING + (_LOOKING - _READING) * step.done / step.total
            yield Progress(share, f"view {step.done} of {step.total}")
    assert gathered is not None
    features.prune()
    full = ("no room to keep what was seen; the next lesson looks again",) if features.full else ()
    yield Progress(_LOOKING, "learning", full)
    lesson = _Lesson(base, collection, gathered, seed)
    known = lesson.classifier()
    yield Progress(_CHOOSING, "calibrating", (), lesson.learnt(known))
    if gathered.tried is None or not lesson.mistaken(known):
        yield Progress(1.0, "done", (), lesson.learnt(known))
        return
    block = LastBlock(known, gathered.learnt, gathered.tried, seed)
    best, learnt = known, lesson.learnt(known)
    for epoch in block.epochs(state):
        if epoch.best is not best:
            best, learnt = epoch.best, lesson.learnt(epoch.best)
        share = 1.0 if epoch.done else _CHOOSING + (1 - _CHOOSING) * epoch.number / EPOCHS
        place = f"last block, epoch {epoch.number} of {EPOCHS}"
        yield Progress(share, place, (), learnt, epoch.state)


class _Lesson:
    """What the steps of a lesson share."""

    def __init__(
        self, base: Network, collection: Collection, gathered: Gathered, seed: int
    ) -> None:
        self._base, self._collection, self._gathered = base, collection, gathered
        self._seed = seed

    def classifier(self) -> Knowledge:
        """The new classifier alone."""
        learnt, tried = self._gathered.learnt, self._gathered.tried
        return learn_classifier(self._base.architecture, learnt, tried, self._base.spec.classes)

    def mistaken(self, known: Knowledge) -> bool:
        """Whether there is something left to learn."""
        tried = self._gathered.tried
        assert tried is not None
        return (
            mistakes(known.classifier.logits(features_of(known.architecture, tried.tops)), tried)
            > 0
        )

    def learnt(self, known: Knowledge) -> Learnt:
        """The network, calibrated, with what can be said of it."""
        tried, learnt = self._gathered.tried, self._gathered.learnt
        own = features_of(known.architecture, learnt.tops)
        classifier = softened(known.classifier, own, learnt)
        taught = Taught(self._base.spec.name, self._collection.names, sure_from=UNTRIED)
        examined: tuple[Examined, ...] = ()
        if tried is not None:
            logits = classifier.logits(features_of(known.architecture, tried.tops))
            taught = calibrated(taught, logits, tried)
            examined = self._examined(sharpened(logits, taught), taught.sure_from)
        spec = self._base.spec
        names = self._base.vocabulary
        bundled = bool(spec.vocabulary) or names is None
        header = Header(
            base=spec.name,
            base_weights=self._base.weights_sha256,
            things=self._collection.names,
            classes=() if bundled or names is None else tuple(
                names.class_name(number) for number in range(spec.classes)
            ),
            sharpness=taught.sharpness,
            shift=taught.shift,
            sure_from=taught.sure_from,
            licence=spec.licence,
            pictures=tuple(len(thing.pictures) for thing in self._collection.things),
            held=_held(examined, self._collection.names),
            seed=self._seed,
            taught_blocks=known.taught_blocks,
        )  # fmt: skip
        state = state_of(self._base, known.architecture, classifier, header)
        return Learnt(header, state, self._collection, examined, self._opinions())

    def _examined(self, logits: Tensor, threshold: float) -> tuple[Examined, ...]:
        names = (*self._collection.names, NONE)
        chances = among_things(logits.softmax(1), len(names) - 1)
        found = []
        for (picture, thing), own in zip(self._gathered.held, chances, strict=False):
            best = float(own.max())
            found.append(
                Examined(picture, thing, names[int(own.argmax())], best, best >= threshold)
            )
        return tuple(found)

    def _opinions(self) -> tuple[tuple[Opinion, ...], ...]:
        vocabulary = self._base.vocabulary
        if vocabulary is None:
            return ()
        weight, bias = base_rows(self._base.architecture, self._base.spec.classes)
        learnt = self._gathered.learnt
        seen = (features_of(self._base.architecture, learnt.tops) @ weight.T + bias).softmax(1)
        opinions = []
        for number in range(len(self._collection.things)):
            best = seen[learnt.targets[:, number] == 1].mean(0).topk(OPINIONS)
            opinions.append(
                tuple(
                    Opinion(vocabulary.class_name(index), share)
                    for index, share in zip(
                        best.indices.tolist(), best.values.tolist(), strict=True
                    )
                )
            )
        return tuple(opinions)


def state_of(
    base: Network, architecture: torch.nn.Module, classifier: Classifier, header: Header
) -> dict[str, Tensor]:
    """The weights of a taught network, by the names that its family calls them, float32."""
    spec = finetuned_spec(base.spec, header.taught, name="")
    with torch.device("meta"):
        target = ARCHITECTURES[spec.architecture](spec)
    head = next(name for name, one in target.named_modules() if one is target.classifier)
    weight = torch.cat([classifier.weight, classifier.base_weight.to(classifier.weight)])
    bias = torch.cat([classifier.bias, classifier.base_bias.to(classifier.bias)])
    own = dict(architecture.state_dict())
    own |= {f"{head}.weight": weight[:, :, None, None], f"{head}.bias": bias}
    return {name: own[name].detach().float().contiguous() for name in target.state_dict()}


def _held(examined: tuple[Examined, ...], names: tuple[str, ...]) -> Held | None:
    if not examined:
        return None
    rows = (*names, NONE)
    return Held(
        counts=tuple(
            tuple(sum((e.thing, e.taken_for) == (row, column) for e in examined) for column in rows)
            for row in rows
        ),
        unsure=tuple(sum(e.thing == row and not e.sure for e in examined) for row in rows),
    )

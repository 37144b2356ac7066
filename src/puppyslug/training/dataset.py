"""From pictures to what is learnt from, and what that is tried with."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import torch
from torch import Tensor

from puppyslug.images import load_image
from puppyslug.labels import NONE
from puppyslug.recognition.classification import LONGEST, looked_at
from puppyslug.training.augmentation import generator_for, plain_view, random_views
from puppyslug.training.collection import Collection, Picture, split
from puppyslug.training.features import Features
from puppyslug.training.negatives import pictures_of_nothing
from puppyslug.training.trainer import Examples, base_rows, features_of

VIEWS = 1000  # of all pictures that are learnt from, about
FEWEST_VIEWS, MOST_VIEWS = 2, 12  # of each
BLENDS = 60  # of two pictures that are held out; learning from blends spoils dreams
EVERY = 5  # picture of nothing that is held out
SEEN = 0.02  # probability from which on the base may take a thing for a class


@dataclass(frozen=True)
class Gathered:
    """What there is to learn from.

    Attributes:
        learnt: what is learnt from.
        tried: what is held out: its pictures first, then what is generated, then blends; None
            where nothing of any thing could be.
        held: the pictures at the start of ``tried``, each with what it is of.
    """

    learnt: Examples
    tried: Examples | None
    held: tuple[tuple[Picture, str], ...]


class Looked(NamedTuple):
    """How far looking at pictures is, in views of them."""

    done: int
    total: int


class _Batch(NamedTuple):
    """Activations of one kind, what they are of (things + 1 shares), and their weight."""

    tops: Tensor
    target: Tensor
    weight: float


def gather(collection: Collection, features: Features, seed: int) -> Iterator[Looked | Gathered]:
    """Look at all pictures; the last thing yielded is what was gathered.

    Args:
        collection: the pictures.
        features: what looks.
        seed: decides what is held out, and the views.
    """
    edge = features.network.spec.trained_at
    names = (*collection.names, NONE)
    kinds = [*(thing.pictures for thing in collection.things), collection.none]
    parts = [
        split(pictures, generator_for("split", seed, name))
        for name, pictures in zip(names, kinds, strict=True)
    ]
    learning = sum(len(learnt) for learnt, _ in parts)
    count = max(FEWEST_VIEWS, min(MOST_VIEWS, round(VIEWS / learning)))
    pairs = _pairs([tried for _, tried in parts], seed)
    expected = sum(1 for _ in pictures_of_nothing())
    total = len(pairs) + expected + sum(len(one) * count + len(other) for one, other in parts)
    done = 0
    learnt: list[_Batch] = []
    tried: list[_Batch] = []
    held: list[tuple[Picture, str]] = []
    targets = torch.eye(len(names))
    own = 0.5 if collection.none else 0.0  # of the weight of none
    for number, (name, (learn, try_)) in enumerate(zip(names, parts, strict=True)):
        whole = own if name == NONE else 1.0
        for picture in learn:
            tops = _views(picture, features, edge, count, seed)
            learnt.append(_Batch(tops, targets[number], whole / len(learn)))
            done += count
            yield Looked(done, total)
        for picture in try_:
            tried.append(
                _Batch(_whole(picture, features, edge), targets[number], whole / len(try_))
            )
            held.append((picture, name))
            done += 1
            yield Looked(done, total)
    avoided = _taken_for(features, learnt, len(collection.things))
    nothing = list(pictures_of_nothing(avoided))
    done += expected - len(nothing)
    away = len(nothing[::EVERY])
    for number, (name, make) in enumerate(nothing):
        kept = number % EVERY != 0
        tops = _generated(name, make, features, edge, seed)
        share = (1 - own) / (len(nothing) - away if kept else away)
        (learnt if kept else tried).append(_Batch(tops, targets[-1], share))
        done += 1
        yield Looked(done, total)
    for one, other, target in pairs:
        tops = _blend(one, other, features, edge)
        tried.append(_Batch(tops, target, 1 / len(pairs)))
        done += 1
        yield Looked(done, total)
    things = any(name != NONE for _, name in held)
    yield Gathered(
        _together(learnt, joined=True), _together(tried) if things else None, tuple(held)
    )


def _together(batches: Sequence[_Batch], *, joined: bool = False) -> Examples:
    counts = [len(batch.tops) for batch in batches]
    weights = torch.cat(
        [
            torch.full((n,), batch.weight / n, dtype=torch.float64)
            for n, batch in zip(counts, batches, strict=True)
        ]
    )
    tops = tuple(batch.tops for batch in batches)
    return Examples(
        (torch.cat(tops),) if joined else tops,
        torch.cat([b.target.expand(n, -1) for n, b in zip(counts, batches, strict=True)]),
        weights / weights.sum(),
    )


def _pairs(held: Sequence[Sequence[Picture]], seed: int) -> list[tuple[Picture, Picture, Tensor]]:
    """Pictures of two things each, to be blended, and what they are of."""
    generator = generator_for("blends", seed)
    things = [(number, pictures) for number, pictures in enumerate(held[:-1]) if pictures]
    choices = list(combinations(things, 2))
    pairs = []
    for _ in range(BLENDS if choices else 0):
        chosen = choices[int(generator.integers(len(choices)))]
        target = torch.zeros(len(held))
        pair = []
        for number, pictures in chosen:
            target[number] = 0.5
            pair.append(pictures[int(generator.integers(len(pictures)))])
        pairs.append((pair[0], pair[1], target))
    return pairs


def _views(picture: Picture, features: Features, edge: int, count: int, seed: int) -> Tensor:
    def views() -> Tensor:
        image = _read(picture)
        generator = generator_for("views", seed, picture.sha256)
        return torch.cat([plain_view(image, edge), random_views(image, edge, count - 1, generator)])

    return features.of(views, "views", seed, picture.sha256, count, edge)


def _whole(picture: Picture, features: Features, edge: int) -> Tensor:
    """A picture as it is looked at to be classified."""
    return features.of(lambda: looked_at(_read(picture), edge), "whole", picture.sha256, edge)


def _generated(
    name: str, make: Callable[[], Tensor], features: Features, edge: int, seed: int
) -> Tensor:
    def views() -> Tensor:
        return random_views(make(), edge, 1, generator_for("nothing", seed, name))

    return features.of(views, "nothing", seed, name, edge)


def _blend(one: Picture, other: Picture, features: Features, edge: int) -> Tensor:
    """Two pictures laid over one another, half of each."""

    def view() -> Tensor:
        return (plain_view(_read(one), edge) + plain_view(_read(other), edge)) / 2

    return features.of(view, "blend", one.sha256, other.sha256, edge)


def _taken_for(features: Features, learnt: Sequence[_Batch], things: int) -> frozenset[int]:
    """The classes of ImageNet that the base may take one of the things for."""
    spec, architecture = features.network.spec, features.network.architecture
    if spec.vocabulary != "imagenet":
        return frozenset()
    weight, bias = base_rows(architecture, spec.classes)
    found: set[int] = set()
    for number in range(things):
        tops = tuple(batch.tops for batch in learnt if batch.target[number] == 1)
        mean = (features_of(architecture, tops) @ weight.T + bias).softmax(1).mean(0)
        found |= set((mean >= SEEN).nonzero().flatten().tolist())
    return frozenset(found)


def _read(picture: Picture) -> Tensor:
    return load_image(picture.path, longest=LONGEST).image

"""Octaves and detail: the one loop that every picture goes through."""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from puppyslug.engine.finish import finish
from puppyslug.engine.focus import REFOCUS, faded, focus_on, margins, product
from puppyslug.engine.guides import GuideFeatures
from puppyslug.engine.octaves import plan_octaves
from puppyslug.engine.preparation import Prepared, prepare
from puppyslug.engine.step import ascend
from puppyslug.errors import ImageError, RecipeError
from puppyslug.gradient.gradient import Gradient, value_and_gradient
from puppyslug.images import RECIPE_KEY, resize, to_pil
from puppyslug.images.filters import blur
from puppyslug.images.reader import Source
from puppyslug.images.sizes import format_size
from puppyslug.networks.external.loader import allow
from puppyslug.networks.network import Network
from puppyslug.objectives import parse_objective
from puppyslug.recipe.recipe import Recipe
from puppyslug.recipe.settings import fold_objective, steered, take_files

_Result = TypeVar("_Result")
SMALLEST_TILE = 128  # pixels; below, a GPU has no room at all


@dataclass(frozen=True)
class DreamStep:
    """One step of a dream.

    Attributes:
        octave: which octave, counted from 0, the coarsest.
        octaves: how many there are.
        step: which step of the octave, counted from 0.
        steps: how many steps an octave has.
        score: of the picture before the step, a mean over the layer; it grows within an octave.
        image: 1×3×h×w RGB in [0, 1], the picture at this octave's size.
        base: 1×3×h×w, the photo at this octave's size.
        start: 1×3×H×W, the photo at full size.
        mask: 1×1×H×W, where it may change, or None.
        fraction: share of the dream's work that is done, in (0, 1].
        recipe: what has been followed so far, with every change that was sent.
    """

    octave: int
    octaves: int
    step: int
    steps: int
    score: float
    image: Tensor
    base: Tensor
    start: Tensor
    mask: Tensor | None
    fraction: float
    recipe: Recipe

    @property
    def number(self) -> int:
        """How many steps are done, this one included."""
        return self.octave * self.steps + self.step + 1

    @property
    def grew(self) -> bool:
        """Whether anything was added, as far as can be told: a margin may also take away."""
        return bool(self.recipe.margin) or not torch.equal(self.image, self.base)

    @property
    def detail(self) -> Tensor:
        """What dreaming added: 1×3×h×w, the picture less the photo."""
        return self.image - self.base

    def picture(self, size: tuple[int, int] | None = None) -> Tensor:
        """The dream so far, finished: 1×3×height×width RGB in [0, 1].

        Args:
            size: (height, width); None for full size. A smaller one is quicker, for a preview.
        """
        start = self.start if size is None else resize(self.start, size)
        dream = self.image
        if dream.shape != start.shape or size is not None:
            detail = resize(self.detail, (start.shape[-2], start.shape[-1]))
            if self.mask is not None:
                detail = detail * (resize(self.mask, (start.shape[-2], start.shape[-1])) > 0)
            dream = (start + detail).clamp_(0, 1)
        return finish(
            dream, start, strength=self.recipe.strength, keep_colours=self.recipe.keep_colours
        )

    def to_pil(self, alpha: Tensor | None = None) -> Image.Image:
        """The dream so far as a Pillow picture that carries its recipe to ``save_image``.

        Args:
            alpha: 1×1×H×W in [0, 1] to restore, or None.
        """
        picture = to_pil(self.picture(), alpha)
        picture.info[RECIPE_KEY] = self.recipe.to_json()
        return picture


def dream_steps(
    image: Tensor,
    recipe: Recipe,
    network: Network,
    *,
    detail: Tensor | None = None,
    mask: Tensor | None = None,
    guides: Mapping[str, Tensor] | None = None,
    frame: int = 0,
    seeded: int | None = None,
    gradient: Gradient = value_and_gradient,
) -> Generator[DreamStep, Mapping[str, Any] | None, None]:
    """Dream, octave by octave (the notebook's ``deepdream``, 2015).

    The picture is scaled down once per octave. From the coarsest octave up, the detail dreamt so
    far is scaled up, added to that octave's picture, and amplified step by step. Changes may be
    sent, as in ``steps.send({"step_size": 3.0})``; they take effect from the next step on and are
    written into the recipe's schedule, so that a steered dream can be dreamt again. Where a GPU
    runs out of memory, the step is repeated in smaller tiles, and the recipe says which.

    Args:
        image: 1×3×H×W RGB in [0, 1], on the network's device.
        recipe: how to dream; ``photo``, ``network`` and ``size`` are not looked at, since
            ``image`` and ``network`` are given. The steps' recipe names this network.
        network: what looks at the picture.
        detail: 1×3×h×w to start from instead of nothing, at any size (a film's last frame).
        mask: 1×1×H×W in [0, 1], how strongly each pixel dreams; where 0, pixels stay untouched.
        guides: the pictures that the objective's guides name, 1×3×h×w RGB in [0, 1].
        frame: number of the frame in a film; each has its own jitter.
        seeded: number of the frame whose jitter to take instead, so that frames hold still.
        gradient: stands in for ``value_and_gradient``.

    Yields:
        Every step as it is done.

    Raises:
        ImageError: the picture is too small for the objective's layers.
        NetworkError: no such layer.
        ObjectiveError: no such channel or position.
        RecipeError: a change that cannot be made while dreaming; a GPU without room for one tile.
    """
    if not (isinstance(image, Tensor) and image.dim() == 4 and image.shape[1] == 3):
        raise ImageError(
            "dream_steps takes a picture as a 1×3×H×W tensor, such as load_image(…).image"
        )
    size = (image.shape[-2], image.shape[-1])
    if mask is not None and not (isinstance(mask, Tensor) and mask.shape == (1, 1, *size)):
        raise ImageError("dream_steps takes a mask as a 1×1×H×W tensor, as large as the picture")
    if recipe.network != network.spec.name:  # the network is given, whatever the recipe says
        recipe = recipe.model_copy(update={"network": network.spec.name})
    composition = recipe.composition or size
    recipe.any_objective().check(network.spec, composition)
    sizes = plan_octaves(recipe, recipe.any_objective(), network.spec, size).sizes
    generator = np.random.default_rng((recipe.seed, frame if seeded is None else seeded))
    features = GuideFeatures(network, guides or {})
    work = recipe.iterations * sum(height * width for height, width in sizes)
    done = 0
    going_on = detail is not None  # what was dreamt before has found its place
    for octave, here in enumerate(sizes):
        base = _scaled_down(image, sizes[octave:])
        mask_here = None if mask is None else resize(mask, here)
        picture, focus = base, None
        if detail is not None:
            detail = resize(detail, here)
            picture = base + (detail if mask_here is None else detail * (mask_here > 0))
            detail = None  # large pictures are not kept longer than they are needed
        for step in range(recipe.iterations):
            now = recipe.at(frame, octave, step)
            objective = parse_objective(now.objective, network.find_label)
            objective = objective.moved(network.spec, composition, here)
            if step % REFOCUS == 0:
                look = partial(focus_on, network, picture, objective, now)
                focus, recipe = _with_room(look, recipe, here, generator)
                if focus is not None and step == 0 and octave and not going_on:
                    picture = base + faded(picture - base, focus)
            climb = partial(
                ascend,
                picture,
                objective.bound(features.of(objective)),
                network,
                now,
                octave=octave,
                generator=generator,
                mask=mask_here,
                focus=product(focus, margins(picture, now.margin)),
                gradient=gradient,
            )
            (picture, scores), recipe = _with_room(climb, recipe, here, generator)
            if now.soften:
                picture = _softened(picture, base, now.soften, mask_here)
            done += here[0] * here[1]
            place = (octave, step + 1) if step + 1 < recipe.iterations else (octave + 1, 0)
            while True:
                current = DreamStep(
                    octave=octave,
                    octaves=len(sizes),
                    step=step,
                    steps=recipe.iterations,
                    score=float(scores.mean()),
                    image=picture,
                    base=base,
                    start=image,
                    mask=mask,
                    fraction=done / work,
                    recipe=recipe,
                )
                sent = yield current
                if sent is None:
                    break
                recipe = steered(recipe, (frame, *place), sent)
                now = recipe.at(frame, *place)
                _check_steered(now, network, composition, sizes[0])
            if current.number == recipe.stop_after:
                return
        detail = picture - base


def dream_prepared(
    prepared: Prepared, gradient: Gradient = value_and_gradient
) -> Generator[DreamStep, Mapping[str, Any] | None, None]:
    """Dream what ``prepare`` has prepared, as ``dream_steps`` does."""
    return dream_steps(
        prepared.image,
        prepared.recipe,
        prepared.network,
        mask=prepared.mask,
        guides=prepared.guides,
        gradient=gradient,
    )


def check_changes(prepared: Prepared, changes: Mapping[str, Any]) -> None:
    """Refuse what could not be sent to this dream's steps, which an error ends.

    Args:
        prepared: what is being dreamt.
        changes: as they would be sent.

    Raises:
        PuppyslugError: one of its children, as sending the changes would.
    """
    size = (prepared.image.shape[-2], prepared.image.shape[-1])
    recipe, network = prepared.recipe, prepared.network
    composition = recipe.composition or size
    coarsest = plan_octaves(recipe, recipe.any_objective(), network.spec, size).sizes[0]
    now = steered(recipe, (0, 0, 0), changes).at(0, 0, 0)
    _check_steered(now, network, composition, coarsest)


def dream(source: Source = "clouds", **settings: object) -> Image.Image:
    """Turn a picture into a dream.

    ``dream("sky.jpg", layer="relu4_4")`` is what ``puppyslug dream sky.jpg --layer relu4_4`` does.

    Args:
        source: a picture file, a Pillow picture, ``"noise"`` or ``"clouds"``.
        settings: fields of a ``Recipe``, such as ``octaves=5``; or ``see``, ``layer``,
            ``channel`` and ``guide`` for short instead of ``objective``. ``mask`` and ``guide``
            may be files or Pillow pictures, ``weights`` and ``labels`` are files. A ``network``
            such as ``"package.module:factory"`` is code that is run.

    Returns:
        The dream, of mode RGB or RGBA. Its recipe as JSON is in ``info["puppyslug"]``, from where
        ``save_image`` writes it into the file.

    Raises:
        PuppyslugError: one of its children, for anything wrong with picture or settings.
    """
    allow(str(settings.get("network", "")))
    settings, files = take_files(settings)
    recipe = Recipe.complete(fold_objective(settings))
    prepared = prepare(recipe, source, files)
    for step in dream_prepared(prepared):
        last = step
    return last.to_pil(prepared.alpha)


def _with_room(
    action: Callable[..., _Result],
    recipe: Recipe,
    size: tuple[int, int],
    generator: np.random.Generator,
) -> tuple[_Result, Recipe]:
    """Do something in the recipe's tiles, or where a GPU has no room, again in smaller ones.

    Returns:
        The result, and the recipe with the tiles that there was room for.
    """
    while True:
        before = generator.bit_generator.state
        try:
            return action(tile=recipe.tile_for(size)), recipe
        except torch.OutOfMemoryError:
            generator.bit_generator.state = before
            recipe = recipe.with_settings({"tile": _smaller_tile(recipe, size)})


def _smaller_tile(recipe: Recipe, size: tuple[int, int]) -> str:
    """A quarter of the tiles that were too large.

    Raises:
        RecipeError: they were small already.
    """
    height, width = recipe.tile_for(size) or size
    if max(height, width) <= SMALLEST_TILE:
        raise RecipeError("the device has too little memory free even for one small tile")
    return format_size((-(-height // 2), -(-width // 2)))


def _softened(picture: Tensor, base: Tensor, share: float, mask: Tensor | None) -> Tensor:
    """The picture with a share of its detail blurred by a pixel, where it may change at all."""
    detail = picture - base
    softened = (base + detail.lerp(blur(detail, 1.0), share)).clamp_(0, 1)
    return softened if mask is None else torch.where(mask > 0, softened, picture)


def _scaled_down(image: Tensor, sizes: Sequence[tuple[int, int]]) -> Tensor:
    """The picture at the first of these sizes, by way of all the others, as the notebook does."""
    for size in reversed(sizes):
        image = resize(image, size)
    return image


def _check_steered(
    recipe: Recipe, network: Network, composition: tuple[int, int], coarsest: tuple[int, int]
) -> None:
    """Refuse an objective that does not fit the network, or the coarsest octave."""
    objective = parse_objective(recipe.objective, network.find_label)
    objective.check(network.spec, composition)
    plan_octaves(recipe, objective, network.spec, coarsest)

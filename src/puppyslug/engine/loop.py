"""The dream loop, which every picture goes through: octaves, and the steps of each."""

from collections.abc import Generator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from torch import Tensor, where

from puppyslug.engine.arguments import collect_inputs
from puppyslug.engine.composition import Composition
from puppyslug.engine.dream_state import DreamState
from puppyslug.engine.enlarging import refines, refining_recipe
from puppyslug.engine.focus import FOCUS_INTERVAL, fade_detail, margin_mask, multiply_masks
from puppyslug.engine.prepared_dream import PreparedDream
from puppyslug.engine.progress import DreamStep
from puppyslug.engine.steering import apply_changes
from puppyslug.engine.variation import Variation
from puppyslug.images import LoadedImage, resize
from puppyslug.images.colour import limit_chroma
from puppyslug.images.filters import blur
from puppyslug.images.starting_images import generate_pattern
from puppyslug.images.tensors import as_finite_tensor
from puppyslug.isolation.torch_state import isolated
from puppyslug.networks.network import Network
from puppyslug.recipe import Recipe

Changes = Mapping[str, Any]


@isolated
def dream_steps(
    image: Tensor | LoadedImage | PreparedDream,
    recipe: Recipe | None = None,
    network: Network | None = None,
    *,
    detail: Tensor | None = None,
    mask: Tensor | None = None,
    guides: Mapping[str, Tensor] | None = None,
    frame: int = 0,
    seeded: int | None = None,
) -> Generator[DreamStep, Changes | None, None]:
    """Dream, octave by octave (the notebook's ``deepdream``, 2015).

    The image is scaled down once per octave. From the coarsest octave up, the detail dreamt so far
    is scaled up, added to the octave's image, and amplified step by step.

    Changes can be sent, as in ``steps.send({"step_size": 3.0})``. They apply from the next step on
    and are added to the recipe's schedule, so that the recipe reproduces the dream. If the next
    step fails, they are reverted, and the step that is yielded says why (``rejected``). If a GPU
    runs out of memory, the step is repeated in smaller tiles, which the recipe records.

    Args:
        image: what ``load_image`` returns, or a tensor 1×3×H×W RGB in [0, 1]; or a prepared dream,
            whose recipe, network, mask and guides apply unless others are given. Pictures of a
            dream from a tensor are saved without a recipe, because its origin is unknown.
        recipe: the recipe; its ``photo``, ``network`` and ``size`` are ignored. The recipe of each
            step names the given network.
        network: the network to amplify.
        detail: detail to start from, 1×3×h×w of any size, such as that of a film's previous frame.
        mask: 1×1×H×W in [0, 1], how much each pixel may change; where it is 0, pixels keep their
            exact value.
        guides: guide images by the name that the objective uses, 1×3×h×w RGB in [0, 1].
        frame: index of the film frame; each frame has its own jitter.
        seeded: index of the frame whose jitter to use instead, for a steady film.

    Yields:
        The state after each step.

    Raises:
        ImageError: the image is too small for the objective's layers.
        NetworkError: no such layer.
        ObjectiveError: no such channel or position.
        RecipeError: a change that is not possible while dreaming; or a GPU without enough memory
            for even one tile.
    """
    prepared = collect_inputs(image, recipe, network, mask, guides)
    if detail is not None or frame or seeded is not None:
        prepared = replace(prepared, is_reproducible=False)
    del image
    dream = DreamState.start(prepared, frame, frame if seeded is None else seeded)
    dream.detail = None if detail is None else as_finite_tensor(detail, "the detail", 3)
    del detail  # large images are released as soon as possible
    fades = dream.detail is None  # detail that the caller passes is kept
    dream.draws_composition = dream.recipe.draws_composition and fades and frame == 0
    for octave in range(len(dream.sizes)):
        draws = dream.draws_composition and octave == 0
        dream_octave = _draw_composition(dream) if draws else _dream_octave(dream, octave, fades)
        stopped = yield from dream_octave
        if stopped:
            return


def _draw_composition(dream: DreamState) -> Generator[DreamStep, Changes | None, bool]:
    """Draw a named thing at the size of the first octave; see ``_dream_octave``."""
    composition = Composition(dream, dream.photo_at(0))
    for step in range(dream.recipe.drawing_steps):
        dream.retry_without_changes(partial(composition.step, dream, step))
        completed = dream.completed_step(
            0, step, composition.image, composition.base, composition.scores
        )
        yield from _yield_step(dream, completed)
        if completed.number == dream.recipe.stop_after:
            return True
    dream.ascent.check_finite(composition.image, dream.recipe.objective)
    dream.detail = composition.image - composition.base
    dream.drawn_region = composition.region
    return False


def _dream_octave(
    dream: DreamState, octave: int, fades: bool
) -> Generator[DreamStep, Changes | None, bool]:
    """Dream one octave.

    Args:
        dream: the state of the dream, whose detail is updated.
        octave: index of the octave.
        fades: whether the detail of coarser octaves fades where the network does not find the
            class at this size.

    Returns:
        Whether the recipe stops the dream in this octave.
    """
    size = dream.sizes[octave]
    base = dream.photo_at(octave)
    fades = fades and octave > 0 and not refines(dream.recipe, size)
    mask = None if dream.prepared.mask is None else resize(dream.prepared.mask, size)
    pattern = _seed_pattern(dream, base, mask) if octave == 0 else None
    image, focus = _add_detail(dream, base, mask), None
    if pattern is not None:
        image = image + pattern
    for step in range(dream.recipe.iterations):
        inputs = (octave, step, image, base, mask, focus, fades)
        image, focus, scores = dream.retry_without_changes(partial(_take_step, dream, *inputs))
        completed = dream.completed_step(octave, step, image, base, scores)
        yield from _yield_step(dream, completed)
        if completed.number == dream.recipe.stop_after:
            return True
    dream.ascent.check_finite(image, dream.recipe.objective)
    dream.detail = image - base if pattern is None else image - base - pattern
    return False


def _take_step(
    dream: DreamState,
    octave: int,
    step: int,
    image: Tensor,
    base: Tensor,
    mask: Tensor | None,
    focus: Tensor | None,
    fades: bool,
) -> tuple[Tensor, Tensor | None, Tensor]:
    """Return the image after a step, the focus, and the scores before the step."""
    recipe = dream.recipe.at_step(dream.frame, octave, step)
    objective = dream.objective_at(recipe, dream.sizes[octave])
    if refines(recipe, dream.sizes[octave]):
        recipe = refining_recipe(recipe, dream.sizes[octave])
    if step % FOCUS_INTERVAL == 0:
        focus = dream.compute_focus(image, objective, recipe)
        if focus is not None and step == 0 and fades:
            image = base + fade_detail(image - base, focus)
    drawn = None if dream.drawn_region is None else resize(dream.drawn_region, dream.sizes[octave])
    region = multiply_masks(focus, margin_mask(image, recipe.margin), drawn)
    image, scores = dream.take_step(image, objective, recipe, octave, mask, region)
    if recipe.soften:
        image = _soften(image, base, recipe.soften, mask)
    if recipe.palette == "natural" and recipe.colour_limit:
        limited = limit_chroma(image, base, recipe.colour_limit)
        image = limited if mask is None else where(mask > 0, limited, image)
    return image, focus, scores


def _yield_step(dream: DreamState, step: DreamStep) -> Generator[DreamStep, Changes | None, None]:
    """Yield a step, and apply the changes that are sent; ``send`` returns the changed step."""
    after = (step.octave, step.step + 1) if step.step + 1 < step.steps else (step.octave + 1, 0)
    while True:
        changes = yield step
        if changes is None:
            return
        network = dream.prepared.network
        changed = apply_changes(
            dream.recipe,
            changes,
            network.spec,
            dream.prepared.size,
            (dream.frame, *after),
            network.find_label,
            dream.prepared.guides,
        )
        dream.apply(changed)
        step = replace(step, recipe=dream.recipe)


def _add_detail(dream: DreamState, base: Tensor, mask: Tensor | None) -> Tensor:
    """Add the dream's detail to an octave's image, and release it."""
    if dream.detail is None:
        return base
    detail = resize(dream.detail, (base.shape[-2], base.shape[-1]))
    dream.detail = None
    return base + (detail if mask is None else detail * (mask > 0))


def _seed_pattern(dream: DreamState, base: Tensor, mask: Tensor | None) -> Tensor | None:
    """Return the pattern under the coarsest octave of a still or of a film's first frame."""
    strength = Variation.of_recipe(dream.recipe).pattern
    if not strength or dream.detail is not None or dream.frame:
        return None
    size = (base.shape[-2], base.shape[-1])
    pattern = strength * generate_pattern(size, dream.recipe.seed).to(base)
    pattern = (base + pattern).clamp_(0, 1) - base  # steps clip, so the rest would stay
    return pattern if mask is None else pattern * (mask > 0)


def _soften(image: Tensor, base: Tensor, share: float, mask: Tensor | None) -> Tensor:
    """Blur a share of the detail by one pixel, except where the mask is 0."""
    detail = image - base
    softened = (base + detail.lerp(blur(detail, 1.0), share)).clamp_(0, 1)
    return softened if mask is None else where(mask > 0, softened, image)

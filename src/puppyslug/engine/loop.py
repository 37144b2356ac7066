"""The dream loop, which every picture goes through: octaves, and the steps of each."""

from collections.abc import Generator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from torch import Tensor

from puppyslug.engine.arguments import collect_inputs
from puppyslug.engine.composition import Composition
from puppyslug.engine.dream_state import DreamState
from puppyslug.engine.octave import Octave
from puppyslug.engine.prepared_dream import PreparedDream
from puppyslug.engine.progress import DreamStep
from puppyslug.engine.steering import apply_changes
from puppyslug.images import LoadedImage
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
    dream.fades = dream.detail is None  # detail that the caller passes is kept
    dream.draws_composition = dream.recipe.draws_composition and dream.fades and frame == 0
    yield from run(dream)


def run(dream: DreamState) -> Generator[DreamStep, Changes | None, None]:
    """Dream from the current octave of a dream on; see ``dream_steps``.

    While a step is being handled by the caller, the state is that after this step.
    """
    while dream.octave < len(dream.sizes):
        draws = dream.draws_composition and dream.octave == 0
        stopped = yield from _draw_composition(dream) if draws else _dream_octave(dream)
        if stopped:
            return
        dream.current = None
        dream.octave += 1


def _draw_composition(dream: DreamState) -> Generator[DreamStep, Changes | None, bool]:
    """Draw a named thing at the size of the first octave; see ``_dream_octave``."""
    composition = dream.current
    if not isinstance(composition, Composition):
        dream.current = composition = Composition(dream, dream.photo_at(0))
    for step in range(composition.completed, dream.recipe.drawing_steps):
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


def _dream_octave(dream: DreamState) -> Generator[DreamStep, Changes | None, bool]:
    """Dream the current octave, or what is left of it, and set the dream's detail.

    Returns:
        Whether the recipe stops the dream in this octave.
    """
    octave = dream.current
    if not isinstance(octave, Octave):
        dream.current = octave = Octave.start(dream)
    for step in range(octave.completed, dream.recipe.iterations):
        scores = dream.retry_without_changes(partial(octave.step, dream))
        completed = dream.completed_step(dream.octave, step, octave.image, octave.base, scores)
        yield from _yield_step(dream, completed)
        if completed.number == dream.recipe.stop_after:
            return True
    dream.ascent.check_finite(octave.image, dream.recipe.objective)
    dream.detail = octave.detail
    return False


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

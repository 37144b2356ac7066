"""``dream``, the one-call interface: from a photo and settings to a picture."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Unpack

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from puppyslug.engine.loop import dream_steps
from puppyslug.engine.preparation import prepare
from puppyslug.engine.prepared_dream import PreparedDream
from puppyslug.engine.progress import DreamStep
from puppyslug.engine.recipe_inputs import apply_settings, read_recipe_settings
from puppyslug.errors import RecipeError
from puppyslug.images import LoadedImage
from puppyslug.images.reader import ImageSource
from puppyslug.isolation.torch_state import isolated
from puppyslug.networks.external import trust
from puppyslug.networks.network import Network, require_network
from puppyslug.recipe import FileReference, Recipe
from puppyslug.recipe.defaults import STARTING_IMAGE
from puppyslug.recipe.dream_settings import DreamSettings
from puppyslug.recipe.validation import refuse_empty

StepCallback = Callable[[DreamStep], object]


@isolated
def dream(
    source: ImageSource | LoadedImage | None = None,
    *,
    recipe: Recipe | Mapping[str, object] | str | Path | None = None,
    network: Network | str | None = None,
    on_step: StepCallback | None = None,
    **settings: Unpack[DreamSettings],
) -> Image.Image:
    """Turn an image into a dream.

    ``dream("sky.jpg", layer="relu4_4")`` is ``puppyslug dream sky.jpg --layer relu4_4`` in Python.

    Args:
        source: an image file, a Pillow image, what ``load_image`` returns, ``"noise"`` or
            ``"clouds"``; default: the starting image of the recipe, or clouds.
        recipe: settings to start from: a ``Recipe``, its fields, a JSON file, or the file of a
            dream. Other arguments take precedence.
        network: a loaded network, or the name of one. A name such as ``"package.module:factory"``
            is code that will be executed.
        on_step: called with every ``DreamStep``; if it returns False, the dream ends there, and so
            does its recipe.
        settings: fields of a ``Recipe``, such as ``octaves=5``; or the shorthand ``see``,
            ``layer``, ``channel`` and ``guide`` in place of ``objective``. ``mask`` and ``guide``
            can be files or Pillow images, ``weights`` and ``labels`` are files.

    Returns:
        The dream, of mode RGB or RGBA. Its methods ``save`` and ``puppyslug.save_image`` write its
        recipe into the file, which is also in its ``info["puppyslug"]`` as JSON.

    Raises:
        PuppyslugError: one of its subclasses, if the image or a setting is invalid.
    """
    if network is not None and not isinstance(network, str):
        require_network(network)
    if on_step is not None and not callable(on_step):
        raise RecipeError(f"on_step is a function of a DreamStep, not {type(on_step).__name__}")
    loaded = network if isinstance(network, Network) else None
    chosen: dict[str, object] = dict(settings)
    if isinstance(network, str):
        chosen["network"] = network
        trust(network)
    spec = None if loaded is None else loaded.spec
    stored, recipe_file = _read_recipe(recipe)
    new_photo = isinstance(stored.get("photo"), Mapping)  # that of another dream
    fields, files = apply_settings(chosen, stored, recipe_file, new_photos=new_photo, network=spec)
    complete = Recipe.complete(fields, spec)
    if isinstance(source, str):
        refuse_empty({"source": source})
    if source is None:
        source = STARTING_IMAGE if isinstance(complete.photo, FileReference) else complete.photo
    with unchanged_threads():
        prepared = prepare(complete, source, files, result_folder=Path(), network=loaded)
        return run_dream(prepared, on_step)


def run_dream(prepared: PreparedDream, on_step: StepCallback | None = None) -> Image.Image:
    """Run a prepared dream to its end, or until ``on_step`` returns False."""
    for step in dream_steps(prepared):
        last = step
        if on_step is not None and ends_run(on_step(step)):
            break
    return prepared.to_pil(last)


def ends_run(result: object) -> bool:
    """Return whether the result of a callback ends a run: False, also as one of NumPy or torch.

    Nothing else does, such as None, or the 0 that a function happens to return.
    """
    if isinstance(result, Tensor):
        return result.dtype == torch.bool and result.numel() == 1 and not result.item()
    return isinstance(result, bool | np.bool_) and not result


@contextlib.contextmanager
def unchanged_threads() -> Iterator[None]:
    """Restore torch's number of threads afterwards, which a recipe may change."""
    threads = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _read_recipe(
    recipe: Recipe | Mapping[str, object] | str | Path | None,
) -> tuple[dict[str, object], Path | None]:
    """Return the settings of a recipe, and the file that they come from."""
    if recipe is None:
        return {}, None
    if isinstance(recipe, str | Path):
        path = Path(recipe)
        return read_recipe_settings(path), path
    if isinstance(recipe, Recipe):
        settings = recipe.to_settings()
        if recipe.has_default_objective:
            del settings["objective"]
        return settings, None
    if not isinstance(recipe, Mapping):
        raise RecipeError(
            f"the recipe is of type {type(recipe).__name__}; use a Recipe, a dict or a file"
        )
    return dict(recipe), None

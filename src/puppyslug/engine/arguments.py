"""The arguments of ``dream_steps``, validated and combined into a prepared dream."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from torch import Tensor

from puppyslug.engine.masks import compute_mask
from puppyslug.engine.preparation import prepare
from puppyslug.engine.prepared_dream import PreparedDream
from puppyslug.errors import ImageError, RecipeError
from puppyslug.images import LoadedImage
from puppyslug.images.tensors import as_image_tensor, as_mask_tensor
from puppyslug.networks.network import Network, require_network
from puppyslug.recipe import Recipe
from puppyslug.recipe.defaults import STARTING_IMAGE


def collect_inputs(
    image: Tensor | LoadedImage | PreparedDream,
    recipe: Recipe | None,
    network: Network | None,
    mask: Tensor | None,
    guides: Mapping[str, Tensor] | None,
) -> PreparedDream:
    """Combine and validate the arguments of ``dream_steps``; see there."""
    if not isinstance(image, PreparedDream) and (recipe is None or network is None):
        raise TypeError("dream_steps() needs a recipe and a network, or a PreparedDream")
    if recipe is not None and not isinstance(recipe, Recipe):
        raise RecipeError(
            f"the recipe is of type {type(recipe).__name__}; create it with Recipe.complete(…)"
        )
    if network is not None:
        require_network(network)
    if isinstance(image, PreparedDream):
        prepared = replace(
            image,
            recipe=recipe or image.recipe,
            network=network or image.network,
            is_reproducible=image.is_reproducible
            and all(given is None for given in (recipe, network, mask, guides)),
        )
    else:
        assert recipe is not None
        assert network is not None
        if isinstance(image, LoadedImage) and mask is None and not guides:
            return _prepare_loaded(image, recipe, network)
        tensor = as_image_tensor(image).to(network.device)
        prepared = PreparedDream(tensor, recipe, network)
        if mask is None and recipe.mask is not None:
            prepared = replace(prepared, mask=compute_mask(recipe, network, tensor)[0])
    device = prepared.network.device
    if mask is not None:
        prepared = replace(prepared, mask=as_mask_tensor(mask, prepared.size).to(device))
    if guides is not None:
        prepared = replace(prepared, guides=_check_guides(guides))
    if prepared.recipe.network != prepared.network.spec.name:  # the given network takes precedence
        prepared = replace(prepared, recipe=prepared.recipe.for_network(prepared.network.spec))
    return prepared


def _check_guides(guides: Any) -> dict[str, Tensor]:
    if not isinstance(guides, Mapping):
        raise ImageError(
            f"guides is of type {type(guides).__name__}; use a dict of tensors by the names that "
            "the objective uses"
        )
    return {name: as_image_tensor(guide, f"the guide {name}") for name, guide in guides.items()}


def _prepare_loaded(photo: LoadedImage, recipe: Recipe, network: Network) -> PreparedDream:
    """Prepare a reproducible dream from a loaded image."""
    unused = {"photo": STARTING_IMAGE, "size": None}
    return prepare(recipe.with_settings(unused), photo, network=network)

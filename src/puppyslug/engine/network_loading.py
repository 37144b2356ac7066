"""Loads the network of a recipe, checks that it is the right one, and describes it in a recipe."""

import torch

from puppyslug.errors import LabelError, RecipeError, WeightsError, option
from puppyslug.files.hashing import file_sha256
from puppyslug.isolation.torch_state import check_fork
from puppyslug.networks import NetworkSpec, find_spec
from puppyslug.networks.loader import load_network
from puppyslug.networks.network import Network
from puppyslug.networks.specs import RemoteFile
from puppyslug.recipe import FileReference, InputFiles, PortraitRecipe, Recipe

AnyRecipe = Recipe | PortraitRecipe


def load_recipe_network(
    recipe: AnyRecipe, files: InputFiles, device: str, network: Network | None = None
) -> Network:
    """Load the network of a recipe, and set the number of threads for the whole process.

    Args:
        recipe: ``network``, ``precision``, ``winograd``, ``kernels`` and ``threads`` apply;
            ``weights`` and ``labels`` with a hash are validated.
        files: the user's weights and labels.
        device: resolved device.
        network: a network that the caller loaded, which is checked and returned.

    Raises:
        RecipeError: the caller's network was loaded otherwise than the recipe says.
        LabelError: the file of class names is missing, or is not the one of the recipe.
        WeightsError: the weights are missing, or are not those of the recipe.
    """
    if recipe.threads is not None:
        check_fork(recipe.threads)
        torch.set_num_threads(recipe.threads)
    if network is not None:
        _check_network(recipe, network)
        return network
    spec = find_spec(recipe.network)
    _validate_labels(recipe, files)
    downloaded = spec.weights.name if isinstance(spec.weights, RemoteFile) else ""
    if files.weights is None and recipe.weights and downloaded not in ("", recipe.weights.name):
        raise WeightsError(
            f"the recipe needs the weights file {recipe.weights.name}; pass it as "
            f"{option('weights')}"
        )
    network = load_network(
        spec,
        weights=files.weights,
        labels=files.labels,
        precision=recipe.precision,
        device=device,
        winograd=recipe.winograd,
        kernels=recipe.kernels,
    )
    if recipe.weights is not None and recipe.weights.sha256 != network.weights_sha256:
        raise WeightsError(_describe_mismatch(recipe, spec, network, files))
    return network


def machine_settings(network: Network) -> dict[str, object]:
    """Return the settings that ``auto`` and defaults resolve to on this machine."""
    return {
        **_weights_reference(network),
        "precision": network.precision,
        "device": network.device.type,
        "winograd": network.convolution.winograd_min_channels,
        "kernels": network.convolution.kernels,
        "threads": torch.get_num_threads(),
        **_labels_reference(network),
    }


def _weights_reference(network: Network) -> dict[str, object]:
    """Return the setting of the weights, if the network was created with their hash."""
    if not network.weights_sha256:
        return {}
    return {"weights": FileReference(name=network.weights_name, sha256=network.weights_sha256)}


def _labels_reference(network: Network) -> dict[str, object]:
    """Return the setting of the file of class names that the network was loaded with."""
    if not network.labels_sha256:
        return {}
    return {"labels": FileReference(name=network.labels_name, sha256=network.labels_sha256)}


def _check_network(recipe: AnyRecipe, network: Network) -> None:
    """Check that a network that the caller loaded is as a recipe says.

    Raises:
        RecipeError: it computes otherwise than the recipe says, or on another device.
        WeightsError: its weights are not those of the recipe.
    """
    for field, actual in (
        ("precision", network.precision),
        ("device", network.device.type),
        ("winograd", network.convolution.winograd_min_channels),
        ("kernels", network.convolution.kernels),
    ):
        expected = getattr(recipe, field)
        if expected not in ("auto", "steady", actual):
            raise RecipeError(
                f"the recipe says {field} {expected}, but {network.spec.name} was loaded with "
                f"{field} {actual}; load the network with {field}={expected!r}"
            )
    if recipe.weights is not None and recipe.weights.sha256 != network.weights_sha256:
        raise WeightsError(
            f"the weights of the network {network.spec.name} ({network.weights_name}) are not "
            f"those of the recipe ({recipe.weights.name}); use the network of the recipe"
        )


def _validate_labels(recipe: AnyRecipe, files: InputFiles) -> None:
    """Check that the file of class names is the one of the recipe."""
    if recipe.labels is None:
        return
    if files.labels is None:
        raise LabelError(
            f"the recipe needs the labels file {recipe.labels.name}; pass it as {option('labels')}"
        )
    if file_sha256(files.labels) != recipe.labels.sha256:
        raise LabelError(
            f"{files.labels} is not the labels file of the recipe ({recipe.labels.name}): its "
            f"content differs; pass the original file as {option('labels')}"
        )


def _describe_mismatch(
    recipe: AnyRecipe, spec: NetworkSpec, network: Network, files: InputFiles
) -> str:
    """Return the error message for weights that are not those of the recipe."""
    assert recipe.weights is not None
    if spec.is_external:
        return (
            f"the weights of {recipe.network} have changed since the recipe was created; only the "
            "same weights reproduce the dream"
        )
    if spec.finetuned is not None:
        return (
            f"{recipe.network} is not the network of the recipe: it was trained again, or is "
            f"another one of that name; pass the right one as {option('network')}"
        )
    if files.weights is None:
        return (
            f"the recipe needs the weights file {recipe.weights.name}, which differs from the "
            f"weights of {recipe.network} on this machine; pass it as {option('weights')}"
        )
    return (
        f"{network.weights_name} is not the weights file of the recipe ({recipe.weights.name}): "
        f"its content differs; pass the original file as {option('weights')}"
    )

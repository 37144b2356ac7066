"""Loads the network of a recipe, and checks that it is the one the recipe was created with."""

from puppyslug.errors import LabelError, WeightsError
from puppyslug.files.hashing import file_sha256
from puppyslug.networks import NetworkSpec, find_spec
from puppyslug.networks.loader import load_network
from puppyslug.networks.network import Network
from puppyslug.networks.runtime import set_threads
from puppyslug.networks.specs import RemoteFile
from puppyslug.recipe import InputFiles, Recipe


def load_recipe_network(recipe: Recipe, files: InputFiles, device: str) -> Network:
    """Load the network of a recipe, and set the number of threads for the whole process.

    Args:
        recipe: ``network``, ``precision``, ``winograd``, ``kernels`` and ``threads`` apply;
            ``weights`` and ``labels`` with a hash are validated.
        files: the user's weights and labels.
        device: resolved device.

    Raises:
        LabelError: the file of class names is missing, or is not the one of the recipe.
        WeightsError: the weights are missing, or are not those of the recipe.
    """
    spec = find_spec(recipe.network)
    _validate_labels(recipe, files)
    downloaded = spec.weights.name if isinstance(spec.weights, RemoteFile) else ""
    if files.weights is None and recipe.weights and downloaded not in ("", recipe.weights.name):
        raise WeightsError(
            f"the recipe needs the weights file {recipe.weights.name}; name it with --weights"
        )
    if recipe.threads is not None:
        set_threads(recipe.threads)
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


def _validate_labels(recipe: Recipe, files: InputFiles) -> None:
    """Check that the file of class names is the one of the recipe."""
    if recipe.labels is None:
        return
    if files.labels is None:
        raise LabelError(
            f"the recipe needs the labels file {recipe.labels.name}; name it with --labels"
        )
    if file_sha256(files.labels) != recipe.labels.sha256:
        raise LabelError(
            f"{files.labels} is not the labels file of the recipe ({recipe.labels.name}): its "
            "content differs; name the original file with --labels"
        )


def _describe_mismatch(
    recipe: Recipe, spec: NetworkSpec, network: Network, files: InputFiles
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
            "another one of that name; name the right one with --network"
        )
    if files.weights is None:
        return (
            f"the recipe needs the weights file {recipe.weights.name}, which differs from the "
            f"weights of {recipe.network} on this machine; name it with --weights"
        )
    return (
        f"{network.weights_name} is not the weights file of the recipe ({recipe.weights.name}): "
        "its content differs; name the original file with --weights"
    )

"""The mask of a dream, from an image or by the name of a class."""

from torch import Tensor

from puppyslug.errors import ImageError, option
from puppyslug.images import LoadedImage
from puppyslug.images.sizes import display_size, same_aspect_ratio
from puppyslug.networks.loader import load_network
from puppyslug.networks.network import Network
from puppyslug.objectives import parse_mask
from puppyslug.recipe import FileReference, Recipe
from puppyslug.recipe.defaults import CLASSIFIER
from puppyslug.recognition.classification import compute_logits
from puppyslug.recognition.masks import mask_from_class, mask_from_photo

MIN_PROBABILITY = 0.01  # of a class; below, a notice says that it is hardly visible


def compute_mask(
    recipe: Recipe, network: Network, image: Tensor, photo: LoadedImage | None = None
) -> tuple[Tensor | None, tuple[str, ...]]:
    """Compute the mask of a dream.

    Args:
        recipe: its ``mask`` may name a class.
        network: finds the class; the default classifier does if this one has no classes.
        image: the image to dream from, 1×3×H×W RGB in [0, 1].
        photo: image of the mask, or None.

    Returns:
        1×1×H×W in [0, 1], or None; and notices for the user.

    Raises:
        ImageError: the mask is entirely black, or its image is missing.
    """
    size = (image.shape[-2], image.shape[-1])
    if photo is not None:
        notices: tuple[str, ...] = ()
        if not same_aspect_ratio(size, photo.original_size):
            original_size = display_size(photo.original_size)
            notices = (f"the mask {photo.name} of {original_size} is stretched to fit",)
        return mask_from_photo(photo, size).to(image), notices
    if isinstance(recipe.mask, FileReference):
        raise ImageError(
            f"the mask {recipe.mask.name} is missing; pass its file as {option('mask')}"
        )
    if recipe.mask is None:
        return None, ()
    if not network.spec.trained_classes:
        network = load_network(CLASSIFIER, precision=network.precision, device=str(network.device))
    mask = parse_mask(recipe.mask, network.find_label)
    probabilities = compute_logits(network, image).softmax(0)[list(mask.term.label.class_numbers)]
    probability = float(probabilities.sum() if mask.term.any_member else probabilities.max())
    notices = ()
    if probability < MIN_PROBABILITY:
        notices = (
            f"{mask.term.label.name} is hardly visible in the photo ({probability:.1%}); the mask "
            "covers the most likely area",
        )
    return mask_from_class(mask, network, image), notices

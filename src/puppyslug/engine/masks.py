"""The mask of a dream, from an image or by what is in the picture."""

from torch import Tensor

from puppyslug.errors import ImageError, option
from puppyslug.images import LoadedImage
from puppyslug.images.sizes import display_size, same_aspect_ratio
from puppyslug.labels import Label
from puppyslug.networks.loader import load_network
from puppyslug.networks.network import Network
from puppyslug.objectives import ClassMask, parse_mask
from puppyslug.recipe import STARTING_IMAGES, FileReference, Recipe
from puppyslug.recipe.defaults import CLASSIFIER
from puppyslug.recognition.classification import compute_logits
from puppyslug.recognition.foreground import network_response
from puppyslug.recognition.mask_sources import MaskedPicture, evaluate_mask
from puppyslug.recognition.masks import mask_from_class, mask_from_photo
from puppyslug.recognition.segmentation import Pixels, Plane

MIN_PROBABILITY = 0.01  # of a class; one that is less likely is hardly visible
LIKELIEST = 3  # classes that are named instead
_FIRST_STRICT_VERSION = 2  # of recipes; earlier ones accept a class that is hardly visible
_FIRST_RESPONSE_VERSION = 4  # of recipes; in earlier ones, the foreground touches no border


def compute_mask(
    recipe: Recipe,
    network: Network,
    image: Tensor,
    photo: LoadedImage | None = None,
    *,
    alpha: Tensor | None = None,
    allow_empty: bool = False,
) -> tuple[Tensor | None, tuple[str, ...]]:
    """Compute the mask of a dream.

    Args:
        recipe: its ``mask`` may name what is in the picture.
        network: finds classes; the default classifier does if this one has none.
        image: the image to dream from, 1×3×H×W RGB in [0, 1].
        photo: image of the mask, or None.
        alpha: opacity of the image to dream from, 1×1×H×W in [0, 1], or None.
        allow_empty: whether what the mask names may be absent, as in some frames of a film.

    Returns:
        1×1×H×W in [0, 1], or None; and notices for the user.

    Raises:
        ImageError: the mask is entirely black, its image is missing, or what it names is not in
            the picture.
    """
    size = (image.shape[-2], image.shape[-1])
    if photo is not None:
        notices: tuple[str, ...] = ()
        if not same_aspect_ratio(size, photo.original_size):
            original_size = display_size(photo.original_size)
            notices = (f"the mask {photo.name} of {original_size} is stretched to fit",)
        by_alpha = recipe.recipe_version >= _FIRST_STRICT_VERSION
        return mask_from_photo(photo, size, by_alpha=by_alpha).to(image), notices
    if isinstance(recipe.mask, FileReference):
        raise ImageError(
            f"the mask {recipe.mask.name} is missing; pass its file as {option('mask')}"
        )
    if recipe.mask is None:
        return None, ()
    finder = _ClassFinder(recipe, network, image, allow_empty=allow_empty)
    longest = max(recipe.composition_size or size)
    sees_edges = recipe.recipe_version >= _FIRST_RESPONSE_VERSION
    picture = MaskedPicture(
        image,
        finder.find,
        alpha,
        finder.response if sees_edges else None,
        pixel_scale=max(size) / longest,
        allow_empty=allow_empty,
    )
    mask = evaluate_mask(parse_mask(recipe.mask, finder.find_label), picture)
    return mask, tuple(finder.notices)


class _ClassFinder:
    """Computes masks of classes, with a network that has classes.

    Attributes:
        network: the network.
        notices: messages for the user about classes that are hardly visible.
    """

    def __init__(
        self, recipe: Recipe, network: Network, image: Tensor, *, allow_empty: bool
    ) -> None:
        self._image, self._loaded = image, network
        # on a starting image nothing is visible yet
        is_new = recipe.recipe_version >= _FIRST_STRICT_VERSION
        self._is_strict = is_new and recipe.photo not in STARTING_IMAGES and not allow_empty
        self.notices: list[str] = []

    @property
    def network(self) -> Network:
        """The network, loaded when it is first needed."""
        if not self._loaded.spec.trained_classes:
            self._loaded = load_network(
                CLASSIFIER,
                precision=self._loaded.precision,
                device=str(self._loaded.device),
            )
        return self._loaded

    def find_label(self, name: str) -> Label:
        """Look up a class of the network by name."""
        return self.network.find_label(name)

    def response(self, pixels: Pixels) -> Plane:
        """Compute how strongly the default classifier responds, see ``network_response``."""
        classifier = load_network(
            CLASSIFIER, precision="float32", device=str(self._loaded.device), winograd=0
        )
        return network_response(classifier, pixels)

    def find(self, mask: ClassMask) -> Tensor:
        """Compute the mask of a class.

        Raises:
            ImageError: the class is hardly visible.
        """
        probabilities = compute_logits(self.network, self._image).softmax(0)
        members = probabilities[list(mask.term.label.class_numbers)]
        probability = float(members.sum() if mask.term.any_member else members.max())
        if probability < MIN_PROBABILITY:
            problem = f"{mask.term.label.name} is hardly visible in the photo ({probability:.1%})"
            if self._is_strict:
                raise ImageError(f"{problem}; {self._suggest(probabilities)}")
            self.notices.append(f"{problem}; the mask covers the most likely area")
        return mask_from_class(mask, self.network, self._image)

    def _suggest(self, probabilities: Tensor) -> str:
        vocabulary = self.network.require_vocabulary()
        best = probabilities.topk(min(LIKELIEST, len(probabilities)))
        names = [
            f"see({vocabulary.class_name(number)}) ({share:.0%})"
            for number, share in zip(best.indices.tolist(), best.values.tolist(), strict=True)
        ]
        return f"the likeliest are {', '.join(names)}; or use foreground, or paint a mask"

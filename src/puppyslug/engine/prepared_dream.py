"""The inputs of a dream, with everything that ``auto`` and names stand for resolved."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from PIL import Image
from torch import Tensor

from puppyslug.engine.progress import DreamStep
from puppyslug.gradient.executor import TileExecutor, execute_locally
from puppyslug.images.attribution import NO_ATTRIBUTION, Attribution, attach
from puppyslug.images.sizes import Size
from puppyslug.networks.network import Network
from puppyslug.recipe import Recipe


@dataclass(frozen=True)
class PreparedDream:
    """Everything that ``dream_steps`` needs.

    Attributes:
        image: 1×3×H×W RGB in [0, 1], on the network's device.
        recipe: the recipe; ``prepare`` resolves size, precision, threads and hashes.
        network: the network to amplify.
        mask: 1×1×H×W in [0, 1], how much each pixel may change; None for no mask.
        guides: guide images by name, 1×3×h×w RGB in [0, 1].
        alpha: alpha channel of the photo, 1×1×H×W in [0, 1]; None if it is opaque.
        executor: computes the gradient's tiles.
        notices: messages for the user, one sentence each.
        plan: one-line summary of the work: sizes, octaves, tiles, precision and device.
        required_memory: bytes that the dream needs in addition to the program and the weights; 0
            if unknown.
        is_reproducible: whether the recipe alone, with the files that it names, reproduces the
            dream.
        composition: the image at the size of its composition, from which an enlarged dream starts;
            None if the dream is not enlarged.
        attribution: author, copyright, profile and position that the saved dream keeps.
    """

    image: Tensor
    recipe: Recipe
    network: Network
    mask: Tensor | None = None
    guides: Mapping[str, Tensor] = field(default_factory=dict)
    alpha: Tensor | None = None
    executor: TileExecutor = execute_locally
    notices: tuple[str, ...] = ()
    plan: str = ""
    required_memory: int = 0
    is_reproducible: bool = False
    composition: Tensor | None = None
    attribution: Attribution = NO_ATTRIBUTION

    def to_pil(self, step: DreamStep) -> Image.Image:
        """Render a step of this dream as a Pillow image, which is saved with all that it keeps."""
        return attach(step.to_pil(self.alpha), self.attribution)

    @property
    def size(self) -> Size:
        """(height, width) of the image."""
        return self.image.shape[-2], self.image.shape[-1]

    @property
    def composition_size(self) -> Size:
        """(height, width) that octaves and positions of the recipe refer to."""
        return self.recipe.composition_size or self.size

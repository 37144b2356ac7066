"""``portrait``, the one-call interface: what an objective responds to most strongly."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from PIL import Image, ImageOps
from torch import Tensor

from puppyslug.engine.dream import ends_run, unchanged_threads
from puppyslug.engine.network_loading import load_recipe_network, machine_settings
from puppyslug.images import RecipeImage, to_pil
from puppyslug.images.contact_sheet import Cell, contact_sheet, join_horizontally
from puppyslug.isolation.torch_state import isolated
from puppyslug.networks import find_spec
from puppyslug.networks.external import trust
from puppyslug.networks.network import Network
from puppyslug.networks.runtime import resolve_device
from puppyslug.objectives import Objective, parse_objective
from puppyslug.objectives.terms.see import SeeTerm
from puppyslug.recipe import InputFiles, PortraitRecipe, extract_files
from puppyslug.recipe.defaults import NETWORK, OBJECTIVES_DIVERSITY, SEE_NETWORK
from puppyslug.visualization.drawing_options import OPTIONS as DRAWING_OPTIONS
from puppyslug.visualization.portraits import (
    PortraitStep,
    default_side,
    portrait_steps,
    resolve_method,
)

PortraitCallback = Callable[[PortraitStep], object]

_SHEET_SIDE = 160  # pixels, that portraits on a sheet have at least


@dataclass(frozen=True)
class Portrait:
    """Finished portraits of one or several objectives, with the recipe that draws them again.

    Attributes:
        images: N×3×H×W RGB in [0, 1].
        alpha: N×1×H×W in [0, 1], or None.
        scores: of each portrait under the last random transform.
        inactive: indices of portraits that do not activate their channel, whatever the start.
        recipe: what draws them again.
        is_reproducible: whether it does so; not with functions of the caller's, or a start image.
    """

    images: Tensor
    alpha: Tensor | None
    scores: tuple[float, ...]
    inactive: tuple[int, ...]
    recipe: PortraitRecipe
    is_reproducible: bool = True

    @property
    def notices(self) -> tuple[str, ...]:
        """Messages for the user, one sentence each."""
        texts = self.recipe.objectives
        names = dict.fromkeys(texts[number if len(texts) > 1 else 0] for number in self.inactive)
        return tuple(
            f"no portrait was found that activates {name}: no start has a gradient towards it; "
            "the channel may be dead, or other steps or another size may find one"
            for name in names
        )

    def to_pil(self) -> Image.Image:
        """Return the portraits side by side as a Pillow image.

        It is saved with the recipe, if that draws them again.
        """
        count = len(self.images)
        images = [self.images[n : n + 1] for n in range(count)]
        alphas = [None if self.alpha is None else self.alpha[n : n + 1] for n in range(count)]
        row = join_horizontally([to_pil(*pair) for pair in zip(images, alphas, strict=True)])
        if not self.is_reproducible:
            return row
        return RecipeImage.from_image(row, self.recipe.to_json())

    def to_sheet(self) -> Image.Image:
        """Return the portraits in a grid, each with its objective and score, as a Pillow image.

        Small portraits are enlarged by a whole factor, and transparent ones are on white. The sheet
        carries no recipe, because ``redo`` draws portraits side by side.
        """
        images = self.images if self.alpha is None else self.images * self.alpha + 1 - self.alpha
        texts = self.recipe.objectives * (len(images) // len(self.recipe.objectives))
        factor = -(-_SHEET_SIDE // self.recipe.size)
        cells = []
        for image, text, score in zip(images, texts, self.scores, strict=True):
            picture = ImageOps.scale(to_pil(image[None]), factor, Image.Resampling.NEAREST)
            cells.append(Cell(picture, text, f"{score:.3g}"))
        return contact_sheet(cells)

    def save(self, path: str | Path) -> None:
        """Write the portraits to a file as ``PIL.Image.Image.save`` does, with the recipe."""
        self.to_pil().save(path)

    def _repr_png_(self) -> bytes | None:
        """Show the portraits in a notebook."""
        png: bytes | None = self.to_pil()._repr_png_()
        return png

    def __repr__(self) -> str:
        names = ", ".join(self.recipe.objectives)
        size = self.recipe.size
        return f"<Portrait of {names} by {self.recipe.network}, {len(self.images)} × {size}×{size}>"


@isolated
def portrait(
    objective: Objective | str | Sequence[Objective | str],
    network: Network | str | None = None,
    *,
    on_step: PortraitCallback | None = None,
    **settings: object,
) -> Portrait:
    """Draw what an objective responds to most strongly, from noise.

    Args:
        objective: such as ``"relu5_1:37"``, ``"see(castle)"`` or ``channel("relu5_1", 37)``; or
            several, each for its own portrait.
        network: a loaded network, or the name of one; default: ``vgg19``, or the networks for
            named classes.
        on_step: called with every ``PortraitStep``; if it returns False, drawing ends there.
        settings: ``size``, ``steps``, ``seed``, ``batch`` (variants of the objective),
            ``diversity`` (default: 0 for different objectives), ``transparent``, ``precision``,
            ``device``, ``winograd``, ``kernels``, ``threads``; ``weights`` and ``labels`` are
            files. Or the options of ``portrait_steps`` that replace parts of the optimisation, such
            as ``start`` and ``transform``; portraits drawn with them are saved without a recipe.

    Returns:
        The portraits; their method ``to_pil`` returns a picture that carries the recipe.

    Raises:
        PuppyslugError: one of its subclasses, if the objective or a setting is invalid.
    """
    objectives = list(objective) if isinstance(objective, list | tuple) else [objective]
    texts = [str(one) if isinstance(one, Objective) else one for one in objectives]
    drawing = {one: settings.pop(one) for one in DRAWING_OPTIONS if one in settings}
    settings, files = extract_files(settings)
    loaded = network if isinstance(network, Network) else None
    name = default_network(texts) if network is None else network
    settings["network"] = name if loaded is None else loaded.spec.name
    trust(str(name) if loaded is None else "")
    spec = find_spec(str(name)) if loaded is None else loaded.spec
    chosen: dict[str, object] = {"batch": len(texts), "size": default_side(spec)}
    if any(text != texts[0] for text in texts):  # a penalty would distort what differs anyhow
        chosen["diversity"] = OBJECTIVES_DIVERSITY
    settings = {**chosen, **settings, "objectives": tuple(texts)}
    recipe = PortraitRecipe.complete(settings)
    with unchanged_threads():
        ready = load_portrait_network(recipe, files, loaded)
        return draw_portrait(recipe, ready, on_step, drawing)


def default_network(objectives: Sequence[object]) -> str:
    """Return the default network for portraits: the one for named classes if any is named."""
    parsed = [parse_objective(one) for one in objectives if isinstance(one, str)]
    terms = [term for one in parsed for _, term in one.terms]
    return SEE_NETWORK if any(isinstance(term, SeeTerm) for term in terms) else NETWORK


def load_portrait_network(
    recipe: PortraitRecipe, files: InputFiles, network: Network | None = None
) -> Network:
    """Load the network of a recipe, or check the caller's, as ``load_recipe_network`` does."""
    device = resolve_device(recipe.device) if network is None else network.device.type
    return load_recipe_network(recipe, files, device, network)


def draw_portrait(
    recipe: PortraitRecipe,
    network: Network,
    on_step: PortraitCallback | None = None,
    drawing: Mapping[str, Any] = MappingProxyType({}),
) -> Portrait:
    """Draw the portraits of a recipe; on Ctrl-C, those so far are returned.

    Args:
        recipe: the recipe.
        network: its network.
        on_step: see ``portrait``.
        drawing: see ``DrawingOptions``.

    Raises:
        KeyboardInterrupt: before the first step.
        PuppyslugError: as in ``portrait_steps``.
    """
    parsed = [parse_objective(text, network.find_label) for text in recipe.objectives]
    objectives = parsed if len(parsed) > 1 else parsed * recipe.batch
    steps = portrait_steps(
        objectives,
        network,
        size=recipe.size,
        steps=recipe.steps,
        seed=recipe.seed,
        diversity=recipe.diversity if recipe.batch > 1 else 0.0,
        transparent=recipe.transparent,
        method=recipe.method,
        **drawing,
    )
    last: PortraitStep | None = None
    stopped = False
    try:
        for last in steps:
            stopped = on_step is not None and ends_run(on_step(last))
            if stopped or last.step + 1 == recipe.stop_after:
                break
    except KeyboardInterrupt:
        if last is None:
            raise
        stopped = True
    assert last is not None
    plain = not drawing and not recipe.transparent
    resolved = {
        "objectives": tuple(str(one) for one in parsed),
        "network": network.spec.name,
        "method": resolve_method(recipe.method, parsed, network.spec, plain=plain),
        **machine_settings(network),
    }
    if stopped and last.step + 1 < last.steps:
        resolved["stop_after"] = last.step + 1
    complete = recipe.with_settings(resolved)
    scores = tuple(last.scores.tolist())
    portable = not drawing and all(one.is_portable for one in parsed)
    return Portrait(last.images, last.alpha, scores, last.inactive, complete, portable)

"""From a recipe and a picture to everything a dream needs, with nothing left open."""

import contextlib
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from puppyslug.errors import ImageError, RecipeError, WeightsError
from puppyslug.gradient import value_and_gradient
from puppyslug.images import MAX_PIXELS, Photo, clouds, load_image, noise, photo_from
from puppyslug.networks import LayerRecord, NetworkRecord, find_record
from puppyslug.networks.network import Network, load_network
from puppyslug.networks.resolving import (
    fast_in_bfloat16,
    free_memory,
    resolve_device,
    resolve_precision,
)
from puppyslug.objectives import parse_objective
from puppyslug.octaves import plan_octaves
from puppyslug.planning import plan_memory
from puppyslug.recipe import STARTS, FileReference, Recipe
from puppyslug.sizes import format_size, memory_bytes, parse_size

DEFAULT_LONGEST = 1024  # pixels, of a photo
PROBE = 160  # pixels, the edge of the picture that is timed for an estimate
DEFAULT_START_SIZE = (360, 640)  # of noise and clouds
_START_PICTURES = {"noise": noise, "clouds": clouds}

Source = str | Path | Image.Image


@dataclass(frozen=True)
class Prepared:
    """All that ``dream_steps`` needs.

    Attributes:
        image: 1×3×H×W RGB in [0, 1], on the network's device.
        alpha: 1×1×H×W in [0, 1], or None.
        recipe: with no open question: size, precision, threads and hashes are filled in.
        network: loaded.
        notices: what the user should know before the dream starts, a sentence each.
        plan: in words, what will be computed and how.
    """

    image: Tensor
    alpha: Tensor | None
    recipe: Recipe
    network: Network
    notices: tuple[str, ...]
    plan: str


def prepare(
    recipe: Recipe,
    source: Source,
    *,
    weights: Path | None = None,
    result_folder: Path | None = None,
) -> Prepared:
    """Read the picture, check that the recipe fits it, and load the network.

    Cheap checks come first, so that a wrong setting is said before anything is loaded. The number
    of threads that the recipe asks for is set for the whole process.

    Args:
        recipe: complete; where its ``photo`` or ``weights`` name a hash, the files must have it.
        source: a picture file, a Pillow picture, ``"noise"`` or ``"clouds"``.
        weights: a weights file instead of the one that the install brought.
        result_folder: where the dream will be saved; where the photo is in another folder, the
            recipe keeps the way there.

    Raises:
        ImageError: the picture cannot be read, is too small, or is not the one in the recipe.
        NetworkError: an unknown network or layer, or weights that do not fit.
        ObjectiveError: no such channel or position.
        RecipeError: a size that does not fit the picture.
    """
    record = find_record(recipe.network)
    objective = recipe.any_objective()
    layers = [record.layer(name) for name in objective.layers]
    photo = _photo(recipe, source)
    notices = []
    if recipe.size is None and photo.size != photo.full_size:
        ratio = photo.full_size[0] * photo.full_size[1] / (photo.size[0] * photo.size[1])
        notices.append(
            f"{photo.name or 'the picture'} is scaled down from {_times(photo.full_size)} to "
            f"{_times(photo.size)}; --size full takes about {ratio:.3g} times as long and as "
            "much memory"
        )
    objective.check(record, recipe.composition or photo.size)
    octaves = plan_octaves(recipe, objective, record, photo.size)
    if octaves.dropped:
        one = octaves.dropped == 1
        notices.append(
            f"{octaves.dropped} octave{'' if one else 's'} would be smaller than the "
            f"{octaves.smallest}×{octaves.smallest} pixels that the layer needs and "
            f"{'is' if one else 'are'} left out"
        )
    device = resolve_device(recipe.device)
    precision = resolve_precision(recipe.precision, device)
    if precision == "bfloat16" and not fast_in_bfloat16(device):
        notices.append("this device does not compute in bfloat16 itself: float32 is faster here")
    tile, how = _tile(recipe, record, layers, photo.size, precision, device)
    if recipe.threads is not None:
        torch.set_num_threads(recipe.threads)
    network = _network(recipe, weights, device)
    recipe = recipe.with_settings(
        {
            "photo": _reference(recipe, source, photo, result_folder),
            "size": format_size(photo.size),
            "weights": FileReference(name=network.weights_name, sha256=network.weights_sha256),
            "precision": network.precision,
            "device": device,
            "winograd": network.winograd_from,
            "tile": tile,
            "threads": torch.get_num_threads(),
        }
    )
    steps = f"{len(octaves.sizes)} octaves of {recipe.iterations} steps"
    plan = f"{_times(photo.size)}, {steps}, {how}"
    return Prepared(
        photo.image.to(network.device), photo.alpha, recipe, network, tuple(notices), plan
    )


def estimate_seconds(prepared: Prepared) -> float:
    """Guess how long a dream will take, from the time of one gradient of a small picture."""
    recipe, network = prepared.recipe, prepared.network
    objective = parse_objective(recipe.objective)
    size = (prepared.image.shape[-2], prepared.image.shape[-1])
    octaves = plan_octaves(recipe, objective, network.record, size)
    edge = max(octaves.smallest, PROBE)
    probe = torch.rand(1, 3, min(size[0], edge), min(size[1], edge), device=network.device)
    composition = recipe.composition or size
    objective = objective.moved(network.record, composition, (probe.shape[-2], probe.shape[-1]))
    for _ in range(2):  # the first one warms up
        start = time.perf_counter()
        value_and_gradient(network, objective, probe)
        seconds = time.perf_counter() - start
    pixels = sum(height * width for height, width in octaves.sizes)
    return seconds * recipe.iterations * pixels / (probe.shape[-2] * probe.shape[-1])


def _tile(
    recipe: Recipe,
    record: NetworkRecord,
    layers: Sequence[LayerRecord],
    size: tuple[int, int],
    precision: str,
    device: str,
) -> tuple[str, str]:
    """The recipe's tile with auto resolved, and the plan in words."""
    if recipe.tile != "auto":
        how = "whole" if recipe.tile == "whole" else f"in tiles of {recipe.tile}"
        return recipe.tile, f"{how}, {precision} on {device}"
    memory = memory_bytes(recipe.memory) if recipe.memory else free_memory(device) // 2
    plan = plan_memory(size, record, layers, precision, memory)
    how = "whole" if plan.tile is None else f"in {plan.grid[1]}×{plan.grid[0]} tiles"
    text = f"{how}, {precision} on {device}, about {plan.needed / 1e9:.1f} GB"
    return "whole" if plan.tile is None else format_size(plan.tile), text


def _photo(recipe: Recipe, source: Source) -> Photo:
    if isinstance(source, str) and source in STARTS:
        start_size = _start_size(recipe.size)
        _check_pixels(start_size)
        start = _START_PICTURES[source](start_size, recipe.seed)
        return Photo(start, None, source, "", start_size)
    longest, size = _photo_size(recipe.size)
    if size is not None:
        _check_pixels(size)
    if isinstance(source, Image.Image):
        photo = photo_from(source, longest=longest, size=size)
    else:
        photo = load_image(source, longest=longest, size=size)
    if isinstance(recipe.photo, FileReference) and recipe.photo.sha256 != photo.sha256:
        raise ImageError(
            f"{photo.name or 'the picture'} is not the photo that the recipe was made with "
            f"({recipe.photo.name or 'a picture in memory'}); its content has changed"
        )
    if size is not None and not _same_shape(size, photo.full_size):
        raise RecipeError(
            f"a photo keeps its shape: {_times(photo.full_size)} cannot become {_times(size)}; "
            "give the longest edge instead"
        )
    return photo


def _check_pixels(size: tuple[int, int]) -> None:
    if size[0] * size[1] > MAX_PIXELS:
        raise RecipeError(
            f"{_times(size)} is more than the limit of {MAX_PIXELS / 1e6:.0f} megapixels; "
            "take a smaller size"
        )


def _start_size(text: str | None) -> tuple[int, int]:
    """(height, width) of noise or clouds."""
    if text is None:
        return DEFAULT_START_SIZE
    if text == "full":
        raise RecipeError("size full is for photos; noise and clouds take WxH, such as 640x360")
    if "x" in text:
        return parse_size(text)
    return max(1, round(int(text) * 9 / 16)), int(text)


def _photo_size(text: str | None) -> tuple[int | None, tuple[int, int] | None]:
    """The longest edge and the exact (height, width) that a photo should have, or None for free."""
    if text is None:
        return DEFAULT_LONGEST, None
    if text == "full":
        return None, None
    if "x" in text:
        return None, parse_size(text)
    return int(text), None


def _same_shape(size: tuple[int, int], full_size: tuple[int, int]) -> bool:
    """Whether ``size`` is ``full_size`` scaled, give or take the rounding of a pixel."""
    return abs(size[0] * full_size[1] - size[1] * full_size[0]) <= max(full_size)


def _network(recipe: Recipe, weights: Path | None, device: str) -> Network:
    wanted = recipe.weights
    packaged = find_record(recipe.network).weights
    if weights is None and wanted is not None and wanted.sha256 != packaged.sha256:
        raise WeightsError(
            f"the recipe needs the weights file {wanted.name}, which did not come with the "
            "install; name it with --weights"
        )
    network = load_network(
        recipe.network,
        weights=weights,
        precision=recipe.precision,
        device=device,
        winograd=recipe.winograd,
    )
    if wanted is not None and wanted.sha256 != network.weights_sha256:
        raise WeightsError(
            f"{network.weights_name} is not the weights file that the recipe was made with "
            f"({wanted.name}); its content differs"
        )
    return network


def _reference(
    recipe: Recipe, source: Source, photo: Photo, result_folder: Path | None
) -> FileReference | str:
    if isinstance(recipe.photo, FileReference):  # checked above: it is this photo
        return recipe.photo
    if isinstance(source, str) and source in STARTS:
        return source
    folder = None
    if result_folder is not None and isinstance(source, str | Path):
        with contextlib.suppress(ValueError):  # on another drive there is no way
            way = os.path.relpath(Path(source).resolve().parent, result_folder.resolve())
            way = way.encode("utf-8", "replace").decode()  # folders need not be UTF-8
            folder = None if way == "." or ":" in way else Path(way).as_posix()
    return FileReference(name=photo.name, sha256=photo.sha256, folder=folder)


def _times(size: tuple[int, int]) -> str:
    return f"{size[1]}×{size[0]}"

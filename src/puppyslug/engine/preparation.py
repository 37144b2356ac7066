"""From a recipe and pictures to everything a dream needs, with nothing left open."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from puppyslug.engine.guides import GuideFeatures
from puppyslug.engine.inputs import load_source, read_guides, read_mask, reference_to
from puppyslug.engine.octaves import THING, octaves_for, plan_octaves
from puppyslug.engine.step import ascend
from puppyslug.errors import ImageError, LabelError, WeightsError
from puppyslug.gradient.memory import memory_needed, plan_memory
from puppyslug.gradient.tiles import tiles
from puppyslug.images import Photo
from puppyslug.images.reader import Source
from puppyslug.images.sizes import display_size, format_size, same_shape
from puppyslug.networks import LayerSpec, NetworkSpec, find_spec
from puppyslug.networks.loader import load_network
from puppyslug.networks.network import Network
from puppyslug.networks.runtime import (
    fast_in_bfloat16,
    free_memory,
    resolve_device,
    resolve_precision,
)
from puppyslug.networks.specs import RemoteFile
from puppyslug.networks.weights.cache import file_sha256
from puppyslug.objectives import Objective, SeeTerm, parse_mask, parse_objective
from puppyslug.recipe.presets import EYES
from puppyslug.recipe.recipe import STARTS, FileReference, Recipe
from puppyslug.recipe.settings import Files
from puppyslug.recipe.sizes import memory_bytes
from puppyslug.recognition.channel_responses import with_strongest
from puppyslug.recognition.classification import verdict_logits, with_members
from puppyslug.recognition.masks import fitted_mask, mask_by_name

HARDLY = 0.01  # probability below which a thing is hardly in a photo
PROBE = 160  # pixels, the edge of the picture that is timed for an estimate


@dataclass(frozen=True)
class Prepared:
    """All that ``dream_steps`` needs.

    Attributes:
        image: 1×3×H×W RGB in [0, 1], on the network's device.
        alpha: 1×1×H×W in [0, 1], or None.
        recipe: with no open question: size, precision, threads and hashes are filled in.
        network: loaded.
        mask: 1×1×H×W in [0, 1], or None.
        guides: 1×3×h×w RGB in [0, 1], by name.
        notices: what the user should know before the dream starts, a sentence each.
        plan: in words, what will be computed and how.
        needed: bytes that a dream takes beside the program and its weights, as far as is known.
    """

    image: Tensor
    alpha: Tensor | None
    recipe: Recipe
    network: Network
    mask: Tensor | None
    guides: Mapping[str, Tensor]
    notices: tuple[str, ...]
    plan: str
    needed: int = 0


def prepare(
    recipe: Recipe,
    source: Source,
    files: Files | None = None,
    *,
    result_folder: Path | None = None,
) -> Prepared:
    """Read the pictures, check that the recipe fits them, and load the network.

    Cheap checks come first, so that a wrong setting is said before anything is loaded. The number
    of threads that the recipe asks for is set for the whole process.

    Args:
        recipe: complete; files that it names with a hash must have it.
        source: a picture file, a Pillow picture, ``"noise"`` or ``"clouds"``.
        files: the pictures that the recipe's mask and guides are, and files of the network's;
            a mask here stands instead of the recipe's own mask by name.
        result_folder: where the dream will be saved; where a picture is in another folder, the
            recipe keeps the way there.

    Raises:
        ImageError: a picture cannot be read, is too small, or is not the one in the recipe.
        LabelError: no such class.
        NetworkError: an unknown network or layer, or weights that do not fit.
        ObjectiveError: no such channel or position, a guide that is missing.
        RecipeError: a size that does not fit the picture.
    """
    files = files or Files()
    mask, guides = files.mask, files.guides
    spec = find_spec(recipe.network)
    objective = recipe.any_objective()
    photo = load_source(recipe, source)
    composition = recipe.composition or photo.size
    objective.check(spec, composition)
    notices = [*_of_size(recipe, photo), *_of_count(recipe, composition)]
    if recipe.count is not None:
        octaves = octaves_for(composition, recipe.count, recipe.octave_scale)
        recipe = recipe.with_settings({"octaves": octaves})
    plan = plan_octaves(recipe, objective, spec, photo.size)
    if plan.dropped:
        notices.append(
            f"{_many(plan.dropped, 'octave')} would be smaller than the "
            f"{plan.smallest}×{plan.smallest} pixels that the layer needs and "
            f"{'is' if plan.dropped == 1 else 'are'} left out"
        )
    guide_photos = read_guides(recipe, guides)
    mask_photo = None if mask is None else read_mask(recipe, mask)
    device = resolve_device(recipe.device)
    precision = resolve_precision(recipe.precision, device, exact=spec.brings_modules)
    if precision == "bfloat16" and not fast_in_bfloat16(device):
        notices.append("this device does not compute in bfloat16 itself: float32 is faster here")
    layers = [spec.layer(name) for name in objective.layers]
    tile, how, needed = _tile(recipe, spec, layers, photo.size, precision, device)
    if recipe.threads is not None:
        torch.set_num_threads(recipe.threads)
    network = _network(recipe, files, device)
    image = photo.image.to(network.device)
    asked = parse_objective(recipe.objective, network.find_label)
    members = with_members(asked, network, image)
    notices += [
        f"of {group.label.name}, {member.label.name} is nearest to the picture"
        for (_, group), (_, member) in zip(asked.terms, members.terms, strict=True)
        if isinstance(group, SeeTerm) and isinstance(member, SeeTerm) and group != member
    ]
    objective = with_strongest(members, network, image)
    if objective != members:
        notices.append(f"what answers most: {objective}")
    mask_here, mask_notice = mask_for(recipe, network, image, mask_photo)
    if mask_notice:
        notices.append(mask_notice)
    named = {name: guide.image for name, guide in guide_photos.items()}
    GuideFeatures(network, named).check(objective)
    settings: dict[str, object] = {
        "objective": str(objective),
        "size": format_size(photo.size),
        "weights": FileReference(name=network.weights_name, sha256=network.weights_sha256),
        "precision": network.precision,
        "device": device,
        "winograd": network.winograd_from,
        "tile": tile,
        "threads": torch.get_num_threads(),
    }
    if not isinstance(recipe.photo, FileReference):
        start = isinstance(source, str) and source in STARTS
        settings["photo"] = source if start else reference_to(photo, source, result_folder)
    if mask is not None and mask_photo is not None and not isinstance(recipe.mask, FileReference):
        settings["mask"] = reference_to(mask_photo, mask, result_folder)
    if guides and not recipe.guides:
        settings["guides"] = tuple(
            reference_to(guide, guides[name], result_folder).model_copy(update={"name": name})
            for name, guide in guide_photos.items()
        )
    steps = f"{_many(len(plan.sizes), 'octave')} of {_many(recipe.iterations, 'step')}"
    return Prepared(
        image,
        photo.alpha,
        recipe.with_settings(settings),
        network,
        mask_here,
        named,
        tuple(notices),
        f"{display_size(photo.size)}, {steps}, {how}",
        needed,
    )


def estimate_seconds(prepared: Prepared) -> float:
    """Guess how long a dream will take, from the time of one step on a small picture."""
    recipe, network = prepared.recipe, prepared.network
    objective = parse_objective(recipe.objective, network.find_label)
    size = (prepared.image.shape[-2], prepared.image.shape[-1])
    octaves = plan_octaves(recipe, objective, network.spec, size)
    edge = max(octaves.smallest, PROBE)
    probe = torch.rand(1, 3, min(size[0], edge), min(size[1], edge), device=network.device)
    composition = recipe.composition or size
    objective = objective.moved(network.spec, composition, (probe.shape[-2], probe.shape[-1]))
    objective = objective.bound(GuideFeatures(network, prepared.guides).of(objective))
    for _ in range(2):  # the first one warms up
        start = time.perf_counter()
        ascend(probe, objective, network, recipe, generator=np.random.default_rng(0))
        seconds = time.perf_counter() - start
    pixels = sum(_pixels_seen(octave, recipe, objective, network.spec) for octave in octaves.sizes)
    return seconds * recipe.iterations * pixels / (probe.shape[-2] * probe.shape[-1])


def _pixels_seen(
    size: tuple[int, int], recipe: Recipe, objective: Objective, spec: NetworkSpec
) -> float:
    """Pixels that a step computes; tiles see their surroundings, and global terms look twice."""
    tile = recipe.tile_for(size)
    if tile is None:
        return size[0] * size[1]
    layers = [spec.layer(name) for name in objective.layers]
    pixels = sum(
        (piece.rows.crop_last - piece.rows.crop_first)
        * (piece.columns.crop_last - piece.columns.crop_first)
        for piece in tiles(size, tile, layers)
    )
    return pixels * (4 / 3 if objective.summarised else 1)  # a look is a third of a gradient


def _of_size(recipe: Recipe, photo: Photo) -> Iterator[str]:
    """What there is to say of a photo's size."""
    if recipe.size is None and photo.size != photo.full_size:
        ratio = photo.full_size[0] * photo.full_size[1] / (photo.size[0] * photo.size[1])
        yield (
            f"{photo.name or 'the picture'} is scaled down from {display_size(photo.full_size)} to "
            f"{display_size(photo.size)}; --size full takes about {ratio:.3g} times as long and as "
            "much memory"
        )


def _of_count(recipe: Recipe, composition: tuple[int, int]) -> Iterator[str]:
    """What there is to say of how many things are asked for."""
    room = max(1, composition[0] * composition[1] // THING**2)
    if recipe.count is not None and recipe.count > room:
        yield (
            f"{display_size(composition)} has room for about {_many(room, 'thing')} of {THING} pixels "
            f"each, not for {recipe.count}; take a larger --size"
        )


def _many(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"


def _tile(
    recipe: Recipe,
    spec: NetworkSpec,
    layers: Sequence[LayerSpec],
    size: tuple[int, int],
    precision: str,
    device: str,
) -> tuple[str, str, int]:
    """The recipe's tile with auto resolved, the plan in words, and the bytes that it takes."""
    if recipe.tile != "auto":
        how = "whole" if recipe.tile == "whole" else f"in tiles of {recipe.tile}"
        needed = memory_needed(
            size, spec, layers, precision, recipe.tile_for(size), shaped=recipe.shapes
        )
        return recipe.tile, f"{how}, {precision} on {device}", needed
    memory = memory_bytes(recipe.memory) if recipe.memory else free_memory(device) // 2
    plan = plan_memory(size, spec, layers, precision, memory, shaped=recipe.shapes)
    how = "whole" if plan.tile is None else f"in {plan.grid[1]}×{plan.grid[0]} tiles"
    text = f"{how}, {precision} on {device}, about {plan.needed / 1e9:.1f} GB"
    return "whole" if plan.tile is None else format_size(plan.tile), text, plan.needed


def mask_for(
    recipe: Recipe, network: Network, image: Tensor, photo: Photo | None = None
) -> tuple[Tensor | None, str]:
    """The recipe's mask for a picture, and what there is to say of it.

    Args:
        recipe: it may have a mask by name.
        network: what looks for it.
        image: 1×3×H×W RGB in [0, 1].
        photo: the mask's picture, where it has one.

    Returns:
        1×1×H×W in [0, 1], or None; and a sentence, or nothing.

    Raises:
        ImageError: the mask is black all over, or its picture is missing.
    """
    size = (image.shape[-2], image.shape[-1])
    if photo is not None:
        notice = ""
        if not same_shape(size, photo.full_size):
            notice = f"the mask {photo.name} of {display_size(photo.full_size)} is stretched to fit"
        return fitted_mask(photo, size).to(image), notice
    if isinstance(recipe.mask, FileReference):
        raise ImageError(f"the mask {recipe.mask.name} is missing; name its file with --mask")
    if recipe.mask is None:
        return None, ""
    if not network.spec.classes:
        network = load_network(EYES, precision=network.precision, device=str(network.device))
    mask = parse_mask(recipe.mask, network.find_label)
    chances = verdict_logits(network, image).softmax(0)[list(mask.seen.label.members)]
    chance = float(chances.sum() if mask.seen.any_member else chances.max())
    notice = ""
    if chance < HARDLY:
        notice = (
            f"hardly any {mask.seen.label.name} is seen in the photo ({chance:.1%}); the mask is "
            "of where it is likeliest"
        )
    return mask_by_name(mask, network, image), notice


def _network(recipe: Recipe, files: Files, device: str) -> Network:
    if files.labels is None and recipe.labels is not None:
        raise LabelError(
            f"the recipe needs the labels file {recipe.labels.name}; name it with --labels"
        )
    kept = recipe.labels
    if files.labels is not None and kept and file_sha256(files.labels) != kept.sha256:
        raise LabelError(
            f"{files.labels} is not the labels file that the recipe was made with ({kept.name}); "
            "its content differs"
        )
    wanted, spec = recipe.weights, find_spec(recipe.network)
    fetched = spec.weights.name if isinstance(spec.weights, RemoteFile) else ""
    if files.weights is None and wanted and fetched not in ("", wanted.name):
        raise WeightsError(
            f"the recipe needs the weights file {wanted.name}; name it with --weights"
        )
    network = load_network(
        spec,
        weights=files.weights,
        labels=files.labels,
        precision=recipe.precision,
        device=device,
        winograd=recipe.winograd,
    )
    if wanted is not None and wanted.sha256 != network.weights_sha256:
        if spec.brought:
            raise WeightsError(
                f"{recipe.network} has other weights now than when the recipe was made; a dream "
                "can be dreamt again only with the same ones"
            )
        if spec.taught is not None:
            raise WeightsError(
                f"{recipe.network} is not the network that the recipe was made with; it was taught "
                "again, or is another of that name: name the right one with --network"
            )
        if files.weights is None:
            raise WeightsError(
                f"the recipe needs the weights file {wanted.name}, which is not the one that "
                f"{recipe.network} has here; name it with --weights"
            )
        raise WeightsError(
            f"{network.weights_name} is not the weights file that the recipe was made with "
            f"({wanted.name}); its content differs"
        )
    return network

"""Preparation: from a recipe and images to a dream that is ready to run."""

from pathlib import Path

from torch import Tensor

from puppyslug.engine.enlarging import refines
from puppyslug.engine.inputs import (
    create_reference,
    crop_mask,
    load_guides,
    load_mask,
    load_photo,
    usual_size,
)
from puppyslug.engine.masks import compute_mask
from puppyslug.engine.network_loading import load_recipe_network, machine_settings
from puppyslug.engine.notices import (
    count_notices,
    drawing_notices,
    octave_notices,
    precision_notices,
    size_notices,
)
from puppyslug.engine.octaves import (
    OctavePlan,
    default_octaves,
    octaves_for_count,
    plan_octaves,
    scaled_octaves,
)
from puppyslug.engine.prepared_dream import PreparedDream
from puppyslug.engine.term_context import DreamTermContext
from puppyslug.engine.tiling import plan_tiles
from puppyslug.errors import RecipeError, option, plural
from puppyslug.images import LoadedImage
from puppyslug.images.reader import ImageSource
from puppyslug.images.sizes import Size, display_size, format_size, same_aspect_ratio
from puppyslug.isolation.torch_state import copy_inference_tensor, isolated
from puppyslug.networks import NetworkSpec, find_spec
from puppyslug.networks.network import Network
from puppyslug.networks.runtime import resolve_device, resolve_precision
from puppyslug.objectives import Objective, parse_objective
from puppyslug.recipe import STARTING_IMAGES, FileReference, InputFiles, Recipe


@isolated
def prepare(
    recipe: Recipe,
    source: ImageSource | LoadedImage,
    files: InputFiles | None = None,
    *,
    result_folder: Path | None = None,
    network: Network | None = None,
    allow_empty_mask: bool = False,
) -> PreparedDream:
    """Load the images and the network of a dream, and resolve its recipe.

    Args:
        recipe: a complete recipe; files for which it holds a hash are validated.
        source: an image file, a Pillow image, a loaded image, ``"noise"`` or ``"clouds"``.
        files: mask, guides, weights and labels; a mask replaces the recipe's mask by class.
        result_folder: folder in which the dream will be saved; paths to images are relative to it.
        network: a loaded network, in place of the recipe's.
        allow_empty_mask: whether what the mask names may be absent, as in some frames of a film.

    Raises:
        ImageError: an image cannot be read, is too small, or is not the one of the recipe.
        LabelError: unknown class, or missing file of class names.
        NetworkError: unknown network or layer, or weights that do not fit.
        ObjectiveError: unknown channel or position, or missing guide.
        RecipeError: the size does not fit the photo, or the dream does not fit into memory.
    """
    files = files or InputFiles()
    recipe, spec = _resolve_network(recipe, network)
    photo = load_photo(recipe, source)
    recipe, octaves, notices = _resolve_octaves(recipe, spec, photo)
    guides = load_guides(recipe, files.guides)
    mask_photo = None if files.mask is None else crop_mask(load_mask(recipe, files.mask), photo)
    references = _photo_reference(recipe, photo, source, result_folder)
    references |= _mask_and_guide_references(recipe, files, mask_photo, guides, result_folder)
    device, precision = _resolve_machine(recipe, spec, network)
    notices += _reading_notices(photo, *guides.values(), mask_photo)
    notices += precision_notices(precision, device)
    tiles = plan_tiles(recipe, spec, photo.size, precision, device)
    network = load_recipe_network(recipe, files, device, network)
    image = copy_inference_tensor(photo.image).to(network.device)
    guide_images = {name: guide.image for name, guide in guides.items()}
    objective, resolved = _resolve_objective(recipe, DreamTermContext(network, image, guide_images))
    mask, mask_notices = compute_mask(
        recipe, network, image, mask_photo, alpha=photo.alpha, allow_empty=allow_empty_mask
    )
    settings = {"objective": str(objective), "size": format_size(photo.size), "tile": tiles.tile}
    return PreparedDream(
        image,
        recipe.with_settings({**settings, **machine_settings(network), **references}),
        network,
        mask,
        guide_images,
        photo.alpha,
        notices=(*notices, *resolved, *mask_notices),
        plan=f"{display_size(photo.size)}, {octaves}, {tiles.description}",
        required_memory=tiles.required_memory,
        is_reproducible=_is_reproducible(photo, source),
        composition=_load_composition(recipe, photo, source, network),
        attribution=photo.attribution.keep(recipe.metadata),
    )


def _resolve_network(recipe: Recipe, network: Network | None) -> tuple[Recipe, NetworkSpec]:
    """Return the recipe for the loaded network, if there is one, and the network's spec."""
    spec = find_spec(recipe.network) if network is None else network.spec
    return (recipe if recipe.network == spec.name else recipe.for_network(spec)), spec


def _is_reproducible(photo: LoadedImage, source: ImageSource | LoadedImage) -> bool:
    """Return whether the recipe leads to this photo; a caller may have cropped a loaded one."""
    is_whole = same_aspect_ratio(photo.size, photo.original_size)
    return is_whole or not isinstance(source, LoadedImage)


def _reading_notices(*images: LoadedImage | None) -> list[str]:
    """Return what the user should know about how the images were read."""
    return [notice for image in images if image is not None for notice in image.notices]


def _resolve_machine(recipe: Recipe, spec: NetworkSpec, network: Network | None) -> tuple[str, str]:
    """Return device and precision: those of the loaded network, else the recipe's, resolved."""
    if network is not None:
        return network.device.type, network.precision
    device = resolve_device(recipe.device)
    return device, resolve_precision(recipe.precision, device, exact=spec.uses_external_modules)


def _resolve_octaves(
    recipe: Recipe, spec: NetworkSpec, photo: LoadedImage
) -> tuple[Recipe, str, list[str]]:
    """Validate the objective, and determine the octaves.

    Returns:
        The recipe with its number of octaves, a description of them, and notices for the user.
    """
    objective = recipe.combined_objective()
    composition_size = recipe.composition_size or photo.size
    objective.check(spec, composition_size)
    notices = [
        *size_notices(recipe, photo),
        *count_notices(recipe, composition_size),
        *drawing_notices(recipe),
    ]
    recipe = recipe.with_settings({"octaves": _count_octaves(recipe, photo, composition_size)})
    plan = plan_octaves(recipe, objective, spec, photo.size)
    notices += octave_notices(plan)
    return recipe, _describe_octaves(recipe, plan), notices


def _describe_octaves(recipe: Recipe, plan: OctavePlan) -> str:
    octaves, drawing = len(plan.sizes), ""
    if recipe.draws_composition:
        octaves -= 1
        steps = plural(recipe.drawing_steps, "step")
        drawing = f"drawn in {steps} at {display_size(plan.sizes[0])}"
    refinement = f"{plural(octaves, 'octave')} of {plural(recipe.iterations, 'step')}"
    return ", ".join(filter(None, (drawing, refinement if octaves else "")))


def _load_composition(
    recipe: Recipe, photo: LoadedImage, source: ImageSource | LoadedImage, network: Network
) -> Tensor | None:
    """Load the photo at the size of the composition, if the dream refines a smaller one."""
    if not refines(recipe, photo.size) or isinstance(source, LoadedImage):
        return None
    composed = recipe.with_settings({"size": recipe.composed, "composed": None})
    return copy_inference_tensor(load_photo(composed, source).image).to(network.device)


def _count_octaves(recipe: Recipe, photo: LoadedImage, composition_size: Size) -> int:
    """Return the number of octaves: the recipe's, or one that depends on the size."""
    if recipe.draws_composition:
        if recipe.scale != "medium":
            raise RecipeError(
                f"{option('scale')} is for dreams that grow in octaves; {option('extent')} is the "
                "size of a thing that is drawn"
            )
        return recipe.octaves
    if recipe.count is not None:
        octaves = octaves_for_count(composition_size, recipe.count, recipe.octave_scale)
    elif recipe.has_default_octaves:
        octaves = recipe.octaves
        if recipe.size is not None and recipe.recipe_version > 1:
            usual = usual_size(photo)
            octaves = default_octaves(octaves, composition_size, usual, recipe.octave_scale)
    else:
        return recipe.octaves
    return scaled_octaves(octaves, recipe.scale, recipe.octave_scale)


def _resolve_objective(recipe: Recipe, context: DreamTermContext) -> tuple[Objective, list[str]]:
    """Replace terms that depend on the image, and tell the user by what."""
    requested = parse_objective(recipe.objective, context.network.find_label)
    objective = requested.resolve(context)
    objective.check_references(context)
    if objective == requested:
        return objective, []
    return objective, [f"{requested} is {objective} for this image"]


def _photo_reference(
    recipe: Recipe,
    photo: LoadedImage,
    source: ImageSource | LoadedImage,
    result_folder: Path | None,
) -> dict[str, object]:
    """Return the setting of the photo, unless the recipe already refers to one."""
    if isinstance(recipe.photo, FileReference):
        return {}
    if isinstance(source, str) and source in STARTING_IMAGES:
        return {"photo": source}
    return {"photo": create_reference(photo, source, result_folder)}


def _mask_and_guide_references(
    recipe: Recipe,
    files: InputFiles,
    mask: LoadedImage | None,
    guides: dict[str, LoadedImage],
    result_folder: Path | None,
) -> dict[str, object]:
    """Return the settings of mask and guides, unless the recipe already refers to them."""
    settings: dict[str, object] = {}
    if mask is not None and not isinstance(recipe.mask, FileReference):
        settings["mask"] = create_reference(mask, files.mask, result_folder)
    if guides and not recipe.guides:
        settings["guides"] = tuple(
            create_reference(guide, files.guides[name], result_folder).model_copy(
                update={"name": name}
            )
            for name, guide in guides.items()
        )
    return settings

"""``redo``: repeats a dream or a portrait from its file."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from puppyslug.engine.dream import run_dream, unchanged_threads
from puppyslug.engine.preparation import prepare
from puppyslug.engine.recipe_inputs import register_finetuned_networks
from puppyslug.engine.redo import find_dream_inputs
from puppyslug.errors import RecipeError, option
from puppyslug.images import read_recipe_text
from puppyslug.isolation.torch_state import isolated
from puppyslug.networks.external import trust
from puppyslug.networks.finetuned import strip_folders
from puppyslug.networks.network import Network
from puppyslug.recipe import (
    InputFiles,
    PortraitRecipe,
    extract_files,
    is_portrait,
    parse_settings,
)
from puppyslug.recipe.settings import PORTRAIT_KEY
from puppyslug.visualization.portrait import draw_portrait, load_portrait_network

PORTRAIT_SETTINGS = ("size", "device", "network", "weights", "labels")  # that redo can change


@isolated
def redo(
    path: str | Path,
    *,
    photo: Any = None,
    mask: Any = None,
    guides: Sequence[Any] = (),
    network: Network | str | None = None,
    on_step: Callable[[Any], object] | None = None,
    **settings: object,
) -> Image.Image:
    """Repeat a dream or a portrait, or render it at another size.

    On the same machine, the pixels are identical.

    Args:
        path: an image file that puppyslug saved.
        photo: the photo, as a file or a Pillow image, if it is neither beside the dream nor in its
            original folder.
        mask: likewise, the mask.
        guides: likewise, the guides, matched by name, then by order.
        network: the network, loaded or by name, if the recipe's name does not find it, or if it is
            code of yours, which is executed.
        on_step: called with every ``DreamStep`` or ``PortraitStep``, as in ``dream``.
        settings: ``size``, ``memory`` and ``device`` may differ; ``weights`` and ``labels`` are
            the files of the recipe.

    Returns:
        The picture, as of ``dream``.

    Raises:
        PuppyslugError: the file contains no recipe, or what it needs is missing or has changed.
    """
    path = Path(path)
    text = read_recipe_text(path)
    loaded = network if isinstance(network, Network) else None
    if network is not None and loaded is None:
        settings["network"] = network
        trust(str(network))
    if is_portrait(parse_settings(text)):
        refuse_files(path, {"photo": photo, "mask": mask, "guide": guides or None})
        recipe, files = find_portrait_inputs(path, text, settings, loaded)
        with unchanged_threads():
            ready = load_portrait_network(recipe, files, loaded)
            return draw_portrait(recipe, ready, on_step).to_pil()
    spec = None if loaded is None else loaded.spec
    inputs = find_dream_inputs(
        path, text, settings, photo=photo, mask=mask, guides=guides, network=spec
    )
    with unchanged_threads():
        prepared = prepare(*inputs, result_folder=path.parent, network=loaded)
        return run_dream(prepared, on_step)


def find_portrait_inputs(
    path: Path, text: str, settings: Mapping[str, object], network: Network | None = None
) -> tuple[PortraitRecipe, InputFiles]:
    """Find everything that draws a portrait again.

    Args:
        path: its file.
        text: the recipe inside it.
        settings: ``PORTRAIT_SETTINGS``.
        network: a network that the caller loaded.

    Raises:
        RecipeError: another network, or a setting that portraits do not have.
    """
    for name in settings:
        if name not in PORTRAIT_SETTINGS:
            raise RecipeError(f"{path} is a portrait; leave out {option(name)}")
    if "network" not in settings and network is None:
        register_finetuned_networks(parse_settings(text)[PORTRAIT_KEY], path)
    recipe = PortraitRecipe.from_json(text)
    name = str(settings.get("network", recipe.network)) if network is None else network.spec.name
    if strip_folders(name) != recipe.network:
        raise RecipeError(f"{path} was made with {recipe.network}; leave out {option('network')}")
    changes, files = extract_files(settings)
    changes = {name: changes[name] for name in ("size", "device", "labels") if name in changes}
    if "device" in changes:
        changes |= {"winograd": "steady", "kernels": "auto"}
    return recipe.with_settings(changes), files


def refuse_files(path: Path, files: Mapping[str, object]) -> None:
    """Refuse input files, by the name of their option, which portraits do not have.

    Raises:
        RecipeError: any file is not None.
    """
    for name, file in files.items():
        if file is not None:
            raise RecipeError(f"{path} is a portrait, without a {name}; leave out {option(name)}")

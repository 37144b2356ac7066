"""``dream``, the one-call interface: from a photo and settings to a picture."""

from PIL import Image

from puppyslug.engine.loop import dream_steps
from puppyslug.engine.preparation import prepare
from puppyslug.images.reader import ImageSource
from puppyslug.networks.external import trust
from puppyslug.recipe import Recipe, expand_shorthand, extract_files
from puppyslug.recipe.defaults import STARTING_IMAGE


def dream(source: ImageSource = STARTING_IMAGE, **settings: object) -> Image.Image:
    """Turn an image into a dream.

    ``dream("sky.jpg", layer="relu4_4")`` is ``puppyslug dream sky.jpg --layer relu4_4`` in Python.

    Args:
        source: an image file, a Pillow image, ``"noise"`` or ``"clouds"``.
        settings: fields of a ``Recipe``, such as ``octaves=5``; or the shorthand ``see``,
            ``layer``, ``channel`` and ``guide`` in place of ``objective``. ``mask`` and ``guide``
            can be files or Pillow images, ``weights`` and ``labels`` are files. A ``network`` such
            as ``"package.module:factory"`` is code that will be executed.

    Returns:
        The dream, of mode RGB or RGBA. Its ``info["puppyslug"]`` holds the recipe as JSON, which
        ``save_image`` writes into the file.

    Raises:
        PuppyslugError: one of its subclasses, if the image or a setting is invalid.
    """
    trust(str(settings.get("network", "")))
    settings, files = extract_files(settings)
    recipe = Recipe.complete(expand_shorthand(settings))
    prepared = prepare(recipe, source, files)
    for step in dream_steps(prepared):
        last = step
    return last.to_pil(prepared.alpha)

"""The recipe inside a picture file.

PNG keeps it in a text chunk named ``puppyslug``; JPEG, WebP and AVIF in EXIF's UserComment, which
photo viewers leave alone and editors mostly carry along; TIFF in ImageDescription, as microscopes
do, because libtiff cannot write EXIF into a compressed file.
"""

import io
import warnings
from pathlib import Path

from PIL import ExifTags, Image, PngImagePlugin

from puppyslug.errors import ImageError, RecipeError
from puppyslug.images.formats import readable_formats

RECIPE_KEY = "puppyslug"
FORMATS_WITH_RECIPE = frozenset({"PNG", "JPEG", "WEBP", "TIFF", "AVIF"})
_JPEG_ROOM = 65_000  # bytes of EXIF that a JPEG's segment can hold
_ASCII = b"ASCII\0\0\0"  # EXIF's mark for the encoding of a UserComment


def save_arguments(file_format: str, recipe_text: str | None) -> dict[str, object]:
    """The keyword arguments that make ``PIL.Image.save`` carry a recipe.

    Args:
        file_format: Pillow's name of the format, such as ``"PNG"``.
        recipe_text: the recipe as ASCII JSON, or nothing to leave it out.

    Returns:
        Arguments for ``save``; empty where there is no recipe or the format has no room for one.
    """
    if not recipe_text or file_format not in FORMATS_WITH_RECIPE:
        return {}
    if file_format == "JPEG" and len(recipe_text) > _JPEG_ROOM:
        return {}
    if file_format == "PNG":
        chunks = PngImagePlugin.PngInfo()
        chunks.add_text(RECIPE_KEY, recipe_text)
        chunks.add_text("Software", "puppyslug")
        return {"pnginfo": chunks}
    exif = Image.Exif()
    exif[ExifTags.Base.Software] = "puppyslug"
    if file_format == "TIFF":
        exif[ExifTags.Base.ImageDescription] = recipe_text
        return {"exif": exif}
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = _ASCII + recipe_text.encode(
        "ascii"
    )
    return {"exif": exif}


def read_recipe_text(path: str | Path) -> str:
    """Read the recipe that a dream carries.

    Args:
        path: a picture file that puppyslug saved.

    Returns:
        The recipe as JSON text, not yet validated.

    Raises:
        ImageError: the file is missing or is no picture.
        RecipeError: the picture carries no recipe.
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        raise ImageError(f"{path} is no file; name a dream")
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise ImageError(f"{path} does not exist; check the name") from error
    except OSError as error:
        raise ImageError(f"{path} cannot be read: {error.strerror}") from error
    return recipe_text_in(data, str(path))


def recipe_text_in(data: bytes, name: str) -> str:
    """Read the recipe in a picture's bytes, as ``read_recipe_text`` does.

    Args:
        data: of a picture file.
        name: what to call it in an error.

    Raises:
        ImageError: it is no picture.
        RecipeError: it carries no recipe.
    """
    try:
        with (
            warnings.catch_warnings(action="ignore"),
            Image.open(io.BytesIO(data), formats=readable_formats()) as picture,
        ):
            text = getattr(picture, "text", {}).get(RECIPE_KEY)
            exif = picture.getexif()
            comment = exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.UserComment)
            if picture.format == "TIFF":
                text = exif.get(ExifTags.Base.ImageDescription)
    except (
        OSError, SyntaxError, ValueError, RuntimeError, Image.DecompressionBombError
    ) as error:  # fmt: skip
        raise ImageError(f"{name} is not a picture that can be read") from error
    if text is None and isinstance(comment, bytes) and comment.startswith(_ASCII):
        text = comment.removeprefix(_ASCII).decode("ascii", errors="replace")
    if not text:
        raise RecipeError(
            f"{name} carries no recipe: it was not made by puppyslug, was made with --no-recipe, "
            "or another program dropped it"
        )
    return str(text)

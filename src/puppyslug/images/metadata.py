"""The recipe inside an image file.

PNG stores it in a text chunk named ``puppyslug``; JPEG, WebP and AVIF in the EXIF tag UserComment,
which image viewers ignore and most editors preserve; TIFF in ImageDescription, as microscopes do,
because libtiff cannot write EXIF into a compressed file.
"""

import io
import warnings
from pathlib import Path

from PIL import ExifTags, Image, PngImagePlugin

from puppyslug.errors import ImageError, MissingRecipeError, RecipeError, option
from puppyslug.images.attribution import Attribution
from puppyslug.images.exif import EXIF_DIRECTORY, IMAGE_DESCRIPTION, USER_COMMENT, find_tag
from puppyslug.images.formats import readable_formats
from puppyslug.images.png_chunks import MAX_TEXT, SIGNATURE, find_text, split_png
from puppyslug.images.tiff import is_tiff

RECIPE_KEY = "puppyslug"
FORMATS_WITH_RECIPE = frozenset({"PNG", "JPEG", "WEBP", "TIFF", "AVIF"})
_MAX_JPEG_RECIPE = 65_000  # bytes that fit into the EXIF segment of a JPEG
_ASCII_PREFIX = b"ASCII\0\0\0"  # EXIF's marker for the encoding of a UserComment


def can_store_recipe(file_format: str, recipe_text: str) -> bool:
    """Return whether a format, by Pillow's name such as ``"PNG"``, can store a recipe."""
    if file_format == "JPEG" and len(recipe_text) > _MAX_JPEG_RECIPE:
        return False
    return file_format in FORMATS_WITH_RECIPE


def metadata_save_options(
    file_format: str, recipe_text: str | None, attribution: Attribution
) -> dict[str, object]:
    """Return the keyword arguments with which ``PIL.Image.save`` stores recipe and attribution.

    Args:
        file_format: Pillow's name of the format, such as ``"PNG"``.
        recipe_text: the recipe as ASCII JSON; None or empty to store none.
        attribution: author, copyright and position; the profile is stored by ``to_profile``.

    Returns:
        Arguments for ``save``; empty if there is nothing to store or the format cannot store it.
    """
    has_recipe = bool(recipe_text) and can_store_recipe(file_format, recipe_text or "")
    if file_format not in FORMATS_WITH_RECIPE or not (has_recipe or attribution.has_tags):
        return {}
    options: dict[str, object] = {}
    exif = Image.Exif()
    attribution.write_tags(exif)
    if has_recipe and file_format == "PNG":
        chunks = PngImagePlugin.PngInfo()
        chunks.add_text(RECIPE_KEY, recipe_text or "")
        chunks.add_text("Software", "puppyslug")
        options["pnginfo"] = chunks
    elif has_recipe:
        exif[ExifTags.Base.Software] = "puppyslug"
        if file_format == "TIFF":
            exif[ExifTags.Base.ImageDescription] = recipe_text
        else:
            comment = _ASCII_PREFIX + (recipe_text or "").encode("ascii")
            exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = comment
    return (
        options if file_format == "PNG" and not attribution.has_tags else {**options, "exif": exif}
    )


def read_recipe_text(path: str | Path) -> str:
    """Read the recipe from an image file.

    Args:
        path: an image that puppyslug saved.

    Returns:
        The recipe as JSON text, not validated.

    Raises:
        ImageError: the file is missing or is not an image.
        RecipeError: the image contains no recipe.
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        raise ImageError(f"{path} is not a file; name a dream")
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise ImageError(f"{path} does not exist; check the name") from error
    except OSError as error:
        raise ImageError(f"{path} cannot be read: {error.strerror}") from error
    return extract_recipe_text(data, str(path))


def extract_recipe_text(data: bytes, name: str) -> str:
    """Extract the recipe from the bytes of an image file. The image itself is not decoded.

    Args:
        data: content of the file.
        name: name of the file, for error messages.

    Raises:
        ImageError: not an image.
        MissingRecipeError: the image contains no recipe.
        RecipeError: its recipe is damaged, or larger than a megabyte.
    """
    text = _find_recipe(data, name)
    if not text:
        raise MissingRecipeError(
            f"{name} contains no recipe: puppyslug did not make it or used {option('no-recipe')}, "
            "or it or another program removed the recipe, because the picture was modified"
        )
    if len(text) > MAX_TEXT:
        raise RecipeError(f"the recipe in {name} is damaged or larger than {MAX_TEXT // 1000} kB")
    return text


def _find_recipe(data: bytes, name: str) -> str | None:
    """Find the text of the recipe; of one that is too long, only the beginning."""
    if data.startswith(SIGNATURE):
        text = find_text(data, RECIPE_KEY)
        return text or _decode_comment(split_png(data).info.get("exif"))
    if is_tiff(data):
        description = find_tag(data, IMAGE_DESCRIPTION)
        if description is None:
            return None
        return description.data[: MAX_TEXT + 2].rstrip(b"\0").decode("utf-8", "replace")
    try:
        with (
            warnings.catch_warnings(action="ignore"),
            Image.open(io.BytesIO(data), formats=readable_formats()) as picture,
        ):
            exif = picture.info.get("exif")
    except Exception as error:  # decoders raise errors of every type for damaged files
        raise ImageError(f"{name} is not a readable image") from error
    return _decode_comment(exif)


def _decode_comment(exif: object) -> str | None:
    if not isinstance(exif, bytes):
        return None
    comment = find_tag(exif, USER_COMMENT, EXIF_DIRECTORY)
    if comment is None or not comment.data.startswith(_ASCII_PREFIX):
        return None
    return comment.data.removeprefix(_ASCII_PREFIX)[: MAX_TEXT + 1].decode("ascii", "replace")

"""Many pictures in one command: folders of photos, and names of their dreams."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from puppyslug.engine.recipe_inputs import IMAGE_SUFFIXES
from puppyslug.errors import ImageError, OutputError, suggest
from puppyslug.files.names import is_folder
from puppyslug.recipe import STARTING_IMAGES, Recipe

_FIELD = re.compile(r"\{([^{}]*)\}")
_UNSAFE = re.compile(r"[^\w.+-]+")  # characters of objectives that file names should not have
_DREAM = re.compile(r".*\.dream(-\d+)?")  # stem of a dream's default name
NAME_FIELDS = ("name", "seed", "layer", "preset", "network", "octaves", "strength", "size")


def expand_folders(names: Sequence[str]) -> list[str | Path]:
    """Replace folders by the photos in them, in the order of their names.

    Dreams under their default names are left out, so that a folder can be dreamt of twice.

    Args:
        names: photos, folders, ``"noise"`` or ``"clouds"``.

    Raises:
        ImageError: a folder contains no photos.
    """
    sources: list[str | Path] = []
    for name in names:
        if name in STARTING_IMAGES or not is_folder(Path(name)):
            sources.append(name if name in STARTING_IMAGES else Path(name))
            continue
        photos = sorted(
            path
            for path in Path(name).iterdir()
            if path.suffix.lower() in IMAGE_SUFFIXES
            and path.is_file()
            and not _DREAM.fullmatch(path.stem)
        )
        if not photos:
            raise ImageError(f"the folder {name} contains no photos; name another one")
        sources += photos
    return sources


def default_stems(sources: Sequence[str | Path]) -> dict[str | Path, str]:
    """Return the stem of each dream's default name, such as ``cat.dream``.

    Photos that differ only in their suffix keep it: ``cat-jpg.dream``.
    """
    stems = {one: one.stem if isinstance(one, Path) else one for one in sources}
    counts = Counter((one.parent if isinstance(one, Path) else "", stems[one]) for one in stems)
    for source, stem in stems.items():
        if isinstance(source, Path) and counts[(source.parent, stem)] > 1:
            stems[source] = f"{stem}-{source.suffix[1:]}"
    return {source: f"{stem}.dream" for source, stem in stems.items()}


def variation_stems(
    sources: Sequence[str | Path], variation: Mapping[str, object]
) -> dict[str | Path, str]:
    """Return default names that show what varies, such as ``cat-seed-7.dream``."""
    values = "-".join(f"{name}-{_safe(value)}" for name, value in variation.items())
    stems = default_stems(sources)
    return {one: f"{stem.removesuffix('.dream')}-{values}.dream" for one, stem in stems.items()}


def check_pattern_shows(output: Path | None, varied: Iterable[str]) -> None:
    """Check that a pattern of names has the fields that vary.

    Raises:
        OutputError: it lacks one, so several dreams would have the same name.
    """
    fields = _FIELD.findall(str(output)) if output is not None and is_pattern(output) else None
    for name in varied:
        if fields is not None and name not in fields:
            remedy = f"add {{{name}}}" if name in NAME_FIELDS else "name a folder instead"
            raise OutputError(f"{output} does not show {name}, which varies; {remedy}")


def is_pattern(output: Path | None) -> bool:
    """Return whether an output is a pattern of names, such as ``{name}-{seed}.png``."""
    return output is not None and "{" in str(output)


def fill_pattern(output: Path, source: str | Path, recipe: Recipe) -> Path:
    """Return the file that a pattern of names stands for.

    Args:
        output: the pattern, with fields of ``NAME_FIELDS`` in braces.
        source: the photo, ``"noise"`` or ``"clouds"``.
        recipe: the recipe of the dream.

    Raises:
        OutputError: there is no such field.
    """
    values: Mapping[str, object] = {
        "name": source.stem if isinstance(source, Path) else source,
        "layer": recipe.objective,
        "size": recipe.size or "",
        **{name: getattr(recipe, name) for name in NAME_FIELDS if name not in {"name", "layer"}},
    }

    def fill(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise OutputError(
                f"{output} names the field {match[1]!r}; {suggest(match[1], NAME_FIELDS)}"
            )
        value = values[match[1]]
        return str(value) if match[1] == "name" else _safe(value)

    return Path(_FIELD.sub(fill, str(output)))


def _safe(value: object) -> str:
    return _UNSAFE.sub("_", str(value)).strip("_")


def make_output_folder(output: Path | None, *, several: bool) -> None:
    """Create the folder that results are saved in, if it is missing.

    Args:
        output: value of the option ``-o``: a pattern, a folder, or a file, for which no folder is
            created. What has no suffix is a folder.
        several: whether there are several results, so that a file will not do.

    Raises:
        OutputError: the folder cannot be created, or a file is named for several results.
    """
    if output is None or is_folder(output):
        return
    if several and output.suffix and not is_pattern(output):
        raise OutputError(
            f"{output} is not a folder; several dreams need a folder as -o, or a name with fields, "
            "such as '{name}-{seed}.png'"
        )
    if output.suffix and not is_pattern(output):
        return
    folder = output.parent if is_pattern(output) else output
    if is_pattern(folder):
        raise OutputError(f"{output} has fields in the name of a folder; use them in that of files")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"the folder {folder} cannot be created: {error.strerror}") from error

"""Runs commands in this process, and inspects what they write."""

import hashlib
from pathlib import Path

from PIL import Image

from puppyslug.cli import main
from puppyslug.images import read_recipe_text
from puppyslug.recipe import FileReference, Recipe


def run_failing(capsys, *arguments: str, status: int = 1) -> str:
    """Run a command that fails; return its error, which is one line on standard error."""
    capsys.readouterr()  # drop earlier output
    assert main([*arguments]) == status
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert line.startswith("error: ")
    return line


def list_files(folder: Path) -> set[str]:
    """Return the files in a folder and its subfolders, as relative paths."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def image_size(path: str | Path) -> tuple[int, int]:
    """Return (width, height) of an image file."""
    with Image.open(path) as image:
        return image.size


def read_recipe(path: str | Path) -> Recipe:
    """Return the recipe inside a dream."""
    return Recipe.from_json(read_recipe_text(Path(path)))


def reference_to(path: Path, **fields: object) -> FileReference:
    """Return the reference of a recipe to a file."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return FileReference(name=path.name, sha256=digest, **fields)

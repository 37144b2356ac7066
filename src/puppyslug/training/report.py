"""A report of a lesson: how well it went, what went wrong, and what was learnt, on one page."""

import base64
import io
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, Template
from PIL import Image
from scipy.stats import binomtest

from puppyslug.errors import ImageError
from puppyslug.files.atomic import write_whole
from puppyslug.images import load_image, to_pil
from puppyslug.images.overlays import heat_map
from puppyslug.labels import NONE
from puppyslug.networks.loader import load_network
from puppyslug.networks.network import Network
from puppyslug.objectives import Mask, see
from puppyslug.recognition.masks import mask_by_name
from puppyslug.training.session import Examined, Learnt
from puppyslug.visualization.portraits import CLASSES, portrait_steps

PORTRAITS = 16  # drawn together
MOST_PORTRAITS = 48
MOST_MISTAKES = 60
SHOWN = 3  # pictures of each thing with where the network looks
THUMBNAIL = 224  # pixels, longest edge


class Written(NamedTuple):
    """How far a report is: a fraction in [0, 1], and that in words."""

    fraction: float
    place: str


def report_steps(learnt: Learnt, network_file: Path, path: Path) -> Iterator[Written]:
    """Write a report; everything is in the one file.

    Args:
        learnt: what was learnt.
        network_file: where it was saved.
        path: the report; replaced where it exists.

    Raises:
        OutputError: it cannot be written there.
    """
    network = load_network(str(network_file), winograd="steady")
    things = learnt.header.things
    portraits: dict[str, str] = {}
    drawn = things[:MOST_PORTRAITS]
    for first in range(0, len(drawn), PORTRAITS):
        some = drawn[first : first + PORTRAITS]
        objectives = [see(f'"{name}"', network.find_label) for name in some]
        steps = portrait_steps(objectives, network, size=CLASSES.size, steps=CLASSES.steps)
        for step in steps:
            done = first + len(some) * (step.step + 1) / step.steps
            yield Written(0.9 * done / len(drawn), f"portraits, step {step.step + 1}/{step.steps}")
        pictures = (to_pil(step.images[n : n + 1]) for n in range(len(some)))
        portraits |= dict(zip(some, map(_embedded, pictures), strict=True))
    yield Written(0.9, "where it looks")
    text = _template().render(
        file=network_file.name,
        command=f"puppyslug dream --network {shlex.quote(str(network_file.name))}",
        header=learnt.header,
        rows=[*things, NONE],
        accuracy=_accuracy(learnt),
        notices=learnt.collection.notices,
        mistakes=[_mistake(one) for one in _mistakes(learnt)[:MOST_MISTAKES]],
        more_mistakes=max(0, len(_mistakes(learnt)) - MOST_MISTAKES),
        things=[_thing(learnt, number, network, portraits) for number in range(len(things))],
    )
    write_whole(path, text.encode())


def _accuracy(learnt: Learnt) -> dict[str, Any] | None:
    """How many of those held out were right, with Wilson's interval of 95 %."""
    held = learnt.header.held
    if held is None:
        return None
    total = sum(map(sum, held.counts))
    right = sum(row[index] for index, row in enumerate(held.counts))
    low, high = binomtest(right, total).proportion_ci(method="wilson")
    return {"right": right, "total": total, "share": right / total, "low": low, "high": high,
            "unsure": sum(held.unsure)}  # fmt: skip


def _mistakes(learnt: Learnt) -> list[Examined]:
    """What was taken for something else, the surest first."""
    wrong = [one for one in learnt.examined if one.thing != one.taken_for]
    return sorted(wrong, key=lambda one: -one.probability)


def _mistake(one: Examined) -> dict[str, Any]:
    return {**one._asdict(), "name": one.picture.path.name, "shown": _thumbnail(one.picture.path)}


def _thing(
    learnt: Learnt, number: int, network: Network, portraits: dict[str, str]
) -> dict[str, Any]:
    """What the report says of a thing."""
    name = learnt.header.things[number]
    own = [one for one in learnt.examined if one.thing == name][:SHOWN]
    where = [_where(one, name, network) for one in own]
    return {
        "name": name,
        "pictures": learnt.header.pictures[number],
        "portrait": portraits.get(name),
        "opinions": learnt.opinions[number] if learnt.opinions else (),
        "where": [one for one in where if one],
        "command": f"--see {shlex.quote(name)}",
    }


def _where(one: Examined, name: str, network: Network) -> str:
    """A picture that glows where the network sees its thing."""
    try:
        image = load_image(one.picture.path, longest=THUMBNAIL).image
    except ImageError:  # it went away meanwhile
        return ""
    mask = Mask(see(f'"{name}"', network.find_label).seen[0])
    return _embedded(heat_map(image, mask_by_name(mask, network, image)))


def _thumbnail(path: Path) -> str:
    try:
        return _embedded(to_pil(load_image(path, longest=THUMBNAIL).image))
    except ImageError:  # it went away meanwhile
        return ""


def _embedded(picture: Image.Image) -> str:
    """A picture as a data URI."""
    data = io.BytesIO()
    picture.save(data, "WEBP", quality=80)
    return f"data:image/webp;base64,{base64.b64encode(data.getvalue()).decode()}"


@cache
def _template() -> Template:
    loader = PackageLoader("puppyslug.training", "")
    return Environment(loader=loader, autoescape=True).get_template("report.html")

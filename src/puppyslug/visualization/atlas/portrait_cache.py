"""The portraits of an atlas, drawn batch by batch and kept, so that nothing is drawn twice."""

import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

from PIL import Image
from torch import Tensor

from puppyslug.errors import OutputError
from puppyslug.files.atomic import write_whole
from puppyslug.files.locks import release, take
from puppyslug.images import save_image, to_pil
from puppyslug.networks.network import Network
from puppyslug.networks.specs import CLASS_MAP
from puppyslug.objectives import Objective, SeeTerm, channel
from puppyslug.visualization.portraits import portrait_steps

BATCH = 16  # portraits at a time: as fast as more, and little is lost when one is broken off


@dataclass(frozen=True)
class Job:
    """All that decides the portraits of an atlas.

    Attributes:
        network: the network's name.
        layer: the layer's, ``"labels"`` for classes.
        weights: the weights' SHA-256.
        channels: how many portraits there are.
        size: their edge, in pixels.
        steps: of each.
        seed: another number gives other portraits.
        precision: what is computed in.
        winograd: fewest channels for which 3×3 convolutions go by Winograd's method, 0 for none.
        batch: how many are drawn at a time.
    """

    network: str
    layer: str
    weights: str
    channels: int
    size: int
    steps: int
    seed: int
    precision: str
    winograd: int
    batch: int = BATCH

    @property
    def batches(self) -> list[range]:
        """The channels, as they are drawn together."""
        return [
            range(first, min(first + self.batch, self.channels))
            for first in range(0, self.channels, self.batch)
        ]


class Drawn(NamedTuple):
    """How far a batch is.

    Attributes:
        fraction: of it, in [0, 1].
        images: N×3×size×size RGB in [0, 1] once it is whole, else None.
    """

    fraction: float
    images: Tensor | None


Draw = Callable[[Sequence[range]], Iterable[tuple[range, Drawn]]]  # batches, one by one or at once


def objective_of(network: Network, layer: str, number: int) -> Objective:
    """What portrays a channel of a layer: itself, or the class that it stands for."""
    name = network.spec.layer(layer).name
    if name != CLASS_MAP or network.vocabulary is None:
        return channel(layer, number)
    return Objective(((1.0, SeeTerm(CLASS_MAP, network.vocabulary.labels[number])),))


def draw_batch(network: Network, job: Job, channels: Sequence[int]) -> Iterator[Drawn]:
    """Draw the portraits of some channels.

    Args:
        network: loaded as the job says.
        job: how to draw them.
        channels: their numbers.

    Yields:
        How far they are, after every step.
    """
    drawn = portrait_steps(
        [objective_of(network, job.layer, number) for number in channels],
        network,
        size=job.size,
        steps=job.steps,
        seed=job.seed,
    )
    for step in drawn:
        whole = step.step + 1 == step.steps
        yield Drawn((step.step + 1) / step.steps, step.images if whole else None)


def in_turn(network: Network, job: Job) -> Draw:
    """Draw one batch after the other, in this process."""
    return lambda batches: (
        (batch, drawn) for batch in batches for drawn in draw_batch(network, job, batch)
    )


class Drawings:
    """The portraits so far, in a folder that one process has to itself.

    Attributes:
        folder: of the atlas; it keeps the portraits in one inside.
        job: what they are of.
    """

    def __init__(self, folder: Path, job: Job, *, fresh: bool = False) -> None:
        """Open the folder, or make it.

        Args:
            folder: of the atlas.
            job: what they are of.
            fresh: throw away what an earlier build left.

        Raises:
            OutputError: portraits of another job are there, another process builds there, or the
                folder cannot be written.
        """
        self.folder = folder
        self.job = job
        self._portraits = folder / "portraits"
        note = self._portraits / "job.json"
        try:
            self._portraits.mkdir(parents=True, exist_ok=True)
            if not take(folder / "lock"):
                raise OutputError(f"{folder} is being built by another puppyslug; wait for it")
            if fresh:
                for file in self._portraits.iterdir():
                    file.unlink()
            if note.exists():
                self._compare(note)
            else:
                write_whole(note, json.dumps(asdict(job), indent=1).encode())
        except OSError as error:
            raise OutputError(f"{folder} cannot hold an atlas: {error.strerror}") from error

    def _compare(self, note: Path) -> None:
        try:
            earlier = dict(json.loads(note.read_text(encoding="utf-8")))
        except (ValueError, TypeError) as error:
            raise OutputError(f"{note} is damaged; start again with --force") from error
        own = asdict(self.job)
        if other := [name for name in own if own[name] != earlier.get(name)]:
            raise OutputError(
                f"{self._portraits} holds portraits of an unfinished atlas with another "
                f"{', '.join(other)}; use the same to go on, or --force to start again"
            )

    def missing(self) -> list[range]:
        """The batches that are not whole."""
        return [
            batch
            for batch in self.job.batches
            if not all(self._path(number).exists() for number in batch)
        ]

    def draw(self, draw: Draw) -> Iterator[tuple[float, range]]:
        """Draw what is missing.

        Args:
            draw: draws batches, in any order.

        Yields:
            How many portraits are done, parts of them included; and those that came on last.

        Raises:
            OutputError: a portrait cannot be kept, for want of room.
        """
        missing = self.missing()
        done = self.job.channels - sum(map(len, missing))
        parts: dict[range, float] = {}
        for batch, drawn in draw(missing):
            parts[batch] = drawn.fraction * len(batch)
            yield done + sum(parts.values()), batch
            if drawn.images is not None:
                self.keep(batch, drawn.images)

    def keep(self, batch: range, images: Tensor) -> None:
        """Write the portraits of a batch."""
        for number, image in zip(batch, images, strict=True):
            try:
                save_image(to_pil(image[None]), self._path(number), recipe_text="", overwrite=True)
            except OutputError as error:
                raise OutputError(f"{error}; the same command then goes on") from error

    def picture(self, number: int) -> Image.Image:
        """A portrait that is kept.

        Raises:
            OutputError: it is not, or is damaged.
        """
        path = self._path(number)
        try:
            with Image.open(path) as picture:
                return picture.convert("RGB")
        except OSError as error:
            raise OutputError(f"{path} is damaged; remove it, and build again") from error

    def remove(self) -> None:
        """Throw the single portraits away, once the atlas is whole."""
        shutil.rmtree(self._portraits, ignore_errors=True)

    def close(self) -> None:
        """Let others build here."""
        release(self.folder / "lock")

    def _path(self, number: int) -> Path:
        return self._portraits / f"{number:05d}.png"

"""The finished portraits of an unfinished atlas, on disk, so that a build can resume."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from PIL import Image
from torch import Tensor

from puppyslug.errors import OutputError, option
from puppyslug.files.atomic import write_atomically
from puppyslug.files.locks import acquire, release
from puppyslug.images import save_image, to_pil
from puppyslug.visualization.atlas.plan import AtlasPlan
from puppyslug.visualization.atlas.renderer import BatchRenderer


class PortraitCache:
    """The portraits that have been rendered so far; only one process can open it at a time.

    Attributes:
        folder: folder of the atlas; the portraits are in a subfolder until the atlas is finished.
        plan: the plan of the atlas.
    """

    def __init__(self, folder: Path, plan: AtlasPlan, *, restart: bool = False) -> None:
        """Lock the folder, which is created if needed.

        Args:
            folder: folder of the atlas.
            plan: the plan of the atlas.
            restart: whether to delete the portraits of an earlier build.

        Raises:
            OutputError: the folder contains portraits of another plan, is in use by another
                process, or cannot be written.
        """
        self.folder = folder
        self.plan = plan
        self._portraits = folder / "portraits"
        plan_file = self._portraits / "job.json"
        try:
            self._portraits.mkdir(parents=True, exist_ok=True)
            if not acquire(folder / "lock"):
                raise OutputError(f"{folder} is in use by another puppyslug process; wait for it")
            if restart:
                for file in self._portraits.iterdir():
                    file.unlink()
            if plan_file.exists():
                self._check_plan(plan_file)
            else:
                write_atomically(plan_file, json.dumps(asdict(plan), indent=1).encode())
        except OSError as error:
            raise OutputError(f"cannot write the atlas to {folder}: {error.strerror}") from error

    def _check_plan(self, plan_file: Path) -> None:
        try:
            earlier = dict(json.loads(plan_file.read_text(encoding="utf-8")))
        except (ValueError, TypeError) as error:
            raise OutputError(
                f"{plan_file} is damaged; start again with {option('force')}"
            ) from error
        own = asdict(self.plan)
        if different := [name for name in own if own[name] != earlier.get(name)]:
            raise OutputError(
                f"{self._portraits} contains portraits of an unfinished atlas with different "
                f"{', '.join(different)}; use the same values to resume, or {option('force')} to "
                "restart"
            )

    def missing_batches(self) -> list[range]:
        """Return the batches of which a portrait is missing."""
        return [
            batch
            for batch in self.plan.batches
            if not all(self._path(number).exists() for number in batch)
        ]

    def render_missing(self, render: BatchRenderer) -> Iterator[tuple[float, range]]:
        """Render and save the missing batches.

        Args:
            render: renders batches, in any order.

        Yields:
            The number of finished portraits, including fractions of unfinished ones; and the
            batch that advanced last.

        Raises:
            OutputError: a portrait cannot be saved, for example because the disk is full.
        """
        missing = self.missing_batches()
        finished = self.plan.channels - sum(map(len, missing))
        partial: dict[range, float] = {}
        for batch, progress in render(missing):
            partial[batch] = progress.fraction * len(batch)
            yield finished + sum(partial.values()), batch
            if progress.images is not None:
                self._save(batch, progress.images)

    def _save(self, batch: range, images: Tensor) -> None:
        for number, image in zip(batch, images, strict=True):
            try:
                save_image(to_pil(image[None]), self._path(number), recipe_text="", overwrite=True)
            except OutputError as error:
                raise OutputError(f"{error}; then repeat the command to resume") from error

    def load(self, number: int) -> Image.Image:
        """Load a portrait as an RGB image.

        Raises:
            OutputError: the portrait is missing or damaged.
        """
        path = self._path(number)
        try:
            with Image.open(path) as picture:
                return picture.convert("RGB")
        except OSError as error:
            raise OutputError(
                f"{path} is missing or damaged; delete it and build the atlas again"
            ) from error

    def clear(self) -> None:
        """Delete the portraits."""
        shutil.rmtree(self._portraits, ignore_errors=True)

    def close(self) -> None:
        """Release the lock on the folder."""
        release(self.folder / "lock")

    def _path(self, number: int) -> Path:
        return self._portraits / f"{number:05d}.png"

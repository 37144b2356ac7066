"""The path of a film through a command: checkpoint, preparation, frames, encoded file."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from puppyslug.cli.dream_job import prepare_dream
from puppyslug.cli.film_progress import FilmProgress
from puppyslug.cli.messages import EXIT_INTERRUPTED, format_duration, print_message
from puppyslug.errors import OutputError, PuppyslugError, plural
from puppyslug.recipe import FrameValues, InputFiles, Recipe
from puppyslug.recipe.curves import objectives_in
from puppyslug.recipe.defaults import FILM_QUALITY

if TYPE_CHECKING:
    from puppyslug.engine.prepared_dream import PreparedDream
    from puppyslug.images.reader import ImageSource
    from puppyslug.video.assembly import FilmLayout
    from puppyslug.video.checkpoint import FrameCheckpoint
    from puppyslug.video.frames import Pixels, RenderedFrame


@dataclass(frozen=True)
class FilmJob:
    """A film to render.

    Attributes:
        kind: name of the command: zoom, journey or film.
        output: path of the film.
        recipe: the recipe before preparation.
        inputs: everything else that determines the frames, as JSON.
        source: the file that the film is made from, or None.
        quality: video quality, 0 to 100.
        no_recipe: whether to leave the recipe out of the file.
        force: whether to replace an existing film, and start an interrupted one again.
        quiet: whether to print neither progress nor notices.
        values: values of the recipe's curves for each frame.
    """

    kind: str
    output: Path
    recipe: Recipe
    inputs: dict[str, Any] = field(default_factory=dict)
    source: Path | None = None
    quality: int = FILM_QUALITY
    no_recipe: bool = False
    force: bool = False
    quiet: bool = False
    values: FrameValues | None = None

    def start(
        self, image: "ImageSource", files: InputFiles
    ) -> "tuple[FrameCheckpoint, PreparedDream]":
        """Open the checkpoint and prepare the dream.

        A resumed film uses the recipe that its first run has resolved.

        Args:
            image: the first image.
            files: mask, guides, weights and labels.

        Raises:
            OutputError: the film cannot be written, or the checkpoint belongs to another job.
        """
        from puppyslug.video.assembly import check_video_path
        from puppyslug.video.checkpoint import FrameCheckpoint

        check_video_path(self.output, force=self.force, source=self.source)
        job = {"kind": self.kind, **json.loads(self.recipe.to_json()), **self.inputs}
        checkpoint = FrameCheckpoint(self.output, job, restart=self.force)
        resolved = checkpoint.folder / "resolved.json"
        try:
            recipe = self.recipe
            if resolved.exists():
                recipe = _read_resolved_recipe(resolved)
                print_message(f"resuming from {checkpoint.folder}", quiet=self.quiet)
            prepared = prepare_dream(recipe, image, files, allow_empty_mask=True, quiet=self.quiet)
        except BaseException:
            if not resolved.exists():
                checkpoint.delete()  # it is still empty
            raise
        resolved.write_text(prepared.recipe.to_json(), encoding="utf-8")
        return checkpoint, prepared

    def print_estimate(
        self,
        checkpoint: "FrameCheckpoint",
        prepared: "PreparedDream",
        frames: int,
        done: int,
        *,
        frame_cost: float = 1.0,
    ) -> None:
        """Check the disk space, and print the estimated time and disk space.

        Args:
            checkpoint: the checkpoint, which is deleted if it is empty and there is no space.
            prepared: the prepared dream.
            frames: number of frames.
            done: number of frames that are stored already.
            frame_cost: time per frame, relative to a still image.

        Raises:
            OutputError: there is too little disk space for the frames.
        """
        from puppyslug.video.assembly import check_disk_space

        try:
            disk_space = check_disk_space(self.output, prepared.size, frames, done)
        except OutputError:
            if not done:
                checkpoint.delete()
            raise
        if self.quiet:
            return
        keyframes = {change.frame for change in prepared.recipe.schedule}
        for late in sorted(frame for frame in keyframes if frame >= frames):
            print_message(
                f"the keyframe at {late} is after the last frame, {frames - 1}; the film ends on "
                "the way to it"
            )
        seconds = _estimate_seconds_per_frame(prepared) * frame_cost * (frames - done)
        stored = f", {done} already rendered" if done else ""
        time = format_duration(seconds)
        print_message(
            f"{plural(frames, 'frame')}{stored}; {prepared.plan}: about {time}; "
            f"up to {max(1, round(disk_space / 1e6))} MB in {checkpoint.folder.name} until the "
            "film is complete"
        )

    def render(
        self,
        checkpoint: "FrameCheckpoint",
        rendered: "Iterable[tuple[str, RenderedFrame]]",
        frames: int,
        done: int,
    ) -> bool:
        """Render and store the missing frames, with a progress bar.

        Args:
            checkpoint: the checkpoint.
            rendered: names of parts and their frames, as in ``save_frames``.
            frames: number of frames.
            done: number of frames that are stored already.

        Returns:
            Whether all frames are stored; False after Ctrl-C.
        """
        from puppyslug.video.assembly import save_frames

        latest = checkpoint.folder / "latest.png"
        progress = FilmProgress(self.output, latest, frames, done, quiet=self.quiet)
        try:
            with progress:
                save_frames(checkpoint, rendered, progress.add_frame)
        except KeyboardInterrupt:
            print_message(
                f"interrupted after {progress.done} of {frames} frames, which are stored in "
                f"{checkpoint.folder}; run the same command to resume",
                quiet=self.quiet,
            )
            return False
        return True

    def check_encoding(
        self, checkpoint: "FrameCheckpoint", prepared: "PreparedDream", layout: "FilmLayout"
    ) -> "FilmLayout":
        """Check that the film can be written, before its first frame is rendered.

        Args:
            checkpoint: the checkpoint, which is deleted if it is empty and the film cannot be.
            prepared: the prepared dream.
            layout: everything else that the film is made of.

        Returns:
            The layout, without the sound if that cannot be written.

        Raises:
            OutputError: the film cannot be written.
        """
        from puppyslug.video.assembly import check_encoding

        try:
            layout, notices = check_encoding(
                self.output,
                prepared.size,
                layout,
                comment=self._comment(prepared),
                quality=self.quality,
            )
        except OutputError:
            if not checkpoint.has_frames:
                checkpoint.delete()
            raise
        for notice in notices:
            print_message(notice, quiet=self.quiet)
        return layout

    def encode(
        self,
        checkpoint: "FrameCheckpoint",
        frames: "Iterator[Pixels]",
        prepared: "PreparedDream",
        layout: "FilmLayout",
    ) -> int:
        """Encode the film, and print its path; the arguments are those of ``encode_film``.

        Returns:
            0, or 130 after Ctrl-C.
        """
        from puppyslug.video.assembly import encode_film

        try:
            encode_film(
                self.output,
                checkpoint,
                frames,
                comment=self._comment(prepared),
                layout=layout,
                quality=self.quality,
            )
        except KeyboardInterrupt:
            print_message(
                f"interrupted while {self.output} was being encoded; its frames are stored in "
                f"{checkpoint.folder}; run the same command to resume",
                quiet=self.quiet,
            )
            return EXIT_INTERRUPTED
        print(self.output)
        return 0

    def _comment(self, prepared: "PreparedDream") -> str:
        return "" if self.no_recipe else prepared.recipe.to_json()


def _estimate_seconds_per_frame(prepared: "PreparedDream") -> float:
    """Estimate the time of a still image, averaged over all objectives of the film."""
    from puppyslug.engine.estimation import estimate_seconds

    recipe = prepared.recipe
    scheduled = {str(one.value) for one in recipe.schedule if one.field == "objective"}
    scheduled |= set(objectives_in(recipe.curves))
    estimates = [
        estimate_seconds(replace(prepared, recipe=recipe.with_settings({"objective": text})))
        for text in sorted({recipe.objective, *scheduled})
    ]
    return sum(estimates) / len(estimates)


def _read_resolved_recipe(path: Path) -> Recipe:
    try:
        return Recipe.from_json(path.read_text(encoding="utf-8"))
    except (PuppyslugError, OSError, ValueError) as error:
        raise OutputError(f"{path} is damaged; start again with --force") from error

"""What zoom, journey and film have in common: the job, its progress, its end."""

import json
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from puppyslug.cli.output import printable, say
from puppyslug.cli.run import INTERRUPTED, duration, prepare_aloud
from puppyslug.errors import OutputError, PuppyslugError, RecipeError
from puppyslug.recipe.recipe import Recipe
from puppyslug.recipe.settings import Files

if TYPE_CHECKING:
    from puppyslug.engine.preparation import Prepared
    from puppyslug.images.reader import Source
    from puppyslug.video.checkpoint import Journal, Made
    from puppyslug.video.reader import Pixels

Fps = Annotated[float | None, typer.Option("--fps", metavar="N", help="frames a second")]
Quality = Annotated[
    int, typer.Option("--quality", metavar="N", min=0, max=100, help="of the film, 0 to 100")
]
At = Annotated[
    list[str] | None,
    typer.Option(
        "--at",
        metavar="FRAME:SETTING",
        help="keyframe, such as 0:relu3_4, 4s:relu5_2 or 100:zoom=1.02, or a file .json "
        "(repeatable; between two, settings are eased)",
    ),
]
NoRecipe = Annotated[
    bool, typer.Option("--no-recipe", help="leave the recipe out of the film's comment")
]
Output = Annotated[
    Path, typer.Option("-o", "--output", metavar="OUT", help="a .mp4, .webm or .gif")
]
Force = Annotated[
    bool, typer.Option("--force", help="replace OUT, and start again what was cut short")
]


def pace(fps: float | None, usual: float = 25) -> Fraction:
    """Frames a second, as given or as usual.

    Raises:
        RecipeError: none, or more than any screen shows.
    """
    given = usual if fps is None else fps
    if not 0.01 <= given <= 1000:
        raise RecipeError(f"--fps is {given:g}; give a number of frames a second, such as 25")
    return Fraction(given).limit_denominator(1001)


@dataclass
class Job:
    """One film that is being made.

    Attributes:
        output: its file.
        kind: zoom, journey or film.
        recipe: as it was asked for.
        asked: whatever else decides its frames.
        force: whether to start again.
        quiet: whether to say nothing.
        reads: what it is made from, where that is a file.
        no_recipe: whether the film does without its recipe.
    """

    output: Path
    kind: str
    recipe: Recipe
    asked: dict[str, Any]
    force: bool
    quiet: bool
    reads: Path | None = None
    no_recipe: bool = False

    def comment(self, prepared: "Prepared") -> str:
        """The text that the film carries: its recipe."""
        return "" if self.no_recipe else prepared.recipe.to_json()

    def begin(self, source: "Source", files: Files | None = None) -> "tuple[Journal, Prepared]":
        """Open the journal and prepare; what a first run resolved, a later one keeps to.

        Raises:
            OutputError: the film cannot be written, or frames of another one are in its place.
        """
        from puppyslug.video.assembly import check_film
        from puppyslug.video.checkpoint import Journal

        check_film(self.output, force=self.force, read=self.reads)
        job = {"kind": self.kind, **json.loads(self.recipe.to_json()), **self.asked}
        journal = Journal(self.output, job, fresh=self.force)
        resolved = journal.folder / "resolved.json"
        try:
            recipe = self.recipe
            if resolved.exists():
                recipe = _resolved(resolved)
                say(f"going on with what is in {journal.folder}", quiet=self.quiet)
            prepared = prepare_aloud(recipe, source, files, quiet=self.quiet)
        except BaseException:
            if not resolved.exists():
                journal.remove()  # nothing has been made yet
            raise
        resolved.write_text(prepared.recipe.to_json(), encoding="utf-8")
        return journal, prepared

    def announce(
        self,
        journal: "Journal",
        prepared: "Prepared",
        frames: int,
        done: int,
        share: float = 1.0,
    ) -> None:
        """Say before the start what a film takes.

        Args:
            journal: where its frames are kept.
            prepared: how it is dreamt.
            frames: how many it has.
            done: how many of them are made.
            share: of a still's time that a frame takes.

        Raises:
            OutputError: the disk has no room for the frames.
        """
        from puppyslug.video.assembly import check_room

        size = (prepared.image.shape[-2], prepared.image.shape[-1])
        try:
            needed = check_room(self.output, size, frames, done)
        except OutputError:
            if not done:
                journal.remove()
            raise
        if self.quiet:
            return
        seconds = _seconds_a_frame(prepared) * share * (frames - done)
        for late in sorted({one.frame for one in prepared.recipe.schedule if one.frame >= frames}):
            say(f"the keyframe at {late} is past the film's end, at {frames - 1}; it is approached")
        went = f", {done} of them made" if done else ""
        room = f"up to {max(1, round(needed / 1e6))} MB in {self.output.name}.frames"
        say(
            f"{frames} {'frame' if frames == 1 else 'frames'}{went}; {prepared.plan}: about "
            f"{duration(seconds)}; {room} until it is done"
        )

    def make(
        self, journal: "Journal", made: "Iterable[tuple[str, Made]]", frames: int, done: int
    ) -> bool:
        """Make all frames that are missing, showing how far it is.

        Args:
            journal: where they are kept.
            made: names of parts and their frames, as ``keep_all`` takes them.
            frames: how many there are in all.
            done: how many of them are made.

        Returns:
            Whether Ctrl-C came; what is made by then is kept.
        """
        from puppyslug.video.assembly import keep_all

        shown = sys.stderr.isatty() and not self.quiet
        progress = _Progress(self.output, journal.folder / "latest.png", frames, shown=shown)
        try:
            with progress:
                progress.skip(done)
                keep_all(journal, made, progress.kept)
        except KeyboardInterrupt:
            say(
                f"interrupted after {progress.done} of {frames} frames, which are kept in "
                f"{journal.folder}; the same command goes on",
                quiet=self.quiet,
            )
            return True
        return False

    def finish(self, journal: "Journal", write: Callable[[], None]) -> int:
        """Write the film from its frames; the exit status."""
        try:
            write()
        except KeyboardInterrupt:
            say(
                f"interrupted while {self.output} was written; all its frames are kept in "
                f"{journal.folder}, and the same command goes on",
                quiet=self.quiet,
            )
            return INTERRUPTED
        print(self.output)
        return 0


def _seconds_a_frame(prepared: "Prepared") -> float:
    """A guess for a frame that is dreamt like a picture, over all objectives of the film."""
    from dataclasses import replace

    from puppyslug.engine.preparation import estimate_seconds

    changes = prepared.recipe.schedule
    texts = {str(change.value) for change in changes if change.field == "objective"}
    guesses = [
        estimate_seconds(
            replace(prepared, recipe=prepared.recipe.with_settings({"objective": text}))
        )
        for text in sorted({prepared.recipe.objective, *texts})
    ]
    return sum(guesses) / len(guesses)


def _resolved(path: Path) -> Recipe:
    try:
        return Recipe.from_json(path.read_text(encoding="utf-8"))
    except (PuppyslugError, OSError, ValueError) as error:
        raise OutputError(f"{path} is damaged; start again with --force") from error


class _Progress:
    """How far a film is: a bar in a terminal, and the latest frame beside the film."""

    def __init__(self, output: Path, latest: Path, frames: int, *, shown: bool) -> None:
        self.done = 0
        self._frames = frames
        self._latest = latest
        self._began, self._made = time.monotonic(), 0
        self._bar: Any = None
        if shown:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn

            self._bar = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=None),
                TextColumn("{task.fields[left]}", markup=False),
                console=Console(stderr=True),
                transient=True,
                expand=True,
            )
            name = printable(output.name)
            self._task = self._bar.add_task(name[:24], total=frames, left="the first frame")

    def __enter__(self) -> "_Progress":
        (self._bar or nullcontext()).__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        (self._bar or nullcontext()).__exit__(*error)

    def skip(self, frames: int) -> None:
        self.done += frames

    def kept(self, pixels: "Pixels") -> None:
        from PIL import Image

        self.done += 1
        self._made += 1
        partial = self._latest.with_suffix(".part")
        try:
            Image.fromarray(pixels).save(partial, "PNG", compress_level=1)
            partial.replace(self._latest)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise OutputError(f"{self._latest} cannot be written: {error.strerror}") from error
        text = f"frame {self.done}/{self._frames}"
        if self._made == 1:  # it takes longer than all others
            self._began = time.monotonic()
        else:
            pace = (self._made - 1) / (time.monotonic() - self._began)
            left = duration((self._frames - self.done) / pace)
            text += f"  {pace:.2f} fps  {left} left"
        if self._bar is not None:
            self._bar.update(self._task, completed=self.done, left=text)

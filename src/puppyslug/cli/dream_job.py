"""The path of one image through a command: destination, preparation, steps, saved file."""

from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from puppyslug.cli.batch import fill_pattern, is_pattern
from puppyslug.cli.destination import Destination, is_unused, saved_temporarily
from puppyslug.cli.dream_run import run_steps
from puppyslug.cli.messages import EXIT_INTERRUPTED, format_duration, print_message
from puppyslug.cli.resumption import keep_for_resumption, may_write, prepare_or_resume
from puppyslug.cli.weights import resolve_weights
from puppyslug.errors import ClusterError, OutputError
from puppyslug.files.names import is_folder
from puppyslug.recipe import InputFiles, Recipe

if TYPE_CHECKING:
    from puppyslug.engine.checkpoint import DreamCheckpoint
    from puppyslug.engine.prepared_dream import PreparedDream
    from puppyslug.engine.progress import DreamStep
    from puppyslug.images.reader import ImageSource
    from puppyslug.video.timelapse import TimeLapse

NO_CHANGE_NOTICE = (
    "the dream equals the photo: nothing in it activates the objective; try another channel, or "
    "the layer before the ReLU (conv4_4 for relu4_4)"
)


@dataclass(frozen=True)
class DreamJob:
    """What the dreams of one command have in common.

    Attributes:
        recipe: the complete recipe.
        files: mask, guides, weights and labels.
        recipe_file: the file that settings were read from, or None.
        output: value of the option ``-o``.
        force: whether to replace an existing file.
        print_recipe: whether to print the recipe of each dream.
        no_recipe: whether to leave the recipe out of the file.
        timelapse: path of a video of the steps, or None.
        quiet: whether to print neither progress nor notices.
        stems: default names of dreams without their suffix, by their source, if those differ from
            ``NAME.dream``.
    """

    recipe: Recipe
    files: InputFiles = field(default_factory=InputFiles)
    recipe_file: Path | None = None
    output: Path | None = None
    force: bool = False
    print_recipe: bool = False
    no_recipe: bool = False
    timelapse: Path | None = None
    quiet: bool = False
    stems: dict[str | Path, str] = field(default_factory=dict)

    def expected_path(self, source: str | Path) -> Path:
        """Return the file of a dream, whether it exists or not."""
        output = self.output
        if output is not None and is_pattern(output):
            return fill_pattern(output, source, self.recipe)
        if output is not None and not is_folder(output):
            return output
        folder = source.parent if isinstance(source, Path) else Path()
        return (output or folder) / f"{self._stem(source)}.png"

    def _stem(self, source: str | Path) -> str:
        name = source.stem if isinstance(source, Path) else source
        return self.stems.get(source, f"{name}.dream")

    def prepare(
        self, source: str | Path, reserved: set[Path] | None = None
    ) -> "tuple[Destination, PreparedDream]":
        """Choose the output file of a dream, and prepare the dream.

        Args:
            source: an image file, ``"noise"`` or ``"clouds"``.
            reserved: as in ``unused_paths``.

        Raises:
            PuppyslugError: the image cannot be read, or the dream cannot be written.
        """
        destination = self._choose_destination(source, reserved)
        prepared = prepare_dream(
            self.recipe, source, self.files, result_folder=destination.folder, quiet=self.quiet
        )
        return destination, prepared

    def dream(self, source: str | Path) -> int:
        """Dream of one image on this machine, from where an interrupted run has stopped.

        Args:
            source: as in ``prepare``.

        Returns:
            As ``render`` does.

        Raises:
            PuppyslugError: the image cannot be read, or the dream cannot be written.
        """
        destination = self._choose_destination(source, resumes=True)
        return self.dream_to(destination, source, result_folder=destination.folder)

    def dream_to(
        self,
        destination: Destination,
        source: str | Path,
        *,
        result_folder: Path | None = None,
        label: str | Path = "",
    ) -> int:
        """Dream of one image as ``dream`` does, and save the result to a chosen file.

        Args:
            destination: the output file.
            source: as in ``prepare``.
            result_folder: folder to which the recipe's paths are relative, or None.
            label: what the progress bar is labelled with, if that is not the source.
        """
        prepare = partial(
            prepare_dream,
            source=source,
            files=self.files,
            result_folder=result_folder,
            quiet=self.quiet,
        )
        if self.timelapse is not None:  # it needs all steps
            return self.render(prepare(self.recipe), destination, label or source)
        from puppyslug.engine.checkpoint import DreamCheckpoint

        checkpoint = DreamCheckpoint(destination.path, self._describe(source))
        prepared = prepare_or_resume(
            checkpoint, self.recipe, prepare, restart=self.force, quiet=self.quiet
        )
        return self.render(prepared, destination, label or source, checkpoint=checkpoint)

    def may_write(self, path: Path, source: str | Path) -> bool:
        """Return whether the dream of an image may be saved to a path; see ``resumption``."""
        if self.timelapse is not None:
            return is_unused(path)
        return may_write(path, partial(self._describe, source))

    def _describe(self, source: str | Path) -> dict[str, Any]:
        from puppyslug.engine.checkpoint import describe_job

        return describe_job(self.recipe, source, self.files)

    def _choose_destination(
        self, source: str | Path, reserved: set[Path] | None = None, *, resumes: bool = False
    ) -> Destination:
        if isinstance(source, Path):
            from puppyslug.images import check_image_file

            check_image_file(source)
        destination = Destination.from_option(
            self.expected_path(source) if is_pattern(self.output) else self.output,
            folder=source.parent if isinstance(source, Path) else Path(),
            stem=self._stem(source),
            overwrite=self.force,
            reserved=reserved,
            is_free=partial(self.may_write, source=source) if resumes else is_unused,
        )
        destination.check_not_input(
            source, self.recipe_file, self.files.mask, *self.files.guides.values()
        )
        return destination

    def render(
        self,
        prepared: "PreparedDream",
        destination: Destination,
        source: str | Path,
        *,
        concurrency: int = 1,
        checkpoint: "DreamCheckpoint | None" = None,
    ) -> int:
        """Run a prepared dream, and save the result with its recipe.

        Args:
            prepared: the prepared dream.
            destination: the output file.
            source: what the progress bar is labelled with.
            concurrency: number of workers that compute each step.
            checkpoint: where the state is stored, and what it resumes from; None for neither.

        Returns:
            0, or 130 after Ctrl-C, when it is saved with a recipe that stops at its last step.

        Raises:
            ClusterError: the cluster was lost; the dream was saved likewise.
        """
        from puppyslug.images import validate_output_size

        if self.print_recipe:
            print(prepared.recipe.to_json(indent=2))
        validate_output_size(destination.path, (prepared.size[1], prepared.size[0]))
        resumed = None if checkpoint is None else checkpoint.snapshot
        if not self.quiet:
            _print_estimate(prepared, concurrency, 0.0 if resumed is None else resumed.fraction)
        recorder = self._start_timelapse(prepared)
        step, interruption = run_steps(
            prepared,
            source_name(source),
            quiet=self.quiet,
            on_step=None if recorder is None else recorder.add,
            checkpoint=checkpoint,
        )
        if step is None:
            if isinstance(interruption, ClusterError):
                raise interruption
            hint = "nothing to save" if resumed is None else "run the same command to resume"
            print_message(f"interrupted before the first step: {hint}", quiet=self.quiet)
            return EXIT_INTERRUPTED
        if interruption is not None:
            step = replace(step, recipe=step.recipe.with_settings({"stop_after": step.number}))
            place = f"octave {step.octave + 1} of {step.octaves}"
            print_message(f"interrupted in {place}; saving the dream so far", quiet=self.quiet)
        elif not step.grew:
            print_message(NO_CHANGE_NOTICE, quiet=self.quiet)
        self._save(step, prepared, destination, recorder)
        if isinstance(interruption, ClusterError):
            raise interruption
        if checkpoint is not None and interruption is None:
            checkpoint.delete()
        elif checkpoint is not None:
            keep_for_resumption(checkpoint, destination, force=self.force, quiet=self.quiet)
        return 0 if interruption is None else EXIT_INTERRUPTED

    def _save(
        self,
        step: "DreamStep",
        prepared: "PreparedDream",
        destination: Destination,
        recorder: "TimeLapse | None",
    ) -> None:
        """Save the dream and its time-lapse, each of them even if the other cannot be written."""
        failures = []
        try:
            recipe_text = "" if self.no_recipe else None
            destination.save(prepared.to_pil(step), recipe_text, quiet=self.quiet)
        except OutputError as error:
            failures.append(error)
        if recorder is not None:
            try:
                _save_timelapse(recorder, "" if self.no_recipe else step.recipe.to_json())
            except OutputError as error:
                failures.append(error)
        if failures:
            raise OutputError("; ".join(map(str, failures))) from failures[0]

    def _start_timelapse(self, prepared: "PreparedDream") -> "TimeLapse | None":
        if self.timelapse is None:
            return None
        from puppyslug.video.timelapse import TimeLapse

        recorder = TimeLapse(self.timelapse)
        recorder.check(prepared.size, "" if self.no_recipe else prepared.recipe.to_json())
        return recorder


def _print_estimate(prepared: "PreparedDream", concurrency: int, done: float) -> None:
    """Print what is dreamt, and how long the rest takes, of which a share may be done already."""
    from puppyslug.engine.estimation import estimate_seconds

    time = format_duration((1 - done) * estimate_seconds(prepared) / concurrency)
    print_message(f"{prepared.plan}: about {time}{' left' if done else ''}")


def _save_timelapse(recorder: "TimeLapse", comment: str) -> None:
    """Write the time-lapse of a dream, if necessary to a temporary folder, and print its path.

    Raises:
        OutputError: it cannot be written where it should be.
    """

    def save(path: Path) -> Path:
        return recorder.save(comment, path)

    try:
        print(recorder.save(comment))
    except OutputError as error:
        raise saved_temporarily(error, recorder.path.name, "time-lapse", save) from error


def source_name(source: str | Path) -> str:
    """Return the name of an image, for messages."""
    return source.name if isinstance(source, Path) else source


def prepare_dream(
    recipe: Recipe,
    source: "ImageSource",
    files: InputFiles | None = None,
    *,
    result_folder: Path | None = None,
    allow_empty_mask: bool = False,
    quiet: bool,
) -> "PreparedDream":
    """Prepare a dream as ``puppyslug.engine.preparation.prepare`` does, and print its notices.

    Weights that are named by their URL are downloaded.
    """
    if isinstance(source, Path):
        from puppyslug.images import check_image_file

        check_image_file(source)
    from puppyslug.engine.preparation import prepare

    if files is not None and isinstance(files.weights, str):
        files = files._replace(weights=resolve_weights(files.weights, quiet=quiet))
    prepared = prepare(
        recipe, source, files, result_folder=result_folder, allow_empty_mask=allow_empty_mask
    )
    for notice in prepared.notices:
        print_message(notice, quiet=quiet)
    return prepared

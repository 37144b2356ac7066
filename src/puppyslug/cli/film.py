"""``puppyslug film``: a film dreamt so that it holds still."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from puppyslug.cli import filming, options
from puppyslug.cli.files import with_recipe_file
from puppyslug.cli.filming import Job
from puppyslug.cli.outputs import say
from puppyslug.cli.running import INTERRUPTED
from puppyslug.errors import RecipeError
from puppyslug.keyframes import read_keyframes, with_keyframes
from puppyslug.recipe import Recipe

if TYPE_CHECKING:
    from torch import Tensor

    from puppyslug.video.making import Make
    from puppyslug.video.reading import Pixels

LONGEST = 640  # pixels, of a film's frames, unless --size says otherwise
FLOWS = ("dis", "none")

Source = Annotated[Path, typer.Argument(metavar="IN", help="a film")]
Flow = Annotated[
    str,
    typer.Option(
        "--flow", metavar="dis|none", help="dis: detail moves with the picture; none: it stays"
    ),
]


@options.takes_settings(size=f"longest edge in pixels [default: {LONGEST}]")
def film(
    source: Source,
    *,
    settings: dict[str, object],
    output: filming.Output,
    flow: Flow = "dis",
    fps: filming.Fps = None,
    at: filming.At = None,
    quality: filming.Quality = 80,
    recipe_file: options.RecipeFile = None,
    no_recipe: filming.NoRecipe = False,
    force: filming.Force = False,
    quiet: options.Quiet = False,
) -> int:
    """Dream a film, steadily: what was dreamt moves along with what it lies on.

    Its sound is kept. What was cut short goes on with the same command.
    """
    from PIL import Image

    from puppyslug.networks.cache import file_sha256
    from puppyslug.preparation import mask_for
    from puppyslug.video.filming import SHARE
    from puppyslug.video.filming import film as film_frames
    from puppyslug.video.making import assembled, check_film, finish_film, part_name
    from puppyslug.video.reading import open_clip, read_frames
    from puppyslug.video.segments import segments, survey

    if flow not in FLOWS:
        raise RecipeError(f"there is no flow {flow!r}; choose from {', '.join(FLOWS)}")
    check_film(output, force=force, read=source)
    chosen, files = with_recipe_file(
        {"size": str(LONGEST), **settings}, recipe_file, new_pictures=True
    )
    clip = open_clip(source)
    found = survey(source)
    for notice in (*clip.notices, *found.notices):
        say(notice, quiet=quiet)
    speed = clip.fps if fps is None else filming.pace(fps)
    sound = clip.has_audio and fps is None and output.suffix.lower() != ".gif"
    if clip.has_audio and not sound:
        why = "another pace" if fps is not None else "a GIF"
        say(f"the sound of {source.name} is left out: {why} has no room for it", quiet=quiet)
    recipe = with_keyframes(Recipe.complete(chosen), read_keyframes(at or [], clip.fps))
    stretches = segments(len(found.times), found.cuts)
    first = next(iter(read_frames(source))).pixels
    asked = {"film": file_sha256(source), "flow": flow}
    job = Job(output, "film", recipe, asked, force, quiet, source, no_recipe)
    journal, prepared = job.begin(Image.fromarray(first), files)
    size = (prepared.image.shape[-2], prepared.image.shape[-1])
    frames = sum(one.last - one.first for one in stretches)
    done = sum(journal.done(part_name(index)) for index in range(len(stretches)))
    job.announce(journal, prepared, frames, done, share=SHARE)
    remask = None
    if isinstance(prepared.recipe.mask, str):

        def remask(image: "Tensor") -> "Tensor | None":
            return mask_for(prepared.recipe, prepared.network, image)[0]

    def parts() -> "Iterator[tuple[str, Make]]":
        for index, one in enumerate(stretches):
            if journal.done(part_name(index)) == one.last - one.first:
                continue
            pictures = _resized(source, one.first, size)
            yield (
                part_name(index),
                lambda state, one=one, pictures=pictures: film_frames(  # type: ignore[misc]
                    prepared,
                    pictures,
                    one,
                    state=state,
                    remask=remask,
                    by_flow=flow == "dis",
                ),
            )

    if job.make(journal, parts, frames):
        return INTERRUPTED
    even = all(time == number / clip.fps for number, time in enumerate(found.times))
    return job.finish(
        journal,
        lambda: finish_film(
            output,
            journal,
            assembled(journal, stretches),
            comment=job.comment(prepared),
            fps=speed,
            times=None if even or fps is not None else found.times,
            quality=quality,
            audio_from=source if sound else None,
        ),
    )


def _resized(source: Path, first: int, size: tuple[int, int]) -> "Iterator[Pixels]":
    """A film's frames from one on, at the size at which they are dreamt."""
    import cv2
    import numpy as np

    from puppyslug.video.reading import read_frames

    for frame in islice(read_frames(source), first, None):
        if frame.pixels.shape[:2] == size:
            yield frame.pixels
        else:
            small = cv2.resize(frame.pixels, size[::-1], interpolation=cv2.INTER_AREA)
            yield np.asarray(small, np.uint8)

"""``puppyslug film``: a film dreamt so that it holds still."""

from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from puppyslug.cli import film_job, options
from puppyslug.cli.film_job import Job
from puppyslug.cli.output import say
from puppyslug.cli.recipe_files import with_recipe_file
from puppyslug.cli.run import INTERRUPTED
from puppyslug.errors import RecipeError, plural
from puppyslug.recipe.keyframes import read_keyframes, with_keyframes
from puppyslug.recipe.recipe import Recipe

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
    output: film_job.Output,
    flow: Flow = "dis",
    fps: film_job.Fps = None,
    at: film_job.At = None,
    quality: film_job.Quality = 80,
    recipe_file: options.RecipeFile = None,
    no_recipe: film_job.NoRecipe = False,
    force: film_job.Force = False,
    cluster: options.Cluster = None,
    quiet: options.Quiet = False,
) -> int:
    """Dream a film, steadily: what was dreamt moves along with what it lies on.

    Its sound is kept. What was cut short goes on with the same command, on a cluster or not.
    """
    from PIL import Image

    from puppyslug.cluster import connected
    from puppyslug.networks.weights.cache import file_sha256
    from puppyslug.video.assembly import assembled, check_film, finish_film, in_turn, part_name
    from puppyslug.video.film import SHARE, segment_frames
    from puppyslug.video.reader import open_clip, read_frames
    from puppyslug.video.segments import segments, survey

    if flow not in FLOWS:
        raise RecipeError(f"there is no flow {flow!r}; choose from {', '.join(FLOWS)}")
    check_film(output, force=force, read=source)
    chosen, files = with_recipe_file(
        {"size": str(LONGEST), **settings}, recipe_file, new_pictures=True
    )
    with connected(cluster) as place:
        clip = open_clip(source)
        found = survey(source)
        for notice in (*clip.notices, *found.notices):
            say(notice, quiet=quiet)
        speed = clip.fps if fps is None else film_job.pace(fps)
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
        parts = {part_name(index): one for index, one in enumerate(stretches)}
        frames = sum(one.last - one.first for one in stretches)
        done = sum(map(journal.done, parts))
        missing = {
            name: one for name, one in parts.items() if journal.done(name) < one.last - one.first
        }
        by_flow = flow == "dis"
        at_once = 1
        with ExitStack() as hired:
            if place is None:
                makes = (
                    (name, partial(segment_frames, prepared, source, one, by_flow=by_flow))
                    for name, one in missing.items()
                )
                made = in_turn(journal, makes)
            else:
                from puppyslug.cluster.film import film_frames
                from puppyslug.cluster.payload import crew_for

                tell = partial(say, quiet=quiet)
                crew = hired.enter_context(crew_for(place, prepared, files, tell=tell))
                made = film_frames(crew, prepared, source, missing, journal.state, by_flow=by_flow)
                at_once = crew.at_once(len(missing))
                tell(f"{plural(len(missing), 'segment')}, {at_once} at once")
            job.announce(journal, prepared, frames, done, share=SHARE / at_once)
            if job.make(journal, made, frames, done):
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

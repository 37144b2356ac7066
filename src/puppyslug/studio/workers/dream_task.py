"""One dream or lesson of the studio, from its files to its files, in a worker process."""

import io
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image

from puppyslug.engine.loop import DreamStep, check_changes, dream_prepared
from puppyslug.engine.preparation import Prepared, prepare
from puppyslug.errors import PuppyslugError
from puppyslug.images import fit, save_image, to_pil
from puppyslug.recipe.recipe import Recipe
from puppyslug.recipe.settings import Files
from puppyslug.studio.jobs.models import Dream, Progress
from puppyslug.studio.jobs.networks import Networks
from puppyslug.studio.jobs.storage import BEFORE, FILM, RESULT, THUMBNAIL
from puppyslug.studio.workers.protocol import CancelledError, Controls, Task
from puppyslug.video.assembly import finish_film, in_turn, keep_all
from puppyslug.video.checkpoint import Journal
from puppyslug.video.zoom import zoom

PREVIEW = 768  # pixels, its longest edge
BEFORE_LONGEST = 1600
THUMBNAIL_LONGEST = 400
APART = 0.25  # seconds from one preview to the next, at least
SHARE = 0.03  # of the time that previews may take
QUALITY = 82  # of previews, 0 to 100


def dream_task(task: Task, controls: Controls) -> None:
    """Dream a task to its end, or teach it, whatever that is, and say so."""
    try:
        if task.dream.lesson is not None:
            from puppyslug.studio.workers.training_task import learn  # which is seldom needed

            learn(task, controls)
            controls.say("done")
        else:
            _dream(task, controls)
    except CancelledError:
        controls.say("cancelled")
    except PuppyslugError as error:
        controls.say("failed", str(error))
    except MemoryError:
        controls.say("failed", "there is not enough memory; take a smaller size, or fewer pictures")
    except Exception as error:  # the server is told, and the next dream may fare better
        text = " ".join(str(error).split())[:300]
        controls.say("failed", f"unexpected {type(error).__name__}: {text}")


def _dream(task: Task, controls: Controls) -> None:
    dream, folder = task.dream, task.folder
    controls.say("progress", Progress(stage="loading"))
    Networks(task.networks).check(str(dream.recipe["network"]))
    recipe = Recipe.complete(dream.recipe)
    source = recipe.photo if dream.photo is None else folder / dream.photo.file
    assert isinstance(source, str | Path)
    guides = {guide.name: folder / guide.file for guide in dream.guides}
    files = Files(mask=folder / dream.mask.file if dream.mask else None, guides=guides)
    prepared = prepare(recipe, source, files)
    size = (prepared.image.shape[-2], prepared.image.shape[-1])
    _save_jpeg(to_pil(prepared.image), folder / BEFORE, BEFORE_LONGEST)
    known = {"notices": list(prepared.notices), "height": size[0], "width": size[1]}
    controls.say("learnt", {"recipe": prepared.recipe.as_settings(), **known})
    watch = Watch(dream, controls)
    picture = _PICTURES[dream.kind](task, prepared, controls, watch)
    save_image(picture, folder / RESULT, overwrite=True)
    _save_jpeg(picture, folder / THUMBNAIL, THUMBNAIL_LONGEST)
    controls.say("done")


def dream_picture(_: Task, prepared: Prepared, controls: Controls, watch: "Watch") -> Image.Image:
    """Dream a picture, steered on the way."""
    steps = dream_prepared(prepared)
    step = next(steps)
    while True:
        watch.show(step)
        for changes in controls.obey():
            try:
                check_changes(prepared, changes)
            except PuppyslugError as error:
                controls.say("refused", str(error))
                continue
            step = steps.send(changes)
            controls.say("learnt", {"recipe": step.recipe.as_settings()})
        if controls.stopped:
            break
        following = next(steps, None)
        if following is None:
            break
        step = following
    if step.fraction < 1:
        step = replace(step, recipe=step.recipe.with_settings({"stop_after": step.number}))
        controls.say("learnt", {"recipe": step.recipe.as_settings()})
    return step.to_pil(prepared.alpha)


def _zoom(task: Task, prepared: Prepared, controls: Controls, watch: "Watch") -> Image.Image:
    """Make a film that zooms; what was cut short goes on."""
    dream, film = task.dream, task.folder / FILM
    journal = Journal(film, {"dream": dream.id}, fresh=dream.attempts == 1)
    watch.frame = journal.done()

    def make(state: Any) -> Iterator[Any]:
        for made in zoom(prepared, dream.frames, state=state, watch=watch.show):
            yield made
            watch.frame += 1
            watch.preview(partial(Image.fromarray, made.pixels))
            controls.obey()
            if controls.stopped:
                return

    keep_all(journal, in_turn(journal, [("", make)]))
    controls.say("progress", Progress(stage="writing", fraction=1.0, preview=watch.number))
    frames = journal.frames(journal.done())
    last = next(journal.frames(1, first=journal.done() - 1))
    finish_film(
        film,
        journal,
        frames,
        comment=prepared.recipe.to_json(),
        fps=Fraction(dream.fps).limit_denominator(1001),
        quality=80,
    )
    return Image.fromarray(last)


_PICTURES = {"picture": dream_picture, "zoom": _zoom}


class Watch:
    """Tells the server how far a dream is, and now and then shows it."""

    def __init__(self, dream: Dream, controls: Controls) -> None:
        self.frame = 0
        self.number = 0
        self._frames = dream.frames if dream.kind == "zoom" else 1
        self._whole = dream.kind == "picture"
        self._controls = controls
        self._began: tuple[float, float] | None = None
        self._next = 0.0

    def show(self, step: DreamStep) -> None:
        """Report a step."""
        if not self._whole:
            self._controls.obey()
        now = time.monotonic()
        fraction = (self.frame + step.fraction) / self._frames
        if self._began is None:  # the first step warms up
            self._began = (now, fraction)
        began, before = self._began
        gone = fraction - before
        left = (now - began) / gone * (1 - fraction) if gone > 0 else None
        if self._whole:
            self.preview(partial(_small, step))
        self._controls.say(
            "progress",
            Progress(
                octave=step.octave,
                octaves=step.octaves,
                step=step.step,
                steps=step.steps,
                frame=self.frame,
                score=step.score,
                fraction=fraction,
                seconds_left=left,
                stage="dreaming",
                preview=self.number,
            ),
        )

    def preview(self, draw: Callable[[], Image.Image]) -> None:
        """Show the picture, unless the last time is too short ago or it takes too long."""
        began = time.monotonic()
        if began < self._next:
            return
        self.number += 1
        self._controls.say("preview", _jpeg(draw(), PREVIEW))
        ended = time.monotonic()
        self._next = ended + max(APART, (ended - began) / SHARE)


def _small(step: DreamStep) -> Image.Image:
    """The dream so far, at a preview's size."""
    return to_pil(step.picture(fit((step.start.shape[-2], step.start.shape[-1]), PREVIEW)))


def _jpeg(picture: Image.Image, longest: int) -> bytes:
    height, width = fit((picture.height, picture.width), longest)
    if (width, height) != picture.size:
        picture = picture.resize((width, height), Image.Resampling.BOX)
    data = io.BytesIO()
    picture.convert("RGB").save(data, "JPEG", quality=QUALITY)
    return data.getvalue()


def _save_jpeg(picture: Image.Image, path: Path, longest: int) -> None:
    path.write_bytes(_jpeg(picture, longest))

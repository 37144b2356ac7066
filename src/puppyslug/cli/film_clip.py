"""The film that ``puppyslug film`` dreams: its frames, their times and its sound."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from puppyslug.cli import film_music
from puppyslug.cli.film_job import FilmJob
from puppyslug.cli.film_music import FilmSong, MusicOptions, complete_recipe, signals_of
from puppyslug.cli.messages import print_message
from puppyslug.errors import RecipeError
from puppyslug.recipe import Recipe, Timeline, parse_curves
from puppyslug.recipe.curves import without_fields
from puppyslug.recipe.schedule import CAMERA_FIELDS

if TYPE_CHECKING:
    from puppyslug.engine.prepared_dream import PreparedDream
    from puppyslug.video.assembly import FilmLayout
    from puppyslug.video.reader import VideoInfo
    from puppyslug.video.segments import VideoAnalysis
    from puppyslug.video.soundtrack import Soundtrack

HALF = Fraction(1, 2)


@dataclass(frozen=True)
class Clip:
    """A film that is dreamt.

    Attributes:
        video: properties of its file.
        analysis: times of its frames, and its scenes.
        fps: frames per second at which all frames are played; None for its own times.
    """

    video: "VideoInfo"
    analysis: "VideoAnalysis"
    fps: Fraction | None = None

    @property
    def frames(self) -> int:
        """Number of frames."""
        return len(self.analysis.times)

    @property
    def is_constant(self) -> bool:
        """Whether all frames last equally long, up to half a frame for the last."""
        times, end = self.analysis.times, self.analysis.end
        if end is not None and abs(end * self.video.fps - self.frames) > HALF:
            return False
        return all(time == number / self.video.fps for number, time in enumerate(times))

    @property
    def end(self) -> Fraction:
        """Length of the dreamt film in seconds."""
        if self.fps is None and not self.is_constant and self.analysis.end is not None:
            return self.analysis.end
        return self.frames / (self.fps or self.video.fps)


def open_clip(source: Path, fps: Fraction | None, *, quiet: bool) -> Clip:
    """Read a film once, and print what the user should know about it.

    Raises:
        VideoError: it cannot be read.
    """
    from puppyslug.video.reader import probe_video
    from puppyslug.video.segments import analyse_video

    clip = Clip(probe_video(source), analyse_video(source), fps)
    for notice in (*clip.video.notices, *clip.analysis.notices):
        print_message(notice, quiet=quiet)
    if clip.frames == 1:
        print_message(
            f"{source.name} is a single picture, so the film has one frame; 'puppyslug zoom' "
            "makes a moving film of it, 'puppyslug dream' a picture",
            quiet=quiet,
        )
    return clip


def find_song(
    clip: Clip,
    song: FilmSong | None,
    chosen: MusicOptions,
    settings: Mapping[str, object],
) -> FilmSong | None:
    """Return the song at the times of the film's frames; without one, the film's own sound.

    Args:
        clip: the film.
        song: the song that the user or the recipe names, or None.
        chosen: keyframes, curves and dance.
        settings: fields of the recipe.

    Raises:
        PuppyslugError: the film follows its own sound, which it lacks or cannot be decoded.
    """
    if song is not None:
        own_times = clip.fps is None and not clip.is_constant
        return replace(song, times=clip.analysis.times if own_times else None)
    if not film_music.needs_music(chosen, settings):
        return None
    if not clip.video.has_audio:
        raise RecipeError(
            f"{clip.video.path.name} has no sound that the dream could follow; name a song with "
            "--music"
        )
    return film_music.load_own_sound(clip.video.path, clip.analysis.times)


def film_recipe(
    settings: Mapping[str, object],
    chosen: MusicOptions,
    song: FilmSong | None,
    clip: Clip,
    *,
    layers: bool,
    quiet: bool,
) -> tuple[Recipe, Timeline]:
    """Return the recipe of a film with its keyframes and curves, and its frames.

    Args:
        settings: fields of the recipe.
        chosen: keyframes, curves and dance.
        song: the music, or None.
        clip: the film.
        layers: whether a dance may change the layer.
        quiet: whether to print no notices.

    Raises:
        PuppyslugError: the settings, a keyframe or a curve are invalid.
    """
    fps = clip.video.fps if song is None or clip.fps is None else clip.fps
    timeline = Timeline(clip.frames, fps, music=signals_of(song, fps, clip.frames))
    recipe = complete_recipe(settings, chosen, timeline, camera=False, layers=layers)
    return _without_camera(recipe, parse_curves(chosen.at), quiet=quiet), timeline


def _without_camera(recipe: Recipe, given: Mapping[str, str], *, quiet: bool) -> Recipe:
    """Return the recipe without curves of the camera, which a film does not move.

    Raises:
        RecipeError: the user gave such a curve.
    """
    if wrong := sorted(CAMERA_FIELDS & given.keys()):
        raise RecipeError(
            f"{wrong[0]} moves the camera of zooms and journeys, which a film does not have; leave "
            "out its curve"
        )
    if unused := sorted(CAMERA_FIELDS & (recipe.curves or {}).keys()):
        print_message(f"the recipe's curves of {', '.join(unused)} do not apply", quiet=quiet)
    curves = without_fields(recipe.curves, CAMERA_FIELDS)
    return recipe if curves == recipe.curves else recipe.with_settings({"curves": curves})


def plan_layout(
    job: FilmJob, prepared: "PreparedDream", clip: Clip, song: FilmSong | None, mix: float
) -> "FilmLayout":
    """Return times, sound and transparency of the film, and say what is left out.

    Args:
        job: the film.
        prepared: the prepared dream.
        clip: the film that is dreamt.
        song: the music, or None.
        mix: share of the film's own sound beside a song.
    """
    from puppyslug.video.assembly import FilmLayout
    from puppyslug.video.film import read_alphas
    from puppyslug.video.writer import supports_alpha

    notify = partial(print_message, quiet=job.quiet)
    video = clip.video
    alphas = None
    if clip.analysis.transparent and supports_alpha(job.output):
        alphas = read_alphas(video.path, prepared.size)
    elif clip.analysis.transparent:
        file_format = job.output.suffix[1:].upper()
        notify(f"{file_format} does not support transparency; {job.output.name} is opaque")
    sound = _choose_sound(job, clip, song, mix)
    times = None if clip.fps or clip.is_constant else clip.analysis.times
    return FilmLayout(clip.fps or video.fps, times, clip.analysis.end, sound, alphas)


def _choose_sound(
    job: FilmJob, clip: Clip, song: FilmSong | None, mix: float
) -> "Path | Soundtrack | None":
    """Return the sound of the dreamt film: a song, the film's own sound, or both."""
    video = clip.video
    obstacle = _audio_obstacle(job.output, clip.fps)
    own = video.path if video.has_audio and not obstacle else None
    if video.has_audio and obstacle and (mix or song is None or not song.sha256):
        print_message(f"the sound of {video.path.name} is left out: {obstacle}", quiet=job.quiet)
    soundtrack = film_music.soundtrack_of(song, job.output, clip.end, quiet=job.quiet)
    if soundtrack is None:
        return own
    return soundtrack._replace(film=own, share=mix) if own and mix else soundtrack


def _audio_obstacle(output: Path, fps: Fraction | None) -> str:
    """Return why the sound of a film cannot be copied; empty if it can."""
    if fps is not None:
        return "the frame rate is changed"
    return "a GIF has no sound" if output.suffix.lower() == ".gif" else ""

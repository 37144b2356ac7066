"""Music of zooms, journeys and films: the song, its signals, and dances."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from puppyslug.cli.help_panels import FILM_PANEL
from puppyslug.cli.messages import print_message
from puppyslug.cli.recipe_files import read_recipe_file
from puppyslug.errors import RecipeError
from puppyslug.networks import find_spec
from puppyslug.recipe import (
    FileReference,
    FrameValues,
    Music,
    Recipe,
    Timeline,
    parse_curves,
    parse_keyframes,
    with_curves,
    with_keyframes,
)
from puppyslug.recipe.curves import names_in
from puppyslug.recipe.dances import DANCES, dance_curves
from puppyslug.recipe.expressions import MUSIC_NAMES

if TYPE_CHECKING:
    from puppyslug.audio.analysis import SongAnalysis
    from puppyslug.video.soundtrack import Soundtrack

OBJECTIVE_OPTIONS = frozenset({"layer", "channel", "see", "guide", "objective", "strongest"})

Song = Annotated[
    Path | None,
    typer.Option(
        "--music",
        metavar="SONG",
        help="a song, or a film with sound: it is heard, and expressions of --at may use loudness, "
        "bass, mid, treble, onset, beat, beat_number and bar_phase",
        rich_help_panel=FILM_PANEL,
    ),
]
DanceName = Annotated[
    str | None,
    typer.Option(
        "--dance",
        metavar="|".join(DANCES),
        help="let the settings follow the music, without an expression",
        rich_help_panel=FILM_PANEL,
    ),
]
Mix = Annotated[
    float,
    typer.Option(
        "--mix",
        metavar="SHARE",
        min=0,
        max=1,
        help="share of the film's own sound that is heard with --music, 0 to 1",
        rich_help_panel=FILM_PANEL,
    ),
]
Attack = Annotated[
    float | None,
    typer.Option(
        "--attack",
        metavar="SECONDS",
        min=0,
        max=60,
        help=Recipe.model_fields["attack"].description,
        rich_help_panel=FILM_PANEL,
    ),
]
Release = Annotated[
    float | None,
    typer.Option(
        "--release",
        metavar="SECONDS",
        min=0,
        max=60,
        help=Recipe.model_fields["release"].description,
        rich_help_panel=FILM_PANEL,
    ),
]


@dataclass(frozen=True)
class MusicOptions:
    """The options of music, as given.

    Attributes:
        at: values of ``--at``.
        dance: value of ``--dance``, or None.
        attack: value of ``--attack``, or None.
        release: value of ``--release``, or None.
    """

    at: Sequence[str] = ()
    dance: str | None = None
    attack: float | None = None
    release: float | None = None


@dataclass(frozen=True)
class FilmSong:
    """The song of a film.

    Attributes:
        path: its file.
        analysis: what is heard in it.
        sha256: hash of the file; empty for the film's own sound.
        times: times of a film's frames in the song, in seconds; None for a constant rate.
    """

    path: Path
    analysis: "SongAnalysis"
    sha256: str = ""
    times: Sequence[Fraction] | None = None

    def frames(self, fps: Fraction) -> int:
        """Return the number of frames of a film as long as the song."""
        return max(1, round(self.analysis.seconds * fps))

    def signals(self, fps: Fraction, frames: int, recipe: Recipe | None = None) -> Music:
        """Return the signals for each frame, as the recipe smooths them."""
        from puppyslug.audio.signals import Envelope, compute_signals

        given = {"attack": recipe and recipe.attack, "release": recipe and recipe.release}
        chosen: dict[str, Any] = {name: one for name, one in given.items() if one is not None}
        return compute_signals(self.analysis, fps, frames, Envelope(**chosen), self.times)

    def reference(self, output: Path) -> FileReference:
        """Return the reference that the recipe of a film holds."""
        from puppyslug.engine.inputs import relative_folder

        name = self.path.name.encode("utf-8", "replace").decode()
        folder = relative_folder(self.path, output.parent)
        return FileReference(name=name, sha256=self.sha256, folder=folder)


def load_song(music: Path | None, recipe_file: Path | None = None) -> FilmSong | None:
    """Analyse the song that the user names, or that of a recipe.

    Args:
        music: value of ``--music``, or None.
        recipe_file: the recipe file, or None.

    Raises:
        PuppyslugError: the song cannot be read, or is not where the recipe says.
    """
    if music is None and recipe_file is not None:
        stored = read_recipe_file(recipe_file).get("music")
        if isinstance(stored, Mapping):
            from puppyslug.engine.recipe_inputs import SOUND_SUFFIXES, find_file

            reference = Recipe.complete({"music": stored}).music
            assert reference is not None
            music = find_file(reference, recipe_file, "music", SOUND_SUFFIXES)
    if music is None:
        return None
    from puppyslug.audio.analysis import analyse_song
    from puppyslug.audio.decoder import read_samples
    from puppyslug.files.hashing import file_sha256

    analysis = analyse_song(read_samples(music))
    return FilmSong(music, analysis, file_sha256(music))


def signals_of(song: FilmSong | None, fps: Fraction, frames: int) -> Music | None:
    """Return the signals of a song for each frame; None without a song."""
    return None if song is None else song.signals(fps, frames)


def load_own_sound(film: Path, times: Sequence[Fraction]) -> FilmSong:
    """Analyse the sound of a film itself.

    Args:
        film: the film.
        times: of its frames, in seconds from the first one.
    """
    from puppyslug.audio.analysis import analyse_song
    from puppyslug.audio.decoder import read_samples
    from puppyslug.video.container import start_time

    return FilmSong(film, analyse_song(read_samples(film, start=start_time(film))), "", times)


def needs_music(options: MusicOptions, settings: Mapping[str, object]) -> bool:
    """Return whether a film's schedule follows a sound track."""
    curves = dict(parse_curves(options.at))
    stored = settings.get("curves")
    if isinstance(stored, Mapping):
        curves = {**stored, **curves}
    return options.dance is not None or bool(names_in(curves) & MUSIC_NAMES)


def complete_recipe(
    settings: Mapping[str, object],
    options: MusicOptions,
    timeline: Timeline,
    *,
    camera: bool,
    layers: bool,
) -> Recipe:
    """Return the recipe of a film with its keyframes, curves and dance.

    Args:
        settings: fields of the recipe.
        options: what the user chose.
        timeline: frames and music.
        camera: whether the camera moves.
        layers: whether a dance may change the layer.

    Raises:
        PuppyslugError: the settings, a keyframe or a curve are invalid.
    """
    changes = parse_keyframes(options.at, timeline.fps, timeline.music)
    curves = parse_curves(options.at)
    recipe = with_keyframes(Recipe.complete(settings), changes)
    envelope = {"attack": options.attack, "release": options.release}
    chosen = {name: value for name, value in envelope.items() if value is not None}
    recipe = recipe.with_settings(chosen) if chosen else recipe
    if options.dance is not None:
        if timeline.music is None:
            raise RecipeError("--dance follows music; name a song with --music")
        own = {change.field for change in changes} | curves.keys()
        dance = dance_curves(
            options.dance, recipe, find_spec(recipe.network), camera=camera, layers=layers
        )
        curves = {**{name: text for name, text in dance.items() if name not in own}, **curves}
    return with_curves(recipe, curves, changes)


def follow_music(
    recipe: Recipe, song: FilmSong | None, timeline: Timeline, output: Path
) -> tuple[Recipe, FrameValues]:
    """Return the recipe with its song, and the values of its curves.

    Args:
        recipe: the recipe, with its curves.
        song: the song, or None.
        timeline: frames; its music is computed again, as the recipe smooths it.
        output: path of the film.
    """
    from puppyslug.recipe.curve_values import evaluate_curves

    reference = None
    if song is not None:
        timeline = replace(timeline, music=song.signals(timeline.fps, timeline.frames, recipe))
        reference = song.reference(output) if song.sha256 else None
    recipe = recipe.with_settings({"music": reference}) if recipe.music != reference else recipe
    return evaluate_curves(recipe, timeline)


def soundtrack_of(
    song: FilmSong | None, output: Path, end: Fraction, *, quiet: bool
) -> "Soundtrack | None":
    """Return the song as the sound of a film; None, with a notice, if its format has no sound."""
    if song is None or not song.sha256:
        return None
    if output.suffix.lower() == ".gif":
        print_message(f"the sound of {song.path.name} is left out: a GIF has no sound", quiet=quiet)
        return None
    from puppyslug.video.soundtrack import Soundtrack

    return Soundtrack(song.path, end)

"""``puppyslug listen``: tempo and beats of a song, and its signals."""

import json
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from puppyslug.cli import film_music, film_options, options
from puppyslug.cli.destination import Destination
from puppyslug.recipe.defaults import FILM_FPS, MUSIC_ATTACK, MUSIC_RELEASE

if TYPE_CHECKING:
    from puppyslug.audio.analysis import SongAnalysis
    from puppyslug.recipe import Music

CHART_FPS = Fraction(100)  # of the curves in the picture
DECIMALS = 4  # of signals in JSON

Song = Annotated[Path, typer.Argument(metavar="SONG", help="a file with sound, such as a film")]
Output = Annotated[
    Path | None, options.output_option("picture of the signals to save, such as curves.png", "OUT")
]
AsJson = Annotated[
    bool, typer.Option("--json", help="print JSON, with the signals of every film frame")
]
Fps = Annotated[
    float | None,
    typer.Option(
        "--fps", metavar="N", help=f"film frames per second, for --json [default: {FILM_FPS}]"
    ),
]


def listen(
    song: Song,
    *,
    output: Output = None,
    as_json: AsJson = False,
    fps: Fps = None,
    attack: film_music.Attack = None,
    release: film_music.Release = None,
    force: options.Force = False,
) -> int:
    """Print the tempo and the beats of a song, and draw its signals.

    These are the signals that films with --music can follow. Needs the extra "music".
    """
    from puppyslug.audio.analysis import analyse_song
    from puppyslug.audio.decoder import read_samples
    from puppyslug.audio.signals import Envelope, compute_signals

    frame_rate = film_options.parse_fps(fps)
    destination = None
    if output is not None:
        destination = Destination.from_option(
            output, folder=song.parent, stem=f"{song.stem}.curves", overwrite=force
        )
        destination.check_not_input(song)
    samples = read_samples(song)
    analysis = analyse_song(samples)
    envelope = Envelope(
        MUSIC_ATTACK if attack is None else attack, MUSIC_RELEASE if release is None else release
    )
    if destination is not None:
        from puppyslug.audio.chart import draw_song

        count = max(1, round(analysis.seconds * CHART_FPS))
        music = compute_signals(analysis, CHART_FPS, count, envelope)
        destination.save(draw_song(song.name, samples, analysis, music), "")
    if as_json:
        count = max(1, round(analysis.seconds * frame_rate))
        music = compute_signals(analysis, frame_rate, count, envelope)
        print(json.dumps(_as_json(analysis, music, frame_rate)))
    elif destination is None:
        _print_song(analysis)
    return 0


def _print_song(song: "SongAnalysis") -> None:
    minutes, seconds = divmod(round(song.seconds, 1), 60)
    print(f"length  {int(minutes)}:{seconds:04.1f}")
    print(f"tempo   {song.tempo:.1f} beats per minute" if song.tempo else "tempo   no beat found")
    if song.tempo:
        first, last = song.beats[0], song.beats[-1]
        print(f"beats   {len(song.beats)}, the first at {first:.2f} s, the last at {last:.2f} s")
        bar = song.beats[-song.first_beat % 4]
        print(f"bars    of 4 beats; the first full one begins at {bar:.2f} s")
    print(f"onsets  {len(song.onsets)}")


def _as_json(song: "SongAnalysis", music: "Music", fps: Fraction) -> dict[str, object]:
    return {
        "seconds": round(song.seconds, 3),
        "tempo": round(song.tempo, 3),
        "first_beat": song.first_beat,
        "beats": [round(float(time), 3) for time in song.beats],
        "onsets": [round(float(time), 3) for time in song.onsets],
        "fps": float(fps),
        "signals": {
            name: [round(value, DECIMALS) for value in values]
            for name, values in music.signals.items()
        },
    }

"""A picture of what is heard in a song: waveform, bands, onsets and beats on one time axis."""

import itertools
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from puppyslug.audio.analysis import BEATS_PER_BAR, SongAnalysis, Values
from puppyslug.audio.decoder import Samples
from puppyslug.recipe import Music

WIDTH, HEIGHT = 1600, 940  # pixels
LEFT, RIGHT, TOP, BOTTOM = 110, 30, 70, 50  # margins
WAVE_HEIGHT, CURVE_HEIGHT, GAP = 150, 96, 14
TICKS = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200)  # seconds
MAX_TICKS = 16
MAX_BEATS = 200  # more are not drawn, only bars
_PAPER, _INK, _FAINT = (255, 255, 255), (40, 44, 52), (110, 116, 128)
_PANEL, _BEAT, _BAR = (246, 247, 249), (222, 226, 233), (176, 184, 198)
_COLOURS = {
    "waveform": (92, 107, 138),
    "loudness": (70, 78, 94),
    "bass": (193, 68, 62),
    "mid": (205, 140, 32),
    "treble": (52, 128, 186),
    "onset": (118, 84, 168),
    "beat": (38, 140, 104),
}


def draw_song(title: str, samples: Samples, song: SongAnalysis, music: Music) -> Image.Image:
    """Draw a song.

    Args:
        title: such as the name of the file.
        samples: the song, one channel.
        song: its analysis.
        music: its signals, for frames that cover its length evenly.

    Returns:
        An RGB image of 1600×940 pixels. Vertical lines are beats, dark ones the first of a bar.
    """
    image = Image.new("RGB", (WIDTH, HEIGHT), _PAPER)
    draw = ImageDraw.Draw(image)
    heading = f"{song.tempo:.1f} beats per minute" if song.tempo else "no beat"
    minutes, seconds = divmod(round(song.seconds), 60)
    draw.text((LEFT, 22), title[:80], _INK, ImageFont.load_default(24))
    text = f"{minutes}:{seconds:02d}, {heading}, {len(song.onsets)} onsets"
    draw.text((WIDTH - RIGHT, 26), text, _FAINT, ImageFont.load_default(18), anchor="ra")
    top = TOP
    for name in _COLOURS:
        height = WAVE_HEIGHT if name == "waveform" else CURVE_HEIGHT
        _draw_panel(draw, name, top, height, song)
        if name == "waveform":
            _draw_waveform(draw, samples, top, height)
        else:
            _draw_curve(draw, name, music.signals[name], top, height)
        top += height + GAP
    _draw_axis(draw, song.seconds, top - GAP)
    return image


def _draw_panel(
    draw: ImageDraw.ImageDraw, name: str, top: int, height: int, song: SongAnalysis
) -> None:
    """Draw the background of a curve, its name and the beats."""
    draw.rectangle((LEFT, top, WIDTH - RIGHT, top + height), _PANEL)
    scale = (WIDTH - LEFT - RIGHT) / max(song.seconds, 1e-6)
    for number, time in enumerate(song.beats, song.first_beat):
        is_bar = number % BEATS_PER_BAR == 0
        if is_bar or len(song.beats) <= MAX_BEATS:
            x = LEFT + float(time) * scale
            draw.line((x, top, x, top + height), _BAR if is_bar else _BEAT)
    font = ImageFont.load_default(18)
    draw.text((LEFT - 14, top + height / 2), name, _COLOURS[name], font, anchor="rm")


def _draw_waveform(draw: ImageDraw.ImageDraw, samples: Samples, top: int, height: int) -> None:
    middle, half = top + height / 2, height / 2 - 6
    peak = max(float(np.abs(samples).max(initial=0)), 1e-6)
    for column, part in enumerate(np.array_split(samples, WIDTH - LEFT - RIGHT)):
        if len(part):
            low, high = float(part.min()) / peak * half, float(part.max()) / peak * half
            x = LEFT + column
            draw.line((x, middle - high, x, middle - low), _COLOURS["waveform"])


def _draw_curve(
    draw: ImageDraw.ImageDraw, name: str, values: Sequence[float], top: int, height: int
) -> None:
    """Draw a signal as an area below a line."""
    columns = WIDTH - LEFT - RIGHT
    edges = np.linspace(0, len(values), columns + 1)
    series: Values = np.asarray(values)
    highest = [
        float(series[int(start) : max(int(stop), int(start) + 1)].max(initial=0))
        for start, stop in itertools.pairwise(edges)
    ]
    base, scale = top + height - 4, height - 12
    points = [(LEFT + x, base - value * scale) for x, value in enumerate(highest)]
    colour = _COLOURS[name]
    pale = tuple(round(255 - (255 - part) * 0.25) for part in colour)
    draw.polygon([(LEFT, base), *points, (LEFT + columns - 1, base)], pale)
    draw.line(points, colour, 2, joint="curve")


def _draw_axis(draw: ImageDraw.ImageDraw, seconds: float, top: int) -> None:
    step = next((one for one in TICKS if seconds / one <= MAX_TICKS), TICKS[-1])
    font = ImageFont.load_default(16)
    for number in range(int(seconds / step) + 1):
        time = number * step
        x = LEFT + time / max(seconds, 1e-6) * (WIDTH - LEFT - RIGHT)
        draw.line((x, top, x, top + 6), _FAINT)
        minutes, rest = divmod(time, 60)
        label = f"{time:g} s" if seconds < 90 else f"{int(minutes)}:{rest:02g}"
        draw.text((x, top + 10), label, _FAINT, font, anchor="ma")

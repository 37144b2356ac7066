"""The time of a film, in frames, seconds and beats. Nothing here imports torch or NumPy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from puppyslug.errors import RecipeError, option
from puppyslug.recipe.expressions import MUSIC_NAMES, SIGNALS


@dataclass(frozen=True)
class Music:
    """What the sound track of a film tells its schedule.

    Attributes:
        signals: for each of ``SIGNALS``, one number in [0, 1] for each frame; ``beat_number``
            counts from 0.
        beats: time of each beat in seconds, ascending.
        tempo: beats per minute; 0 if there is no beat.
        first_beat: number of the first beat; bars begin at multiples of 4.
    """

    signals: Mapping[str, Sequence[float]]
    beats: Sequence[float]
    tempo: float
    first_beat: int = 0


@dataclass(frozen=True)
class Timeline:
    """The frames of a film, for which expressions are computed.

    Attributes:
        frames: number of frames.
        fps: frames per second.
        seed: the recipe's seed, which expressions call ``s``.
        music: the sound track's signals; None without one.
    """

    frames: int
    fps: Fraction
    seed: int = 0
    music: Music | None = None

    def frame_of_beat(self, number: float) -> int:
        """Return the frame of a beat; between two beats, and beyond them all, it is estimated.

        Args:
            number: as ``beat_number`` counts.

        Raises:
            RecipeError: there is no music, or it has no beat.
        """
        self.require({"frames_per_beat"})
        assert self.music is not None
        beats, interval = list(self.music.beats), 60 / self.music.tempo
        number -= self.music.first_beat
        index = max(0, min(int(number), len(beats) - 1))
        following = beats[index + 1] if 0 <= number < len(beats) - 1 else beats[index] + interval
        time = beats[index] + (following - beats[index]) * (number - index)
        return max(0, round(time * self.fps))

    def require(self, names: "set[str] | frozenset[str]") -> None:
        """Check that the variables of an expression are known.

        Raises:
            RecipeError: one needs music, or a beat, and there is none.
        """
        needed = sorted(names & MUSIC_NAMES)
        if needed and self.music is None:
            name = needed[0]
            subject = "a number of beats" if name == "frames_per_beat" else name
            raise RecipeError(f"{subject} follows music; name a song with {option('music')}")
        if self.music is not None and not self.music.tempo:
            timed = sorted(names & {"frames_per_beat", "tempo", "b"})
            if timed:
                name = "a number of beats" if timed[0] == "frames_per_beat" else timed[0]
                raise RecipeError(f"the music has no beat, so {name} has no value; use seconds")

    def variables(self, start: int, stop: int) -> dict[str, Any]:
        """Return the variables of expressions for the frames ``start`` … ``stop`` - 1.

        Returns:
            Numbers, and arrays with one number for each frame.
        """
        import numpy as np

        frames = np.arange(start, stop, dtype=np.float64)
        seconds = frames / float(self.fps)
        values: dict[str, Any] = {
            "t": frames,
            "f": frames,
            "seconds": seconds,
            "max_f": float(self.frames - 1),
            "fps": float(self.fps),
            "s": float(self.seed),
            "pi": np.pi,
        }
        if self.music is not None:
            signals = self.music.signals
            values |= {name: np.asarray(signals[name])[start:stop] for name in SIGNALS}
            if self.music.tempo:
                interval = 60 / self.music.tempo
                values["tempo"] = self.music.tempo
                values["frames_per_beat"] = interval * float(self.fps)
                position = beat_positions(seconds, self.music.beats, self.music.tempo)
                values["b"] = position + self.music.first_beat
        return values


def beat_positions(seconds: Any, beats: Sequence[float], tempo: float) -> Any:
    """Return the number of beats up to each of an array of times, with fractions.

    Args:
        seconds: the times, in seconds.
        beats: time of each beat in seconds, ascending; at least one.
        tempo: beats per minute, before the first beat and after the last one.
    """
    import numpy as np

    within = np.interp(seconds, beats, np.arange(len(beats)))
    before, after = np.minimum(seconds - beats[0], 0), np.maximum(seconds - beats[-1], 0)
    return within + (before + after) * tempo / 60

"""The schedule of a recipe: settings that change during a dream or a film."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from puppyslug.errors import RecipeError
from puppyslug.labels import FindLabel
from puppyslug.recipe.interpolation import interpolate

Position = tuple[int, int, int]  # frame, octave and step, each counted from 0
FrameValues = Mapping[str, Sequence[float | str]]  # of fields, one value for each frame

STEP_FIELDS = frozenset({"objective", "step_size", "jitter"})  # may change at any step
POSTPROCESSING_FIELDS = frozenset(  # applied after the last step
    ("strength", "keep_colours", "saturation", "contrast")
)
FRAME_FIELDS = frozenset(  # may change from frame to frame of a film
    ("octaves", "octave_scale", "iterations", "rescale", "taper", "soften", "focus", "margin",
     "strength", "saturation", "contrast", "zoom", "rotate", "pan_x", "pan_y")
)  # fmt: skip
CAMERA_FIELDS = frozenset({"zoom", "rotate", "pan_x", "pan_y"})  # of zooms and journeys
MAX_CHANGES = 1000  # of a schedule
SCHEDULABLE_FIELDS = STEP_FIELDS | FRAME_FIELDS


class Change(NamedTuple):
    """A change of one setting; it applies from its position on.

    Attributes:
        frame: index of the film frame; 0 for a still image.
        octave: index of the octave.
        step: index of the step within the octave.
        field: name of the recipe field.
        value: new value of the field.
        eased: whether the value is interpolated, frame by frame, from the previous change. Numbers,
            and weights of objectives with equal terms, are interpolated linearly; between other
            objectives the steps alternate, in proportion to the distance from either.
    """

    frame: int
    octave: int
    step: int
    field: str
    value: float | str
    eased: bool = False

    @property
    def position(self) -> Position:
        """Frame, octave and step."""
        return self.frame, self.octave, self.step


def check_change_count(count: int) -> None:
    """Check the number of changes that a user makes while a dream runs.

    Raises:
        RecipeError: a schedule cannot hold that many.
    """
    if count > MAX_CHANGES:
        raise RecipeError(
            f"a dream can change at most {MAX_CHANGES} times; start another one from its result"
        )


def value_at(
    changes: Sequence[Change], value: float | str, position: Position, find_label: FindLabel
) -> float | str:
    """Compute the value of a field at a step.

    Args:
        changes: changes of this field, in any order.
        value: value of the field before its first change.
        position: frame, octave and step.
        find_label: resolves class names in objectives.
    """
    previous_frame = 0
    upcoming = None
    for change in sorted(changes, key=lambda one: one.position):
        if change.position <= position:
            value, previous_frame = change.value, change.frame
        else:
            upcoming = change
            break
    if upcoming is None or not upcoming.eased or upcoming.frame <= position[0]:
        return value
    fraction = (position[0] - previous_frame) / (upcoming.frame - previous_frame)
    return interpolate(value, upcoming.value, fraction, position, find_label)

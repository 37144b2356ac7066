"""Snapshots: the state of a dream between two steps, from which it can go on.

A dream that goes on from a snapshot equals one that was never interrupted, bit for bit, on the
same machine and with the same versions.
"""

from collections.abc import Generator
from typing import Any, NamedTuple

from torch import Tensor

from puppyslug.engine.arguments import collect_inputs
from puppyslug.engine.composition import Composition
from puppyslug.engine.dream_state import DreamState
from puppyslug.engine.loop import run
from puppyslug.engine.octave import Octave
from puppyslug.engine.prepared_dream import PreparedDream
from puppyslug.engine.progress import DreamStep
from puppyslug.isolation.torch_state import isolated

_DRAWING = "drawing/"  # prefix of the tensors of a composition that is being drawn


class DreamSnapshot(NamedTuple):
    """The state of a dream between two steps.

    Attributes:
        tensors: images and states of random generators by name, on the CPU.
        values: everything else, as JSON.
    """

    tensors: dict[str, Tensor]
    values: dict[str, Any]

    @property
    def fraction(self) -> float:
        """Completed share of the work, in (0, 1]."""
        return float(self.values["fraction"])


class ResumableDream:
    """A dream of a picture that can go on where another process was interrupted."""

    def __init__(self, prepared: PreparedDream, snapshot: DreamSnapshot | None = None) -> None:
        """Start a dream, or go on with one.

        Args:
            prepared: the prepared dream.
            snapshot: of the same dream, to go on from; None for the beginning.
        """
        self._prepared = prepared
        self._resumed = snapshot
        self._dream: DreamState | None = None

    @isolated
    def steps(self) -> Generator[DreamStep, Any, None]:
        """Dream; see ``dream_steps``. Only the steps after the snapshot are yielded."""
        self._dream = DreamState.start(collect_inputs(self._prepared, None, None, None, None), 0, 0)
        self._dream.draws_composition = self._dream.recipe.draws_composition
        if self._resumed is not None:
            _restore(self._dream, self._resumed)
            self._resumed = None
        yield from run(self._dream)

    def snapshot(self) -> DreamSnapshot:
        """Return the state after the step that was yielded last."""
        assert self._dream is not None
        dream, current = self._dream, self._dream.current
        values = {**dream.state(), "fraction": dream.fraction}
        tensors: dict[str, Tensor | None] = {"drawn_region": dream.drawn_region}
        if isinstance(current, Composition):
            drawing, values["drawing"] = current.state()
            tensors |= {f"{_DRAWING}{name}": tensor for name, tensor in drawing.items()}
        elif isinstance(current, Octave):
            values["completed"] = current.completed
            tensors |= {"image": current.image, "focus": current.focus}
        known = {name: one.detach().cpu() for name, one in tensors.items() if one is not None}
        return DreamSnapshot(known, values)


def _restore(dream: DreamState, snapshot: DreamSnapshot) -> None:
    """Bring a dream that has just been started into the state of a snapshot."""
    tensors, values = snapshot
    device = dream.prepared.network.device
    dream.load_state(values)
    if "drawn_region" in tensors:
        dream.drawn_region = tensors["drawn_region"].to(device)
    if "drawing" in values:
        composition = Composition(dream, dream.photo_at(0))
        drawing = {
            name.removeprefix(_DRAWING): tensor
            for name, tensor in tensors.items()
            if name.startswith(_DRAWING)
        }
        composition.load_state(drawing, values["drawing"])
        dream.current = composition
        return
    octave = Octave.start(dream)
    octave.image = tensors["image"].to(device)
    octave.focus = tensors["focus"].to(device) if "focus" in tensors else None
    octave.completed = int(values["completed"])
    dream.current = octave

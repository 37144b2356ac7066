"""The keyword arguments of ``dream``, for type checkers. Nothing here imports torch."""

from collections.abc import Sequence
from typing import Any, TypedDict

from puppyslug.objectives import Objective


class DreamSettings(TypedDict, total=False):
    """Fields of a ``Recipe`` as callers may write them, and the shorthand for objectives."""

    recipe_version: int
    version: str
    preset: str
    photo: Any
    weights: Any
    labels: Any
    objective: Objective | str
    balance: str
    octaves: int
    scale: str
    octave_scale: float
    iterations: int
    step_size: float
    jitter: int
    rescale: float
    taper: float
    smooth: str | float
    soften: float
    palette: str
    colour_limit: float
    palette_from: Any
    saturation: float
    contrast: float
    focus: float
    margin: float
    count: int | None
    method: str
    drawing_steps: int
    natural: float
    fidelity: float
    chroma: float
    annealing: float
    place: str | None
    extent: float
    mask: Any
    strength: float
    keep_colours: bool
    guides: Any
    seed: int
    variety: float
    size: str | int | None
    min_side: int
    composed: str | None
    enlarge: str
    precision: str
    device: str
    winograd: int | str
    kernels: str
    threads: int | None
    memory: str | None
    tile: str
    metadata: str
    zoom: float
    rotate: float
    pan_x: float
    pan_y: float
    stop_after: int | None
    schedule: Any
    curves: Any
    music: Any
    attack: float | None
    release: float | None
    layer: str | Sequence[str]
    see: str | Sequence[str]
    channel: int
    strongest: int
    guide: Any
    matching: str

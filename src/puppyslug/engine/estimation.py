"""Estimates how long a dream takes."""

import time

import numpy as np
import torch
from torch import Tensor

from puppyslug.engine.octaves import plan_octaves
from puppyslug.engine.prepared_dream import PreparedDream
from puppyslug.engine.step import GradientAscent
from puppyslug.engine.term_context import DreamTermContext
from puppyslug.gradient.tiles import split_into_tiles
from puppyslug.images.sizes import Size
from puppyslug.networks import NetworkSpec
from puppyslug.networks.network import Network
from puppyslug.objectives import Objective, parse_objective
from puppyslug.recipe import Recipe
from puppyslug.spectrum.objectives import separate_members

VIEW_SIZE = 192  # pixels, mean side of what networks see while a thing is drawn
PROBE_SIZE = 160  # pixels, longest side of the image whose step is timed


def estimate_seconds(prepared: PreparedDream) -> float:
    """Estimate the duration of a dream from the time of one step on a small image."""
    recipe, network = prepared.recipe, prepared.network
    objective = parse_objective(recipe.objective, network.find_label)
    octaves = plan_octaves(recipe, objective, network.spec, prepared.size)
    side = max(octaves.min_size, PROBE_SIZE)
    probe_size = (min(prepared.size[0], side), min(prepared.size[1], side))
    probe = torch.rand(1, 3, *probe_size, device=network.device)
    objective = objective.scale_positions(network.spec, prepared.composition_size, probe_size)
    objective = objective.bind(DreamTermContext(network, prepared.image, prepared.guides))
    sizes = octaves.sizes[1:] if recipe.draws_composition else octaves.sizes
    seconds = 0.0
    if sizes:
        pixels = sum(_pixels_per_step(size, recipe, objective, network.spec) for size in sizes)
        share = pixels / (probe_size[0] * probe_size[1])
        seconds += recipe.iterations * share * _time_step(network, probe, objective, recipe)
    if recipe.draws_composition:
        view = torch.rand(1, 3, VIEW_SIZE, VIEW_SIZE, device=network.device)
        drawn = separate_members(objective, network.spec)
        seconds += recipe.drawing_steps * _time_step(network, view, drawn, recipe)
    return seconds


def _time_step(network: Network, image: Tensor, objective: Objective, recipe: Recipe) -> float:
    """Return the seconds that one step takes on an image."""
    for _ in range(2):  # the first step is a warm-up
        start = time.perf_counter()
        GradientAscent(network, np.random.default_rng(0)).step(image, objective, recipe)
        seconds = time.perf_counter() - start
    return seconds


def _pixels_per_step(size: Size, recipe: Recipe, objective: Objective, spec: NetworkSpec) -> float:
    """Return the number of pixels that a step evaluates, including the halos of tiles."""
    tile = recipe.tile_size(size)
    if tile is None:
        return size[0] * size[1]
    layers = [spec.layer(name) for name in objective.layers]
    pixels = sum(piece.crop_area for piece in split_into_tiles(size, tile, layers))
    # summaries of global terms need an extra forward pass, a third of a gradient's work
    return pixels * (4 / 3 if objective.global_layers else 1)

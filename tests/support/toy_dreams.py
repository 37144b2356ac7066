"""Prepared dreams of the toy network."""

from puppyslug.engine.prepared_dream import PreparedDream
from puppyslug.recipe import Recipe

SMALL = {"objective": "relu2", "octaves": 2, "iterations": 2, "jitter": 3, "step_size": 4}


def prepare_toy(network, image, **settings) -> PreparedDream:
    """Prepare a small dream without resolving files or precision."""
    recipe = Recipe.complete({**SMALL, **settings})
    return PreparedDream(image, recipe, network, is_reproducible=True)

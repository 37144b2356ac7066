"""Steering: changes of a dream while it runs. Nothing here imports torch."""

from collections.abc import Collection, Mapping
from typing import Any

from puppyslug.engine.octaves import plan_octaves
from puppyslug.images.sizes import Size
from puppyslug.labels import FindLabel
from puppyslug.networks import NetworkSpec
from puppyslug.objectives import parse_objective
from puppyslug.recipe import Recipe


def apply_changes(
    recipe: Recipe,
    changes: Mapping[str, Any],
    spec: NetworkSpec,
    size: Size,
    position: tuple[int, int, int] = (0, 0, 0),
    find_label: FindLabel | None = None,
    guides: Collection[str] | None = None,
) -> Recipe:
    """Validate changes of a running dream, and add them to its recipe.

    ``dream_steps`` applies the changes that are sent to it by this function. An error ends its
    generator, so callers validate changes that they do not trust before they send them.

    Args:
        recipe: the recipe so far.
        changes: new values of recipe fields.
        spec: the dream's network.
        size: (height, width) of the dream.
        position: frame, octave and step from which on the changes apply.
        find_label: finds a class of the network by name; None for the recipe's own function, which
            does not know the names of a labels file.
        guides: names of the dream's guide images; None for those in the recipe.

    Returns:
        The recipe with the changes in its schedule.

    Raises:
        ImageError: the coarsest octave is too small for a layer of the new objective.
        LabelError: the new objective names an unknown class.
        NetworkError: the new objective names an unknown layer.
        ObjectiveError: the new objective cannot be parsed, does not fit the network, or cannot be
            used once a dream runs.
        RecipeError: a field that cannot change while dreaming, a value out of range, or too many
            changes.
    """
    coarsest = plan_octaves(recipe, recipe.combined_objective(), spec, size).sizes[0]
    changed = recipe.with_scheduled_changes(position, changes)
    current = changed.at_step(*position)
    objective = parse_objective(current.objective, find_label or recipe.find_label)
    if "objective" in changes:
        names = [guide.name for guide in recipe.guides] if guides is None else guides
        objective.check_running(names)
    objective.check(spec, recipe.composition_size or size)
    plan_octaves(current, objective, spec, coarsest)
    return changed

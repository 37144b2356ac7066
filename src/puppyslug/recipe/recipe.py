"""The recipe: every setting of a dream, frozen, validated and serialisable as JSON."""

import json
from collections.abc import Mapping
from typing import Any, Self

from pydantic import ValidationError

from puppyslug.errors import NetworkError, RecipeError, suggest
from puppyslug.images.sizes import Size, format_size, parse_size
from puppyslug.labels import FindLabel, label_finder, unresolved_label
from puppyslug.networks import NetworkSpec, find_spec
from puppyslug.objectives import Objective, parse_objective
from puppyslug.recipe import defaults
from puppyslug.recipe.completion import preset_settings, validate_names, validate_version
from puppyslug.recipe.curves import objectives_in
from puppyslug.recipe.film_fields import FilmFields
from puppyslug.recipe.places import parse_place
from puppyslug.recipe.schedule import (
    FRAME_FIELDS,
    POSTPROCESSING_FIELDS,
    STEP_FIELDS,
    Change,
    FrameValues,
    Position,
    check_change_count,
    value_at,
)
from puppyslug.recipe.settings import MAX_RECIPE_LENGTH, parse_settings
from puppyslug.recipe.validation import format_validation_error
from puppyslug.recipe.versions import earlier_settings, without_later_fields


class Recipe(FilmFields):
    """Everything that determines a picture.

    Use ``Recipe.complete`` to create one; it fills in what is unset. Values that depend on the
    picture or the machine (``size``, the meaning of ``auto``, hashes) are filled in when the dream
    is prepared, so that a saved recipe is fully determined.
    """

    @classmethod
    def complete(cls, settings: Mapping[str, object], network: NetworkSpec | None = None) -> Self:
        """Create a recipe from the settings that a user chose.

        Args:
            settings: fields of a recipe. Missing ones are taken from the preset, then from the
                field defaults (of its ``recipe_version``), then from the network.
            network: spec of a network that the caller loaded; by default, ``network`` of the
                settings is looked up by name.

        Raises:
            RecipeError: unknown field or preset, value out of range, or recipe of a newer
                puppyslug.
            NetworkError: unknown network.
            ObjectiveError: the objective cannot be parsed.
        """
        if not isinstance(settings, Mapping):
            raise RecipeError(
                f"settings are a dict of fields, such as {{'octaves': 5}}, not "
                f"{type(settings).__name__}"
            )
        validate_version(settings)
        validate_names(settings, cls.model_fields)
        if network is not None:
            settings = {**settings, "network": network.name}
        recipe = cls._validate(
            {**preset_settings(settings), **earlier_settings(settings), **settings}
        )
        if "octaves" not in settings:
            recipe.model_fields_set.discard("octaves")
        spec = network or find_spec(recipe.network)
        objective = parse_objective(recipe.objective or spec.default_layer, recipe.find_label)
        recipe = recipe._with_objective(str(objective), is_default=not recipe.objective)
        unchanged = recipe.with_settings({"schedule": ()})
        for change in recipe.schedule:
            changed = unchanged.with_settings({change.field: change.value})
            parse_objective(changed.objective, recipe.find_label)
        for text in objectives_in(recipe.curves):
            parse_objective(text, recipe.find_label)
        return recipe

    @classmethod
    def from_json(cls, text: str, network: NetworkSpec | None = None) -> Self:
        """Parse a complete or partial recipe.

        Args:
            text: a JSON object.
            network: as in ``complete``; the recipe must name it.

        Raises:
            RecipeError: not a JSON object, or as in ``complete``.
        """
        settings = parse_settings(text)
        name = settings.get("network", defaults.NETWORK)
        if network is not None and name != network.name:
            raise RecipeError(f"the recipe is for the network {name}, not for {network.name}")
        return cls.complete(settings, network)

    def to_settings(self) -> dict[str, Any]:
        """Return the fields as values that JSON can represent, without those that are None.

        Those that the recipe's version did not have yet are left out, unless they were set since,
        and so is a number of octaves that still depends on the size.
        """
        excluded = {"octaves"} if self.has_default_octaves else None
        settings = self.model_dump(mode="json", exclude_none=True, exclude=excluded)
        return without_later_fields(settings)

    def to_json(self, *, indent: int | None = None) -> str:
        """Serialise as ASCII JSON; ``from_json`` restores an equal recipe."""
        return json.dumps(self.to_settings(), indent=indent)

    def with_settings(self, settings: Mapping[str, object]) -> Self:
        """Return a copy with some fields changed and validated.

        Raises:
            RecipeError: value out of range.
        """
        changed = type(self)._validate({**self.model_dump(), **settings})
        for name in ("objective", "octaves"):
            if name not in self.model_fields_set and name not in settings:
                changed.model_fields_set.discard(name)
        return changed

    @property
    def has_default_octaves(self) -> bool:
        """Whether the number of octaves was not chosen, so that it depends on the size."""
        return "octaves" not in self.model_fields_set

    @property
    def has_default_objective(self) -> bool:
        """Whether the objective was not chosen, but is the default layer of the network."""
        return "objective" not in self.model_fields_set

    def for_network(self, spec: NetworkSpec) -> Self:
        """Return the recipe for another network, whose default layer replaces that of this one."""
        recipe = self.model_copy(update={"network": spec.name})
        if self.has_default_objective:
            recipe = recipe._with_objective(spec.default_layer, is_default=True)
        return recipe

    def _with_objective(self, objective: str, *, is_default: bool) -> Self:
        recipe = self.model_copy(update={"objective": objective})
        if is_default:
            recipe.model_fields_set.discard("objective")
        return recipe

    def with_scheduled_changes(self, position: Position, changes: Mapping[str, Any]) -> Self:
        """Return a copy with changes that a user makes while the dream runs.

        They are added to the schedule, except for fields that are applied after the last step;
        those change for the whole dream.

        Args:
            position: frame, octave and step from which on the changes apply.
            changes: new values of ``STEP_FIELDS`` or ``POSTPROCESSING_FIELDS``.

        Raises:
            RecipeError: another field, a value out of range, or too many changes.
        """
        choices = sorted(STEP_FIELDS | POSTPROCESSING_FIELDS)
        for field in changes:
            if field not in choices:
                raise RecipeError(
                    f"{field!r} cannot change while dreaming; {suggest(field, choices)}"
                )
        self.with_settings(changes)  # raises on an invalid value
        added = tuple(
            Change(*position, field, str(value) if isinstance(value, Objective) else value)
            for field, value in changes.items()
            if field in STEP_FIELDS
        )
        unscheduled = {name: changes[name] for name in changes if name in POSTPROCESSING_FIELDS}
        schedule = self.schedule + added
        check_change_count(len(schedule))
        changed = self.with_settings({**unscheduled, "schedule": schedule})
        if added and len(changed.to_json()) > MAX_RECIPE_LENGTH:
            raise RecipeError(
                f"the recipe would exceed {MAX_RECIPE_LENGTH} characters with these changes; start "
                "another dream from the result"
            )
        return changed

    def at_step(self, frame: int, octave: int, step: int) -> Self:
        """Return the recipe with the schedule applied up to and including a step.

        Args:
            frame: index of the film frame, from 0.
            octave: index of the octave, from 0, the coarsest.
            step: index of the step in its octave, from 0.
        """
        if not self.schedule:
            return self
        position = (frame, octave, step)
        changed: dict[str, float | str] = {}
        for field in {change.field for change in self.schedule}:
            changes = [change for change in self.schedule if change.field == field]
            value = value_at(changes, getattr(self, field), position, self.find_label)
            if value != getattr(self, field):
                changed[field] = value
        return self.with_settings(changed) if changed else self

    def for_frame(self, frame: int, values: FrameValues | None = None) -> Self:
        """Return the recipe of one film frame.

        Fields that change per frame have their value at this frame; the schedule keeps the changes
        of fields that change per step.

        Args:
            frame: index of the film frame, from 0.
            values: what ``curve_values`` computed for the recipe's curves; without it, they are
                ignored.
        """
        curves = {} if values is None else {name: one[frame] for name, one in values.items()}
        if not self.schedule and not curves:
            return self
        current = self.at_step(frame, 0, 0)
        rest = [
            change
            for change in self.schedule
            if change.field in STEP_FIELDS and change.field not in curves
        ]
        fields = {field: getattr(current, field) for field in FRAME_FIELDS}
        return self.with_settings({**fields, **curves, "schedule": tuple(rest)})

    def resized(self, size: str) -> Self:
        """Return a recipe of the same composition at another size.

        The coarse octaves stay the same; finer ones are added.

        Args:
            size: PX, WxH or full.

        Raises:
            RecipeError: invalid size.
        """
        size = self.with_settings({"size": size}).size or ""  # validated
        if not self.size or "x" not in self.size:
            raise RecipeError("the recipe has no WxH size, so its composition is unknown")
        if "x" not in size and size != "full":
            height, width = parse_size(self.size)
            scale = int(size) / max(height, width)
            size = format_size((max(1, round(height * scale)), max(1, round(width * scale))))
        return self.with_settings(
            {"size": size, "composed": self.composed or self.size, "tile": "auto"}
        )

    def tile_size(self, size: Size) -> Size | None:
        """Return (height, width) of the tiles for an image of this size; None for no tiling."""
        if self.tile in ("auto", "whole"):
            return None
        tile = parse_size(self.tile)
        return None if tile[0] >= size[0] and tile[1] >= size[1] else tile

    def combined_objective(self) -> Objective:
        """Return the sum of all objectives of the schedule, for checks that apply to each."""
        texts = [str(c.value) for c in self.schedule if c.field == "objective"]
        texts += objectives_in(self.curves)
        total = parse_objective(self.objective, self.find_label)
        for text in texts:
            total = Objective(total.terms + parse_objective(text, self.find_label).terms)
        return total

    @property
    def enlarges_photo(self) -> bool:
        """Whether ``size`` enlarges a smaller photo; it did not in the first version of recipes."""
        return self.size is not None and self.recipe_version > 1

    @property
    def find_label(self) -> FindLabel:
        """Function that finds a class of the recipe's network by name, if those are known yet."""
        if self.labels is not None:
            return unresolved_label
        try:
            return label_finder(find_spec(self.network).vocabulary)
        except NetworkError:  # a network that the caller loaded
            return unresolved_label

    @property
    def modifies_gradient(self) -> bool:
        """Whether the steps process the gradient more than those of the notebook do."""
        views = bool(self.rescale or self.margin or self.soften)
        return views or self.smooth != "0" or self.palette == "natural"

    @property
    def draws_composition(self) -> bool:
        """Whether a named thing is drawn first, which octaves then refine."""
        return self.method == "spectrum"

    @property
    def place_position(self) -> tuple[float, float]:
        """(x, y) of ``place``, as shares of width and height; the centre if it is None."""
        return (0.5, 0.5) if self.place is None else parse_place(self.place)

    @property
    def composition_size(self) -> Size | None:
        """(height, width) that octaves and positions refer to; None for the image's own."""
        return parse_size(self.composed) if self.composed else None

    @classmethod
    def _validate(cls, settings: Mapping[str, object]) -> Self:
        try:
            return cls.model_validate(dict(settings))
        except ValidationError as error:
            raise RecipeError(format_validation_error(error)) from error

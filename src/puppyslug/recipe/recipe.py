"""The recipe: everything that decides a picture, frozen, checked, as JSON.

Its fields are the long options of the command line with underscores, and their defaults stand
here and nowhere else. Nothing here imports torch.
"""

import json
from collections.abc import Mapping
from importlib.metadata import version
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from puppyslug.errors import NetworkError, RecipeError, nearest
from puppyslug.images.sizes import Size, format_size, parse_size
from puppyslug.labels import FindLabel, find_label, finder, open_label
from puppyslug.networks import find_spec
from puppyslug.networks.finetuned import without_folders
from puppyslug.objectives import Objective, parse_mask, parse_objective
from puppyslug.recipe.interpolation import value_at
from puppyslug.recipe.presets import find_preset
from puppyslug.recipe.sizes import MAX_EDGE, check_size, memory_bytes

RECIPE_VERSION = 1
STARTS = ("noise", "clouds")  # what there is to start from without a photo
MAX_SMOOTH = 1000  # pixels
STEERABLE = frozenset({"objective", "step_size", "jitter"})
FINISHING = frozenset({"strength", "keep_colours"})  # looked at once a dream is finished
# what else may change from frame to frame of a film
KEYED = frozenset(
    ("octaves", "octave_scale", "iterations", "rescale", "taper", "soften", "focus", "margin",
     "strength", "zoom", "rotate", "pan_x", "pan_y")
)  # fmt: skip


class FileReference(BaseModel):
    """A file that a recipe needs: what it is called and what is in it, never the file itself.

    Attributes:
        name: without folders.
        sha256: of its bytes; of the pixels where ``name`` is empty and there was no file.
        folder: from the dream's folder to the file's, where they differ; a hint to look there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(max_length=255, pattern="^[^/]*$")]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    folder: Annotated[str, Field(max_length=1000, pattern="^[^/:][^:]*$")] | None = None


class Change(NamedTuple):
    """A setting changed while dreaming; places count from 0 and mean "from this step on".

    Attributes:
        frame: of a film; 0 for a picture.
        octave: in which it takes effect.
        step: of that octave.
        field: of the recipe.
        value: what the field is from there on.
        eased: whether it is approached from the change before, frame by frame: numbers and
            weights of the same terms linearly, other objectives by taking turns, step by step,
            so that neither the stronger nor the weaker one decides.
    """

    frame: int
    octave: int
    step: int
    field: str
    value: float | str
    eased: bool = False


def names_for_masks(network: str) -> FindLabel:
    """Finds a label for a mask by name; where a network knows no classes, ImageNet's are meant."""
    try:
        spec = find_spec(network)
    except NetworkError:  # said elsewhere
        return find_label
    return finder(spec.vocabulary) if spec.classes else find_label


def _usual(least: float, most: float, step: float) -> dict[str, Any]:
    """The range that a slider covers; a field's own bounds are wider."""
    return {"usual": [least, most, step]}


class Recipe(BaseModel):
    """Everything that decides a picture.

    Build one with ``Recipe.complete``, which fills in what is unset. What cannot be known before
    the picture is seen (``size``, what ``auto`` means here, the hashes) is filled in when the
    dream is prepared, so that a saved recipe holds no open question.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    recipe_version: Annotated[int, Field(ge=1)] = RECIPE_VERSION
    version: str = Field(
        default_factory=lambda: version("puppyslug"), description="puppyslug's version"
    )
    preset: str = Field("classic", description="a ready-made look")
    photo: FileReference | Literal["noise", "clouds"] = Field(
        "clouds", description="a photo, noise or clouds"
    )
    network: str = Field("vgg19", description="network that looks at the picture")
    weights: FileReference | None = Field(
        None, description="weights file (or its URL) instead of the network's own"
    )
    labels: FileReference | None = Field(
        None, description="file with the names of the network's classes, one a line"
    )
    objective: str = Field("", description="what to see more of; unset: the network's own layer")
    octaves: int = Field(
        4,
        ge=1,
        le=100,
        description="number of scales; more, larger shapes",
        json_schema_extra=_usual(1, 8, 1),
    )
    octave_scale: float = Field(
        1.4,
        gt=1,
        le=100,
        description="ratio from one octave to the next",
        json_schema_extra=_usual(1.1, 2.0, 0.05),
    )
    iterations: int = Field(
        10, ge=1, le=100_000, description="steps per octave", json_schema_extra=_usual(1, 40, 1)
    )
    step_size: float = Field(
        1.5,
        gt=0,
        le=10_000,
        description="mean change of a step, in grey levels of 255",
        json_schema_extra=_usual(0.1, 10, 0.1),
    )
    jitter: int = Field(
        32,
        ge=0,
        le=MAX_EDGE,
        description="how far a step may shift the picture, in pixels",
        json_schema_extra=_usual(0, 64, 1),
    )
    rescale: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="by how much a step may scale the picture down to look at it",
        json_schema_extra=_usual(0, 0.9, 0.05),
    )
    taper: float = Field(
        1.0,
        gt=0,
        le=10,
        description="ratio of the step size from one octave to the next",
        json_schema_extra=_usual(0.5, 1.5, 0.05),
    )
    smooth: str = Field(
        "0",
        description="smooth the gradient: width of a Gaussian in pixels, or laplacian for equal "
        "strength at every scale",
    )
    soften: float = Field(
        0.0,
        ge=0,
        le=1,
        description="share of the detail that every step blurs, against grain",
        json_schema_extra=_usual(0, 1, 0.05),
    )
    palette: Literal["natural", "vivid"] = Field(
        "vivid", description="natural: soft colours near the photo's; vivid: the network's own"
    )
    focus: float = Field(
        0.0,
        ge=0,
        le=100,
        description="how closely steps keep to where the network sees the thing",
        json_schema_extra=_usual(0, 5, 0.1),
    )
    margin: float = Field(
        0.0,
        ge=0,
        le=1,
        description="edge of the picture, as a share of half of it, where dreaming fades out; 0: "
        "the picture wraps around, as in the notebook",
        json_schema_extra=_usual(0, 1, 0.05),
    )
    count: int | None = Field(
        None,
        ge=1,
        le=10_000,
        description="how many things to make room for; sets the octaves",
        json_schema_extra=_usual(1, 40, 1),
    )
    mask: FileReference | str | None = Field(
        None,
        description="where to dream: a picture (white: fully, black: not at all), see(NAME) or "
        "not see(NAME)",
    )
    strength: float = Field(
        1.0,
        ge=0,
        le=1,
        description="mix of dream (1) and photo (0) at the end",
        json_schema_extra=_usual(0, 1, 0.05),
    )
    keep_colours: bool = Field(
        False, description="keep the photo's colours; only light and dark are dreamt"
    )
    guides: tuple[FileReference, ...] = Field(
        (), max_length=100, description="the pictures that the objective's guides name"
    )
    seed: int = Field(
        0, ge=0, lt=2**63, description="random seed; another number gives another picture"
    )
    size: str | None = Field(
        None,
        description="PX for the longest edge (never enlarges a photo), WxH for noise and clouds, "
        "or full; unset: 1024 for a photo, 640x360 for noise and clouds",
    )
    composed: str | None = Field(
        None, description="WxH that the octaves were counted at, where the dream was enlarged"
    )
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        "auto", description="numbers to compute in; auto: what the processor is fast at"
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = Field(
        "auto", description="where to compute; auto: a GPU where there is one"
    )
    winograd: Annotated[int, Field(ge=0, le=1_000_000)] | Literal["auto"] = Field(
        "auto",
        description="fewest channels for which 3×3 convolutions go by Winograd's method, 0 for "
        "none; auto: what is faster here",
    )
    threads: int | None = Field(None, ge=1, le=4096, description="processor threads")
    memory: str | None = Field(
        None,
        description="memory for the dream beside the program itself, such as 2GB; unset: half of "
        "what is free",
    )
    tile: str = Field(
        "auto",
        description="WxH of the tiles in which a large picture is looked at, whole for none; "
        "auto: as memory allows",
    )
    zoom: float = Field(
        1.0, ge=0.5, le=2, description="enlargement from one frame of a film to the next"
    )
    rotate: float = Field(
        0.0, ge=-180, le=180, description="degrees that a frame turns against the one before"
    )
    pan_x: float = Field(
        0.0, ge=-50, le=50, description="percent of the width that a frame moves right"
    )
    pan_y: float = Field(
        0.0, ge=-50, le=50, description="percent of the height that a frame moves down"
    )
    stop_after: int | None = Field(
        None, ge=1, description="steps after which the dream was interrupted"
    )
    schedule: tuple[Change, ...] = Field(
        (), max_length=1000, description="settings changed while dreaming"
    )

    @field_validator("network")
    @classmethod
    def _without_folders(cls, name: str) -> str:
        return without_folders(name)

    @field_validator("composed")
    @classmethod
    def _check_composed(cls, text: str | None) -> str | None:
        if text is not None and "x" not in text:
            raise ValueError("it should be WxH, such as 640x360")
        return None if text is None else check_size(text)

    @field_validator("size")
    @classmethod
    def _check_size(cls, text: str | None) -> str | None:
        return None if text is None else check_size(text)

    @field_validator("objective", "size", "smooth", mode="before")
    @classmethod
    def _as_text(cls, value: object) -> object:
        return str(value) if isinstance(value, Objective | int | float) else value

    @field_validator("smooth")
    @classmethod
    def _check_smooth(cls, text: str) -> str:
        if text != "laplacian":
            try:
                width = float(text)
            except ValueError:
                width = -1.0
            if not 0 <= width <= MAX_SMOOTH:
                raise ValueError(f"it should be laplacian or a width of 0 to {MAX_SMOOTH} pixels")
        return text

    @field_validator("mask")
    @classmethod
    def _check_mask(
        cls, mask: FileReference | str | None, info: ValidationInfo
    ) -> FileReference | str | None:
        if not isinstance(mask, str):
            return mask
        return str(parse_mask(mask, names_for_masks(str(info.data.get("network")))))

    @field_validator("tile")
    @classmethod
    def _check_tile(cls, text: str) -> str:
        if text not in ("auto", "whole") and "x" not in text:
            raise ValueError("it should be auto, whole or WxH, such as 512x512")
        return text if text in ("auto", "whole") else check_size(text)

    @field_validator("memory")
    @classmethod
    def _check_memory(cls, text: str | None) -> str | None:
        if text is not None:
            try:
                memory_bytes(text)
            except ValidationError as error:
                raise ValueError("it should be a number of bytes, such as 2GB or 800MB") from error
        return text

    @field_validator("schedule")
    @classmethod
    def _check_schedule(cls, changes: tuple[Change, ...]) -> tuple[Change, ...]:
        for change in changes:
            if change.field not in STEERABLE | KEYED:
                raise ValueError(
                    f"{change.field!r} cannot change while dreaming; "
                    f"{', '.join(sorted(STEERABLE | KEYED))} can"
                )
        return changes

    @classmethod
    def complete(cls, settings: Mapping[str, object]) -> Self:
        """Make a recipe from the settings that somebody chose.

        Args:
            settings: fields of a recipe; what is missing comes from the preset, then from the
                defaults, then from the network.

        Raises:
            RecipeError: an unknown field or preset, a value out of range, a recipe from a newer
                puppyslug.
            NetworkError: an unknown network.
            ObjectiveError: an objective that cannot be read.
        """
        _check_version(settings)
        for name in settings:
            if name not in cls.model_fields:
                raise RecipeError(
                    f"a recipe has no field {name!r}; {nearest(name, cls.model_fields)}"
                )
        name = str(settings.get("preset", cls.model_fields["preset"].default))
        preset = find_preset(name).settings
        if "objective" in preset and not settings.get("objective"):
            network = settings.get("network", preset["network"])
            if network != preset["network"]:
                raise RecipeError(
                    f"the preset {name} is a look of {preset['network']}, not of {network}; "
                    "leave one of them out, or name a layer"
                )
        if "octaves" in settings and settings.get("count") is None:
            preset = {field: value for field, value in preset.items() if field != "count"}
        recipe = cls._validated({**preset, **settings})
        spec = find_spec(recipe.network)
        objective = parse_objective(recipe.objective or spec.default_layer, recipe.names)
        recipe = recipe.model_copy(update={"objective": str(objective)})
        unchanged = recipe.with_settings({"schedule": ()})
        for change in recipe.schedule:
            changed = unchanged.with_settings({change.field: change.value})
            parse_objective(changed.objective, recipe.names)
        return recipe

    def tile_for(self, size: Size) -> Size | None:
        """(height, width) of the tiles for a picture of this size; None where it goes whole."""
        if self.tile in ("auto", "whole"):
            return None
        tile = parse_size(self.tile)
        return None if tile[0] >= size[0] and tile[1] >= size[1] else tile

    def any_objective(self) -> Objective:
        """All that is an objective at some step, as one: for checks that must hold for each."""
        texts = [str(c.value) for c in self.schedule if c.field == "objective"]
        total = parse_objective(self.objective, self.names)
        for text in texts:
            total = Objective(total.terms + parse_objective(text, self.names).terms)
        return total

    @property
    def names(self) -> FindLabel:
        """Finds a label by its name as the recipe's network calls it, or leaves it for later."""
        if self.labels is not None:
            return open_label
        try:
            return finder(find_spec(self.network).vocabulary)
        except NetworkError:  # a network that was brought by hand
            return open_label

    def at(self, frame: int, octave: int, step: int) -> Self:
        """The recipe with every change of its schedule up to this step applied."""
        if not self.schedule:
            return self
        place = (frame, octave, step)
        now: dict[str, float | str] = {}
        for field in {change.field for change in self.schedule}:
            own = [change for change in self.schedule if change.field == field]
            value = value_at(own, getattr(self, field), place, self.names)
            if value != getattr(self, field):
                now[field] = value
        return self.with_settings(now) if now else self

    def frame(self, number: int) -> Self:
        """The recipe of one frame: what a frame changes is in it, what a step does is scheduled."""
        if not self.schedule:
            return self
        now = self.at(number, 0, 0)
        rest = [change for change in self.schedule if change.field in STEERABLE]
        return self.with_settings(
            {**{field: getattr(now, field) for field in KEYED}, "schedule": tuple(rest)}
        )

    @property
    def shapes(self) -> bool:
        """Whether steps do more to the gradient than the notebook's."""
        looks = bool(self.rescale or self.margin or self.soften)
        return looks or self.smooth != "0" or self.palette == "natural"

    @property
    def composition(self) -> Size | None:
        """(height, width) that octaves and positions refer to, where it is not the picture's."""
        return parse_size(self.composed) if self.composed else None

    def resized(self, size: str) -> Self:
        """The same composition at another size: the coarse octaves stay, finer ones are added.

        Args:
            size: PX, WxH or full.

        Raises:
            RecipeError: the size cannot be read.
        """
        size = self.with_settings({"size": size}).size or ""  # checked
        if not self.size or "x" not in self.size:
            raise RecipeError("the recipe does not say how large its dream was; it has no WxH size")
        if "x" not in size and size != "full":
            height, width = parse_size(self.size)
            scale = int(size) / max(height, width)
            size = format_size((max(1, round(height * scale)), max(1, round(width * scale))))
        return self.with_settings(
            {"size": size, "composed": self.composed or self.size, "tile": "auto"}
        )

    def with_settings(self, settings: Mapping[str, object]) -> Self:
        """The same recipe with some fields changed, checked again.

        Raises:
            RecipeError: a value out of range.
        """
        return type(self)._validated({**self.model_dump(), **settings})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a recipe, complete or partial.

        Args:
            text: a JSON object.

        Raises:
            RecipeError: no JSON object, or as in ``complete``.
        """
        return cls.complete(read_settings(text))

    def as_settings(self) -> dict[str, Any]:
        """The recipe as plain settings, as JSON has them."""
        return self.model_dump(mode="json", exclude_none=True)

    def to_json(self, *, indent: int | None = None) -> str:
        """The recipe as ASCII JSON that ``from_json`` reads back as an equal recipe."""
        return json.dumps(self.as_settings(), indent=indent)

    @classmethod
    def _validated(cls, settings: Mapping[str, object]) -> Self:
        try:
            return cls.model_validate(dict(settings))
        except ValidationError as error:
            raise RecipeError(_one_line(error)) from error


def read_settings(text: str) -> dict[str, Any]:
    """Read a recipe's JSON as plain settings, for ``Recipe.complete``.

    Raises:
        RecipeError: the text is no JSON object.
    """
    try:
        settings = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RecipeError(f"the recipe is not JSON: {str(error).splitlines()[0]}") from error
    if not isinstance(settings, dict):
        raise RecipeError("the recipe is not a JSON object of settings, such as {'octaves': 5}")
    return settings


def _check_version(settings: Mapping[str, object]) -> None:
    try:
        made_for = float(str(settings.get("recipe_version", RECIPE_VERSION)))
    except ValueError:
        return  # refused by the field itself
    if made_for > RECIPE_VERSION:
        raise RecipeError(
            f"the recipe was written by a newer puppyslug ({settings.get('version', 'unknown')}); "
            f"this is {version('puppyslug')}: update it"
        )


def _one_line(error: ValidationError) -> str:
    problem = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in problem["loc"][:1]) or "the recipe"
    message = problem["msg"].removeprefix("Value error, ").replace("Input should", "it should")
    message = message.split(", unable to parse")[0]
    return f"{place} cannot be {str(problem['input'])[:60]!s}: {message}"

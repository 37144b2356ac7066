"""The fields of a recipe, with their defaults and ranges. Nothing here imports torch."""

from collections.abc import Sized
from importlib.metadata import version
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from puppyslug.errors import NetworkError
from puppyslug.images.sizes import format_size
from puppyslug.labels import FindLabel, find_label, label_finder, unresolved_label
from puppyslug.networks import find_spec
from puppyslug.networks.finetuned import strip_folders
from puppyslug.objectives import MASK_NAMES, Objective, parse_mask
from puppyslug.recipe import defaults
from puppyslug.recipe.references import FileReference
from puppyslug.recipe.schedule import MAX_CHANGES, SCHEDULABLE_FIELDS, Change
from puppyslug.recipe.sizes import MAX_SIDE, parse_memory, parse_share, validate_size
from puppyslug.recipe.versions import RECIPE_VERSION

STARTING_IMAGES = ("noise", "clouds")  # what a dream without a photo can start from
MAX_SMOOTH = 1000  # pixels
MAX_GUIDES = 100


def mask_label_finder(network: str) -> FindLabel:
    """Return the function that finds the class a mask names: ImageNet's if the network has none."""
    try:
        spec = find_spec(network)
    except NetworkError:  # a network that the caller loaded, or one that does not exist
        return unresolved_label
    return label_finder(spec.vocabulary) if spec.classes else find_label


def slider(lowest: float, highest: float, step: float) -> dict[str, Any]:
    """Return the range of a slider in the studio; the field's own bounds are wider."""
    return {"usual": [lowest, highest, step]}


class RecipeFields(BaseModel):
    """All settings that determine a dream, and the validation of each."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    recipe_version: Annotated[int, Field(ge=1)] = RECIPE_VERSION
    version: str = Field(
        default_factory=lambda: version("puppyslug"), description="version of puppyslug"
    )
    preset: str = Field(defaults.PRESET, description="named group of settings")
    photo: FileReference | Literal["noise", "clouds"] = Field(
        defaults.STARTING_IMAGE, description="a photo, noise or clouds"
    )
    network: str = Field(defaults.NETWORK, description="network whose activations are maximised")
    weights: FileReference | None = Field(
        None, description="file or URL of weights to load instead of the network's own"
    )
    labels: FileReference | None = Field(
        None, description="file with the names of the network's classes, one per line"
    )
    objective: str = Field("", description="what to maximise; default: the network's default layer")
    octaves: int = Field(
        4,
        ge=1,
        le=100,
        description="number of scales; more octaves give larger shapes; for sizes above the "
        "default there are more, so that shapes keep their share of the image",
        json_schema_extra=slider(1, 8, 1),
    )
    octave_scale: float = Field(
        1.4,
        gt=1,
        le=100,
        description="size ratio of one octave to the previous one",
        json_schema_extra=slider(1.1, 2.0, 0.05),
    )
    iterations: int = Field(
        10, ge=1, le=100_000, description="steps per octave", json_schema_extra=slider(1, 40, 1)
    )
    step_size: float = Field(
        1.5,
        gt=0,
        le=10_000,
        description="mean change per step, in grey levels (0 to 255)",
        json_schema_extra=slider(0.1, 10, 0.1),
    )
    jitter: int = Field(
        32,
        ge=0,
        le=MAX_SIDE,
        description="maximum random shift of the image per step, in pixels",
        json_schema_extra=slider(0, 64, 1),
    )
    rescale: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="maximum random reduction of the image's size per step, as a fraction",
        json_schema_extra=slider(0, 0.9, 0.05),
    )
    taper: float = Field(
        1.0,
        gt=0,
        le=10,
        description="step size ratio of one octave to the previous one",
        json_schema_extra=slider(0.5, 1.5, 0.05),
    )
    smooth: str = Field(
        "0",
        description="smoothing of the gradient: width of a Gaussian in pixels, or laplacian for "
        "equal strength at every scale",
    )
    soften: float = Field(
        0.0,
        ge=0,
        le=1,
        description="fraction of the detail that is blurred at every step, against grain",
        json_schema_extra=slider(0, 1, 0.05),
    )
    palette: Literal["natural", "vivid"] = Field(
        "vivid",
        description="natural: soft colours close to the photo's; vivid: colours as the network "
        "produces them",
    )
    focus: float = Field(
        0.0,
        ge=0,
        le=100,
        description="how strongly steps concentrate on where the network detects the class",
        json_schema_extra=slider(0, 5, 0.1),
    )
    margin: float = Field(
        0.0,
        ge=0,
        le=1,
        description="width of the border in which the dream fades out, as a fraction of half the "
        "image; 0: the image wraps around, as in the notebook",
        json_schema_extra=slider(0, 1, 0.05),
    )
    count: int | None = Field(
        None,
        ge=1,
        le=10_000,
        description="approximate number of objects that fit into the image; sets the octaves",
        json_schema_extra=slider(1, 40, 1),
    )
    mask: FileReference | str | None = Field(
        None,
        description="where to dream: an image (white: fully, black: not at all; of a cut-out, its "
        f"opacity), see(NAME), {', '.join(MASK_NAMES)} or color(#87ceeb), combined by and, or, "
        "not, grow(MASK, PX) and feather(MASK, PX)",
    )
    strength: float = Field(
        1.0,
        ge=0,
        le=1,
        description="blend of photo (0) and dream (1) in the result; also in percent",
        json_schema_extra=slider(0, 1, 0.05),
    )
    keep_colours: bool = Field(
        False, description="keep the photo's colours; only the luminance changes"
    )
    guides: tuple[FileReference, ...] = Field(
        (), max_length=MAX_GUIDES, description="guide images that the objective refers to"
    )
    seed: int = Field(
        defaults.SEED,
        ge=0,
        lt=2**63,
        description="random seed; another seed gives another image",
    )
    size: str | None = Field(
        None,
        description="PX for the longest side, which enlarges a smaller photo; WxH for noise and "
        "clouds, or to crop a photo; or full for the photo's own size; default: at most "
        f"{defaults.PHOTO_SIDE} for a photo, {format_size(defaults.STARTING_IMAGE_SIZE)} for noise "
        "and clouds",
    )
    composed: str | None = Field(
        None, description="WxH that the octaves refer to, if the dream was enlarged"
    )
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        "auto", description="number format; auto: the fastest that the processor supports"
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = Field(
        "auto", description="device to compute on; auto: a GPU if there is one"
    )
    winograd: Annotated[int, Field(ge=0, le=1_000_000)] | Literal["auto"] = Field(
        "auto",
        description="minimum number of channels for which 3×3 convolutions use Winograd's "
        "algorithm, 0 for never; auto: whatever is faster on this machine",
    )
    kernels: Literal["auto", "native", "torch"] = Field(
        "auto",
        description="what computes Winograd's algorithm: native for compiled code, or torch; auto: "
        "native where it is installed, but torch where winograd is a number",
    )
    threads: int | None = Field(None, ge=1, le=4096, description="number of processor threads")
    memory: str | None = Field(
        None,
        description="memory limit, such as 2GB, not counting the program itself; default: half of "
        "the free memory",
    )
    tile: str = Field(
        "auto",
        description="WxH of the tiles into which a large image is divided, or whole for none; "
        "auto: as memory allows",
    )
    metadata: Literal["keep", "keep-position", "strip"] = Field(
        "keep",
        description="what a dream keeps of its photo's metadata: keep for artist, copyright and "
        "ICC profile; keep-position for the GPS position, too; or strip",
    )
    zoom: float = Field(
        1.0, ge=0.5, le=2, description="magnification from one frame of a film to the next"
    )
    rotate: float = Field(
        0.0, ge=-180, le=180, description="rotation from one frame to the next, in degrees"
    )
    pan_x: float = Field(
        0.0, ge=-50, le=50, description="shift to the right per frame, in percent of the width"
    )
    pan_y: float = Field(
        0.0, ge=-50, le=50, description="downward shift per frame, in percent of the height"
    )
    stop_after: int | None = Field(
        None, ge=1, description="number of steps after which the dream was interrupted"
    )
    schedule: tuple[Change, ...] = Field(
        (), max_length=MAX_CHANGES, description="settings that change during the dream"
    )

    @field_validator("schedule", "guides", mode="before")
    @classmethod
    def _check_count(cls, items: object, info: ValidationInfo) -> object:
        """Refuse a long list before its items are validated: each could be an error to report."""
        limit = MAX_CHANGES if info.field_name == "schedule" else MAX_GUIDES
        if isinstance(items, Sized) and len(items) > limit:
            raise ValueError(f"it should have at most {limit} items, not {len(items)}")
        return items

    @field_validator("network")
    @classmethod
    def _strip_folders(cls, name: str) -> str:
        return strip_folders(name)

    @field_validator("composed")
    @classmethod
    def _validate_composed(cls, text: str | None) -> str | None:
        if text is not None and "x" not in text:
            raise ValueError("it should be WxH, such as 640x360")
        return None if text is None else validate_size(text)

    @field_validator("size")
    @classmethod
    def _validate_size(cls, text: str | None) -> str | None:
        return None if text is None else validate_size(text)

    @field_validator("size", mode="before")
    @classmethod
    def _refuse_pairs(cls, value: object) -> object:
        if value is not None and not isinstance(value, str | int | float):
            message = 'it should be PX, "WxH" or "full", such as 1024 or "640x360"'
            raise ValueError(message)
        return value

    @field_validator("objective", mode="before")
    @classmethod
    def _refuse_lists(cls, value: object) -> object:
        if not isinstance(value, str | Objective):
            message = "it should be an Objective or text, such as 2*relu4_4 - relu5_1:12"
            raise ValueError(message)  # noqa: TRY004 (pydantic reports only ValueErrors)
        return value

    @field_validator("objective", "size", "smooth", mode="before")
    @classmethod
    def _to_text(cls, value: object) -> object:
        return str(value) if isinstance(value, Objective | int | float) else value

    @field_validator("strength", mode="before")
    @classmethod
    def _parse_percent(cls, value: object) -> object:
        return parse_share(value) if isinstance(value, str) else value

    @field_validator("smooth")
    @classmethod
    def _validate_smooth(cls, text: str) -> str:
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
    def _validate_mask(
        cls, mask: FileReference | str | None, info: ValidationInfo
    ) -> FileReference | str | None:
        if not isinstance(mask, str):
            return mask
        return str(parse_mask(mask, mask_label_finder(str(info.data.get("network")))))

    @field_validator("tile")
    @classmethod
    def _validate_tile(cls, text: str) -> str:
        if text not in ("auto", "whole") and "x" not in text:
            raise ValueError("it should be auto, whole or WxH, such as 512x512")
        return text if text in ("auto", "whole") else validate_size(text)

    @field_validator("memory")
    @classmethod
    def _validate_memory(cls, text: str | None) -> str | None:
        if text is not None:
            try:
                parse_memory(text)
            except ValidationError as error:
                raise ValueError("it should be a number of bytes, such as 2GB or 800MB") from error
        return text

    @field_validator("schedule")
    @classmethod
    def _validate_schedule(cls, changes: tuple[Change, ...]) -> tuple[Change, ...]:
        for change in changes:
            if change.field not in SCHEDULABLE_FIELDS:
                raise ValueError(
                    f"{change.field!r} cannot change while dreaming; "
                    f"use one of {', '.join(sorted(SCHEDULABLE_FIELDS))}"
                )
        return changes

"""The header of a finetuned network's file.

The file is a ``.safetensors`` whose metadata holds one JSON document. The keys of the document are
the aliases of the fields below; they are a file format and never change.
"""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import safetensors
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from puppyslug.errors import NetworkError, WeightsError, option
from puppyslug.labels import NONE_CLASS
from puppyslug.networks.specs import FinetunedHead

METADATA_KEY = "puppyslug"  # the one entry of the safetensors metadata
MAX_NEW_CLASSES = 500
MAX_HEADER_BYTES = 4_000_000

_Name = Annotated[str, Field(min_length=1, max_length=100)]


class HoldoutResult(BaseModel):
    """How a network classifies the images that were held out of its training.

    Attributes:
        counts: confusion matrix: for each new class, then for "none", the number of its images
            that were assigned to each class.
        unsure: for each row, the number of images whose probability is below the threshold.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    counts: tuple[tuple[int, ...], ...]
    unsure: tuple[int, ...]


class FinetunedHeader(BaseModel):
    """What the file of a finetuned network says about it.

    Attributes:
        format_version: of this header.
        base: name of the network that was finetuned.
        base_weights: SHA-256 of the weights of that network.
        new_classes: names of the classes that it was trained on.
        base_classes: names of the base's classes; empty where puppyslug includes them, or where
            the base has none.
        logit_scale: see ``FinetunedHead``.
        logit_bias: see ``FinetunedHead``.
        confidence_threshold: see ``FinetunedHead``.
        licence: of the base's weights.
        image_counts: number of training images of each new class.
        holdout: result on held-out images; None where there were too few images to hold any out.
        seed: of the training.
        trained_last_block: whether the base's last block was trained, or the classifier alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    format_version: Annotated[Literal[1], Field(alias="form")] = 1
    base: Annotated[str, Field(max_length=100)]
    base_weights: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    new_classes: Annotated[
        tuple[_Name, ...], Field(alias="things", min_length=1, max_length=MAX_NEW_CLASSES)
    ]
    base_classes: Annotated[tuple[_Name, ...], Field(alias="classes")] = ()
    logit_scale: Annotated[float, Field(alias="sharpness", gt=0, le=1000)] = 1.0
    logit_bias: Annotated[float, Field(alias="shift", ge=-1000, le=1000)] = 0.0
    confidence_threshold: Annotated[float, Field(alias="sure_from", ge=0, le=1)]
    licence: str
    image_counts: Annotated[tuple[int, ...], Field(alias="pictures")]
    holdout: Annotated[HoldoutResult | None, Field(alias="held")]
    seed: int
    trained_last_block: Annotated[bool, Field(alias="taught_blocks")]

    @model_validator(mode="after")
    def _validate_names(self) -> "FinetunedHeader":
        names = [*self.new_classes, NONE_CLASS]
        if len({name.casefold() for name in names}) < len(names):
            raise ValueError("class names must be unique, and none may be 'none'")
        if not all(name.isprintable() for name in (*self.new_classes, *self.base_classes)):
            raise ValueError("class names must be printable")
        return self

    @property
    def head(self) -> FinetunedHead:
        """The part of the header that a ``NetworkSpec`` keeps."""
        return FinetunedHead(
            base=self.base,
            new_classes=self.new_classes,
            base_classes=self.base_classes,
            logit_scale=self.logit_scale,
            logit_bias=self.logit_bias,
            confidence_threshold=self.confidence_threshold,
        )


def read_header(path: Path) -> FinetunedHeader:
    """Read the header of a finetuned network's file.

    Raises:
        NetworkError: there is no such file.
        WeightsError: the file is damaged, or is no finetuned network.
    """
    if not path.is_file():
        raise NetworkError(f"the network file {path} does not exist; check the name")
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
        if length > MAX_HEADER_BYTES:
            raise WeightsError(f"{path} is damaged or not a .safetensors file")
        with safetensors.safe_open(path, framework="numpy") as opened:
            text = (opened.metadata() or {}).get(METADATA_KEY)
    except (safetensors.SafetensorError, ValueError) as error:
        raise WeightsError(f"{path} is damaged or not a .safetensors file") from error
    except OSError as error:
        raise WeightsError(f"the network {path} cannot be read: {error.strerror}") from error
    if text is None:
        raise WeightsError(
            f"{path} contains weights but does not name their network; pass the network as "
            f"{option('network')} and this file as {option('weights')}"
        )
    try:
        return FinetunedHeader.model_validate_json(text)
    except ValidationError as error:
        raise WeightsError(
            f"{path} was not written by 'puppyslug teach', or by an incompatible version; "
            "teach it again"
        ) from error


def header_metadata(header: FinetunedHeader) -> dict[str, str]:
    """Return the safetensors metadata: a single entry, so that equal networks are equal files."""
    document: dict[str, Any] = header.model_dump(mode="json", by_alias=True)
    return {METADATA_KEY: json.dumps(document, ensure_ascii=False, sort_keys=True)}

"""Networks that were taught: a weights file that says itself what it is.

The file is a ``.safetensors`` whose header says which network of the registry it began as, what it
was taught beside that, and how well it did. Nothing in it can run. Nothing here imports torch.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import safetensors
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from puppyslug.errors import NetworkError, WeightsError
from puppyslug.labels import NONE
from puppyslug.networks.specs import (
    CLASS_MAP,
    JOIN,
    SPECS,
    LayerSpec,
    NetworkSpec,
    OwnFile,
    Taught,
    names_in,
)
from puppyslug.networks.weights.cache import file_sha256

SUFFIX = ".safetensors"
KEY = "puppyslug"  # of the header's one entry
MOST_THINGS = 500
MAX_HEADER_BYTES = 4_000_000

_Name = Annotated[str, Field(min_length=1, max_length=100)]
_known: dict[str, NetworkSpec] = {}


class Held(BaseModel):
    """How well a network did on pictures that were held out.

    Attributes:
        counts: for each thing, then for none, how many of its pictures were taken for each.
        unsure: how many of each it was unsure of.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    counts: tuple[tuple[int, ...], ...]
    unsure: tuple[int, ...]


class Header(BaseModel):
    """What a taught network says of itself.

    Attributes:
        form: of this header.
        base: the name of the network that it began as.
        base_weights: SHA-256 of that network's weights.
        things: what it was taught.
        classes: names of the base's classes; empty where puppyslug brings them, or it knows none.
        sharpness: see ``Taught``.
        shift: see ``Taught``.
        sure_from: see ``Taught``.
        licence: of the base's weights.
        pictures: how many pictures of each thing it was taught with.
        held: how well it did; None where no pictures could be held out.
        seed: that it was taught with.
        taught_blocks: whether the base's last block was taught, too, or its classifier alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    form: Literal[1] = 1
    base: Annotated[str, Field(max_length=100)]
    base_weights: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    things: Annotated[tuple[_Name, ...], Field(min_length=1, max_length=MOST_THINGS)]
    classes: tuple[_Name, ...] = ()
    sharpness: Annotated[float, Field(gt=0, le=1000)] = 1.0
    shift: Annotated[float, Field(ge=-1000, le=1000)] = 0.0
    sure_from: Annotated[float, Field(ge=0, le=1)]
    licence: str
    pictures: tuple[int, ...]
    held: Held | None
    seed: int
    taught_blocks: bool

    @model_validator(mode="after")
    def _tell_things_apart(self) -> "Header":
        names = [*self.things, NONE]
        if len({name.casefold() for name in names}) < len(names):
            raise ValueError("two things of one name, or one called none")
        if not all(name.isprintable() for name in (*self.things, *self.classes)):
            raise ValueError("a name that cannot be printed")
        return self

    @property
    def taught(self) -> Taught:
        """What a network's record keeps of it."""
        fields = ("base", "things", "classes", "sharpness", "shift", "sure_from")
        return Taught(**{name: getattr(self, name) for name in fields})


def is_own_file(name: str) -> bool:
    """Whether a network's name means a file that was taught."""
    return name.lower().endswith(SUFFIX)


def own_name(name: str) -> str:
    """What a network is called: a file goes by its name without folders."""
    return name.replace("\\", "/").rpartition("/")[2] if is_own_file(name) else name


def without_folders(network: str) -> str:
    """A network's name, or several joined by ``+``, in which files go by their names alone."""
    return JOIN.join(own_name(name) for name in names_in(network))


def own_files_in(network: str) -> list[str]:
    """The taught networks in a network's name, each by its name without folders."""
    return [own_name(name) for name in names_in(network) if is_own_file(name)]


def remember(path: Path) -> None:
    """Look a taught network's file up, so that it goes by its name from here on.

    Raises:
        NetworkError: there is no such file, or its name would be taken for several networks.
        WeightsError: it is no taught network, or is damaged.
    """
    _known[own_name(str(path))] = read_spec(path)


def remembered(name: str) -> NetworkSpec | None:
    """The record of a taught network whose file was named before."""
    return _known.get(own_name(name))


def read_header(path: Path) -> Header:
    """Read what a taught network says of itself.

    Raises:
        NetworkError: there is no such file.
        WeightsError: it is no taught network, or is damaged.
    """
    if not path.is_file():
        raise NetworkError(f"there is no network {path}: no such file; check the name")
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
        if length > MAX_HEADER_BYTES:
            raise WeightsError(f"{path} is damaged, or no .safetensors")
        with safetensors.safe_open(path, framework="numpy") as opened:
            text = (opened.metadata() or {}).get(KEY)
    except (safetensors.SafetensorError, ValueError) as error:
        raise WeightsError(f"{path} is damaged, or no .safetensors") from error
    except OSError as error:
        raise WeightsError(f"the network {path} cannot be read: {error.strerror}") from error
    if text is None:
        raise WeightsError(
            f"{path} holds weights, but does not say of which network: name that with --network, "
            "and the file with --weights"
        )
    try:
        return Header.model_validate_json(text)
    except ValidationError as error:
        raise WeightsError(
            f"{path} was not taught by puppyslug, or by another version of it"
        ) from error


def read_spec(path: Path) -> NetworkSpec:
    """The record of a taught network, from its file.

    Raises:
        NetworkError: as in ``read_header``.
        WeightsError: likewise, or its base is a network that is not known here.
    """
    header = read_header(path)
    name = own_name(str(path))
    if header.base not in SPECS:
        raise WeightsError(f"{path} was taught from {header.base[:80]!r}, which is not known here")
    base = SPECS[header.base]
    if len(header.classes) not in (0, base.classes):
        raise WeightsError(
            f"{path} is damaged: it names {len(header.classes)} classes of {base.name}, which has "
            f"{base.classes or 'none'}; teach it again"
        )
    return finetuned_spec(
        base,
        header.taught,
        name=name,
        weights=OwnFile(path, file_sha256(path)),
    )


def finetuned_spec(
    base: NetworkSpec, taught: Taught, *, name: str, weights: OwnFile | None = None
) -> NetworkSpec:
    """What a network is once it was taught.

    Args:
        base: what it began as.
        taught: what it was taught.
        name: of its file.
        weights: the file, where it is there already.
    """
    classes = len(taught.things) + (base.classes or 1)
    layers = list(base.layers)
    if not base.classes:
        layers.append(LayerSpec(CLASS_MAP, 0, layers[-1].extent))
    return replace(
        base,
        name=name,
        title=f"{base.title}, taught {_listed(taught.things)}",
        layers=tuple(
            replace(layer, channels=classes) if layer.channels in (0, base.classes) else layer
            for layer in layers
        ),
        weights=weights,
        classes=classes,
        vocabulary="",
        labels=None,
        taught=taught,
        shows=base.shows if base.classes else (*base.shows, (CLASS_MAP, "things by name")),
    )


def header_text(header: Header) -> dict[str, str]:
    """The header as a ``.safetensors`` keeps it: one entry, so that equal files are equal."""
    document: dict[str, Any] = header.model_dump(mode="json")
    return {KEY: json.dumps(document, ensure_ascii=False, sort_keys=True)}


def _listed(things: tuple[str, ...]) -> str:
    shown = ", ".join(things[:4])
    return f"{shown} and {len(things) - 4} more" if len(things) > 4 else shown

"""The index of an atlas: the captions of its portraits and the neighbours of its channels.

Nothing here imports torch.
"""

import functools
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from puppyslug.errors import AtlasError
from puppyslug.files.atomic import write_atomically

INDEX_FILE = "atlas.json"  # its keys, the aliases of the fields below, are a file format
_MAX_BYTES = 20_000_000
_Number = Annotated[int, Field(ge=0, le=1_000_000)]
_Ratio = Annotated[float, Field(ge=-1, le=1)]
_Text = Annotated[str, Field(max_length=300)]
_Hash = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class _StrictModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True)


class PortraitGuess(_StrictModel):
    """A class that a classifier recognises in a portrait.

    Attributes:
        number: index of the class.
        name: name of the class.
        probability: in [0, 1].
    """

    number: _Number
    name: _Text
    probability: _Ratio


class Neighbour(_StrictModel):
    """A channel that the same portraits activate.

    Attributes:
        number: index of the channel.
        similarity: correlation of the activations of both channels over all portraits, in [-1, 1].
    """

    number: _Number
    similarity: Annotated[_Ratio, Field(alias="likeness")]


class AtlasEntry(_StrictModel):
    """A channel or a class.

    Attributes:
        number: index, from 0.
        name: name of the class; empty for a channel.
        guesses: the classes that a classifier recognises in the portrait, likeliest first.
        sure: whether the first guess is above the confidence threshold.
        rank: number of other portraits that activate the channel more than its own does.
        neighbours: the channels that the same portraits activate, most similar first.
    """

    number: _Number
    name: _Text = ""
    guesses: tuple[PortraitGuess, ...] = ()
    sure: bool = False
    rank: Annotated[_Number, Field(alias="beaten_by")] = 0
    neighbours: tuple[Neighbour, ...] = ()

    @property
    def title(self) -> str:
        """The name of the class, else the first guess, or ``"unsure"``."""
        if self.name:
            return self.name
        return self.guesses[0].name if self.sure else "unsure"


class AtlasIndex(_StrictModel):
    """An atlas without its portraits.

    Attributes:
        network: name of the network.
        layer: name of the layer; ``"labels"`` for classes.
        weights: SHA-256 of the network's weights.
        size: side length of a portrait in pixels.
        columns: number of portraits in a row of the picture that contains them all.
        steps: number of steps for each portrait.
        seed: of the portraits.
        classifier: name of the network that captioned the portraits.
        vocabulary: name of the classifier's vocabulary, where puppyslug includes it; else empty.
        entries: one for each channel, in order.
    """

    network: _Text
    layer: _Text
    weights: _Hash
    size: Annotated[int, Field(ge=1, le=4096)]
    columns: Annotated[int, Field(ge=1, le=10_000)]
    steps: _Number
    seed: _Number
    classifier: _Text
    vocabulary: _Text
    entries: Annotated[tuple[AtlasEntry, ...], Field(min_length=1, max_length=100_000)]

    @classmethod
    def read(cls, folder: Path) -> "AtlasIndex":
        """Read the index of the atlas in a folder.

        Raises:
            AtlasError: the index is missing or damaged.
        """
        path = folder / INDEX_FILE
        try:
            stat = path.stat()
            return _read_cached(path, stat.st_mtime_ns, stat.st_size)
        except (OSError, ValueError) as error:  # pydantic's errors are ValueErrors
            raise AtlasError(
                f"{path} is missing, damaged or not the index of an atlas; delete the folder and "
                "build the atlas again"
            ) from error

    def write(self, folder: Path) -> None:
        """Write the index into a folder.

        Raises:
            OutputError: the file cannot be written.
        """
        write_atomically(folder / INDEX_FILE, self.model_dump_json(by_alias=True).encode())


@functools.lru_cache(maxsize=32)
def _read_cached(path: Path, _modified: int, size: int) -> AtlasIndex:
    """Read an index, once for each version of its file.

    Raises:
        OSError: the file cannot be read.
        ValueError: the file is not an index.
    """
    if size > _MAX_BYTES:
        raise ValueError(f"{size} bytes")
    index = AtlasIndex.model_validate_json(path.read_bytes())
    if [entry.number for entry in index.entries] != list(range(len(index.entries))):
        raise ValueError("entries are not in order")
    return index

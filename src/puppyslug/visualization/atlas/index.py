"""The index of an atlas: what each portrait shows, and which others are like it. Torch-free."""

import functools
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from puppyslug.errors import AtlasError
from puppyslug.files.atomic import write_whole

FILE = "atlas.json"
_MAX_BYTES = 20_000_000
_Number = Annotated[int, Field(ge=0, le=1_000_000)]
_Share = Annotated[float, Field(ge=-1, le=1)]
_Text = Annotated[str, Field(max_length=300)]
_Hash = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class _StrictModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Guess(_StrictModel):
    """A class that a portrait was taken for.

    Attributes:
        number: of the class.
        name: of the class.
        probability: in [0, 1].
    """

    number: _Number
    name: _Text
    probability: _Share


class Neighbour(_StrictModel):
    """A channel that answers to the same portraits.

    Attributes:
        number: of the channel.
        likeness: how its answers to all portraits go along with this one's, in [-1, 1].
    """

    number: _Number
    likeness: _Share


class Entry(_StrictModel):
    """What is known of a channel, or of a class.

    Attributes:
        number: counted from 0.
        name: a class's own; empty for a channel.
        guesses: what a classifier takes the portrait for, likeliest first.
        sure: whether the first guess is one to rely on.
        beaten_by: how many other portraits excite it more than its own does.
        neighbours: the channels that are most like it, the nearest first.
    """

    number: _Number
    name: _Text = ""
    guesses: tuple[Guess, ...] = ()
    sure: bool = False
    beaten_by: _Number = 0
    neighbours: tuple[Neighbour, ...] = ()

    @property
    def title(self) -> str:
        """What to call it: its name, else what it is taken for."""
        if self.name:
            return self.name
        return self.guesses[0].name if self.sure else "unsure"


class Index(_StrictModel):
    """An atlas without its pictures.

    Attributes:
        network: the network's name.
        layer: the layer's name; ``"labels"`` for classes.
        weights: SHA-256 of the network's weights.
        size: edge of the portraits, in pixels.
        columns: portraits in a row of the picture that holds them all.
        steps: that each took.
        seed: that they were drawn with.
        classifier: which network says what they show.
        vocabulary: of the classifier's classes, where puppyslug brings one.
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
    entries: Annotated[tuple[Entry, ...], Field(min_length=1, max_length=100_000)]

    @classmethod
    def read(cls, folder: Path) -> "Index":
        """Read the index in a folder.

        Raises:
            AtlasError: it is missing, or damaged.
        """
        path = folder / FILE
        try:
            stat = path.stat()
            return _parsed(path, stat.st_mtime_ns, stat.st_size)
        except (OSError, ValueError) as error:  # pydantic's are ValueErrors
            raise AtlasError(
                f"{path} is damaged, or no index of an atlas; remove the folder and build again"
            ) from error

    def write(self, folder: Path) -> None:
        """Write the index into a folder.

        Raises:
            OutputError: it cannot be written there.
        """
        write_whole(folder / FILE, self.model_dump_json().encode())


@functools.lru_cache(maxsize=32)
def _parsed(path: Path, _changed: int, size: int) -> Index:
    """An index that is read again only where its file has changed.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no index.
    """
    if size > _MAX_BYTES:
        raise ValueError
    index = Index.model_validate_json(path.read_bytes())
    if [entry.number for entry in index.entries] != list(range(len(index.entries))):
        raise ValueError
    return index

"""An atlas: the portraits of every channel of a layer, or of every class, named."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from puppyslug.errors import AtlasError, LabelError
from puppyslug.labels import bundled
from puppyslug.networks.specs import CLASS_MAP
from puppyslug.visualization.atlas.index import Entry, Index

if TYPE_CHECKING:
    from PIL import Image

PICTURE = "portraits.webp"
LEAST = 0.02  # probability of what a portrait may be found by


class Atlas:
    """Portraits and what is known of them; the picture is only read when it is asked for.

    Attributes:
        folder: that holds it.
        index: what is known.
    """

    def __init__(self, folder: Path, index: Index | None = None) -> None:
        """Open an atlas.

        Args:
            folder: that holds it.
            index: what is known, where it is not to be read there.

        Raises:
            AtlasError: there is none, or it is damaged.
        """
        self.folder = folder
        self.index = Index.read(folder) if index is None else index

    @property
    def title(self) -> str:
        """What it is of, such as ``"vgg19 relu4_4"``."""
        return f"{self.index.network} {self.index.layer}"

    def entry(self, number: int) -> Entry:
        """What is known of a channel.

        Raises:
            AtlasError: no such channel.
        """
        entries = self.index.entries
        if not 0 <= number < len(entries):
            things = "classes" if self.index.layer == CLASS_MAP else "channels"
            raise AtlasError(
                f"{self.title} has {len(entries)} {things}, 0 to {len(entries) - 1}, and no "
                f"{number}"
            )
        return entries[number]

    def portrait(self, number: int) -> "Image.Image":
        """A channel's portrait, of mode RGB, ``index.size`` pixels wide and high.

        Raises:
            AtlasError: no such channel, or the picture is damaged.
        """
        size, columns = self.index.size, self.index.columns
        number = self.entry(number).number
        left, top = number % columns * size, number // columns * size
        return self._picture.crop((left, top, left + size, top + size))

    @cached_property
    def _picture(self) -> "Image.Image":
        from PIL import Image

        path = self.folder / PICTURE
        size, columns = self.index.size, self.index.columns
        rows = -(-len(self.index.entries) // columns)
        try:
            with Image.open(path, formats=("WEBP",)) as picture:
                if picture.size == (columns * size, rows * size):
                    return picture.convert("RGB")
        except OSError as error:
            raise AtlasError(f"{path} is missing or damaged; build the atlas again") from error
        raise AtlasError(f"{path} does not belong to its index; build the atlas again")

    def search(self, words: str) -> list[tuple[Entry, float]]:
        """The channels that look like something, the likeliest first, with how much they do.

        Args:
            words: of a class, a group of classes, or a part of their names.
        """
        names = names_of(words, self.index.vocabulary)
        scores = {entry: _score(entry, names) for entry in self.index.entries}
        found = [(entry, score) for entry, score in scores.items() if score >= LEAST]
        return sorted(found, key=lambda one: -one[1])

    def like(self, number: int) -> list[tuple[Entry, float]]:
        """The channels most like one, with how like they are.

        Raises:
            AtlasError: no such channel.
        """
        return [(self.entry(n.number), n.likeness) for n in self.entry(number).neighbours]


def names_of(words: str, vocabulary: str) -> frozenset[str] | str:
    """The names of all classes that words mean; without a vocabulary, a part of them."""
    known = bundled(vocabulary)
    if known is None:
        return words.strip().lower()
    try:
        members = known.find(words).members
    except LabelError:
        members = tuple(number for label in known.search(words) for number in label.members)
    return frozenset(known.class_name(number) for number in members)


def _score(entry: Entry, names: frozenset[str] | str) -> float:
    """How much of a portrait is what names mean: a sum of probabilities, and 1 for its own name."""

    def meant(name: str) -> bool:
        return name in names if isinstance(names, frozenset) else names in name.lower()

    own = bool(entry.name) and meant(entry.name)
    return own + sum(guess.probability for guess in entry.guesses if meant(guess.name))

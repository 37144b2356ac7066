"""An atlas: the portraits of all channels of a layer, or of all classes, with captions."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from puppyslug.errors import AtlasError, LabelError
from puppyslug.labels import bundled_vocabulary
from puppyslug.networks.specs import CLASS_MAP
from puppyslug.visualization.atlas.index import AtlasEntry, AtlasIndex

if TYPE_CHECKING:
    from PIL import Image

PORTRAITS_FILE = "portraits.webp"
MIN_SCORE = 0.02  # of a search result


class Atlas:
    """An index and portraits. The file of the portraits is read on first use.

    Attributes:
        folder: the folder of the atlas.
        index: the captions and neighbours.
    """

    def __init__(self, folder: Path, index: AtlasIndex | None = None) -> None:
        """Open an atlas.

        Args:
            folder: the folder of the atlas.
            index: default: read from the folder.

        Raises:
            AtlasError: the folder is not an atlas, or its index is damaged.
        """
        self.folder = folder
        self.index = AtlasIndex.read(folder) if index is None else index

    @property
    def title(self) -> str:
        """Network and layer, such as ``"vgg19 relu4_4"``."""
        return f"{self.index.network} {self.index.layer}"

    def entry(self, number: int) -> AtlasEntry:
        """Return the entry of a channel or class.

        Raises:
            AtlasError: no such channel.
        """
        entries = self.index.entries
        if not 0 <= number < len(entries):
            noun = "classes" if self.index.layer == CLASS_MAP else "channels"
            raise AtlasError(
                f"{number} is out of range: {self.title} has {len(entries)} {noun}, 0 to "
                f"{len(entries) - 1}"
            )
        return entries[number]

    def portrait(self, number: int) -> "Image.Image":
        """Return a channel's portrait, an RGB image of ``index.size`` × ``index.size`` pixels.

        Raises:
            AtlasError: no such channel, or the file of the portraits is damaged.
        """
        size, columns = self.index.size, self.index.columns
        number = self.entry(number).number
        left, top = number % columns * size, number // columns * size
        return self._grid.crop((left, top, left + size, top + size))

    @cached_property
    def _grid(self) -> "Image.Image":
        from PIL import Image

        path = self.folder / PORTRAITS_FILE
        size, columns = self.index.size, self.index.columns
        rows = -(-len(self.index.entries) // columns)
        try:
            with Image.open(path, formats=("WEBP",)) as grid:
                if grid.size == (columns * size, rows * size):
                    return grid.convert("RGB")
        except OSError as error:
            raise AtlasError(f"{path} is missing or damaged; build the atlas again") from error
        raise AtlasError(f"{path} does not match the index; build the atlas again")

    def search(self, words: str) -> list[tuple[AtlasEntry, float]]:
        """Find the portraits that show something.

        Args:
            words: name of a class or of a group of classes, or a part of such names.

        Returns:
            Entries with their scores, best first.
        """
        names = find_class_names(words, self.index.vocabulary)
        scores = {entry: _score(entry, names) for entry in self.index.entries}
        found = [(entry, score) for entry, score in scores.items() if score >= MIN_SCORE]
        return sorted(found, key=lambda one: -one[1])

    def like(self, number: int) -> list[tuple[AtlasEntry, float]]:
        """Return the channels that are most similar to one, with their similarity.

        Raises:
            AtlasError: no such channel.
        """
        return [(self.entry(n.number), n.similarity) for n in self.entry(number).neighbours]


def find_class_names(words: str, vocabulary: str) -> frozenset[str] | str:
    """Find the names of all classes that a query matches.

    Args:
        words: name of a class or of a group of classes, or a part of such names.
        vocabulary: name of a vocabulary that puppyslug includes, or empty.

    Returns:
        Names of classes; without a vocabulary, the lower-case query, to be found in names.
    """
    known = bundled_vocabulary(vocabulary)
    if known is None:
        return words.strip().lower()
    try:
        members = known.find(words).class_numbers
    except LabelError:
        members = tuple(number for label in known.search(words) for number in label.class_numbers)
    return frozenset(known.class_name(number) for number in members)


def _score(entry: AtlasEntry, names: frozenset[str] | str) -> float:
    """Sum the probabilities of the matching guesses; a matching name of its own counts 1 more."""

    def matches(name: str) -> bool:
        return name in names if isinstance(names, frozenset) else names in name.lower()

    own = bool(entry.name) and matches(entry.name)
    return own + sum(guess.probability for guess in entry.guesses if matches(guess.name))

"""Small atlases of the toy network, and indices without portraits."""

from pathlib import Path

from puppyslug.networks.network import Network
from puppyslug.visualization.atlas import Atlas
from puppyslug.visualization.atlas.builder import build_atlas
from puppyslug.visualization.atlas.index import AtlasEntry, AtlasIndex, PortraitGuess
from puppyslug.visualization.atlas.plan import AtlasPlan
from puppyslug.visualization.atlas.portrait_cache import PortraitCache


def toy_plan(**changes: object) -> AtlasPlan:
    """Plan an atlas of the six channels of relu2, in batches of two."""
    fields = {
        "network": "toy", "layer": "relu2", "weights": "0" * 64, "channels": 6, "size": 32,
        "steps": 3, "seed": 0, "precision": "float32", "winograd": 0, "batch": 2,
    }  # fmt: skip
    return AtlasPlan(**{**fields, **changes})


def build_toy_atlas(folder: Path, toy: Network, **changes: object) -> Atlas:
    """Build an atlas, or resume building it."""
    cache = PortraitCache(folder, toy_plan(**changes))
    for _ in build_atlas(cache, toy, toy):
        pass
    cache.close()
    return Atlas(folder)


def file_contents(folder: Path) -> dict[str, bytes]:
    """Read the files in a folder, without those in its subfolders."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def make_index(entries: list[AtlasEntry], **changes: object) -> AtlasIndex:
    """Make an index of VGG-19's relu5_2."""
    fields = {
        "network": "vgg19", "layer": "relu5_2", "weights": "0" * 64, "size": 8, "columns": 2,
        "steps": 1, "seed": 0, "classifier": "classifier", "vocabulary": "imagenet",
    }  # fmt: skip
    return AtlasIndex(**{**fields, **changes}, entries=tuple(entries))


def make_entry(number: int, *guesses: tuple[int, str, float], name: str = "") -> AtlasEntry:
    """Make an entry with guesses of (class number, class name, probability)."""
    portrait_guesses = tuple(
        PortraitGuess(number=n, name=text, probability=p) for n, text, p in guesses
    )
    return AtlasEntry(number=number, name=name, guesses=portrait_guesses, sure=True)

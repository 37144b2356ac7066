"""Teaching: a network that learns to tell the things in one's own folders of pictures.

Nothing here imports torch until it is used.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from puppyslug.training.session import Learnt


def teach(folder: str | Path, *, network: str = "efficientnet_lite0", seed: int = 0) -> "Learnt":
    """Teach a network the things in a folder; what ``puppyslug teach`` does.

    Args:
        folder: holds a folder of pictures for each thing; one called ``none`` is of no thing.
        network: that learns.
        seed: decides what is held out to test with, and how pictures are looked at.

    Returns:
        The network, to be saved with ``Learnt.save``, and how well it did with what was held out.

    Raises:
        NetworkError: no such network, or one that cannot be taught.
        TeachingError: pictures that nothing can be learnt from.
    """
    from puppyslug.training.collection import folders_of
    from puppyslug.training.session import load_base, teach_steps

    found = folders_of(Path(folder))
    for step in teach_steps(found, load_base(network), seed=seed):
        learnt = step.learnt
    assert learnt is not None
    return learnt

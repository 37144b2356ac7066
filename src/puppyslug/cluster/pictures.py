"""Many pictures on a cluster: each is dreamt by one worker."""

from collections.abc import Iterator
from typing import NamedTuple

from PIL import Image
from torch import Tensor

from puppyslug.cluster.payload import PreparedPayload
from puppyslug.engine.loop import dream_steps
from puppyslug.engine.progress import DreamStep
from puppyslug.networks.network import Network


class DreamUpdate(NamedTuple):
    """Progress of a picture.

    Attributes:
        fraction: completed share of the dream, in (0, 1].
        picture: the finished dream with its recipe; None before.
        grew: whether the dream differs from the photo.
    """

    fraction: float
    picture: Image.Image | None = None
    grew: bool = True


def dream_picture(
    network: Network, payload: PreparedPayload, alpha: Tensor | None
) -> Iterator[DreamUpdate]:
    """Dream a picture; a job for a worker pool.

    Args:
        network: the worker's network.
        payload: the prepared dream.
        alpha: the photo's alpha channel, as in ``PreparedDream.alpha``.
    """
    last: DreamStep | None = None
    for last in dream_steps(payload.unpack(network)):
        yield DreamUpdate(last.fraction)
    assert last is not None
    yield DreamUpdate(1.0, last.to_pil(alpha), last.grew)

"""Atlases on a cluster: each batch of portraits on one worker."""

from collections.abc import Callable, Iterator, Sequence

import torch

from puppyslug.cluster.connection import Cluster
from puppyslug.cluster.payload import wanted
from puppyslug.cluster.worker_handle import Needs
from puppyslug.cluster.worker_pool import Crew
from puppyslug.gradient.memory import memory_needed
from puppyslug.networks.network import Network
from puppyslug.recipe.settings import Files
from puppyslug.visualization.atlas.portrait_cache import Draw, Drawn, Job, draw_batch
from puppyslug.visualization.portraits import PAD


def crew_for_atlas(
    cluster: Cluster, network: Network, files: Files, job: Job, tell: Callable[[str], None]
) -> Crew:
    """Workers that draw as this process would: in as many threads; none is asked for yet."""
    layer = network.spec.layer(job.layer)
    together = (job.batch * (job.size + 2 * PAD), job.size + 2 * PAD)
    memory = memory_needed(together, network.spec, [layer], job.precision, None)
    needs = Needs(torch.get_num_threads(), network.device.type, memory)
    return Crew(cluster, needs, wanted(network, files), tell=tell)


def drawing(crew: Crew, job: Job) -> Draw:
    """Draw the batches of an atlas, each on one worker, several at once."""

    def draw(batches: Sequence[range]) -> Iterator[tuple[range, Drawn]]:
        return crew.stream(batches, lambda batch: (_batch, job, batch))

    return draw


def _batch(network: Network, job: Job, channels: range) -> Iterator[Drawn]:
    for drawn in draw_batch(network, job, channels):
        images = drawn.images
        yield drawn._replace(images=None if images is None else images.detach().cpu())

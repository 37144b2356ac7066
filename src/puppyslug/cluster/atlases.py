"""Atlases on a cluster: each batch of portraits on one worker."""

from collections.abc import Callable, Iterator, Sequence

import torch

from puppyslug.atlas.drawing import Draw, Drawn, Job, draw_batch
from puppyslug.cluster.connecting import Cluster
from puppyslug.cluster.crew import Crew
from puppyslug.cluster.mate import Needs
from puppyslug.cluster.sending import wanted
from puppyslug.networks.network import Network
from puppyslug.planning import memory_needed
from puppyslug.portraits import PAD
from puppyslug.settings import Files


def crew_for_atlas(
    cluster: Cluster, network: Network, files: Files, job: Job, tell: Callable[[str], None]
) -> Crew:
    """Workers that draw as this process would: in as many threads; none is asked for yet."""
    layer = network.record.layer(job.layer)
    together = (job.batch * (job.size + 2 * PAD), job.size + 2 * PAD)
    memory = memory_needed(together, network.record, [layer], job.precision, None)
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

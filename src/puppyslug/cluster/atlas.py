"""Atlases on a cluster: each batch of portraits is rendered by one worker."""

from collections.abc import Callable, Iterator, Sequence

import torch

from puppyslug.cluster.backend import Backend, WorkerResources
from puppyslug.cluster.payload import NetworkPayload
from puppyslug.cluster.worker_pool import WorkerPool
from puppyslug.gradient.memory import estimate_memory
from puppyslug.networks.network import Network
from puppyslug.recipe import InputFiles
from puppyslug.visualization.atlas.plan import AtlasPlan
from puppyslug.visualization.atlas.renderer import BatchProgress, BatchRenderer, render_batch
from puppyslug.visualization.optimiser import PADDING


def create_atlas_pool(
    backend: Backend,
    network: Network,
    files: InputFiles,
    plan: AtlasPlan,
    on_message: Callable[[str], None],
) -> WorkerPool:
    """Create a pool whose workers render portraits as this process would.

    Args:
        backend: the cluster to run on.
        network: the network of the atlas, loaded in this process.
        files: files from which it was loaded.
        plan: the atlas.
        on_message: called with messages for the user.
    """
    layer = network.spec.layer(plan.layer)
    side = plan.size + 2 * PADDING
    stacked = (plan.batch * side, side)  # a batch needs as much memory as one picture of its area
    memory = estimate_memory(stacked, network.spec, [layer], plan.precision, None)
    resources = WorkerResources(torch.get_num_threads(), network.device.type, memory)
    return WorkerPool(
        backend, resources, NetworkPayload.pack(network, files), on_message=on_message
    )


def distribute_batches(pool: WorkerPool, plan: AtlasPlan) -> BatchRenderer:
    """Return a function that renders the batches of an atlas, each on one worker."""

    def render(batches: Sequence[range]) -> Iterator[tuple[range, BatchProgress]]:
        return pool.stream(batches, lambda batch: (_render_batch, plan, batch))

    return render


def _render_batch(network: Network, plan: AtlasPlan, channels: range) -> Iterator[BatchProgress]:
    for progress in render_batch(network, plan, channels):
        images = progress.images
        yield progress._replace(images=None if images is None else images.detach().cpu())

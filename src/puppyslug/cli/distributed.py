"""``puppyslug dream --cluster``: several images at the same time, or one in tiles."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from puppyslug.cli.destination import Destination
from puppyslug.cli.dream_job import NO_CHANGE_NOTICE, DreamJob, source_name
from puppyslug.cli.messages import EXIT_INTERRUPTED, print_message
from puppyslug.cli.progress_bar import ProgressBar
from puppyslug.errors import PuppyslugError, plural

if TYPE_CHECKING:
    from PIL.Image import Image

    from puppyslug.cluster import Cluster
    from puppyslug.engine.prepared_dream import PreparedDream
    from puppyslug.images.attribution import Attribution


def dream_on_cluster(job: DreamJob, sources: Sequence[str | Path], address: str) -> int:
    """Dream on the workers of a cluster.

    Args:
        job: what the dreams have in common.
        sources: image files, ``"noise"`` or ``"clouds"``; a single one is divided into tiles.
        address: address of the cluster, as in ``puppyslug.cluster.connect``.

    Returns:
        The exit status: 0, 1 if dreams failed, or 130 after Ctrl-C.
    """
    from puppyslug.cluster import connect

    with connect(address) as cluster:
        assert cluster is not None
        if len(sources) > 1:
            return _ImageBatch(job, sources).dream(cluster)
        return _dream_in_tiles(job, sources[0], cluster)


class _ImageBatch:
    """Several images, each of which one worker dreams of."""

    def __init__(self, job: DreamJob, sources: Sequence[str | Path]) -> None:
        self._job = job
        self._sources = sources
        self._failed: set[int] = set()
        self._saved = 0
        self._prepared: dict[int, PreparedDream] = {}  # the first one only, until it is submitted
        self._destinations: dict[int, Destination] = {}
        self._attributions: dict[int, Attribution] = {}
        self._reserved: set[Path] = set()

    def dream(self, cluster: "Cluster") -> int:
        """Dream of all images; return the exit status."""
        from puppyslug.cluster.worker_pool import create_pool

        quiet, total = self._job.quiet, len(self._sources)
        first = self._prepare_first()
        if first is None:
            return 1
        print_notice = partial(print_message, quiet=quiet)
        remaining = [index for index in range(total) if index not in self._failed]
        fractions = dict.fromkeys(self._failed, 1.0)
        try:
            with (
                create_pool(cluster, first, self._job.files, on_message=print_notice) as pool,
                ProgressBar("dreams", quiet=quiet) as bar,
            ):
                concurrency = pool.concurrency(len(remaining))
                print_notice(f"{plural(len(remaining), 'image')}, {concurrency} at the same time")
                for index, update in pool.stream(remaining, self._make_job, self._report_failure):
                    fractions[index] = update.fraction
                    if update.picture is not None:
                        self._save(index, update.picture, grew=update.grew)
                    bar.update(
                        sum(fractions.values()) / total, f"{self._saved} of {total} complete"
                    )
        except KeyboardInterrupt:
            print_notice(f"interrupted: {self._saved} of {plural(total, 'dream')} saved")
            return EXIT_INTERRUPTED
        return 1 if self._failed else 0

    def _prepare_first(self) -> "PreparedDream | None":
        """Prepare the first image that can be prepared, which determines what workers need."""
        for index in range(len(self._sources)):
            try:
                self._prepared[index] = self._prepare(index)
            except PuppyslugError as error:
                self._report_failure(index, error)
            else:
                return self._prepared[index]
        return None

    def _prepare(self, index: int) -> "PreparedDream":
        self._destinations[index], prepared = self._job.prepare(
            self._sources[index], self._reserved
        )
        self._attributions[index] = prepared.attribution
        return prepared

    def _make_job(self, index: int) -> tuple[object, ...]:
        """Return the job of an image for the worker pool."""
        from puppyslug.cluster.payload import PreparedPayload
        from puppyslug.cluster.pictures import dream_picture

        prepared = self._prepared.pop(index, None) or self._prepare(index)
        if self._job.print_recipe:
            print(prepared.recipe.to_json(indent=2))
        return dream_picture, PreparedPayload.pack(prepared), prepared.alpha

    def _save(self, index: int, picture: "Image", *, grew: bool) -> None:
        from puppyslug.images.attribution import attach

        quiet = self._job.quiet
        picture = attach(picture, self._attributions[index])
        if not grew:
            name = source_name(self._sources[index])
            print_message(f"{name}: {NO_CHANGE_NOTICE}", quiet=quiet)
        recipe_text = "" if self._job.no_recipe else None
        try:
            self._destinations[index].save(picture, recipe_text, quiet=quiet)
        except PuppyslugError as error:
            self._report_failure(index, error)
        else:
            self._saved += 1

    def _report_failure(self, index: int, error: PuppyslugError) -> None:
        name = source_name(self._sources[index])
        print_message(f"error: {error}" if name in str(error) else f"error: {name}: {error}")
        self._failed.add(index)


def _dream_in_tiles(job: DreamJob, source: str | Path, cluster: "Cluster") -> int:
    """Dream of one image, whose tiles the workers evaluate; return the exit status."""
    from puppyslug.cluster.tiles import create_tile_executor, create_tile_pool

    destination, prepared = job.prepare(source)
    print_notice = partial(print_message, quiet=job.quiet)
    pool, prepared = create_tile_pool(cluster, prepared, job.recipe, job.files, print_notice)
    if pool.max_workers == 1:
        print_notice("a single worker computes the whole image: no faster than without --cluster")
    with pool:
        prepared = replace(prepared, executor=create_tile_executor(pool))
        return job.render(prepared, destination, source, concurrency=pool.max_workers)

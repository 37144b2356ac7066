"""Pictures on a cluster: many at once, or one in tiles."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from puppyslug.cli.dream import Request, begin, finish, label_of
from puppyslug.cli.output import Destination, say
from puppyslug.cli.run import BARREN, INTERRUPTED, Bar
from puppyslug.errors import PuppyslugError, plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image

    from puppyslug.cluster import Cluster
    from puppyslug.engine.preparation import Prepared


def dream_many(request: Request, sources: "Sequence[str | Path]", cluster: "Cluster") -> int:
    """Dream pictures, each on one worker of a cluster, several at once.

    Returns:
        0; 1 where some failed, which is said; 130 where Ctrl-C came, and what is done is there.
    """
    from puppyslug.cluster.dreams import dream_picture
    from puppyslug.cluster.payload import Sent, crew_for

    failed: list[int] = []
    begun: dict[int, tuple[Destination, Prepared]] = {}
    going: dict[int, Destination] = {}
    taken: set[Path] = set()
    tell = partial(say, quiet=request.quiet)

    def fail(index: int, error: PuppyslugError) -> None:
        name = label_of(sources[index])
        say(f"error: {error}" if name in str(error) else f"error: {name}: {error}")
        failed.append(index)

    def start(index: int) -> tuple[object, ...]:
        place = begun.pop(index) if index in begun else begin(request, sources[index], taken)
        going[index], prepared = place
        if request.print_recipe:
            print(prepared.recipe.to_json(indent=2))
        return dream_picture, Sent.of(prepared), prepared.alpha

    def keep(index: int, picture: "Image", grew: bool) -> bool:
        if not grew:
            tell(f"{label_of(sources[index])}: {BARREN}")
        try:
            going[index].save(picture, "" if request.no_recipe else None, quiet=request.quiet)
        except PuppyslugError as error:
            fail(index, error)
            return False
        return True

    for index, source in enumerate(sources):  # the first that can be dreamt says what workers need
        try:
            begun[index] = begin(request, source, taken)
        except PuppyslugError as error:
            fail(index, error)
            continue
        break
    else:
        return 1
    rest = [index for index in range(len(sources)) if index not in failed]
    shares = dict.fromkeys(failed, 1.0)
    saved = 0
    try:
        with (
            crew_for(cluster, begun[rest[0]][1], request.files, tell=tell) as crew,
            Bar("dreams", quiet=request.quiet) as bar,
        ):
            tell(f"{plural(len(rest), 'picture')}, {crew.at_once(len(rest))} at once")
            for index, dreamt in crew.stream(rest, start, fail):
                shares[index] = dreamt.fraction
                if dreamt.picture is not None:
                    saved += keep(index, dreamt.picture, dreamt.grew)
                bar.move(sum(shares.values()) / len(sources), f"{saved} of {len(sources)} done")
    except KeyboardInterrupt:
        tell(f"interrupted: {saved} of {len(sources)} dreams are done")
        return INTERRUPTED
    return 1 if failed else 0


def dream_together(request: Request, source: str | Path, cluster: "Cluster") -> int:
    """Dream one picture, whose tiles are looked at by the workers of a cluster."""
    from puppyslug.cluster.dreams import crew_for_tiles, spread_over
    from puppyslug.gradient.gradient import value_and_gradient

    destination, prepared = begin(request, source)
    tell = partial(say, quiet=request.quiet)
    crew, prepared = crew_for_tiles(cluster, prepared, request.recipe, request.files, tell)
    if crew.most == 1:
        tell("one worker does all of this picture: no faster than without")
    gradient = partial(value_and_gradient, spread=spread_over(crew))
    with crew:
        return finish(request, source, destination, prepared, gradient=gradient, at_once=crew.most)

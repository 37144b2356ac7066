"""What the studio's previews cost a dream.

    python bench/studio.py [--size 1024] [--rounds 5]

Dreams the same dream with previews and without, by turns, and prints the best of each.
"""

import argparse
import time

from puppyslug.preparation import Prepared, prepare
from puppyslug.recipe import Recipe
from puppyslug.studio import tasks
from puppyslug.studio.records import Dream


class Deaf:
    """Stands in for the line to the server."""

    stopped = False

    def __init__(self) -> None:
        """Count what is said."""
        self.previews = 0

    def say(self, what: str, _: object = None) -> None:
        """Count previews."""
        self.previews += what == "preview"

    def obey(self) -> list[object]:
        """Nothing is ordered."""
        return []


def seconds(prepared: Prepared, recipe: Recipe, *, previews: bool) -> tuple[float, int]:
    """How long a dream takes as the studio dreams it, and how many previews it has."""
    line = Deaf()
    watch = tasks.Watch(Dream(id="", recipe=recipe.as_settings(), created=0), line)
    if not previews:
        watch.preview = lambda _: None
    start = time.perf_counter()
    tasks.dream_picture(None, prepared, line, watch)
    return time.perf_counter() - start, line.previews


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    recipe = Recipe.complete({"size": str(chosen.size)})
    prepared = prepare(recipe, "clouds")
    times: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(chosen.rounds):
        for previews, taken in times.items():
            took, count = seconds(prepared, recipe, previews=previews)
            taken.append(took)
            if previews:
                shown = count
    with_them, without = min(times[True]), min(times[False])
    print(f"{chosen.size} pixels: {without:.2f} s without previews, {with_them:.2f} s with {shown}")
    print(f"ratio {with_them / without:.3f}")


if __name__ == "__main__":
    main()

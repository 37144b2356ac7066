"""A race of whole commands: the same dream by puppyslug and by other tools, from start to picture.

    python bench/command_race.py PHOTO [--rounds 5] [--keras PYTHON] [--neural-dream DIR]
        [--plot docs/pictures/race.svg]

All dream VGG-19's relu4_4 in 4 octaves of 10 steps of a photo, in the photo's size. The contenders
take turns; the median of each counts. Only ratios are meaningful. ``--keras`` is a Python that has
tensorflow-cpu, ``--neural-dream`` the folder into which neural-dream is installed; see
``bench/peers``.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from puppyslug.networks.runtime import has_fast_bfloat16

PEERS = Path(__file__).parent / "peers"
NOTEBOOK = "notebook's loop (PyTorch)"


def main() -> None:
    """Run the race, print a table, and draw the plot if one is wanted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photo", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--keras", metavar="PYTHON")
    parser.add_argument("--neural-dream", type=Path, metavar="DIR")
    parser.add_argument("--plot", type=Path, metavar="FILE")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = str(Path(folder) / "dream.png")
        commands = contenders(options.photo, result, options.keras)
        environments = {"neural-dream": {"PYTHONPATH": str(options.neural_dream)}}
        if options.neural_dream is None:
            del commands["neural-dream"]
        seconds: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(options.rounds):
            for name, command in commands.items():
                seconds[name].append(run(command, environments.get(name, {})))
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    for name, median in medians.items():
        times = ", ".join(f"{time:.1f}" for time in sorted(seconds[name]))
        print(f"{name:28} {medians[NOTEBOOK] / median:5.2f}   {median:5.1f} s   ({times})")
    if options.plot:
        speeds = {name: medians[NOTEBOOK] / median for name, median in medians.items()}
        options.plot.write_text(plot(speeds))


def contenders(photo: Path, result: str, keras: str | None) -> dict[str, list[str]]:
    """Return the command of each contender."""
    files = [str(photo), result]
    puppyslug = shutil.which("puppyslug", path=Path(sys.executable).parent)
    assert puppyslug is not None
    own = [puppyslug, "dream", str(photo), "-o", result, "--force", "--quiet"]
    commands = {
        NOTEBOOK: [sys.executable, str(PEERS / "notebook.py"), *files],
        "neural-dream": [sys.executable, str(PEERS / "run_neural_dream.py"), *files],
    }
    if keras:
        commands["Keras (TensorFlow)"] = [keras, str(PEERS / "keras_dream.py"), *files]
    commands["puppyslug, float32"] = [*own, "--precision", "float32"]
    if has_fast_bfloat16("cpu"):
        commands["puppyslug, bfloat16"] = [*own, "--precision", "bfloat16"]
    return commands


def run(command: list[str], environment: dict[str, str]) -> float:
    """Return the seconds that a command takes."""
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, **environment})
    return time.perf_counter() - start


def plot(speeds: dict[str, float]) -> str:
    """Return an SVG with a bar for each contender, for light and dark pages."""
    scale = 440 / max(speeds.values())
    rows = []
    for number, (name, speed) in enumerate(speeds.items()):
        top, width = 8 + 34 * number, speed * scale
        kind = "own" if name.startswith("puppyslug") else "other"
        rows.append(
            f'<text x="178" y="{top + 17}" text-anchor="end">{name}</text>\n'
            f'<rect class="{kind}" x="188" y="{top}" width="{width:.0f}" height="24" rx="3"/>\n'
            f'<text x="{196 + width:.0f}" y="{top + 17}">{speed:.2f} ×</text>'
        )
    style = (
        "text { font: 13px sans-serif; fill: #24292f } .other { fill: #8c959f } "
        ".own { fill: #1a7f5a } @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } "
        ".other { fill: #6e7681 } .own { fill: #3fb68b } }"
    )
    height = 16 + 34 * len(speeds)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 700 {height}" role="img" '
        f'aria-label="Speed relative to the notebook\'s loop">\n<style>{style}</style>\n'
        + "\n".join(rows)
        + "\n</svg>\n"
    )


if __name__ == "__main__":
    main()

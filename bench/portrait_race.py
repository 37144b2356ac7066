"""A race: portraits of channels by torch-lucent and by puppyslug, on the same weights.

    pip install --no-deps --target DIR torch-lucent==0.1.8 kornia==0.4.1 decorator tqdm
    PYTHONPATH=DIR python bench/portrait_race.py [--channels 16] [--size 128] [--steps 256]

Both draw channels of VGG-19's relu4_1, one by one and alternately, with the defaults of each.
Lucent gets VGG-19 as torch modules. Of torchvision, which has no build for the CPU wheel of torch
in the constraints, it only imports ``Normalize``, which is not used. The activation is the mean of
the channel over all positions of the finished portrait at its own size, computed by the torch
modules for both. Only ratios are meaningful. With ``--save``, the portraits are saved as a sheet:
Lucent's above.
"""

import argparse
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

import puppyslug
from puppyslug.images import to_pil
from puppyslug.images.contact_sheet import join_horizontally

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from support.notebook import vgg19_to

LAYER = "relu4_1"
MEAN = (103.939, 116.779, 123.68)  # of blue, green and red


class VGG19(nn.Module):
    """The torch modules of VGG-19 up to the layer, for RGB in [0, 1]."""

    def __init__(self) -> None:
        super().__init__()
        forward = vgg19_to(LAYER)

        class Trunk(nn.Module):
            def forward(self, x: Tensor) -> Tensor:
                return forward(x)

        self.add_module(LAYER, Trunk())

    def forward(self, x: Tensor) -> Tensor:
        """Compute the layer."""
        x = 255 * x.flip(1) - torch.tensor(MEAN)[:, None, None]
        trunk: Tensor = getattr(self, LAYER)(x)
        return trunk


def import_lucent() -> tuple[types.ModuleType, types.ModuleType]:
    """Import Lucent's renderer and parameterisations, with stand-ins for what it does not use."""
    for name, attribute in (
        ("torchvision.transforms", "Normalize"),
        ("IPython.display", "display"),
    ):
        for part in (name.partition(".")[0], name):
            sys.modules.setdefault(part, types.ModuleType(part))
        setattr(sys.modules[name], attribute, None)
        setattr(sys.modules[name.partition(".")[0]], name.partition(".")[2], sys.modules[name])
    from lucent.optvis import param, render

    return render, param


def draw_by_lucent(model: nn.Module, channel: int, size: int, steps: int, upsample: bool) -> Tensor:
    """Draw a portrait as Lucent's tutorial does."""
    render, param = import_lucent()
    (image,) = render.render_vis(
        model,
        f"{LAYER}:{channel}",
        param_f=lambda: param.image(size),
        thresholds=(steps,),
        preprocess=False,
        progress=False,
        show_image=False,
        fixed_image_size=None if upsample else size,
    )
    return torch.from_numpy(np.ascontiguousarray(image)).movedim(-1, 1)


def draw_by_puppyslug(network: puppyslug.Network, channel: int, size: int, steps: int) -> Tensor:
    """Draw a portrait with the defaults."""
    return puppyslug.portrait(f"{LAYER}:{channel}", network, size=size, steps=steps).images


def timed(draw: Callable[[], Tensor]) -> tuple[Tensor, float, float]:
    """Return the picture, and the seconds and the processor's seconds that it took."""
    start, used = time.perf_counter(), time.process_time()
    picture = draw()
    return picture, time.perf_counter() - start, time.process_time() - used


def main() -> None:
    """Draw, measure and print a line for each channel."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--channels", type=int, default=16)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--steps", type=int, default=256)
    parser.add_argument(
        "--no-upsampling",
        action="store_true",
        help="without Lucent's enlargement of views to 224 pixels before the network",
    )
    parser.add_argument("--save", type=Path, metavar="FILE")
    options = parser.parse_args()
    torch.manual_seed(0)
    np.random.seed(0)
    model, network = VGG19(), puppyslug.load_network("vgg19")
    size, steps, upsample = options.size, options.steps, not options.no_upsampling
    draw_by_puppyslug(network, 0, size, 2)
    draw_by_lucent(model, 0, size, 2, upsample)
    print(f"{LAYER}, {size} pixels, {steps} steps, {network!r}, {torch.get_num_threads()} threads")
    print("channel   lucent s  puppyslug s  ratio (of CPU s)   activation lucent  puppyslug  ratio")
    rows: list[list[Tensor]] = [[], []]
    totals = np.zeros(4)
    ratios = []
    for channel in range(0, 512, 512 // options.channels)[: options.channels]:
        drawn = [
            timed(lambda channel=channel: draw_by_lucent(model, channel, size, steps, upsample)),
            timed(lambda channel=channel: draw_by_puppyslug(network, channel, size, steps)),
        ]
        with torch.no_grad():
            scores = [float(model(picture)[:, channel].mean()) for picture, _, _ in drawn]
        (theirs, lucent_s, lucent_cpu), (ours, own_s, own_cpu) = drawn
        totals += (lucent_s, own_s, lucent_cpu, own_cpu)
        ratios.append(scores[1] / scores[0] if scores[0] > 0 else float("inf"))
        print(
            f"{channel:7} {lucent_s:10.2f} {own_s:12.2f} {lucent_s / own_s:6.2f} "
            f"({lucent_cpu / own_cpu:.2f}) {scores[0]:22.2f} {scores[1]:10.2f} {ratios[-1]:6.3f}",
            flush=True,
        )
        rows[0].append(theirs)
        rows[1].append(ours)
    print(
        f"in all: {totals[0] / totals[1]:.2f} times as fast ({totals[2] / totals[3]:.2f} of CPU "
        f"time); activation {min(ratios):.3f} to {max(ratios):.3f} of Lucent's"
    )
    if options.save:
        sheet = torch.cat([torch.cat(row, 3) for row in rows], 2)
        join_horizontally([to_pil(sheet)]).save(options.save)


if __name__ == "__main__":
    main()

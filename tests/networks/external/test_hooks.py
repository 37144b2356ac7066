import pytest
import torch
from torch import nn
from torch.nn.functional import avg_pool2d, conv2d

from puppyslug.networks.external.hooks import run_with_hooks
from puppyslug.networks.network import Network


@pytest.fixture
def module():
    shared = nn.ReLU(inplace=True)
    return nn.Sequential(nn.Conv2d(3, 2, 1), shared, shared)


def test_the_first_output_of_each_submodule_is_reported(module):
    outputs = []
    x = torch.rand(1, 3, 4, 5)
    result = run_with_hooks(module, ["0", "1", ""], x, lambda *pair: outputs.append(pair))
    assert [one.path for one, _ in outputs] == ["0", "1", ""]
    assert torch.equal(outputs[0][1], module[0](x))  # not overwritten in place
    assert torch.equal(outputs[2][1], result)


@pytest.mark.parametrize("fails", [False, True])
def test_hooks_are_removed_also_after_an_exception(module, fails):
    def on_output(name, output):
        if fails:
            raise LookupError(name)

    try:
        run_with_hooks(module, ["0"], torch.rand(1, 3, 4, 5), on_output)
    except LookupError:
        assert fails
    assert not module[0]._forward_hooks


class ShrinkingWindow(nn.Module):
    """Mean pooling in windows, whose size a smaller image reduces for good, as in some Swins."""

    def __init__(self):
        super().__init__()
        self.window = 8
        self.weight = nn.Parameter(torch.randn(5, 3, 1, 1))

    def forward(self, x):
        side = min(x.shape[-2:])
        if side < self.window:
            self.window = self.kept = side
        if self.window < 8 and side > 16:
            raise RuntimeError("the windows are too small")
        return avg_pool2d(conv2d(x, self.weight), self.window)


def test_small_images_leave_a_module_as_it_was():
    torch.manual_seed(0)
    network = Network.from_module(ShrinkingWindow(), trained_at=64)
    image = torch.rand(1, 3, 64, 64)
    expected = network.activations(image, "output")["output"]
    assert expected.shape == (1, 5, 8, 8)
    network.activations(image[..., :4, :4], "output")
    assert torch.equal(network.activations(image, "output")["output"], expected)
    assert not hasattr(network.architecture.module, "kept")

import pytest
import torch
from torch import nn

from puppyslug.networks.external.hooks import run_with_hooks


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

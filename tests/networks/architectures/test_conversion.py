import torch
from torch import nn

from puppyslug.networks.architectures.conversion import (
    TENSORFLOW_EPSILON,
    convert_linear,
    fold_batch_norm,
)


def test_a_folded_batch_norm_equals_the_batch_norm():
    generator = torch.Generator().manual_seed(1)
    convolution = nn.Conv2d(5, 7, 3, bias=False)
    norm = nn.BatchNorm2d(7, eps=TENSORFLOW_EPSILON).eval()
    with torch.no_grad():
        for tensor in (*norm.parameters(), norm.running_mean):
            tensor.normal_(generator=generator)
        norm.running_var.uniform_(0.001, 2, generator=generator)
    both = nn.ModuleDict({"conv": convolution, "bn": norm})
    folded = nn.Conv2d(5, 7, 3)
    state = fold_batch_norm("", both.state_dict(), "conv", "bn", TENSORFLOW_EPSILON)
    folded.load_state_dict({name.removeprefix("."): tensor for name, tensor in state.items()})
    x = torch.randn(2, 5, 9, 9, generator=generator)
    assert torch.allclose(folded(x), norm(convolution(x)), atol=1e-4)


def test_a_linear_layer_becomes_a_convolution_at_every_position():
    linear = nn.Linear(5, 7)
    convolution = nn.Conv2d(5, 7, 1)
    state = convert_linear("", {f"fc.{k}": v for k, v in linear.state_dict().items()}, "fc")
    convolution.load_state_dict({name.removeprefix("."): value for name, value in state.items()})
    x = torch.randn(2, 5, 3, 4, generator=torch.Generator().manual_seed(1))
    expected = linear(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
    assert torch.allclose(convolution(x), expected, atol=1e-5)

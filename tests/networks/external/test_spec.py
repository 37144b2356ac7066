import pytest
import torch
from torch import nn

from puppyslug.errors import NetworkError
from puppyslug.networks.network import Network
from support.external_modules import LABELS, ConvNet, Pair, Transformer, create_seeded


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"labels": ["one", "two"]}, "2 labels.*4 logits"),
        ({"labels": "imagenet"}, "1000 labels"),
        ({"default_layer": "nothing"}, "'nothing'"),
    ],
)
def test_options_that_do_not_match_the_module_are_refused(options, named):
    with pytest.raises(NetworkError, match=named):
        Network.from_module(ConvNet(), trained_at=64, **options)


def test_a_module_without_logits_cannot_have_labels():
    module = nn.Sequential(nn.Conv2d(3, 4, 3), Pair())
    with pytest.raises(NetworkError, match=r"5 labels.*4 logits"):
        Network.from_module(module, labels=[*LABELS, "sea"], trained_at=32)


def test_unknown_options_are_refused():
    with pytest.raises(TypeError, match="meen"):
        Network.from_module(ConvNet(), trained_at=64, meen=(0, 0, 0))


def test_numbered_blocks_represent_the_module():
    spec = Network.from_module(create_seeded(Transformer), trained_at=48).spec
    assert set(spec.preview_layers) == {"blocks.0", "blocks.1", "blocks.2"}
    assert spec.default_layer == "blocks.2"


def test_classes_are_counted_only_with_labels():
    assert Network.from_module(ConvNet(), trained_at=64).spec.classes == 0
    assert Network.from_module(ConvNet(), labels=LABELS, trained_at=64).spec.classes == 4


def test_the_input_is_converted_to_what_the_module_expects():
    module = nn.Sequential(nn.Identity(), nn.Conv2d(3, 3, 1))
    network = Network.from_module(
        module, mean=(10, 20, 30), std=(2, 4, 5), input_range=(-128, 127), bgr=True, trained_at=64
    )
    image = torch.rand(1, 3, 8, 8)
    (found,) = network.activations(image, ["0"]).values()
    red, green, blue = (image[0] * 255 - 128).unbind()
    for channel, (colour, mean, std) in enumerate(((blue, 10, 2), (green, 20, 4), (red, 30, 5))):
        assert torch.allclose(found[0, channel], (colour - mean) / std, atol=1e-4)

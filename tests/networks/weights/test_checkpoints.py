"""State dicts inside checkpoints of torch.compile, Lightning, timm and averaged models."""

import argparse

import numpy as np
import pytest
import torch

from puppyslug.errors import WeightsError
from puppyslug.networks import find_spec
from puppyslug.networks.architectures import create_architecture
from puppyslug.networks.weights.checkpoints import find_state_dict, without_prefixes
from puppyslug.networks.weights.formats import read_weights_file
from puppyslug.networks.weights.state_dict import load_weights
from support.torchvision_weights import random_state_dict

STATE = {"a.weight": torch.zeros(2, 3), "b.bias": torch.ones(4)}


def prefixed(prefix, state=None):
    return {f"{prefix}{name}": tensor for name, tensor in (state or STATE).items()}


OPTIMISER = {"state": {0: {"exp_avg": torch.zeros(9)}}, "param_groups": [{"lr": 0.1}]}
CHECKPOINTS = {
    "plain": STATE,
    "compiled": prefixed("_orig_mod."),
    "compiled and parallel": prefixed("module._orig_mod."),
    "averaged": {"n_averaged": torch.tensor(3), **prefixed("module.")},
    "timm": {
        "epoch": 3, "arch": "vgg", "state_dict": STATE, "optimizer": OPTIMISER,
        "args": argparse.Namespace(lr=0.1), "metric": np.float64(0.7),
        "state_dict_ema": prefixed("module."),
    },
    "average only": {"epoch": 3, "ema": {"module": STATE, "decay": 0.99}, "optimizer": OPTIMISER},
    "unusual key": {"net": STATE, "step": 10},
    "two levels": {"checkpoint": {"state_dict": STATE}, "loss": torch.tensor(0.3)},
}  # fmt: skip


@pytest.mark.parametrize("kind", CHECKPOINTS)
def test_the_weights_of_a_checkpoint_are_found(tmp_path, kind):
    torch.save(CHECKPOINTS[kind], tmp_path / "a.pt")
    found = read_weights_file(tmp_path / "a.pt")
    assert found.keys() == STATE.keys()
    assert all(torch.equal(found[name], STATE[name]) for name in STATE)


def test_tensors_of_an_optimiser_are_no_weights():
    assert find_state_dict({"optimizer": OPTIMISER, "epoch": 1}) is None
    assert find_state_dict({"optimizer_state": prefixed("x"), "epoch": 1}) is None
    assert find_state_dict([STATE]) is None


def test_shared_prefixes_are_removed_one_by_one():
    found = list(without_prefixes(prefixed("lit.model.")))
    assert [prefix for prefix, _ in found] == ["lit.", "lit.model."]
    assert found[-1][1].keys() == STATE.keys()
    assert not list(without_prefixes(STATE))


@pytest.mark.parametrize("prefix", ["model.", "model._orig_mod.", "lit.backbone."])
def test_wrapped_weights_fit_their_network(tmp_path, prefix):
    state = random_state_dict("squeezenet1_1")
    spec = find_spec("squeezenet1_1")
    torch.save({"state_dict": prefixed(prefix, state), "epoch": 1}, tmp_path / "a.ckpt")
    architecture = create_architecture(spec, device="meta")
    load_weights(architecture, spec, tmp_path / "a.ckpt")
    plain = create_architecture(spec, device="meta")
    torch.save(state, tmp_path / "b.pth")
    load_weights(plain, spec, tmp_path / "b.pth")
    for name, tensor in plain.state_dict().items():
        assert torch.equal(architecture.state_dict()[name], tensor)


def test_a_prefix_of_foreign_weights_is_named(tmp_path):
    torch.save(prefixed("backbone."), tmp_path / "a.pth")
    spec = find_spec("squeezenet1_1")
    with pytest.raises(WeightsError, match=r"a\.pth.*every name begins with backbone\."):
        load_weights(create_architecture(spec, device="meta"), spec, tmp_path / "a.pth")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch.jit.trace
def test_programs_are_named_as_what_they_are(tmp_path):
    module = torch.nn.Conv2d(3, 4, 3)
    torch.jit.trace(module, torch.zeros(1, 3, 8, 8)).save(str(tmp_path / "jit.pt"))
    torch.export.save(
        torch.export.export(module, (torch.zeros(1, 3, 8, 8),)), str(tmp_path / "exp.pt2")
    )
    for name, kind in (("jit.pt", "TorchScript"), ("exp.pt2", r"torch\.export")):
        with pytest.raises(WeightsError, match=rf"{name} is .*{kind}.*state dict"):
            read_weights_file(tmp_path / name)

"""Training of the last block: it improves, leaves the base alone, and resumes exactly."""

import dataclasses
import math

import torch

from puppyslug.training.last_block import MAX_EPOCHS, PATIENCE, LastBlockTrainer


def test_the_last_block_improves_and_the_base_is_unchanged(architecture, examples, trained):
    before = {name: tensor.clone() for name, tensor in architecture.state_dict().items()}
    *_, last = LastBlockTrainer(trained, examples, examples, seed=0).epochs()
    assert last.best.loss < trained.loss
    assert last.best.trained_last_block
    assert not torch.equal(last.best.architecture.block.weight, architecture.block.weight)
    for name, tensor in architecture.state_dict().items():
        assert torch.equal(tensor, before[name])


def test_a_resumed_training_equals_an_uninterrupted_one(examples, trained):
    start = dataclasses.replace(trained, loss=math.inf)

    def trainer():
        return LastBlockTrainer(start, examples, examples, seed=3)

    whole = list(trainer().epochs())
    assert len(whole) >= 3
    rest = list(trainer().epochs(whole[1].checkpoint))
    assert [epoch.number for epoch in rest] == [epoch.number for epoch in whole[2:]]
    for name, tensor in whole[-1].checkpoint.items():
        assert torch.equal(rest[-1].checkpoint[name], tensor), name


def test_training_stops_without_improvement(examples, trained):
    start = dataclasses.replace(trained, loss=-math.inf)
    epochs = list(LastBlockTrainer(start, examples, examples, seed=3).epochs())
    assert [epoch.is_last for epoch in epochs] == [False] * (PATIENCE - 1) + [True]
    assert epochs[-1].best is start


def test_training_ends_after_the_last_epoch(examples, trained, monkeypatch):
    monkeypatch.setattr("puppyslug.training.last_block.PATIENCE", math.inf)
    epochs = list(LastBlockTrainer(trained, examples, examples, seed=3).epochs())
    assert [epoch.number for epoch in epochs] == list(range(1, MAX_EPOCHS + 1))
    assert epochs[-1].is_last


def test_the_seed_determines_the_order(examples, trained):
    def first_weights(seed):
        epoch = next(LastBlockTrainer(trained, examples, examples, seed).epochs())
        return epoch.checkpoint["now.0"]

    assert torch.equal(first_weights(1), first_weights(1))
    assert not torch.equal(first_weights(1), first_weights(2))

"""The checkpoint of a training session: written, read, removed, and damaged."""

import pytest
import torch

from puppyslug.errors import TrainingError
from puppyslug.training.checkpoint import TrainingCheckpoint


def test_tensors_are_read_as_they_were_written(tmp_path):
    checkpoint = TrainingCheckpoint(tmp_path / "mine.safetensors")
    assert checkpoint.read() is None
    tensors = {"epoch": torch.tensor(3), "weight": torch.rand(2, 3)}
    checkpoint.write(tensors)
    read = TrainingCheckpoint(tmp_path / "mine.safetensors").read()
    assert set(read) == set(tensors)
    assert all(torch.equal(read[name], tensors[name]) for name in tensors)
    checkpoint.remove()
    assert list(tmp_path.iterdir()) == []
    checkpoint.remove()  # there is nothing to remove


def test_a_damaged_checkpoint_is_named_with_the_option_to_leave_out(tmp_path):
    checkpoint = TrainingCheckpoint(tmp_path / "mine.safetensors")
    checkpoint.path.write_bytes(b"damaged")
    with pytest.raises(TrainingError, match=rf"{checkpoint.path.name}.*resume=True"):
        checkpoint.read()

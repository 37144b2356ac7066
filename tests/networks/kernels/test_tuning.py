import json

import numpy as np
import pytest
import torch

from puppyslug.networks.kernels import ConvolutionMethod, tuning


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PUPPYSLUG_CACHE", str(tmp_path))
    tuning.choose_convolution.cache_clear()
    yield
    tuning.choose_convolution.cache_clear()


def as_another_process(precision="float32"):
    tuning.choose_convolution.cache_clear()
    return tuning.choose_convolution(precision, "torch")


@pytest.mark.parametrize(("slow_below", "expected"), [(0, 64), (128, 128), (512, 512), (1024, 0)])
def test_winograd_is_chosen_down_to_where_it_is_slower(monkeypatch, slow_below, expected):
    monkeypatch.setattr(
        tuning, "_time_gradients", lambda channels, *_: (1.0, 1.1 if channels < slow_below else 0.9)
    )
    method = ConvolutionMethod(expected, "torch")
    assert tuning.choose_convolution("float32", "torch") == method


def test_one_noisy_measurement_does_not_decide():
    times = {64: (1.0, 0.8), 128: (1.0, 0.7), 256: (1.0, 0.7), 512: (1.0, 1.1)}
    assert tuning.fastest_min_channels(times) == 64


@pytest.mark.parametrize("seed", range(8))
def test_the_chosen_number_of_channels_has_the_shortest_total(seed):
    pairs = np.random.default_rng(seed).uniform(0.5, 1.5, (len(tuning.CHANNELS), 2))
    times = dict(zip(tuning.CHANNELS, pairs.tolist(), strict=True))

    def total(start):
        return sum(pair[bool(start) and channels >= start] for channels, pair in times.items())

    chosen = tuning.fastest_min_channels(times)
    assert total(chosen) <= min(map(total, (0, *tuning.CHANNELS))) + 1e-9


def test_a_machine_is_measured_once(monkeypatch, tmp_path):
    monkeypatch.setattr(tuning, "_measure_min_channels", lambda *_: 128)
    assert as_another_process() == ConvolutionMethod(128, "torch")
    monkeypatch.setattr(tuning, "_measure_min_channels", lambda *_: 512)
    assert as_another_process() == ConvolutionMethod(128, "torch")
    assert as_another_process("bfloat16") == ConvolutionMethod(512, "torch")
    (first, _) = sorted((tmp_path / "tuning").iterdir(), key=lambda path: path.stat().st_mtime_ns)
    assert json.loads(first.read_text())["torch"] == torch.__version__


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"winograd_min_channels": "x"}', "\xff"])
def test_a_damaged_choice_is_measured_again(monkeypatch, tmp_path, content):
    monkeypatch.setattr(tuning, "_measure_min_channels", lambda *_: 128)
    as_another_process()
    (stored,) = (tmp_path / "tuning").iterdir()
    stored.write_bytes(content.encode("latin-1"))
    assert as_another_process() == ConvolutionMethod(128, "torch")


def test_a_folder_that_cannot_be_written_is_no_error(monkeypatch, tmp_path):
    (tmp_path / "tuning").write_text("a file")
    monkeypatch.setattr(tuning, "_measure_min_channels", lambda *_: 64)
    assert as_another_process() == ConvolutionMethod(64, "torch")


def test_of_two_processes_that_measure_at_once_the_first_decides(monkeypatch):
    def measure(*_):
        monkeypatch.setattr(tuning, "_measure_min_channels", lambda *_: 256)
        as_another_process()
        return 64

    monkeypatch.setattr(tuning, "_measure_min_channels", measure)
    assert as_another_process() == ConvolutionMethod(256, "torch")


def test_the_number_of_threads_is_restored(monkeypatch):
    threads = torch.get_num_threads()
    used = []

    def time_gradients(*_):
        used.append(torch.get_num_threads())
        raise RuntimeError

    monkeypatch.setattr(tuning, "_time_gradients", time_gradients)
    with pytest.raises(RuntimeError):
        tuning.choose_convolution("float32", "torch")
    assert used == [1]
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("kernels", ["torch", "native"])
def test_times_are_positive(kernels):
    assert all(seconds > 0 for seconds in tuning._time_gradients(64, torch.float32, kernels))

import pytest
import torch

from puppyslug.networks.kernels import tuning


@pytest.fixture(autouse=True)
def fresh_measurement():
    tuning.measure_winograd_min_channels.cache_clear()
    yield
    tuning.measure_winograd_min_channels.cache_clear()


@pytest.mark.parametrize(("slow_below", "expected"), [(0, 64), (128, 128), (512, 512), (1024, 0)])
def test_winograd_is_chosen_down_to_where_it_is_clearly_slower(monkeypatch, slow_below, expected):
    seconds = {False: (1.0, 1.4), True: (1.0, 1.6)}
    monkeypatch.setattr(tuning, "_time_gradients", lambda channels: seconds[channels < slow_below])
    assert tuning.measure_winograd_min_channels() == expected


def test_the_number_of_threads_is_restored(monkeypatch):
    threads = torch.get_num_threads()
    used = []

    def time_gradients(channels):
        used.append(torch.get_num_threads())
        raise RuntimeError

    monkeypatch.setattr(tuning, "_time_gradients", time_gradients)
    with pytest.raises(RuntimeError):
        tuning.measure_winograd_min_channels()
    assert used == [1]
    assert torch.get_num_threads() == threads


def test_times_are_positive():
    assert all(seconds > 0 for seconds in tuning._time_gradients(64))

"""The benchmark: operations, times and shares; how fast the machine is is not tested."""

import itertools
import sys

import pytest
import torch

from puppyslug.benchmark import measurement
from puppyslug.benchmark.measurement import (
    best_time,
    convolution_gflops,
    count_flops,
    run_benchmark,
)
from puppyslug.networks import find_spec


def test_operations_are_those_of_the_convolutions():
    """VGG-19 to relu1_2: conv1_1 and conv1_2 forward and backward."""
    height, width = 32, 48
    first, second = 2 * 9 * 3 * 64, 2 * 9 * 64 * 64
    counted = count_flops("vgg19", "relu1_2", (height, width))
    assert counted == height * width * (2 * first + 2 * second)


def test_the_best_time_is_the_shortest_after_a_warm_up(monkeypatch):
    durations = iter([3.0, 1.0, 2.0])
    clock = itertools.accumulate(
        value for duration in durations for value in (10.0, duration)
    )  # start, stop, start, …
    monkeypatch.setattr(measurement.time, "perf_counter", lambda: next(clock))
    calls = []
    assert best_time(lambda: calls.append(None), rounds=3) == 1.0
    assert len(calls) == 4


def test_a_convolution_has_a_speed_in_both_precisions(monkeypatch):
    monkeypatch.setattr(measurement, "PEAK_SHAPE", (8, 12, 16))
    assert convolution_gflops("float32") > 0
    assert convolution_gflops("bfloat16") > 0


def test_every_network_is_measured_at_every_size_and_precision(monkeypatch):
    specs = [find_spec("vgg19"), find_spec("efficientnet_lite0")]
    monkeypatch.setattr(measurement, "SIZES", ((64, 96), (80, 80)))
    monkeypatch.setattr(measurement, "list_networks", lambda: specs)
    monkeypatch.setattr(measurement, "_measure_in_subprocess", lambda *_: (0.5, 123))
    measurements = list(run_benchmark({"float32": 100.0, "bfloat16": 200.0}))
    assert {(m.network, m.size) for m in measurements} == {
        (spec.name, size) for spec in specs for size in measurement.SIZES
    }
    assert {m.precision for m in measurements} >= {"float32"}
    for m in measurements:
        flops = count_flops(m.network, m.layer, m.size)
        assert (m.seconds, m.peak_memory) == (0.5, 123)
        assert m.gflops == pytest.approx(flops / 0.5 / 1e9)
        peak = {"float32": 100.0, "bfloat16": 200.0}[m.precision]
        assert m.share == pytest.approx(m.gflops / peak)


def test_a_measurement_takes_time_and_memory():
    threads = torch.get_num_threads()
    seconds, memory = measurement._measure("vgg19", "relu1_1", (32, 32), "float32", "cpu", threads)
    assert seconds > 0
    assert memory > 50e6


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_peak_memory_is_that_of_the_process_alone():
    _, memory = measurement._measure_in_subprocess(("vgg19", "relu1_1", (32, 32), "float32", "cpu"))
    assert 100e6 < memory < 10e9

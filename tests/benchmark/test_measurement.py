"""That the benchmark measures what it says; how fast it is is nobody's assertion."""

import json

import pytest

from puppyslug.benchmark import measurement
from puppyslug.cli import main
from puppyslug.networks import list_networks
from puppyslug.networks.weights.cache import is_here


def test_operations_are_those_of_the_convolutions():
    """VGG-19 to relu1_2: conv1_1 and conv1_2 forward, conv1_2 back; conv1_1 back by a product."""
    height, width = 32, 48
    first, second = 2 * 9 * 3 * 64, 2 * 9 * 64 * 64
    plural = measurement.operations("vgg19", "relu1_2", (height, width))
    assert plural == height * width * (2 * first + 2 * second)


@pytest.mark.slow
def test_bench_prints_json_for_programs_and_a_table_for_people(monkeypatch, capsys):
    monkeypatch.setattr(measurement, "SIZES", ((64, 96),))
    assert main(["bench", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert set(result["roof_gflops"]) == {"float32", "bfloat16"}
    assert {row["network"] for row in result["steps"]} == {
        spec.name for spec in list_networks() if is_here(spec)
    }
    for row in result["steps"]:
        assert row["seconds"] > 0
        assert row["share"] == pytest.approx(
            row["gflops"] / result["roof_gflops"][row["precision"]]
        )
        assert row["peak_memory"] > 100e6
    assert main(["bench"]) == 0
    assert "GFLOP/s" in capsys.readouterr().out

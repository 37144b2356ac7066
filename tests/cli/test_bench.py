"""``puppyslug bench``: JSON for programs, a table for people."""

import json

import pytest

from puppyslug.benchmark import measurement
from puppyslug.cli import main
from puppyslug.networks import find_spec


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(measurement, "SIZES", ((64, 96),))
    monkeypatch.setattr(measurement, "PEAK_SHAPE", (8, 12, 16))
    monkeypatch.setattr(measurement, "list_networks", lambda: [find_spec("efficientnet_lite0")])
    monkeypatch.setattr(measurement, "_measure_in_subprocess", lambda *_: (0.5, 200_000_000))


def test_json_has_the_peak_and_every_measurement(capsys):
    assert main(["bench", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert set(result["roof_gflops"]) == {"float32", "bfloat16"}
    for row in result["steps"]:
        assert row["network"] == "efficientnet_lite0"
        assert (row["size"], row["seconds"], row["peak_memory"]) == ([64, 96], 0.5, 200_000_000)
        peak = result["roof_gflops"][row["precision"]]
        assert row["share"] == pytest.approx(row["gflops"] / peak)
    assert "float32" in {row["precision"] for row in result["steps"]}


def test_the_table_has_a_row_for_every_measurement(capsys):
    assert main(["bench"]) == 0
    rows = [line for line in capsys.readouterr().out.splitlines() if "efficientnet_lite0" in line]
    assert rows
    assert all("96x64" in row and "200 MB" in row for row in rows)

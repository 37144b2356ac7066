"""``puppyslug channels``: the channels that an image activates most strongly."""

import re

import pytest

from puppyslug.cli import channels as channels_module
from puppyslug.cli import main
from support.commands import image_size, list_files, run_failing


def test_channels_are_listed_with_their_activation_and_saved_on_a_sheet(folder, capsys):
    fast = ["--layer", "relu5_2", "--top", "2", "--quiet"]
    assert main(["channels", "cat.png", *fast]) == 0
    header, first, second, saved = capsys.readouterr().out.splitlines()
    assert header.split()[0] == "channel"
    ratios = [
        float(re.fullmatch(r"relu5_2:\d+ +(\S+)×.*", row).group(1)) for row in (first, second)
    ]
    assert ratios == sorted(ratios, reverse=True)
    assert saved == "cat.channels.png"
    assert image_size(saved)[1] > 2 * 80


def test_without_an_atlas_the_portraits_are_drawn(folder, capsys, monkeypatch):
    from puppyslug.visualization.atlas import plan

    monkeypatch.setattr(channels_module, "find_usable_atlas", lambda *_: None)
    draw = plan.plan_atlas
    monkeypatch.setattr(
        plan, "plan_atlas", lambda network, layer: draw(network, layer, size=32, steps=1)
    )
    assert main(["channels", "cat.png", "--layer", "relu1_1", "--top", "1"]) == 0
    captured = capsys.readouterr()
    assert "puppyslug atlas build vgg19 relu1_1" in captured.err
    assert captured.out.splitlines()[-1] == "cat.channels.png"


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["gone.png"], "gone.png"),
        (["cat.png", "--layer", "relu9"], "relu9"),
        (["cat.png", "-o", "cat.png", "--force"], "cat.png"),
        (["cat.png", "--layer", "relu5_4", "-o", "a.xyz"], ".xyz"),
    ],
)
def test_errors_name_the_wrong_value_and_write_nothing(folder, capsys, arguments, part):
    assert part in run_failing(capsys, "channels", *arguments)
    assert list_files(folder) == {"cat.png"}

"""The memory plan."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from puppyslug.errors import RecipeError
from puppyslug.gradient.memory import (
    MAX_WORKER_TILE,
    estimate_memory,
    plan_memory,
    plan_worker_tiles,
)
from puppyslug.gradient.tiles import split_into_tiles
from puppyslug.networks import find_spec, list_networks
from support.toy_network import toy_spec

sizes = st.tuples(st.integers(8, 9000), st.integers(8, 9000))


@given(sizes, st.sampled_from([r.name for r in list_networks()]), st.floats(1e8, 2e10), st.data())
def test_a_plan_fits_into_memory_or_the_error_tells_how_much_would_do(size, name, memory, data):
    spec = find_spec(name)
    layer = data.draw(st.sampled_from(spec.layers))
    precision = data.draw(st.sampled_from(["float32", "bfloat16"]))
    try:
        plan = plan_memory(size, spec, [layer], precision, int(memory))
    except RecipeError as error:
        least = int(str(error).split('memory="')[1].split("MB")[0])
        assert least * 1e6 > memory
        assert plan_memory(size, spec, [layer], precision, least * 1_000_000)
        return
    assert plan.required <= memory
    if plan.tile is None:
        assert plan.grid == (1, 1)
    else:
        assert all(side % layer.stride == 0 for side in plan.tile)
        tiles = list(split_into_tiles(size, plan.tile, [layer]))
        assert len(tiles) <= plan.grid[0] * plan.grid[1]


def test_more_memory_never_needs_more_tiles():
    spec = find_spec("vgg19")
    layers = [spec.layer("relu4_4")]
    counts = []
    for memory in (1.2e9, 1.5e9, 2e9, 4e9, 8e9):
        down, across = plan_memory((2160, 3840), spec, layers, "bfloat16", int(memory)).grid
        counts.append(down * across)
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1] == 1


def test_too_little_memory_is_an_error_that_names_the_options():
    spec = toy_spec()
    with pytest.raises(RecipeError, match=r'100×100.*memory="101MB".*size'):
        plan_memory((100, 100), spec, [spec.layer("relu2")], "float32", 10_000_000)


def test_processing_the_gradient_and_float32_need_more_memory():
    spec = find_spec("vgg19")
    layers = [spec.layer("relu4_4")]

    def estimate(precision="bfloat16", tile=None, **options):
        return estimate_memory((1000, 1000), spec, layers, precision, tile, **options)

    assert estimate(processed=True) > estimate()
    assert estimate("float32") > estimate()
    assert estimate(tile=(256, 256)) < estimate()


@pytest.mark.parametrize(("workers", "least"), [(1, 2), (4, 8), (16, 32)])
def test_every_worker_gets_at_least_two_tiles(workers, least):
    layers = [find_spec("vgg19").layer("relu3_3")]
    tile = plan_worker_tiles((4000, 6000), layers, workers)
    assert len(list(split_into_tiles((4000, 6000), tile, layers))) >= least
    assert max(tile) <= MAX_WORKER_TILE + layers[0].stride


def test_a_small_image_is_not_divided_among_workers():
    assert plan_worker_tiles((300, 400), [find_spec("vgg19").layer("relu3_3")], 8) is None

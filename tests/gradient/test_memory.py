import pytest
from hypothesis import given
from hypothesis import strategies as st

from puppyslug.errors import RecipeError
from puppyslug.gradient.memory import plan_memory
from puppyslug.gradient.tiles import tiles
from puppyslug.networks import find_spec, list_networks
from support.toy_network import toy_spec

sizes = st.tuples(st.integers(8, 9000), st.integers(8, 9000))


@given(sizes, st.sampled_from([r.name for r in list_networks()]), st.floats(1e8, 2e10), st.data())
def test_a_plan_keeps_to_its_memory_or_says_what_would_do(size, name, memory, data):
    spec = find_spec(name)
    layer = data.draw(st.sampled_from(spec.layers))
    precision = data.draw(st.sampled_from(["float32", "bfloat16"]))
    try:
        plan = plan_memory(size, spec, [layer], precision, int(memory))
    except RecipeError as error:
        least = int(str(error).split("--memory ")[1].split("MB")[0])
        assert least * 1e6 > memory
        assert plan_memory(size, spec, [layer], precision, least * 1_000_000)
        return
    assert plan.needed <= memory
    if plan.tile is None:
        assert plan.grid == (1, 1)
    else:
        assert all(edge % layer.stride == 0 for edge in plan.tile)
        found = list(tiles(size, plan.tile, [layer]))
        assert len(found) <= plan.grid[0] * plan.grid[1]


def test_more_memory_never_takes_more_tiles():
    spec = find_spec("vgg19")
    layers = [spec.layer("relu4_4")]
    counts = []
    for memory in (1.2e9, 1.5e9, 2e9, 4e9, 8e9):
        down, across = plan_memory((2160, 3840), spec, layers, "bfloat16", int(memory)).grid
        counts.append(down * across)
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1] == 1


def test_too_little_memory_is_said_with_what_would_do():
    spec = toy_spec()
    with pytest.raises(RecipeError, match="at least --memory 101MB"):
        plan_memory((100, 100), spec, [spec.layer("relu2")], "float32", 10_000_000)

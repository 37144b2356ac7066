import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import toy_record
from puppyslug.errors import RecipeError
from puppyslug.networks import find_record, list_networks
from puppyslug.planning import plan_memory
from puppyslug.tiling import tiles

sizes = st.tuples(st.integers(8, 9000), st.integers(8, 9000))


@given(sizes, st.sampled_from([r.name for r in list_networks()]), st.floats(1e8, 2e10), st.data())
def test_a_plan_keeps_to_its_memory_or_says_what_would_do(size, name, memory, data):
    record = find_record(name)
    layer = data.draw(st.sampled_from(record.layers))
    precision = data.draw(st.sampled_from(["float32", "bfloat16"]))
    try:
        plan = plan_memory(size, record, [layer], precision, int(memory))
    except RecipeError as error:
        least = int(str(error).split("--memory ")[1].split("MB")[0])
        assert least * 1e6 > memory
        assert plan_memory(size, record, [layer], precision, least * 1_000_000)
        return
    assert plan.needed <= memory
    if plan.tile is None:
        assert plan.grid == (1, 1)
    else:
        assert all(edge % layer.stride == 0 for edge in plan.tile)
        found = list(tiles(size, plan.tile, [layer]))
        assert len(found) <= plan.grid[0] * plan.grid[1]


def test_more_memory_never_takes_more_tiles():
    record = find_record("vgg19")
    layers = [record.layer("relu4_4")]
    counts = []
    for memory in (1.2e9, 1.5e9, 2e9, 4e9, 8e9):
        down, across = plan_memory((2160, 3840), record, layers, "bfloat16", int(memory)).grid
        counts.append(down * across)
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1] == 1


def test_too_little_memory_is_said_with_what_would_do():
    record = toy_record()
    with pytest.raises(RecipeError, match="at least --memory 101MB"):
        plan_memory((100, 100), record, [record.layer("relu2")], "float32", 10_000_000)

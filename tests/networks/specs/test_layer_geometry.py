"""The arithmetic of layers, compared with torch's own convolutions and poolings."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import max_pool1d

from puppyslug.networks.specs import LayerGeometry, LayerTable
from puppyslug.networks.specs.layer_geometry import union

windows = st.lists(
    st.tuples(st.integers(1, 5), st.integers(1, 3), st.integers(0, 2), st.booleans()).filter(
        lambda window: 2 * window[2] <= window[0]
    ),
    min_size=1,
    max_size=4,
)


def apply_pools(x, stack):
    for kernel, stride, padding, ceil_mode in stack:
        x = max_pool1d(x, kernel, stride, padding, ceil_mode=ceil_mode and padding == 0)
    return x


def geometry_of(stack):
    geometry = LayerGeometry()
    for kernel, stride, padding, ceil_mode in stack:
        # torch drops a last window that starts outside; that needs a stride above the kernel
        ceil = ceil_mode and padding == 0 and stride <= kernel
        geometry = geometry.apply_window(kernel, stride, padding=padding, ceil_mode=ceil)
    return geometry


@given(windows.filter(lambda stack: all(w[1] <= w[0] or not w[3] for w in stack)))
def test_output_lengths_equal_torch(stack):
    geometry = geometry_of(stack)
    for length in (geometry.min_size, geometry.min_size + 1, 97):
        if length >= geometry.min_size:
            output = apply_pools(torch.rand(1, 1, length), stack)
            assert geometry.output_length(length) == output.shape[-1]


@given(windows.filter(lambda stack: not any(window[3] for window in stack)))
def test_a_position_depends_on_the_pixels_of_its_context(stack):
    geometry = geometry_of(stack)
    length = 200
    pixel = 100
    x = torch.zeros(1, 1, length)
    x[..., pixel] = 1
    positions = set(apply_pools(x, stack)[0, 0].nonzero().flatten().tolist())
    stride = geometry.stride
    first = -(-(pixel - stride + 1 - geometry.context_after) // stride)
    last = (pixel + geometry.context_before) // stride
    assert positions <= set(range(max(first, 0), last + 1))


@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (3, 2), (5, 2), (1, 2)])
def test_same_padding_rounds_up(kernel, stride):
    geometry = LayerGeometry().apply_window(kernel, stride)
    assert [geometry.output_length(n) for n in (7, 8)] == [-(-7 // stride), -(-8 // stride)]


def test_a_union_covers_every_branch():
    wide = LayerGeometry().apply_window(5, padding=2)
    narrow = LayerGeometry().apply_window(3, padding=1)
    assert union([wide, narrow]) == union([narrow, wide]) == wide


def test_branches_with_different_positions_have_no_union():
    with pytest.raises(ValueError, match="positions"):
        union([LayerGeometry(), LayerGeometry().apply_window(2, 2, padding=0)])


def test_a_table_collects_layers_upwards():
    table = LayerTable()
    table.add("conv", 8, kernel=3, stride=2, padding=1)
    table.add("pool", 8, kernel=2, stride=2, padding=0)
    conv, pool = table.layers
    assert (conv.stride, conv.receptive_field, conv.channels) == (2, 3, 8)
    assert (pool.stride, pool.receptive_field) == (4, 5)
    assert pool.output_size((32, 64)) == (8, 16)
    assert table.top == pool.geometry

"""The values of expressions."""

import math

import numpy as np
import pytest

from puppyslug.recipe.expression_values import evaluate
from puppyslug.recipe.expressions import FUNCTIONS, parse_expression

FRAMES = np.arange(120.0)


def values(text: str) -> np.ndarray:
    variables = {"t": FRAMES, "f": FRAMES, "s": 7.0, "max_f": 119.0, "pi": math.pi, "fps": 25.0}
    return np.broadcast_to(evaluate(parse_expression(text), variables), FRAMES.shape)


@pytest.mark.parametrize(
    "text",
    [
        "1.0025+0.002*sin(1.25*3.14*t/30)",
        "50*(cos(2*3.14*t/30))**100+45",
        "-1*(cos(3.141*t/15)**100)+0.4",
        "2*sin(2*3.14*t/20)+t/40",
        "abs(sin(3.14*t/15))",
        "sqrt(t) - exp(-t/20) + log(1+t) + log10(1+t)",
        "floor(t/7) - ceil(t/9)",
        "where(t>50, 1, 1.5)",
        "where((t>10) & (t<40) | (t==80), 3, s)",
        "10*(t%30)/30",
        "tanh(t/50) + arctan2(t, max_f) + arcsin(t/200) + arccos(t/200) + arctan(t)",
        "sinh(t/90) - cosh(t/90) + tan(t/99) - t**2/1000",
    ],
)
def test_formulas_of_deforum_have_the_values_that_numexpr_computes(text):
    numexpr = pytest.importorskip("numexpr")
    expected = numexpr.evaluate(
        text, local_dict={"t": FRAMES, "s": 7.0, "max_f": 119.0}, global_dict={}
    )
    np.testing.assert_allclose(values(text), np.broadcast_to(expected, FRAMES.shape), rtol=1e-12)


@pytest.mark.parametrize(
    "text",
    [
        "t // 8 % 3",
        "-t % 7",
        "1 if t < 10 else 2 if t < 20 else 3",
        "t > 3 and t < 9 or not t",
        "1 < t <= 5",
        "min(t, 30, 5) + max(t, 90)",
        "2 ** -t",
    ],
)
def test_operators_have_the_values_of_python(text):
    names = {"min": min, "max": max}
    expected = [float(eval(text, {"__builtins__": {}}, {**names, "t": t})) for t in FRAMES]
    if " and " in text:
        expected = [float(bool(one)) for one in expected]
    assert values(text).tolist() == expected


def test_waves_have_a_period_of_one():
    for name in ("tri", "saw", "sq", "pulse"):
        np.testing.assert_allclose(values(f"{name}(t/8)"), values(f"{name}(t/8 + 3)"), atol=1e-12)
    assert values("tri(t/4)")[:5].tolist() == [0, 1, 0, -1, 0]
    assert values("saw(t/4)")[:5].tolist() == [-1, -0.5, 0, 0.5, -1]
    assert values("sq(t/4)")[:5].tolist() == [1, 1, -1, -1, 1]
    assert values("pulse(t/4, 0.3)")[:5].tolist() == [1, 1, 0, 0, 1]


def test_a_ramp_and_a_clamp_stay_within_their_bounds():
    assert values("ramp(t, 2, 6)")[:9].tolist() == [0, 0, 0, 0.25, 0.5, 0.75, 1, 1, 1]
    assert values("ramp(t, 3, 3)")[:5].tolist() == [0, 0, 0, 1, 1]
    assert values("clamp(t, 2, 4)")[:7].tolist() == [2, 2, 2, 3, 4, 4, 4]


def test_noise_is_smooth_and_depends_on_its_seed_only():
    noise = values("noise(t/10, 3)")
    assert np.array_equal(noise, values("noise(t/10, 3)"))
    assert not np.allclose(noise, values("noise(t/10, 4)"))
    assert np.abs(noise).max() <= 1
    assert np.abs(np.diff(noise)).max() < 0.31  # 1.5 × the range of 2 over 10 frames
    assert np.std(values("noise(t)")) > 0.4


def test_what_has_no_value_is_not_finite():
    for text in ("1/(t-t)", "sqrt(-1-t)", "exp(t*99+9999)", "9**9**9", "log(-1)", "noise(1/(t-t))"):
        assert not np.isfinite(values(text)).any()


def test_every_function_is_computed():
    for name, counts in FUNCTIONS.items():
        for count in (counts[0], counts[-1]):
            assert np.isfinite(values(f"{name}({', '.join(['0.5'] * count)})")).all(), name

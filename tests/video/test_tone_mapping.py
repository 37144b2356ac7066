"""Tone mapping: order of brightness, neutral greys, the full range."""

import numpy as np
import pytest

from puppyslug.video.tone_mapping import HDR_TRANSFERS, HLG, PQ, to_sdr


@pytest.mark.parametrize("transfer", HDR_TRANSFERS)
def test_greys_stay_neutral_and_in_order(transfer):
    codes = np.linspace(0, 1, 33, dtype=np.float32)
    greys = np.repeat(codes[None, :, None], 3, axis=2)
    mapped = to_sdr(greys, transfer).astype(int)
    assert (np.diff(mapped[0, :, 1]) >= 0).all()
    assert np.ptp(mapped, axis=-1).max() <= 2
    assert mapped[0, 0].tolist() == [0, 0, 0]
    assert mapped[0, -1].min() >= 253


@pytest.mark.parametrize(("transfer", "code"), [(PQ, 0.5806), (HLG, 0.75)])
def test_the_reference_white_becomes_full_white(transfer, code):
    """BT.2408: the reference white of 203 cd/m² is 58 % in PQ and 75 % in HLG."""
    white, grey = (to_sdr(np.full((1, 1, 3), c, np.float32), transfer) for c in (code, code - 0.1))
    assert white.min() >= 252
    assert 150 < grey.mean() < 240

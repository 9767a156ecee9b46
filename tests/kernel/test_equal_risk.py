"""Amounts that contribute equally to risk."""

import numpy as np

from gpt_trader.kernel.equal_risk import equal_risk


def test_amounts_of_uncorrelated_assets_are_equal():
    np.testing.assert_allclose(equal_risk(np.eye(4)), 1.0)
    opposed = np.array([[1.0, -0.5, 0.0], [-0.5, 1.0, 0.0], [0.0, 0.0, 1.0]])
    amount = equal_risk(opposed)
    np.testing.assert_allclose(amount * (opposed @ amount), 1.0)


def test_what_cancels_out_is_left_with_amounts_that_are_finite():
    amount = equal_risk(np.array([[1.0, -1.0], [-1.0, 1.0]]))
    assert np.isfinite(amount).all()
    assert (amount > 0).all()

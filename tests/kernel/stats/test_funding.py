"""What is held beside the cash that funding brings, against numpy."""

import numpy as np
import pytest

from gpt_trader.kernel.rounding import Spec
from gpt_trader.kernel.stats.funding import funding_flows, held
from tests.strategies_helpers import BTC

SPEC: Spec = BTC.spec
BAND = 0.25


@pytest.mark.parametrize("rate", [0.0, 0.01, -0.01])
def test_held_is_what_numpy_comes_to(rate):
    by_chance = np.random.default_rng(5)
    close = 1_000_000 + np.cumsum(by_chance.integers(-900, 901, 400))
    rates, lots, cash = rate * by_chance.random(400), 70_000, 12_345
    per_tick = lots * SPEC.value_num / SPEC.value_den
    worth = np.empty(400)
    row, then, left = held(worth, lots, cash, close, rates, per_tick, SPEC, BAND)
    funds = cash + np.cumsum(funding_flows(np.full(400, lots), close, rates, SPEC))
    value = close * per_tick
    far = np.abs(funds) > BAND * np.maximum(value, value + funds)
    far[-1] = True
    assert worth.tobytes() == (value + funds).tobytes()
    assert (row, then, left) == (far.argmax(), funds[far.argmax()], funds[-1])
    assert (row < 399) == (rate != 0.0)

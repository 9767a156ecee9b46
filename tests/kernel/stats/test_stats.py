"""The one-pass statistics on cases computed by hand."""

from decimal import Decimal

import numpy as np

from gpt_trader.domain.product import Product
from gpt_trader.kernel.codes import FILL_ENTRY, TAKER
from gpt_trader.kernel.fill import FILL_DTYPE
from gpt_trader.kernel.stats.stats import TRADE_DTYPE, adverse_costs, pair

BTC = Product("BTC-USD", Decimal("0.01"), Decimal("0.01"))
UNIT = 100_000_000


def fills(*rows):
    """Build fills from (bar, product, side, lots, ticks, fee, reason)."""
    out = np.zeros(len(rows), FILL_DTYPE)
    for i, (bar, product, side, lots, ticks, fee, reason) in enumerate(rows):
        out[i] = (bar, product, side, lots, ticks, fee, TAKER, reason, bar - 1, 0, 0, 0)
    return out


def test_costs_are_split_at_the_half_spread_of_the_base():
    num, den = np.array([BTC.spec.value_num]), np.array([BTC.spec.value_den])
    some = fills(*[(1, 0, side, 100, 10_000 + side * 10, 0, FILL_ENTRY) for side in (1, -1)] * 3)
    some["base"] = [10_000, 10_000, 0, 0, 10_020, 9_980]
    five_bps = np.full(6, 50_000, np.int64)
    # 1 BTC of 100.00 moved by 0.10, of which 5 bps are 0.05; unknown base; filled better than base
    spread, slippage = adverse_costs(some, num, den, five_bps)
    assert spread.tolist() == [UNIT // 20, UNIT // 20, 0, 0, 0, 0]
    assert slippage.tolist() == [UNIT // 20, UNIT // 20, 0, 0, -UNIT // 10, -UNIT // 10]
    # a spread as wide as the whole move leaves nothing for slippage
    spread, slippage = adverse_costs(some[:2], num, den, five_bps[:2] * 4)
    assert spread.tolist() == [UNIT // 10, UNIT // 10]
    assert slippage.tolist() == [0, 0]
    out = np.zeros(6, TRADE_DTYPE)
    assert pair(some[:2], np.array([3, 4], np.int64), num, den, out) == 1
    assert out[0]["slippage"] == 7
    assert (out[0]["entry_base"], out[0]["entry_cause"]) == (10_000, 0)

"""The one-pass statistics on cases computed by hand."""

from decimal import Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.domain.product import Product
from gpt_trader.kernel.codes import FILL_ENTRY, FILL_EXIT, FILL_STOP, MAKER, TAKER
from gpt_trader.kernel.rounding import RATE_SCALE, adverse_ticks
from gpt_trader.kernel.settings import FILL_DTYPE
from gpt_trader.kernel.stats import TRADE_DTYPE, bars_held, pair, reference_ticks, slippages

BTC = Product("BTC-USD", Decimal("0.01"), Decimal("0.01"))
UNIT = 100_000_000


def fills(*rows):
    """Build fills from (bar, product, side, lots, ticks, fee, reason)."""
    out = np.zeros(len(rows), FILL_DTYPE)
    for i, (bar, product, side, lots, ticks, fee, reason) in enumerate(rows):
        out[i] = (bar, product, side, lots, ticks, fee, TAKER, reason, bar - 1, 0, 0, 0)
    return out


def test_bars_held_counts_closes_with_any_position():
    some = fills(
        (1, 0, 1, 5, 100, 0, FILL_ENTRY),
        (3, 1, 1, 5, 100, 0, FILL_ENTRY),
        (4, 0, -1, 5, 100, 0, FILL_EXIT),
        (5, 1, -1, 5, 100, 0, FILL_EXIT),
        (8, 0, 1, 5, 100, 0, FILL_ENTRY),
    )
    assert bars_held(some, 2, 10) == 4 + 2
    assert bars_held(some[:0], 2, 10) == 0
    in_and_out = fills((1, 0, 1, 5, 100, 0, FILL_ENTRY), (1, 0, -1, 5, 100, 0, FILL_STOP))
    assert bars_held(in_and_out, 1, 10) == 0


@given(st.integers(2, 10**7), st.integers(0, 2_000_000), st.integers(1, 10**7))
def test_the_reference_price_undoes_spread_and_slippage(base, adverse_e8, elsewhere):
    bought = adverse_ticks(base, 1, adverse_e8)
    assert adverse_ticks(reference_ticks(bought, 1, adverse_e8, elsewhere), 1, adverse_e8) == bought
    sold = adverse_ticks(base, -1, adverse_e8)
    assert reference_ticks(bought, 1, adverse_e8, 1) in (base, 1)
    assert reference_ticks(sold, -1, adverse_e8, base) == base
    back = reference_ticks(sold, -1, adverse_e8, elsewhere)
    assert adverse_ticks(back, -1, adverse_e8) == sold


def test_slippage_is_paid_by_takers_only():
    adverse_e8 = RATE_SCALE // 1000  # 10 bps
    some = fills((1, 0, 1, 100, 10_010, 0, FILL_ENTRY), (2, 0, -1, 100, 9_990, 0, FILL_EXIT))
    opens = np.full((3, 1), 10_000, np.int64)
    num, den = np.array([BTC.spec.value_num]), np.array([BTC.spec.value_den])
    assert slippages(some, opens, num, den, adverse_e8).tolist() == [UNIT // 10, UNIT // 10]
    some["liquidity"] = MAKER
    assert slippages(some, opens, num, den, adverse_e8).tolist() == [0, 0]
    out = np.zeros(2, TRADE_DTYPE)
    assert pair(some, np.array([3, 4], np.int64), num, den, out) == 1
    assert out[0]["slippage"] == 7

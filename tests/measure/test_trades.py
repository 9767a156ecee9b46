"""Trades from fills, against a plain reference with Fractions."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.domain.product import Product
from gpt_trader.kernel.codes import FILL_ENTRY, FILL_EXIT, FILL_REDUCE, FILL_STOP, TAKER
from gpt_trader.kernel.fill import FILL_DTYPE
from gpt_trader.measure.trades import is_closed, profits, trade_list, trades

BTC = Product("BTC-USD", Decimal("0.01"), Decimal("0.01"))
ETH = Product("ETH-USD", Decimal("0.1"), Decimal("0.5"))
HOUR = 3_600_000
UNIT = 100_000_000


def fills(*rows):
    """Build fills from (bar, product, side, lots, ticks, fee, reason)."""
    out = np.zeros(len(rows), FILL_DTYPE)
    for i, (bar, product, side, lots, ticks, fee, reason) in enumerate(rows):
        out[i] = (bar, product, side, lots, ticks, fee, TAKER, reason, bar - 1, 0, 0, 0)
    return out


def listed(rows, n=20, last=(10_000, 200)):
    time = np.arange(n, dtype=np.int64) * HOUR
    return trade_list(rows, products=(BTC, ETH), time=time, last_ticks=np.array(last))


def test_a_round_trip_is_one_trade():
    rows = trades(
        fills((1, 0, 1, 200, 10_000, 50, FILL_ENTRY), (4, 0, -1, 200, 11_000, 70, FILL_STOP)),
        (BTC, ETH),
    )
    (trade,) = listed(rows)
    assert trade.product == "BTC-USD"
    assert trade.side == "long"
    assert (trade.entry_time, trade.exit_time) == (HOUR, 4 * HOUR)
    assert (trade.entry_price, trade.exit_price) == (Decimal(100), Decimal(110))
    assert trade.size == Decimal(2)
    assert trade.fees == Decimal("0.0000012")
    assert trade.pnl == Decimal(20) - trade.fees
    assert trade.return_pct == pytest.approx((20 - 0.0000012) / 200 * 100)
    assert trade.bars_held == 3
    assert (trade.entry_reason, trade.exit_reason) == ("ENTRY", "STOP")


def test_partial_fills_are_averaged_and_products_kept_apart():
    rows = trades(
        fills(
            (1, 0, 1, 100, 10_000, 0, FILL_ENTRY),
            (1, 1, 1, 10, 200, 0, FILL_ENTRY),
            (2, 0, 1, 300, 10_400, 0, FILL_ENTRY),
            (3, 0, -1, 100, 11_000, 0, FILL_REDUCE),
            (5, 0, -1, 300, 12_000, 0, FILL_EXIT),
        ),
        (BTC, ETH),
    )
    first, second = listed(rows)
    assert first.entry_price == Decimal("103.0000")
    assert first.exit_price == Decimal("117.5000")
    assert first.size == Decimal(4)
    assert first.pnl == Decimal(58)
    assert first.exit_reason == "EXIT"
    assert (second.product, second.exit_time, second.exit_price) == ("ETH-USD", None, None)
    assert second.exit_reason is None
    assert is_closed(rows).tolist() == [True, False]


def test_an_open_trade_is_valued_at_the_last_close():
    rows = trades(fills((2, 1, 1, 10, 200, 5 * UNIT, FILL_ENTRY)), (BTC, ETH))
    (trade,) = listed(rows, last=(1, 240))
    assert trade.pnl == Decimal(20) - 5  # 1 ETH from 100 to 120, fee 5
    assert trade.bars_held == 17


def test_a_fill_through_zero_ends_one_trade_and_begins_the_next():
    rows = trades(
        fills(
            (1, 0, 1, 100, 10_000, 0, FILL_ENTRY),
            (3, 0, -1, 300, 9_000, 301, FILL_ENTRY),
            (6, 0, 1, 200, 8_000, 0, FILL_EXIT),
        ),
        (BTC,),
    )
    long, short = listed(rows)
    assert (long.side, short.side) == ("long", "short")
    assert long.pnl == Decimal(-10) - Decimal(100) / UNIT
    assert short.pnl == Decimal(20) - Decimal(201) / UNIT
    assert short.entry_price == Decimal(90)


def test_no_fills_make_no_trades():
    assert len(trades(fills(), (BTC,))) == 0
    assert listed(trades(fills(), (BTC,))) == []


FILL = st.tuples(
    st.integers(0, 1),
    st.sampled_from([1, -1]),
    st.integers(1, 10_000),
    st.integers(1, 100_000),
    st.integers(0, 10**9),
)


@given(st.lists(FILL, max_size=40))
def test_profits_add_up_to_the_change_in_cash_and_holdings(rows):
    products = (BTC, Product("X-USD", Decimal("0.00000003"), Decimal("0.0007")))
    cash = 0
    held = [0, 0]
    made = []
    for i, (p, side, lots, ticks, fee) in enumerate(rows):
        spec = products[p].spec
        exact = lots * ticks * spec.value_num
        value = -(-exact // spec.value_den) if side > 0 else exact // spec.value_den
        cash -= side * value + fee
        held[p] += side * lots
        made.append((i + 1, p, side, lots, ticks, fee, FILL_ENTRY))
    last = np.array([777, 12_345])
    worth = 0
    for p, product in enumerate(products):
        exact = abs(held[p]) * int(last[p]) * product.spec.value_num
        den = product.spec.value_den
        worth += exact // den if held[p] > 0 else -((exact + den - 1) // den)
    rows = trades(fills(*made), products)
    # a fill through zero rounds twice: one unit of 1e-8 quote each
    assert abs(int(profits(rows, products, last).sum()) - (cash + worth)) <= len(made)
    assert sum(rows["fees"]) == sum(m[5] for m in made)
    assert (rows["entry_lots"] >= rows["exit_lots"]).all()
    open_lots = np.zeros(2, np.int64)
    for row in rows[~is_closed(rows)]:
        open_lots[row["product"]] += row["side"] * (row["entry_lots"] - row["exit_lots"])
    assert open_lots.tolist() == held


def test_a_trade_that_moves_more_than_64_bits_hold_keeps_its_profit_to_the_unit():
    half = 4_000_000_000  # lots at 100.00: 4 billion
    moved = [(1, 0, 1, 2 * half, 10_000, 0, FILL_ENTRY)]
    for i in range(30):
        moved.append((2 * i + 2, 0, -1, half, 10_001, 0, FILL_REDUCE))
        moved.append((2 * i + 3, 0, 1, half, 10_000, 0, FILL_ENTRY))
    moved.append((70, 0, -1, 2 * half, 10_000, 0, FILL_EXIT))
    (trade,) = listed(trades(fills(*moved), (BTC,)), n=80)
    assert trade.pnl == 30 * half * BTC.price_increment * BTC.base_increment
    entered = sum(lots * ticks for _, _, side, lots, ticks, _, _ in moved if side > 0) / 10_000
    assert entered > 2**63 / UNIT
    assert trade.return_pct == pytest.approx(float(trade.pnl) / entered * 100.0)

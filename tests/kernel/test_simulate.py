"""The loop at its edges: no bars, one bar, no opinion, absent products, many fills."""

from math import nan

import numpy as np
import pytest

from gpt_trader.domain.bars import read_only
from gpt_trader.kernel.codes import (
    ACT_ENTER,
    ACT_EXIT,
    FILL_ENTRY,
    FILL_EXIT,
    FILL_STOP,
    HOLD_FLAT,
    HOLD_IN_BAND,
    HOLD_NO_OPINION,
    REFUSED_DAILY_LOSS,
    REFUSED_DRAWDOWN,
)
from gpt_trader.kernel.detail import no_detail
from gpt_trader.kernel.fees import new_fee_book, tier_table
from gpt_trader.kernel.fill import FILL_DTYPE
from gpt_trader.kernel.market import Aims, Fees, Market, Rules
from gpt_trader.kernel.rounding import BPS, spec_table
from gpt_trader.kernel.simulate import FIRST_ROOM, _run, simulate
from gpt_trader.kernel.slippage import NO_QUOTE
from gpt_trader.kernel.slot import new_slots
from gpt_trader.kernel.style import style_table
from tests.kernel.rows import CASH, FREE, NO_LIMITS, PERP, TAKER_STYLE, UNIT, bounded, guarded

HOUR = 3_600_000
LIMITS = NO_LIMITS | {"max_product": 1.0, "max_gross": 1.0, "rebalance_band": 0.25}


def run(
    prices, weight, *, low=None, present=None, stop=nan, funding=0.0,
    costs=FREE, limits=LIMITS, style=TAKER_STYLE, fee_tiers=(),
):  # fmt: skip
    """Simulate bars at `prices`, (n, p) ticks, flat but for `low`, under `weight`, (n, p)."""
    prices = np.asarray(prices, np.int64)
    n, p = prices.shape
    lows = prices if low is None else np.asarray(low, np.int64)
    shown = np.ones((n, p), np.bool_) if present is None else np.asarray(present, np.bool_)
    nothing = np.full((1, p), nan)
    tiers = tier_table(fee_tiers)
    market = Market(
        interval_ms=HOUR,
        time=read_only(np.arange(n, dtype=np.int64) * HOUR),
        open_ticks=read_only(prices),
        high=read_only(prices),
        low=read_only(lows),
        close=read_only(prices),
        volume=read_only(np.full((n, p), 1e9)),
        half_spread_e8=read_only(np.full((1, p), NO_QUOTE)),
        funding_rate=read_only(np.full((1, p), funding)),
        present=read_only(shown),
    )
    aims = Aims(
        weight=np.asarray(weight, np.float64).reshape(n, p),
        stop=np.full((1, p), stop),
        take=nothing,
        trail=nothing,
        max_bars=np.zeros((1, p), np.int64),
    )
    rules = Rules(
        specs=spec_table([PERP] * p),
        bounds=bounded(limits),
        guards=guarded(limits, p),
        styles=style_table([style] * p),
    )
    fees = Fees(tiers, new_fee_book(tiers))
    return simulate(market, aims, rules, costs, fees, CASH, no_detail())


def counted(counts, j=0):
    """Return a product's decisions by code, none left out."""
    return {int(code): int(counts[j, code]) for code in np.flatnonzero(counts[j])}


@pytest.mark.parametrize("p", [0, 1, 2])
def test_no_bars_give_nothing(p):
    fills, equity, counts, refusals, slots, cash, *halts = run(np.empty((0, p)), np.empty((0, p)))
    assert (len(fills), len(equity), counts.sum(), cash) == (0, 0, 0, CASH)
    assert fills.dtype == FILL_DTYPE
    assert repr(slots.tolist()) == repr(new_slots(p).tolist())
    assert refusals.shape == (0, 3)
    assert halts == [-1, 0]


def test_one_bar_is_decided_and_not_filled():
    fills, equity, counts, _, slots, cash, *_ = run([[10_000]], [[0.5]])
    assert (len(fills), equity.tolist(), cash) == (0, [10_000.0], CASH)
    assert counted(counts) == {ACT_ENTER: 1}
    assert slots["lots"][0] == 0


def test_no_opinion_ever_does_nothing():
    fills, equity, counts, _, _, cash, *_ = run(np.full((99, 2), 10_000), np.full((99, 2), nan))
    assert (len(fills), cash) == (0, CASH)
    assert (equity == 10_000.0).all()
    assert [counted(counts, j) for j in (0, 1)] == [{HOLD_NO_OPINION: 99}] * 2


def test_a_decision_fills_at_the_next_open_and_marks_at_the_close():
    prices = [[10_000], [11_000], [12_000], [13_000]]
    fills, equity, counts, _, slots, cash, *_ = run(prices, [0.55, 0.55, 0.0, nan])
    columns = ["bar", "cause", "side", "lots", "ticks", "reason", "cash"]
    assert [tuple(int(fill[c]) for c in columns) for fill in fills] == [
        (1, 0, 1, 50, 11_000, FILL_ENTRY, 4500 * UNIT),
        (3, 2, -1, 50, 13_000, FILL_EXIT, 11_000 * UNIT),
    ]
    assert equity.tolist() == [10_000.0, 10_000.0, 10_500.0, 11_000.0]
    assert (cash, slots["lots"][0]) == (11_000 * UNIT, 0)
    assert counted(counts) == {ACT_ENTER: 1, HOLD_IN_BAND: 1, ACT_EXIT: 1, HOLD_NO_OPINION: 1}


def test_an_absent_product_neither_fills_nor_decides_and_keeps_its_last_price():
    prices = [[10_000, 10_000], [10_000, 1], [10_000, 1], [10_000, 20_000], [10_000, 10_000]]
    present = [[1, 1], [1, 0], [1, 0], [1, 1], [1, 0]]
    weight = [[nan, 0.4]] * 5
    fills, equity, counts, *_ = run(prices, weight, present=present)
    assert [(int(f["bar"]), int(f["product"]), int(f["ticks"])) for f in fills] == [(3, 1, 20_000)]
    assert equity.tolist() == [10_000.0] * 5
    assert counted(counts, 0) == {HOLD_NO_OPINION: 5}
    assert counted(counts, 1) == {ACT_ENTER: 1, HOLD_IN_BAND: 1}


@pytest.mark.compiled
def test_bars_that_are_missing_compile_nothing_once_more():
    for present in ([[1], [1], [1]], [[1], [0], [1]]):
        run([[10_000]] * 3, [0.5] * 3, present=present)
    assert len(_run.signatures) == 1


@pytest.mark.parametrize("shown, bar", [(1, 1), (0, 3)])
def test_a_limit_meets_the_next_bar_in_time_only(shown, bar):
    style = TAKER_STYLE._replace(entry_maker=1, entry_offset_e8=100 * BPS, entry_ttl_bars=2)
    low = [[10_000], [9_800], [9_800], [9_800]]
    seen = run([[10_000]] * 4, [0.5] * 4, low=low, present=[[1], [shown], [1], [1]], style=style)
    assert [(int(f["bar"]), int(f["ticks"])) for f in seen[0]] == [(bar, 9_900)]


def test_a_product_that_never_shows_is_ignored():
    prices = [[10_000, 0]] * 4
    fills, _, counts, *_ = run(prices, [[0.5, 0.5]] * 4, present=[[1, 0]] * 4)
    alone = run([[10_000]] * 4, [0.5] * 4)[0]
    assert fills.tolist() == alone.tolist()
    assert counted(counts, 1) == {}


def test_two_products_share_the_cash_in_plan_order():
    fills, _, _, _, _, cash, *_ = run([[10_000, 10_000]] * 2, [[0.8, 0.8]] * 2)
    assert [(int(f["product"]), int(f["lots"])) for f in fills] == [(0, 80), (1, 20)]
    assert cash == 0


def test_fills_grow_beyond_their_first_room_unharmed():
    n = 2 * FIRST_ROOM
    prices = 10_000 + np.arange(n).reshape(n, 1) % 7
    weight = np.tile([0.5, 0.0], n // 2)
    costs = FREE._replace(taker_e8=BPS)
    fills, equity, _, _, slots, cash, *_ = run(prices, weight, costs=costs)
    assert len(fills) == n - 1
    assert fills["bar"].tolist() == list(range(1, n))
    assert (fills["side"] * fills["lots"]).sum() == slots["lots"][0] == fills["lots"][-1]
    assert fills["cash"][-1] == cash
    short = run(prices[:500], weight[:500], costs=costs)
    assert fills[:499].tolist() == short[0].tolist()
    assert equity[:500].tolist() == short[1].tolist()


@pytest.mark.parametrize("weight, paid", [(0.5, 50), (-0.5, -50)])
def test_funding_is_paid_at_every_bar_that_a_position_sees(weight, paid):
    cash = run([[10_000]] * 4, [weight] * 4, funding=0.01).cash
    spent = 5000 if weight > 0 else -5000
    assert CASH - cash == (spent + 3 * paid) * UNIT


def test_a_stop_keeps_the_product_flat_until_its_target_changes():
    prices = [[10_000], [10_000], [8_000], [8_000], [8_000], [8_000]]
    fills, *_ = run(prices, [0.5, 0.5, 0.5, 0.5, 0.3, 0.3], stop=0.1)
    assert [(int(f["bar"]), int(f["reason"])) for f in fills] == [
        (1, FILL_ENTRY),
        (2, FILL_STOP),
        (5, FILL_ENTRY),
    ]


def test_halts_say_where_and_how_often():
    prices = np.full((72, 1), 10_000)
    prices[10:] = 8_000
    prices[40:] = 6_000
    weight = np.full(72, 1.0)
    weight[50:] = 0.0
    weight[60:] = 1.0
    limits = LIMITS | {"max_daily_loss": 0.1, "max_drawdown": 0.3}
    fills, equity, counts, refusals, _, _, *halts = run(prices, weight, limits=limits)
    assert halts == [40, 2]
    assert equity[[9, 10, 40]].tolist() == [10_000.0, 8_000.0, 6_000.0]
    assert [int(f["bar"]) for f in fills] == [1, 51]  # the exit passes
    assert counted(counts)[REFUSED_DRAWDOWN] == 12
    assert refusals.tolist() == [[60, 0, REFUSED_DRAWDOWN]]  # said once, not at each bar
    assert counted(counts)[HOLD_FLAT] == 9
    weight[10:60] = 0.0
    weight[12:] = 1.0
    daily = run(prices, weight, limits=limits | {"max_drawdown": 9.0})
    assert counted(daily[2])[REFUSED_DAILY_LOSS] == 12  # to the end of its UTC day

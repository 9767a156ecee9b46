"""Passes over equity and prices, on cases computed by hand and against plain references."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.kernel.codes import FILL_ENTRY, FILL_EXIT, FILL_STOP, TAKER
from gpt_trader.kernel.fill import FILL_DTYPE
from gpt_trader.kernel.stats.curve import deepest_drawdowns, drawdown, excursions, exposure
from gpt_trader.kernel.stats.stats import OPEN

UNIT = 100_000_000


def fills(*rows):
    """Build fills from (bar, product, side, reason, cash left in quote)."""
    out = np.zeros(len(rows), FILL_DTYPE)
    for i, (bar, product, side, reason, cash) in enumerate(rows):
        out[i] = (bar, product, side, 5, 100, 0, TAKER, reason, bar - 1, 0, cash * UNIT, 100)
    return out


def test_exposure_counts_closes_with_any_position_and_the_share_that_is_not_cash():
    some = fills(
        (1, 0, 1, FILL_ENTRY, 60),
        (3, 1, 1, FILL_ENTRY, 20),
        (4, 0, -1, FILL_EXIT, 50),
        (5, 1, -1, FILL_EXIT, 100),
        (8, 0, 1, FILL_ENTRY, 75),
    )
    equity = np.full(10, 100.0)
    equity[9] = 150.0
    held, invested = exposure(some, 2, equity)
    assert held == 4 + 2
    assert invested == pytest.approx(0.4 * 2 + 0.8 + 0.5 + 0.25 + 0.5)
    assert exposure(some[:0], 2, equity) == (0, 0.0)
    in_and_out = fills((1, 0, 1, FILL_ENTRY, 60), (1, 0, -1, FILL_STOP, 99))
    assert exposure(in_and_out, 1, equity) == (0, 0.0)


def test_a_short_is_invested_too():
    sold = fills((0, 0, -1, FILL_ENTRY, 130))
    assert exposure(sold, 1, np.full(2, 100.0)) == (2, pytest.approx(0.6))


def test_the_deepest_drawdowns_come_first():
    equity = np.array([90.0, 100.0, 120.0, 60.0, 119.0, 130.0, 120.0, 117.0])
    rows, depths = deepest_drawdowns(equity, 100.0, 5)
    assert rows.tolist() == [[2, 3, 5], [-1, 0, 1], [5, 7, OPEN]]
    assert depths == pytest.approx([0.5, 0.1, 0.1])
    rows, depths = deepest_drawdowns(equity, 100.0, 1)
    assert rows.tolist() == [[2, 3, 5]]
    assert len(deepest_drawdowns(np.array([100.0, 101.0]), 100.0, 5)[0]) == 0


@given(st.lists(st.floats(1.0, 200.0), min_size=1, max_size=60), st.floats(1.0, 200.0))
def test_the_deepest_drawdown_is_the_drawdown_and_none_overlap(values, start):
    equity = np.array(values)
    rows, depths = deepest_drawdowns(equity, start, len(values))
    time = np.arange(len(values), dtype=np.int64)
    assert (depths[0] if len(depths) else 0.0) == drawdown(equity, time, 1, start)[0]
    assert (np.diff(depths) <= 0.0).all()
    under = np.zeros(len(values), np.int64)
    for peak, trough, end in rows:
        assert peak < trough < (len(values) if end == OPEN else end)
        under[peak + 1 : len(values) if end == OPEN else end] += 1
    below = equity < np.maximum(np.maximum.accumulate(equity), start)
    assert (under == below).all()


def run_excursions(side, entry, end, at_open, entry_ticks, exit_ticks):
    bars = np.array([[100, 105, 95, 102], [103, 120, 80, 110], [111, 112, 70, 90]], np.int64)
    opens, high, low, close = (np.ascontiguousarray(column) for column in bars.T)
    found = excursions(
        np.array([side]),
        np.array([entry]),
        np.array([end]),
        np.array([at_open]),
        np.array([float(entry_ticks)]),
        np.array([float(exit_ticks)]),
        opens,
        high,
        low,
        close,
    )
    return found[:, 0]


@pytest.mark.parametrize(
    "side, entry, end, at_open, exit_ticks, against, in_favor",
    [
        (1, 0, 2, True, 90, 20.0, 20.0),  # bars 0 and 1 wholly, of bar 2 the open and the exit
        (1, 0, 2, True, 75, 25.0, 20.0),  # the exit is the worst price
        (1, 0, 1, False, 101, 0.0, 3.0),  # of bar 0 the close, of bar 1 the open and the exit
        (1, 0, 1, True, 101, 5.0, 5.0),
        (1, 0, 3, True, 0, 30.0, 20.0),  # still open: to the last bar
        (1, 1, 1, True, 99, 1.0, 0.0),  # in and out within a bar
        (-1, 0, 2, True, 90, 20.0, 20.0),
        (-1, 0, 3, False, 0, 20.0, 30.0),
    ],
)
def test_excursions_count_only_what_was_surely_seen(
    side, entry, end, at_open, exit_ticks, against, in_favor
):
    found = run_excursions(side, entry, end, at_open, 100, exit_ticks)
    assert found.tolist() == pytest.approx([against, in_favor])

"""Passing bars over equals taking them one by one, and ends where something could happen."""

from math import nan

import numpy as np
import pytest

from gpt_trader.kernel.calm import CALM, note
from gpt_trader.kernel.codes import HOLD_IN_BAND, HOLD_NO_OPINION, N_CODES
from gpt_trader.kernel.market import Aims, Known, Market
from gpt_trader.kernel.marks import Marks, mark, new_marks
from gpt_trader.kernel.quiet import edges_of, is_within, moves_more, pass_over
from gpt_trader.kernel.slippage import NO_QUOTE
from tests.kernel.rows import HOUR, NO_LIMITS, UNIT, bounded, holding

N = 90  # hours: more than three days
LOTS = 40
WORTH = 0.01  # quote of a lot-tick
BOUNDS = bounded(NO_LIMITS | {"max_product": 1.0, "max_daily_loss": 0.03, "max_drawdown": 0.1})
CASH = 5_000 * UNIT


class Held:
    """Products held at 100.00, flat bars at `close` (n, p) ticks, and the records of a run."""

    def __init__(self, close, *, weight=nan, code=HOLD_NO_OPINION, present=None, stop=nan):
        close = np.asarray(close, np.int64)
        n, p = close.shape
        shown = np.ones((n, p), np.bool_) if present is None else np.asarray(present)
        one = np.full((1, p), nan)
        self.market = Market(
            interval_ms=HOUR, time=np.arange(n, dtype=np.int64) * HOUR, open_ticks=close,
            high=close, low=close, close=close, volume=np.ones((n, p)),
            half_spread_e8=np.full((1, p), NO_QUOTE), funding_rate=np.zeros((1, p)), present=shown,
        )  # fmt: skip
        weights = np.full((n, p), weight)
        self.aims = Aims(weights, one, one, one, np.zeros((1, p), np.int64))
        self.known = Known(np.full(p, WORTH), np.zeros(0, np.int64), bool(shown.all()), 0)
        self.slots = np.array([holding(LOTS // p, stop=stop)] * p)
        self.calms = np.zeros(p, CALM)
        for slot, calm in zip(self.slots, self.calms, strict=True):
            slot["weight"] = weight
            note(slot, code, BOUNDS, calm)
            calm["code"] = code
        self.equity = np.full(n, nan)
        self.counts = np.zeros((p, N_CODES), np.int64)

    def go(self, start, end, marks):
        until, marks = pass_over(
            start, end, CASH, marks, self.market, self.aims, self.known, BOUNDS, self.calms,
            self.slots, self.equity, self.counts,
        )  # fmt: skip
        return int(until), Marks(*marks)

    def found(self):
        names = ("lots", "bars_held", "close_ticks")
        slots = [self.slots[name].tolist() for name in names]
        return self.equity.tobytes(), self.counts.tolist(), slots


def wandering(p, seed):
    steps = np.random.default_rng(seed).integers(-90, 91, (N, p))
    return 10_000 + np.cumsum(steps, axis=0)


def first_marks():
    return Marks(*new_marks(CASH / UNIT + LOTS * 10_000 * WORTH))


@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize("seed", range(12))
def test_passing_over_equals_stepping(p, seed):
    close = wandering(p, seed)
    at_once, stepped = Held(close), Held(close)
    until, marks = at_once.go(0, N, first_marks())
    i, found = 0, first_marks()
    while i < N:
        went, found = stepped.go(i, i + 1, found)
        if went == i:
            break
        i = went
    assert (until, marks) == (i, found)
    assert at_once.found() == stepped.found()

    plain = first_marks()
    for row in range(until):
        worth = CASH / UNIT + (LOTS // p) * WORTH * float(close[row].sum())
        assert at_once.equity[row] == pytest.approx(worth, rel=1e-12)
        moved = Marks(*mark(plain, row * HOUR, at_once.equity[row], BOUNDS))
        assert not moves_more(plain, moved)
        plain = moved
    assert marks == plain
    assert at_once.counts[:, HOLD_NO_OPINION].tolist() == [until] * p
    assert at_once.slots["bars_held"].tolist() == [until] * p


@pytest.mark.parametrize("p", [1, 2])
def test_it_ends_before_the_bar_that_moves_a_latch(p):
    close = np.full((N, p), 10_000)
    close[30:] = 9_000  # 400 of 9,000: more than 3 % of the day
    until, marks = Held(close).go(0, N, first_marks())
    assert (until, marks.day_halted) == (30, 0)


@pytest.mark.parametrize("p", [1, 2])
def test_it_ends_before_another_opinion_and_before_a_level(p):
    told = Held(np.full((N, p), 10_000))
    told.aims.weight[17, p - 1] = 0.5
    assert told.go(0, N, first_marks())[0] == 17
    close = np.full((N, p), 10_000)
    close[23, p - 1] = 9_900
    assert Held(close, stop=0.01).go(0, N, first_marks())[0] == 23


@pytest.mark.parametrize("p", [1, 2])
def test_it_ends_where_a_band_is_left(p):
    weight = LOTS // p * 10_000 * WORTH / 9_000
    bounds = BOUNDS._replace(rebalance_band=0.01)
    close = np.full((N, p), 10_000)
    close[41, 0] = 10_300
    held = Held(close, weight=weight, code=HOLD_IN_BAND)
    until, _ = pass_over(
        0, N, CASH, first_marks(), held.market, held.aims, held.known, bounds, held.calms,
        held.slots, held.equity, held.counts,
    )  # fmt: skip
    assert until == 41


def test_absent_bars_are_decided_by_nobody():
    present = np.ones((N, 2), np.bool_)
    present[10:20, 1] = False
    held = Held(np.full((N, 2), 10_000), present=present)
    assert held.go(0, N, first_marks())[0] == N
    assert held.counts[:, HOLD_NO_OPINION].tolist() == [N, N - 10]
    assert held.slots["bars_held"].tolist() == [N, N - 10]


def test_nothing_is_passed_over_where_there_is_nothing():
    held = Held(np.full((N, 1), 10_000))
    assert held.go(5, 5, first_marks()) == (5, first_marks())
    assert np.isnan(held.equity).all()


def test_within_the_edges_a_close_moves_only_the_equity():
    marks = Marks(*mark(first_marks(), 0, 9_000.0, BOUNDS))
    edges = edges_of(marks, BOUNDS)
    for equity in np.linspace(8_500.0, 9_500.0, 201):
        if is_within(edges, equity, HOUR):
            assert Marks(*mark(marks, HOUR, equity, BOUNDS)) == marks._replace(equity=equity)
    assert is_within(edges, 9_000.0, HOUR)
    assert not is_within(edges, 9_000.01, HOUR), "it moves the high"
    assert not is_within(edges, 8_700.0, HOUR), "it reaches the loss of the day"
    assert not is_within(edges, 9_000.0, 24 * HOUR), "it begins a day"

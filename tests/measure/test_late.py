"""What a late fill loses: what jumps after it, and a share of what drifts."""

from dataclasses import dataclass, replace
from math import log
from typing import ClassVar

import numpy as np
import pytest

from gpt_trader.data.resample import resample
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.costs import CostModel, Leg, OrderStyle, order_style
from gpt_trader.domain.targets import Targets
from gpt_trader.measure.late import LATENCY_MS, fill_late
from tests.strategies_helpers import BTC
from tests.uncounted import backtest

MINUTE = 60_000
HOUR = 60 * MINUTE
HOURS = 3_000
CHEAP = CostModel(taker_bps=2.0, maker_bps=2.0, spread_bps=1.0, slippage_bps=1.0)


@dataclass(frozen=True)
class Told:
    """In for an hour after one whose volume is high."""

    name: ClassVar[str] = "told"
    min_bars: ClassVar[int] = 1
    warmup: ClassVar[int] = 1
    level: float = 1.5

    def targets(self, bars):
        return Targets(np.where(bars.volume > self.level * bars.interval_ms / MINUTE, 1.0, 0.0))


def minutes(seed, gain_bps=0.0, at_once_bps=0.0):
    """Hours made of minutes; what follows a busy hour rises evenly, or first opens lower.

    gain_bps: over the whole hour. at_once_bps: how far off the last print of a busy hour is, and
    the first after it with it: lower after a busy hour, higher after a calm one.
    """
    rng = np.random.default_rng(seed)
    busy = rng.random(HOURS) < 0.5
    after = np.repeat(np.concatenate([[False], busy[:-1]]), 60)
    moves = rng.normal(0.0, 8e-4, HOURS * 60) + np.where(after, 1, -1) * gain_bps / 60e4
    close = 3_000_000.0 * np.cumprod(1.0 + moves)
    last = np.arange(59, HOURS * 60, 60)
    close[last] *= 1.0 - np.where(busy, 1.0, -1.0) * at_once_bps / 1e4
    close = np.rint(close).astype(np.int64)
    opens = np.concatenate([[3_000_000], close[:-1]])
    return Bars(
        BTC, MINUTE, np.arange(HOURS * 60, dtype=np.int64) * MINUTE, opens,
        np.maximum(opens, close), np.minimum(opens, close), close,
        np.where(np.repeat(busy, 60), 2.0, 1.0), np.zeros(HOURS * 60),
    )  # fmt: skip


def run(bars, **terms):
    terms = {"costs": CHEAP, "style": order_style("taker"), "risk": None} | terms
    return backtest(bars, Told(), self_check=False, **terms).path


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_an_even_drift_is_not_lost_by_a_minute(seed):
    path = run(resample(minutes(seed, gain_bps=25.0), HOUR))
    found = fill_late(path)
    made = log(path.equity[-1] / path.start)
    assert made > 1.0
    assert abs(found.at_once_pct) < 25.0 * made
    assert found.kept > 0.7
    assert (found.latency_ms, found.bar_ms) == (LATENCY_MS, HOUR)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_jumps_from_the_price_that_decided_is_lost(seed):
    path = run(resample(minutes(seed, at_once_bps=25.0), HOUR))
    found = fill_late(path)
    assert log(path.equity[-1] / path.start) > 1.0
    assert found.kept < 0.2
    assert found.at_once_pct > 80.0 * log(path.equity[-1] / path.start)


def test_a_print_beyond_all_that_followed_does_not_hide_its_jump():
    path = run(resample(minutes(4, at_once_bps=300.0), HOUR))
    assert fill_late(path).kept < 0.5


@pytest.mark.parametrize("terms", [{"gain_bps": 25.0}, {"at_once_bps": 25.0}])
def test_finer_bars_tell_it_by_their_own_prices(terms):
    fine = minutes(5, **terms)
    path = run(resample(fine, HOUR), detail=[fine])
    found = fill_late(path, [fine])
    fills = path.fills
    rows = fine.time.searchsorted(path.time[fills["bar"]])
    before = np.concatenate([[path.start], path.equity])[fills["bar"]]
    size = fills["lots"] * float(BTC.base_increment * BTC.price_increment)
    lost = fills["side"] * size * (fine.close[rows] - fine.open[rows]) / before
    assert found.bar_ms == MINUTE
    assert log(1.0 + found.return_pct / 100.0) == pytest.approx(
        log(path.equity[-1] / path.start) - lost.sum()
    )
    assert (found.kept > 0.5) == ("gain_bps" in terms)


def dips(seed, lasts):
    """Minutes of hours of which those after a busy one dip by 2 %, for `lasts` minutes."""
    flat = minutes(seed)
    begins = np.arange(HOURS * 60) % 60
    inside = (begins >= 20) & (begins < 20 + lasts) & (flat.time >= HOUR)
    dipped = inside & np.repeat(np.roll(flat.volume[::60] > 1.5, 1), 60)
    low = np.rint(np.where(dipped, 0.98, 1.0) * flat.low).astype(np.int64)
    if lasts == 1:
        return replace(flat, low=low)
    close = np.where(dipped, low, flat.close)
    opens = np.concatenate([flat.open[:1], close[:-1]])
    return replace(
        flat, open=opens, close=close, low=np.minimum(low, opens), high=np.maximum(opens, flat.high)
    )


LIMITS = {"style": OrderStyle(Leg("maker_only", 150.0), Leg("taker"))}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_limit_that_only_a_print_filled_has_gained_it_at_once(seed):
    path = run(resample(dips(seed, 1), HOUR), **LIMITS)
    assert log(path.equity[-1] / path.start) > 1.0
    assert fill_late(path).kept < 0.2


def test_finer_bars_know_that_a_limit_could_be_had_for_a_while():
    for lasts, is_kept in ((1, False), (20, True)):
        fine = dips(4, lasts)
        path = run(resample(fine, HOUR), detail=[fine], **LIMITS)
        assert log(path.equity[-1] / path.start) > 1.0
        assert (fill_late(path, [fine]).kept > 0.5) == is_kept


def test_no_limit_is_filled_at_a_better_price_for_being_late():
    bars = resample(minutes(7), HOUR)
    falls = replace(bars, low=np.minimum(bars.low, np.rint(bars.low * 0.999).astype(np.int64)))
    path = run(falls, style=order_style("maker_only"))
    assert len(path.fills)
    assert fill_late(path).at_once_pct >= 0.0


@dataclass(frozen=True)
class Protected(Told):
    """The same with a protection."""

    take: float | None = None
    stop: float | None = None

    def targets(self, bars):
        columns = {"take_profit": self.take, "stop": self.stop}
        kept = {name: np.full(len(bars), at) for name, at in columns.items() if at is not None}
        return Targets(super().targets(bars).weight, **kept)


def protected(bars, **terms):
    strategy = Protected(take=terms.pop("take", None), stop=terms.pop("stop", None))
    terms = {"costs": CHEAP, "style": order_style("taker"), "risk": None} | terms
    return backtest(bars, strategy, self_check=False, **terms).path


def peaks(seed, lasts):
    """Minutes of hours of which those after a busy one peak by 3 %, for `lasts` minutes."""
    upside_down = dips(seed, lasts)
    flat = minutes(seed)
    high = np.where(upside_down.low < 0.99 * flat.low, np.rint(flat.high * 1.03), flat.high)
    high = high.astype(np.int64)
    if lasts == 1:
        return replace(flat, high=high)
    close = np.where(upside_down.close < 0.99 * flat.close, high, flat.close)
    opens = np.concatenate([flat.open[:1], close[:-1]])
    low = np.minimum(np.minimum(opens, close), flat.low)
    return replace(flat, open=opens, close=close, high=np.maximum(high, opens), low=low)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_take_profit_that_only_a_print_filled_has_gained_it_at_once(seed):
    path = protected(resample(peaks(seed, 1), HOUR), take=0.02)
    grown = log(path.equity[-1] / path.start)
    assert grown > 1.0
    found = fill_late(path)
    assert found.kept < 0.2
    assert found.protected_pct > 80.0 * grown


def test_finer_bars_know_that_a_profit_could_be_taken_for_a_while():
    for lasts, is_kept in ((1, False), (20, True)):
        fine = peaks(4, lasts)
        path = protected(resample(fine, HOUR), take=0.02, detail=[fine])
        assert log(path.equity[-1] / path.start) > 1.0
        assert (fill_late(path, [fine]).kept > 0.5) == is_kept


def test_a_stop_that_its_bar_jumped_over_has_gained_the_rest_at_once():
    flat = minutes(5)
    rng = np.random.default_rng(5)
    moved = np.where(rng.random(HOURS) < 0.5, 1.04, 1.0 / 1.04)
    moved[1:] = np.where(flat.volume[::60][:-1] > 1.5, moved[1:], 1.0)
    level = np.cumprod(moved)
    rises = np.repeat(level, 60) / np.where(
        np.arange(HOURS * 60) % 60 < 30, np.repeat(moved, 60), 1
    )
    close = np.rint(flat.close * rises).astype(np.int64)
    opens = np.concatenate([flat.open[:1], close[:-1]])
    jumps = replace(
        flat, open=opens, close=close, high=np.maximum(opens, close), low=np.minimum(opens, close)
    )
    path = protected(resample(jumps, HOUR), stop=0.01)
    assert log(path.equity[-1] / path.start) > 1.0
    assert fill_late(path).kept < 0.3


@pytest.mark.parametrize("terms", [{"take": 0.01}, {"stop": 0.01}, {"take": 0.01, "stop": 0.01}])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_protections_gain_at_prices_of_the_market_is_kept(seed, terms):
    path = protected(resample(minutes(seed, gain_bps=25.0), HOUR), **terms)
    made = log(path.equity[-1] / path.start)
    assert made > 1.0
    found = fill_late(path)
    assert found.kept > 0.7
    assert found.protected_pct < 15.0 * made


def test_a_protection_and_a_run_without_fills_are_not_late():
    bars = resample(minutes(6), HOUR)
    path = run(bars)
    assert fill_late(replace(path, fills=path.fills[:0])) is None
    protections = path.fills.copy()
    protections["ordinal"] = 1
    assert fill_late(replace(path, fills=protections)) is None
    closed = path.fills.copy()
    closed["cause"] = closed["bar"]  # sold at the end of the run
    assert fill_late(replace(path, fills=closed)) is None
    assert fill_late(replace(path, equity=-path.equity)) is None

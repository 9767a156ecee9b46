"""A backtest catches a strategy that sees the future or declares too short a warm-up."""

from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from time import time_ns
from typing import ClassVar

import numpy as np
import pytest

from gpt_trader.domain.bars import Bars
from gpt_trader.domain.product import Product
from gpt_trader.domain.targets import Targets
from gpt_trader.errors import ValidationGateError
from gpt_trader.measure.checks import (
    NO_CHECKS,
    Ask,
    Checks,
    begin,
    begin_each,
    differences,
    finish,
    finish_each,
    together,
)
from gpt_trader.measure.sample import ALL, BROUGHT, Budget
from gpt_trader.strategy.asked import ask_ends, rows_of
from gpt_trader.strategy.sight import groups_of
from gpt_trader.strategy.sma_cross import SmaCross

HOUR = 3_600_000
BTC = Product("BTC-USD", Decimal("0.01"), Decimal("0.01"))


def walk(n, seed=1):
    rng = np.random.default_rng(seed)
    close = 100_000 + np.cumsum(rng.integers(-50, 51, n))
    time = 1_640_995_200_000 + np.arange(n, dtype=np.int64) * HOUR
    return Bars(BTC, HOUR, time, close, close + 10, close - 10, close, np.ones(n), np.zeros(n))


@dataclass(frozen=True)
class Honest:
    name: ClassVar[str] = "honest"
    min_bars: int = 10
    warmup: int = 10

    def targets(self, bars):
        close = bars.close.astype(np.float64)
        weight = np.full(len(close), np.nan)
        for i in range(9, len(close)):
            weight[i] = float(close[i] > close[i - 9 : i + 1].mean())
        return Targets(weight, stop=np.full(len(close), 0.1))


@dataclass(frozen=True)
class PeeksOneBar(Honest):
    name: ClassVar[str] = "peeks"

    def targets(self, bars):
        weight = np.zeros(len(bars))
        weight[:-1] = bars.close[1:] > bars.close[:-1] + 45
        return Targets(weight)


@dataclass(frozen=True)
class PeeksInStop(Honest):
    name: ClassVar[str] = "peeks_in_stop"

    def targets(self, bars):
        honest = super().targets(bars)
        return Targets(honest.weight, stop=np.full(len(bars), np.std(bars.close) / 1e6))


@dataclass(frozen=True)
class Forgets(Honest):
    """Sums from its first bar, but says that 10 bars are enough."""

    name: ClassVar[str] = "forgets"

    def targets(self, bars):
        return Targets(np.cumsum(bars.close) / 1e9)


def asks(strategy, bars):
    return Ask(partial(ask_ends, strategy, bars), lambda: "same")


def run(strategy, bars, *, seed=0, budget=ALL):
    begun = begin(strategy, bars, asks(strategy, bars), seed=seed, budget=budget)
    return finish(begun, [strategy.targets(bars)])


def run_each(strategy, bars, **options):
    begun = begin_each(groups_of([strategy], [bars]), [asks(strategy, bars)], seed=3, **options)
    return finish_each(begun, [[strategy.targets(bars)]])


def test_an_honest_strategy_passes_at_every_row():
    checks = run(Honest(), walk(300))
    assert checks.sampled == 300 - 9 - 1  # from the tenth, without the last
    assert checks.lookahead_ok is True
    assert (checks.warmup_bars, checks.warmup_ok) == (10, True)
    assert (checks.reach.rows, checks.reach.rows_checked) == (290, 290)
    assert (checks.reach.peek_changes, checks.reach.peek_rows) == (1, 1)


@pytest.mark.parametrize("strategy, column", [(PeeksOneBar(), "weight"), (PeeksInStop(), "stop")])
def test_a_peek_names_column_and_bar(strategy, column):
    with pytest.raises(ValidationGateError) as caught:
        run(strategy, walk(300))
    assert caught.value.exit_code == 8
    assert f"changes {column} of the BTC-USD bar at 2022-01-" in caught.value.message


def test_the_first_row_that_differs_is_named():
    with pytest.raises(ValidationGateError, match="bar at 2022-01-01T09:00:00Z when the bars aft"):
        run(PeeksInStop(), walk(300))


def test_too_short_a_warm_up_is_named_and_is_no_look_ahead():
    with pytest.raises(ValidationGateError, match="warm-up: forgets declares 10 bars, but weight"):
        run(Forgets(), walk(300))


@dataclass(frozen=True)
class Random(Honest):
    name: ClassVar[str] = "random"

    def targets(self, bars):
        return Targets(np.random.default_rng(time_ns()).random(len(bars)))


def test_what_answers_otherwise_each_time_cannot_be_told():
    with pytest.raises(ValidationGateError, match="random answers otherwise when it is asked aga"):
        run(Random(), walk(300))


def test_little_data_is_not_called_a_pass():
    assert run(Honest(), walk(1)) == replace(NO_CHECKS, warmup_bars=10)
    assert run(Honest(), walk(10)).lookahead_ok is None
    assert run(Honest(), walk(11)).lookahead_ok is True
    assert run(replace(Honest(), warmup=20), walk(15)).warmup_ok is None


def test_a_small_budget_is_told_with_what_it_may_miss():
    checks = run(SmaCross(5, 20), walk(3_000), budget=Budget(100, 10_000, 8))
    reach = checks.reach
    assert (reach.rows, reach.seed) == (3_000 - 19 - 1, 0)
    assert 100 <= reach.rows_checked == checks.sampled <= 108
    assert reach.changes_checked < reach.changes
    assert 1 < reach.peek_changes < reach.peek_rows


def test_a_strategy_of_this_package_is_asked_less_and_any_can_be_asked_all():
    bars = walk(4_000)
    few, every = run_each(SmaCross(5, 20), bars), run_each(SmaCross(5, 20), bars, every_row=True)
    mine = run_each(Honest(), bars)
    assert few.sampled < 100 < every.sampled == every.reach.rows
    assert mine.sampled == mine.reach.rows
    assert BROUGHT.bars // 60 > 5_760


@dataclass(frozen=True)
class ByBar:
    name: ClassVar[str] = "by_bar"
    min_bars: int = 1
    warmup: int = 1

    def on_bar(self, view, memory):
        raise AssertionError("who decides bar by bar is not asked")


def test_who_decides_bar_by_bar_is_not_asked():
    begun = begin_each(groups_of([ByBar()], [walk(50)]), [None], seed=0)
    assert finish_each(begun, [None]) == NO_CHECKS


@dataclass(frozen=True)
class PeeksOnce(Honest):
    """Flat but for the bar before the largest rise of a long history."""

    name: ClassVar[str] = "peeks once"

    def targets(self, bars):
        weight = np.zeros(len(bars))
        weight[np.argmax(np.diff(bars.close) / bars.close[:-1])] = 1.0
        return Targets(weight)


def test_a_single_peek_before_the_largest_move_is_found():
    bars = walk(5_000)
    strategy = PeeksOnce()
    with pytest.raises(ValidationGateError, match="look-ahead: peeks once changes weight"):
        run(strategy, bars)


@dataclass(frozen=True)
class PeeksAtVolume(Honest):
    """Honest, but out before the few bars of great volume, which need not move the price."""

    name: ClassVar[str] = "peeks at volume"

    def targets(self, bars):
        weight = super().targets(bars).weight
        weight[:-1][bars.volume[1:] > 5.0] = 0.5
        return Targets(weight)


def test_a_rare_peek_that_is_not_about_the_price_is_found():
    bars = walk(1_500)
    volume = np.ones(len(bars))
    volume[37::60] = 9.0
    bars = replace(bars, volume=volume)
    with pytest.raises(ValidationGateError, match="peeks at volume changes weight") as caught:
        run(PeeksAtVolume(), bars)
    assert "look for shift(-1)" in caught.value.hint
    assert "docs/" not in caught.value.hint  # an installed package has none


def test_a_difference_is_bitwise_with_nan_equal():
    rows = np.array([0, 1])

    def differ(a, b):
        return differences(rows_of([a], rows), rows_of([b], rows)).tolist()

    full = Targets(np.array([np.nan, 0.0]))
    none = [False] * 5
    assert differ(full, Targets(np.array([np.nan, 0.0]))) == [none, none]
    assert differ(full, Targets(np.array([np.nan, -0.0]))) == [none, [True, *none[1:]]]
    assert differ(full, replace(full, max_bars=np.array([0, 3]))) == [[*none[1:], True]] * 2


def test_checks_of_products_add_up():
    assert together([]) == NO_CHECKS
    both = together([Checks(8, True, 10, None), Checks(6, True, 20, True)])
    assert both == Checks(14, True, 20, None)  # one was not checked: nor are both

"""A backtest catches a strategy that sees the future or declares too short a warm-up."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import ClassVar

import numpy as np
import pytest

from gpt_trader.domain.bars import Bars
from gpt_trader.domain.product import Product
from gpt_trader.domain.targets import Targets
from gpt_trader.errors import ValidationGateError
from gpt_trader.measure.checks import (
    NO_CHECKS,
    SAMPLES,
    WINDOWS,
    Checks,
    changes_to_sample,
    check,
    first_difference,
    rows_to_sample,
    together,
)

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
        return Targets(honest.weight, stop=np.full(len(bars), float(np.std(bars.close))))


@dataclass(frozen=True)
class Forgets(Honest):
    """Sums from its first bar, but says that 10 bars are enough."""

    name: ClassVar[str] = "forgets"

    def targets(self, bars):
        return Targets(np.cumsum(bars.close) / 1e9)


def run(strategy, bars, **options):
    return check(strategy, bars, strategy.targets(bars), **options)


def test_an_honest_strategy_passes():
    checks = run(Honest(), walk(300))
    assert 4 <= checks.sampled <= SAMPLES
    assert checks.lookahead_ok is True
    assert (checks.warmup_bars, checks.warmup_ok) == (10, True)


@pytest.mark.parametrize("strategy, column", [(PeeksOneBar(), "weight"), (PeeksInStop(), "stop")])
def test_a_peek_names_column_and_bar(strategy, column):
    with pytest.raises(ValidationGateError) as caught:
        run(strategy, walk(300))
    assert caught.value.exit_code == 8
    assert f"changes {column} of the BTC-USD bar at 2022-01-" in caught.value.message


def test_the_first_bar_that_differs_is_named():
    with pytest.raises(ValidationGateError, match="bar at 2022-01-01T00:00:00Z"):
        run(PeeksInStop(), walk(300))


def test_too_short_a_warm_up_is_named():
    with pytest.raises(ValidationGateError, match="warm-up: forgets declares 10 bars"):
        run(Forgets(), walk(300))


def test_a_short_warm_up_on_a_long_history_is_not_called_look_ahead():
    with pytest.raises(ValidationGateError, match="warm-up"):
        run(Forgets(), walk(300), look_back_bars=20)
    with pytest.raises(ValidationGateError, match="look-ahead"):
        run(PeeksOneBar(), walk(300), look_back_bars=20)


def test_little_data_is_not_called_a_pass():
    assert run(Honest(), walk(1)) == Checks(0, None, 10, None)
    assert run(Honest(), walk(8)).warmup_ok is None


def test_rows_to_sample_prefer_changes_and_large_moves_and_leave_out_the_last():
    weight = np.zeros(100)
    weight[[40, 60, 99]] = 1.0
    close = np.full(100, 1_000)
    close[71:] = 2_000  # the move that row 70 would like to know
    rows = rows_to_sample(weight, 5, close)
    assert {40, 41, 60, 61, 70} <= set(rows.tolist())
    assert rows.min() == 4
    assert rows.max() == 98
    assert len(rows_to_sample(np.zeros(1), 5, close[:1])) == 0
    assert rows_to_sample(np.full(3, np.nan), 50, close[:3]).tolist() == [1]


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
        check(strategy, bars, strategy.targets(bars))


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
    with pytest.raises(ValidationGateError, match="look-ahead: peeks at volume changes weight"):
        run(PeeksAtVolume(), bars)


def test_changes_are_sampled_on_both_sides_within_the_limits():
    weight = np.zeros(1_000)
    weight[[10, 999]] = 1.0
    assert changes_to_sample(weight, 50).tolist() == [9, 10, 11, 998]
    assert changes_to_sample(weight, 2).tolist() == [9, 998]
    assert changes_to_sample(np.zeros(9), 50).tolist() == []
    many = changes_to_sample(np.arange(1_000.0), 5_000)
    assert (len(many), many.min(), many.max()) == (WINDOWS, 0, 998)


def test_first_difference_is_bitwise_with_nan_equal():
    full = Targets(np.array([np.nan, 0.0, 1.0]))
    assert first_difference(Targets(np.array([np.nan, 0.0])), full, begin=0, compared=0) is None
    part = Targets(np.array([np.nan, -0.0]))
    assert first_difference(part, full, begin=0, compared=0) == ("weight", 1)
    part = Targets(np.array([0.0]), max_bars=np.array([3]))
    assert first_difference(part, full, begin=1, compared=0) == ("max_bars", 1)


def test_checks_of_products_add_up():
    assert together([]) == NO_CHECKS
    both = together([Checks(8, True, 10, None), Checks(6, True, 20, True)])
    assert both == Checks(14, True, 20, None)  # one was not checked: nor are both

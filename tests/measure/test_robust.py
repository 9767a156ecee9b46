"""What a result hangs on, by hand."""

import numpy as np
import pytest

from gpt_trader.kernel.fill import FILL_DTYPE
from gpt_trader.measure.metrics import sharpe
from gpt_trader.measure.path import Path
from gpt_trader.measure.robust import NO_OTHER_RUNS, OtherRuns, robustness, spread, trim
from tests.strategies_helpers import random_bars

DAY = 86_400_000


def test_one_day_in_a_hundred_is_left_out_on_either_side():
    returns = np.random.default_rng(1).normal(0.001, 0.02, 250)
    found = trim(returns)
    ordered = np.sort(returns)
    assert found.days == 3
    assert found.without_best == sharpe(ordered[:-3])
    assert found.without_worst == sharpe(ordered[3:])
    assert found.without_best < sharpe(returns) < found.without_worst


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_days_leave_nothing(n):
    found = trim(np.full(n, 0.01))
    assert (found.without_best, found.without_worst) == (None, None)


def path_of(equity):
    bars = random_bars(len(equity), 1, interval_ms=DAY)
    fills = np.empty(0, FILL_DTYPE)
    return Path((bars,), DAY, bars.time, np.array(equity), fills, 100 * 10**8)


def test_a_ladder_ends_with_the_run_itself():
    path = path_of([100.0, 101.0, 99.0, 104.0])
    others = OtherRuns({"at the deciding close": lambda: path.equity * 1.1}, None)
    found = robustness(path, others)
    assert [rung.filled for rung in found.ladder] == ["at the deciding close", "as run"]
    assert [rung.return_pct for rung in found.ladder] == pytest.approx([14.4, 4.0])
    assert found.phases is None
    alone = robustness(path, NO_OTHER_RUNS)
    assert (alone.ladder, alone.phases) == ((), None)


def test_starts_are_told_by_their_ends_and_their_middle():
    time = np.arange(5) * DAY
    rises = [0.0, 0.01, 0.05]
    runs = [
        (time, 100.0 * (1.0 + rise * np.arange(5) + 1e-3 * np.arange(5) ** 2)) for rise in rises
    ]
    runs.append((time, np.full(5, 100.0)))  # without a trade: no variation
    found = spread(100.0, runs)
    assert found.count == 4
    assert found.sharpe_low == 0.0
    steps = [np.diff(e, prepend=100.0) / np.append(100.0, e[:-1]) for _, e in runs[:3]]
    highest = max(map(sharpe, steps))
    assert found.sharpe_high == pytest.approx(highest)
    assert (found.return_low_pct, found.return_high_pct) == pytest.approx((0.0, 21.6))
    assert found.return_median_pct == pytest.approx((1.6 + 5.6) / 2)

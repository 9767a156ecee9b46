"""What a run made on days that were sealed, by hand."""

import numpy as np
import pytest

from gpt_trader.kernel.fill import FILL_DTYPE
from gpt_trader.measure.holdout import Sealing, measure_holdout, say_holdout
from gpt_trader.measure.inference import infer
from gpt_trader.measure.metrics import sharpe
from gpt_trader.measure.path import Path, day_returns
from tests.strategies_helpers import random_bars

DAY = 86_400_000


def path_of(equity):
    bars = random_bars(len(equity), 1, interval_ms=DAY)
    nothing = np.empty(0, FILL_DTYPE)
    return Path((bars,), DAY, bars.time, np.asarray(equity), nothing, 100 * 10**8)


def test_it_begins_at_the_last_close_before_the_seal():
    found = measure_holdout(path_of([110.0, 120.0, 90.0, 180.0]), Sealing(2 * DAY, 9 * DAY, 0))
    assert (found.after, found.opened) == ("1970-01-03T00:00:00.000Z", "1970-01-10T00:00:00.000Z")
    assert (found.days, found.return_pct) == (2, pytest.approx(50.0))
    assert found.sharpe == pytest.approx(sharpe(np.array([-0.25, 1.0])))
    assert found.chance is None  # two days say nothing


def test_from_the_first_day_on_it_is_the_whole_run():
    equity = 100.0 * np.cumprod(1.0 + np.random.default_rng(1).normal(0.002, 0.01, 200))
    path = path_of(equity)
    found = measure_holdout(path, Sealing(0, DAY, 3))
    assert found.return_pct == pytest.approx(equity[-1] - 100.0)
    assert (found.days, found.chance) == (200, infer(day_returns(path), trials=None).psr)


def test_while_it_holds_there_is_no_number():
    found = measure_holdout(path_of([100.0, 101.0]), Sealing(5 * DAY, None, 0))
    assert found.return_pct is found.sharpe is found.days is found.opened is None


@pytest.mark.parametrize(
    "sealing, words",
    [
        (None, "No days were sealed"),
        (Sealing(5 * DAY, None, 0), "1970-01-06 on are sealed, and were not used"),
        (Sealing(1 * DAY, DAY, 0), "sealed until it was chosen, it made +1.0 %"),
        (Sealing(1 * DAY, DAY, 1), "(1 trial had read them before), it made +1.0 %"),
    ],
)
def test_it_is_told_in_a_sentence(sealing, words):
    found = None if sealing is None else measure_holdout(path_of([100.0, 101.0]), sealing)
    assert words in say_holdout(found)

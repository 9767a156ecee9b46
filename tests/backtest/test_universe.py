"""A backtest that may hold a product only while it is in the universe."""

from dataclasses import replace

import numpy as np
import pytest

from gpt_trader import backtest
from gpt_trader.domain.bars import Bar, bars_from_rows
from gpt_trader.domain.selection import Criteria, Membership, inside, members
from gpt_trader.domain.targets import Targets
from gpt_trader.errors import UsageError
from gpt_trader.strategy.registry import create
from tests.engine_helpers import COIN, HOUR

N = 24 * 20
IDS = ("A-USD", "B-USD", "C-USD")


def market(seed):
    rng = np.random.default_rng(seed)
    series = []
    for name in IDS:
        closes = 10_000 + np.cumsum(rng.integers(-40, 41, N))
        volumes = np.repeat(rng.integers(1, 900, N // 48), 48).astype(float)
        rows = [
            Bar(name, i * HOUR, c, c + 30, c - 30, c, v)
            for i, (c, v) in enumerate(zip(closes.tolist(), volumes.tolist(), strict=True))
        ]
        series.append(bars_from_rows(replace(COIN, product_id=name), HOUR, rows))
    return series


def top(series, n):
    return members(series, {name: [(0, 10**15)] for name in IDS}, Criteria(top=n), "1d")


@pytest.mark.parametrize("seed", [1, 4])
def test_both_engines_hold_members_only_and_fill_the_same(seed):
    series = market(seed)
    universe = top(series, 1)
    terms = {"bars": series, "strategy": create("sma_cross", {"fast": 3, "slow": 7})}
    terms |= {"universe": universe, "risk": None, "self_check": False}
    fast, replayed = (backtest(**terms, engine=engine) for engine in ("fast", "replay"))
    assert fast.fills.tobytes() == replayed.fills.tobytes()
    assert np.array_equal(fast.path.equity, replayed.path.equity)
    free = backtest(**terms | {"universe": None})
    assert 0 < len(fast.fills) < len(free.fills)
    entries = fast.fills[fast.fills["side"] > 0]
    masks = [inside(bars, universe) for bars in series]
    assert len(set(entries["product"].tolist())) > 1
    assert all(masks[j][i] for j, i in zip(entries["product"], entries["cause"], strict=True))


def test_everybody_in_is_no_universe_at_all():
    series = market(3)
    whole = Membership(np.array([0]), IDS, np.ones((1, 3), bool))
    terms = {"bars": series, "strategy": create("sma_cross", {}), "self_check": False}
    one, other = backtest(**terms), backtest(**terms, universe=whole)
    assert one.fills.tobytes() == other.fills.tobytes()


def test_a_weight_outside_is_zero_and_says_why():
    found = Targets(np.array([np.nan, 0.5, 0.5])).only(np.array([False, False, True]))
    assert found.weight.tolist() == [0.0, 0.0, 0.5]
    out, within = found.row(1).readings[0], found.row(2).readings[0]
    assert ("NOT_IN_UNIVERSE" in out.label, out.holds, within.holds) == (True, False, True)


def test_a_product_that_the_universe_does_not_know_is_refused():
    only = Membership(np.array([0]), IDS[:2], np.ones((1, 2), bool))
    with pytest.raises(UsageError, match="nothing of C-USD"):
        backtest(market(1), create("sma_cross", {}), universe=only)

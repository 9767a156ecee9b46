"""What nobody stated or checked is said first, and what was is not."""

from dataclasses import replace

import numpy as np

from gpt_trader import CostModel
from gpt_trader.data.catalog import product_for
from gpt_trader.domain.selection import ALWAYS, Membership
from gpt_trader.measure.assess import Trials
from gpt_trader.measure.holdout import Sealing
from gpt_trader.strategy.registry import create
from tests.strategies_helpers import random_bars
from tests.uncounted import backtest

STATED = CostModel(taker_bps=60, maker_bps=40, impact=1.0)


def run(bars, **terms):
    return backtest(bars, create("sma_cross", {"fast": 2, "slow": 4}), **terms)


def test_a_bare_run_rests_on_much_that_nobody_said():
    found = run(random_bars(200, 1), self_check=False).undeclared
    assert [one.partition(" (")[0] for one in found] == [
        "looking ahead", "warm-up", "data", "luck", "costs", "spread", "market impact and volume",
        "who was listed when",
    ]  # fmt: skip


def test_what_was_stated_and_checked_is_not_among_it():
    bars = random_bars(300, 1)
    quoted = replace(bars, half_spread_e8=np.full(300, 40_000))
    always = Membership(np.array([0]), ("BTC-USD",), np.ones((1, 1), bool), ((ALWAYS,),))
    terms = {"costs": STATED, "universe": always, "assess": True, "trials": Trials()}
    result = run(quoted, **terms, sealing=Sealing(int(bars.time[-1]) + 1, None, 0))
    assert result.undeclared == ()
    assert result.to_json_dict()["undeclared"] == []


def test_a_perpetual_without_funding_and_a_broken_record_are_told():
    bars = replace(random_bars(300, 1), product=product_for("BTC-PERP"))
    tried = Trials(note="trials before 2026-01-01 unknown")
    found = run(bars, costs=STATED, assess=True, trials=tried).undeclared
    assert "earlier trials (trials before 2026-01-01 unknown)" in found
    assert "funding of BTC-PERP (none in the data)" in found
    assert "sealed days" in found


def test_a_synthetic_market_has_no_past_that_was_picked():
    found = run(random_bars(300, 1), label="synthetic: no profit").undeclared
    assert not any("listed" in one for one in found)

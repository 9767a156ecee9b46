"""Each condition of a PASS, one at a time, and the words for what is not one."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from gpt_trader import CostModel, backtest
from gpt_trader.data.checks.quality import Quality
from gpt_trader.measure.assess import Baselines, CostPoint, Inference, Range, Sensitivity
from gpt_trader.measure.checks import NO_CHECKS, Checks
from gpt_trader.measure.verdict import LOSES, NOT_PROVEN, PASS, Evidence, Verdict, cap, judge
from gpt_trader.strategy.registry import create
from tests.strategies_helpers import random_bars


def points(double, triple=1.0):
    returns = zip((0.0, 0.5, 1.0, 2.0, 3.0), (60.0, 55.0, 50.0, double, triple), strict=True)
    return tuple(CostPoint(factor, pct, 1.0) for factor, pct in returns)


def a_quality(*, bad_prints=0, missing_bars=0, stale_bars=0):
    return Quality("BTC-USD", 1_000, 1, missing_bars, bad_prints, None, stale_bars, None, 0)


@pytest.fixture(scope="module")
def proven():
    """A run with nothing to say against it."""
    numbers = backtest(random_bars(200, 1), create("buy_and_hold", {})).metrics
    return Evidence(
        metrics=replace(
            numbers,
            fills=80,
            return_pct=50.0,
            gross_pnl=Decimal("6000.00"),
            net_pnl=Decimal("5000.00"),
        ),
        costs=CostModel(),
        inference=Inference(
            level=0.9,
            resamples=1_000,
            block_days=11.0,
            days=1_400,
            return_pct=Range(12.0, 110.0),
            sharpe=Range(1.0, 2.5),
            max_drawdown_pct=Range(5.0, 20.0),
            fan=np.ones((5, 1_401)),
            psr=0.999,
            dsr=0.98,
            min_track_record_days=400.0,
            trials=3,
            trials_note=None,
            expected_best_sharpe=0.4,
        ),
        sensitivity=Sensitivity(points(30.0), 200.0, 40.0, 1.1),
        baselines=Baselines(np.ones(1_401), np.ones(1_401), 70.0, 35.0, 0.9, 0.9, 0.97),
        checks=Checks(8, True, 50, True),
        label=None,
    )


def test_everything_holds(proven):
    found = judge(proven)
    assert found.word == PASS
    assert found.reasons[0] == (
        "It gained 50.0 % after costs; the chance that this is the luck of the best of 3 trials "
        "is 2.0 %."
    )


@pytest.mark.parametrize(
    "part, change, sentence",
    [
        ("inference", {"dsr": 0.949}, "better than the best of 3 worthless trials is 94.9 %"),
        ("inference", {"return_pct": Range(0.0, 90.0)}, "anything from +0.0 to +90.0 %"),
        ("inference", {"min_track_record_days": 1_400.5}, "1,400 days are too short a record"),
        ("inference", {"min_track_record_days": None}, "1,400 days are too short a record"),
        ("inference", {"return_pct": None, "days": 7}, "7 days of returns are too few"),
        ("inference", {"psr": None, "days": 1}, "1 day of returns are too few"),
        ("inference", {"trials_note": "trials before 2026-01-01 unknown"}, "is not known: trials"),
        ("inference", {"dsr": None}, "is not known: nobody counted"),
        ("sensitivity", {"costs": points(0.0)}, "At double fees it loses: +0.0 %."),
        ("sensitivity", {"costs": points(-3.0)}, "At double fees it loses: -3.0 %."),
        ("sensitivity", {"delayed_return_pct": 0.0}, "One bar late it loses: +0.0 %."),
        ("sensitivity", {"costs": ()}, "decides bar by bar"),
        ("sensitivity", {"delayed_return_pct": None}, "decides bar by bar"),
        ("baselines", {"vol_matched_return_pct": 50.0}, "same risk made 50.0 %, this 50.0 %"),
        ("inference", {"sharpe": Range(0.9, 2.5)}, "as low as 0.90, and buy and hold had 0.90"),
        ("checks", {"data": (a_quality(bad_prints=1),)}, "1 price of BTC-USD lie far"),
        ("checks", {"data": (a_quality(missing_bars=60),)}, "60 bars of BTC-USD are missing"),
        ("checks", {"data": (a_quality(stale_bars=11),)}, "11 bars of BTC-USD did not move"),
        ("baselines", {"beaten": 0.949}, "same risk by more than luck is 94.9 %; 95.0 %"),
        ("checks", {"lookahead_ok": None}, "not checked for looking ahead"),
        ("checks", {"warmup_ok": None}, "warm-up was not checked"),
        ("costs", {"taker_bps": 0.0}, "without fees"),
        ("costs", {"touch_fills": True}, "limit orders filled when only touched"),
    ],
)
def test_each_condition_alone_keeps_it_from_passing(proven, part, change, sentence):
    changed = replace(proven, **{part: replace(getattr(proven, part), **change)})
    found = judge(changed)
    assert found.word == NOT_PROVEN
    (reason,) = found.reasons
    assert sentence in reason
    assert reason.endswith(".")


def test_the_synthetic_market_never_passes(proven):
    found = judge(replace(proven, label="synthetic: says nothing about profit"))
    assert found.word == NOT_PROVEN
    assert found.reasons == ("The market is synthetic: says nothing about profit.",)


def test_nearly_clean_data_passes(proven):
    clean = a_quality(missing_bars=52, stale_bars=10)
    assert judge(replace(proven, checks=replace(proven.checks, data=(clean,)))).word == PASS


def test_at_the_edge_it_passes(proven):
    inference = replace(
        proven.inference, dsr=0.95, min_track_record_days=1_400.0, return_pct=Range(0.01, 9.0)
    )
    assert judge(replace(proven, inference=inference)).word == PASS


def test_no_checks_are_two_doubts(proven):
    assert len(judge(replace(proven, checks=NO_CHECKS)).reasons) == 2


def test_a_loss_is_called_one(proven):
    lost = {"return_pct": -4.0, "net_pnl": Decimal("-400.00")}
    by_costs = replace(proven, metrics=replace(proven.metrics, **lost))
    found = judge(by_costs)
    assert found.word == LOSES
    assert found.reasons == (
        "It lost 4.0 % after costs.",
        "Before costs it made 6,000.00; fees, spread and slippage took 6,400.00.",
    )
    lost["gross_pnl"] = Decimal(0)
    found = judge(replace(proven, metrics=replace(proven.metrics, **lost)))
    assert found.reasons[1] == "It lost before costs, too: cheaper trading would not save it."
    assert judge(replace(by_costs, label="synthetic")).reasons[-1] == "The market is synthetic."


def test_nothing_happened(proven):
    found = judge(replace(proven, metrics=replace(proven.metrics, fills=0, return_pct=0.0)))
    assert (found.word, len(found.reasons)) == (NOT_PROVEN, 1)


def test_one_more_doubt():
    assert cap(Verdict(PASS, ("Fine.",)), "But.") == Verdict(NOT_PROVEN, ("But.",))
    assert cap(Verdict(LOSES, ("Lost.",)), "But.") == Verdict(LOSES, ("Lost.", "But."))

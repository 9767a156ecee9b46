"""Each condition of a PASS, one at a time, and the words for what is not one."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from gpt_trader import CostModel, backtest
from gpt_trader.measure.assess import Baselines, CostPoint, Inference, Range, Sensitivity
from gpt_trader.measure.checks import NO_CHECKS, Checks
from gpt_trader.measure.doubt import BELOW_LUCK, FRAGILE, LEAK, TOO_SHORT, UNTESTED, Doubt
from gpt_trader.measure.holdout import Holdout
from gpt_trader.measure.late import Late
from gpt_trader.measure.nulls import Nulls
from gpt_trader.measure.proof import Proof
from gpt_trader.measure.sensitivity import Dearer
from gpt_trader.measure.verdict import LOSES, NOT_PROVEN, PASS, Evidence, Verdict, cap, judge
from gpt_trader.strategy.registry import create
from tests.strategies_helpers import random_bars


def points(double, triple=1.0):
    returns = zip((0.0, 0.5, 1.0, 2.0, 3.0), (60.0, 55.0, 50.0, double, triple), strict=True)
    return tuple(CostPoint(factor, pct, 1.0) for factor, pct in returns)


@pytest.fixture(scope="module")
def proven():
    """A run with nothing to say against it."""
    numbers = backtest(random_bars(200, 1), create("buy_and_hold", {})).metrics
    return Evidence(
        metrics=replace(
            numbers,
            fills=80,
            return_pct=50.0,
            sharpe=1.8,
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
        nulls=Nulls(199, 0, 0.1, 0.5, 0.0004, 0.005, -0.6, 19, 1),
        proof=Proof(0.03, 3, 0.003, 0.0012, 30, 1_400, 420),
        sensitivity=Sensitivity(points(30.0), 200.0, 40.0, 1.1, Dearer(120.0, 60.0, 30.0)),
        baselines=Baselines(np.ones(1_401), np.ones(1_401), 70.0, 35.0, 0.9, 0.9, 0.97),
        checks=Checks(8, True, 50, True),
        label=None,
    )


def test_everything_holds(proven):
    found = judge(proven)
    assert (found.word, found.kinds) == (PASS, ())
    assert found.reasons == (
        (
            "It gained 50.0 % after costs; the chance that luck alone makes as much is 0.3 % "
            "for the best of 3 trials."
        ),
        (
            "Of 199 runs of its own targets at other times, at the same costs, 0 did as well; it "
            "would pass as the best of at most 30 tries."
        ),
        (
            "It gains at fees of 120 / 60 bps (the exchange's dearest), and filled a minute late, "
            "and made more than buy and hold at the same risk."
        ),
        "No days were sealed before it was chosen: how it does on new ones is not known.",
        "The past is no promise: paper trade it before any money does.",
    )


def test_a_pass_says_which_dearer_fees_were_asked_of_it(proven):
    twice = replace(proven.sensitivity, dearer=Dearer(20.0, 10.0, 30.0))
    found = judge(replace(proven, sensitivity=twice))
    assert found.word == PASS
    assert "at fees of 20 / 10 bps (twice its own, not the exchange's dearest)" in found.reasons[2]


@pytest.mark.parametrize("paid, is_said", [("-2600", True), ("-2400", False), ("2600", False)])
def test_a_gain_that_is_mostly_funding_is_said_to_be(proven, paid, is_said):
    numbers = replace(proven.metrics, funding_paid=Decimal(paid))
    found = judge(replace(proven, metrics=numbers))
    assert found.word == PASS
    assert any("Funding received is 52% of its gain" in one for one in found.reasons) == is_said


def test_an_edge_that_a_bar_spends_passes_and_is_said_to_be_a_fast_one(proven):
    fast = replace(proven.sensitivity, delayed_return_pct=-12.0)
    found = judge(replace(proven, sensitivity=fast))
    assert found.word == PASS
    assert any("within the first bar" in said and "-12.0 %" in said for said in found.reasons)


def test_a_gain_that_collapses_one_bar_late_looks_like_a_leak(proven):
    fast = replace(proven.sensitivity, delayed_return_pct=-12.0)
    steep = replace(proven.metrics, sharpe=3.1)
    leak = "leaked knowledge of the future looks like, and a column that is dated one bar early"
    found = judge(replace(proven, sensitivity=fast, metrics=steep))
    assert (found.word, found.kinds) == (NOT_PROVEN, (LEAK,))
    assert leak in found.reasons[0]
    unproven = replace(proven, sensitivity=fast, metrics=steep, doubts=(Doubt(UNTESTED, "X."),))
    assert leak in judge(unproven).reasons[-1]
    kept = replace(fast, delayed_return_pct=proven.metrics.return_pct / 2)
    gentle = replace(unproven, metrics=replace(steep, sharpe=2.9))
    for other in (gentle, replace(unproven, sensitivity=kept)):
        assert not any(leak in said for said in judge(other).reasons)


def test_what_holding_beats_and_chance_equals_is_below_luck(proven):
    nulls = replace(proven.nulls, as_good=41, p_value=42 / 200)
    proof = replace(proven.proof, timing=0.21, days_needed=9_000)
    better = replace(proven.baselines, vol_matched_return_pct=13 * proven.metrics.return_pct)
    found = judge(replace(proven, nulls=nulls, proof=proof, baselines=better))
    assert found.kinds == (BELOW_LUCK,)
    assert not any("more days" in said for said in found.reasons)


def test_what_never_traded_is_not_proven_and_of_no_doubt(proven):
    found = judge(replace(proven, metrics=replace(proven.metrics, fills=0)))
    assert (found.word, found.kinds) == (NOT_PROVEN, ())
    assert found.reasons == ("It never traded, so there is nothing to judge.",)


@pytest.mark.parametrize("made, word", [(2.0, PASS), (0.0, "NOT PROVEN")])
def test_sealed_days_are_named_and_a_loss_there_is_a_doubt(proven, made, word):
    sealed = Holdout("2024-01-01T00:00", "2024-06-01T00:00", 0, 150, made, 0.4, 0.6)
    found = judge(replace(proven, holdout=sealed))
    assert found.word == word
    assert any(f"it made {made:+.1f} %" in reason for reason in found.reasons)
    assert found.kinds == (() if word == PASS else ("fragile",))


@pytest.mark.parametrize(
    "part, change, kind, sentence",
    [
        ("proof", {"luck": None, "days": 7}, TOO_SHORT, "7 days of returns are too few"),
        ("proof", {"luck": None, "days": 1}, TOO_SHORT, "1 day of returns are too few"),
        ("proof", {"timing": None}, TOO_SHORT, "too short to run its targets at other times"),
        ("inference", {"trials_note": "before 2026 unknown"}, UNTESTED, "not known: before 2026"),
        ("inference", {"dsr": None}, UNTESTED, "is not known: nobody counted"),
        ("sensitivity", {"costs": ()}, UNTESTED, "decides bar by bar"),
        (
            "sensitivity",
            {"dearer": Dearer(120.0, 60.0, 0.0)},
            FRAGILE,
            "At fees of 120 / 60 bps it loses: +0.0 %.",
        ),
        (
            "sensitivity",
            {"late": Late(60_000, 60_000, -1.0, -0.02, 40.0)},
            FRAGILE,
            "Filled a minute late most of its profit is gone: -1.0 %.",
        ),
        (
            "sensitivity",
            {"late": Late(60_000, 86_400_000, 3.0, 0.49, 40.0)},
            FRAGILE,
            "is gone: +3.0 %; prices jump right after its fills",
        ),
        (
            "sensitivity",
            {"late": Late(60_000, 86_400_000, 900.0, 3.1, -300.0)},
            UNTESTED,
            "it would make +900.0 %, many times more: its bars do not tell",
        ),
        (
            "sensitivity",
            {"late": Late(60_000, 3_600_000, -68.9, -0.2, -3.0, 580.0)},
            FRAGILE,
            "by take-profits or stops at prices that their bars left again, or jumped over: -68.9",
        ),
        ("baselines", {"vol_matched_return_pct": None}, UNTESTED, "could not be counted"),
        ("baselines", {"vol_matched_return_pct": 50.0}, BELOW_LUCK, "made 50.0 %, this 50.0 %"),
        ("checks", {"lookahead_ok": None}, UNTESTED, "not checked for looking ahead"),
        ("checks", {"warmup_ok": None}, UNTESTED, "warm-up was not checked"),
        ("costs", {"taker_bps": 0.0}, FRAGILE, "without fees"),
        ("costs", {"taker_bps": 0.001}, FRAGILE, "fee of 0.001 bps, below the lowest"),
        ("costs", {"fee_tier": "vip_8", "fee_factor": 0.5}, FRAGILE, "fee of 1 bps, below"),
        ("costs", {"touch_fills": True}, FRAGILE, "limit orders filled when only touched"),
    ],
)
def test_each_condition_alone_keeps_it_from_passing(proven, part, change, kind, sentence):
    changed = replace(proven, **{part: replace(getattr(proven, part), **change)})
    found = judge(changed)
    assert (found.word, found.kinds) == (NOT_PROVEN, (kind,))
    (reason,) = found.reasons
    assert sentence in reason
    assert reason.endswith(".")


def test_what_is_not_beyond_luck_says_how_long_it_would_take(proven):
    short = replace(proven.proof, luck=0.12, days_needed=2_400)
    found = judge(replace(proven, proof=short))
    assert (found.word, found.kinds) == (NOT_PROVEN, (TOO_SHORT,))
    assert found.reasons == (
        (
            "The chance that luck alone makes such a Sharpe ratio in 1,400 days is 12.0 % for the "
            "best of 3 trials; 3.0 % would be proof."
        ),
        "An edge of this size needs about 1,000 more days (2.7 years) to be proven.",
    )
    near = judge(replace(proven, proof=replace(short, days_needed=1_450)))
    assert near.reasons[1] == "An edge of this size needs about 50 more days to be proven."
    never = judge(replace(proven, proof=replace(short, days_needed=None)))
    assert (never.kinds, len(never.reasons)) == ((BELOW_LUCK,), 1)


def test_what_its_own_targets_do_at_other_times_counts(proven):
    nulls = replace(proven.nulls, as_good=40, p_value=41 / 200)
    unproven = replace(proven.proof, timing=0.205, trials=1, days_needed=None)
    found = judge(replace(proven, nulls=nulls, proof=unproven))
    assert (found.word, found.kinds) == (NOT_PROVEN, (BELOW_LUCK,))
    assert found.reasons == (
        (
            "Of 199 runs of its own targets at other times, at the same costs, 40 did as well: the "
            "chance is 20.5 %; 3.0 % would be proof."
        ),
    )


def test_what_others_doubt_keeps_it_from_passing(proven):
    doubts = (Doubt(UNTESTED, "Bars are in doubt."), Doubt(FRAGILE, "More."))
    found = judge(replace(proven, doubts=doubts))
    assert found == Verdict(NOT_PROVEN, ("Bars are in doubt.", "More."), (UNTESTED, FRAGILE))


def test_the_synthetic_market_never_passes(proven):
    found = judge(replace(proven, label="synthetic: says nothing about profit"))
    assert found.word == NOT_PROVEN
    assert found.reasons == ("The market is synthetic: says nothing about profit.",)


def test_what_others_found_keeps_it_from_passing(proven):
    found = judge(replace(proven, doubts=(Doubt(UNTESTED, "Bars are in doubt."),)))
    assert (found.word, found.reasons) == (NOT_PROVEN, ("Bars are in doubt.",))


def test_at_the_edge_it_passes(proven):
    proof = replace(proven.proof, luck=0.03, timing=0.03)
    assert judge(replace(proven, proof=proof)).word == PASS


def test_no_checks_are_two_doubts(proven):
    assert len(judge(replace(proven, checks=NO_CHECKS)).reasons) == 2


def test_a_loss_is_called_one(proven):
    lost = {"return_pct": -4.0, "net_pnl": Decimal("-400.00")}
    by_costs = replace(proven, metrics=replace(proven.metrics, **lost))
    found = judge(by_costs)
    assert found.word == LOSES
    assert found.reasons == (
        "It lost 4.0 % after costs.",
        "Before costs it made 60.00 % of its start; fees, spread and slippage took 64.00 %.",
    )
    lost["gross_pnl"] = Decimal(0)
    found = judge(replace(proven, metrics=replace(proven.metrics, **lost)))
    assert found.reasons[1] == "It lost before costs, too: cheaper trading would not save it."
    assert judge(replace(by_costs, label="synthetic")).reasons[-1] == "The market is synthetic."


def test_nothing_happened(proven):
    found = judge(replace(proven, metrics=replace(proven.metrics, fills=0, return_pct=0.0)))
    assert (found.word, len(found.reasons)) == (NOT_PROVEN, 1)


def test_one_more_doubt():
    but = Doubt(UNTESTED, "But.")
    assert cap(Verdict(PASS, ("Fine.",)), but) == Verdict(NOT_PROVEN, ("But.",), (UNTESTED,))
    assert cap(Verdict(LOSES, ("Lost.",)), but) == Verdict(LOSES, ("Lost.", "But."))
    open_ = Verdict(NOT_PROVEN, ("Luck.",), (BELOW_LUCK,))
    assert cap(open_, but) == Verdict(NOT_PROVEN, ("Luck.", "But."), (BELOW_LUCK, UNTESTED))

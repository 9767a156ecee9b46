"""Every decision says why: condition, value, threshold, what is missing."""

import math

import pytest

from gpt_trader.domain.targets import Reading
from gpt_trader.engine.explain import DETAILS, tripped
from gpt_trader.kernel.codes import DECISION_NAMES, FIRST_REFUSAL, HOLD_NO_OPINION
from gpt_trader.strategy.sma_cross import SmaCross
from tests.engine_helpers import Desk

READING = Reading("SMA(2) > SMA(3)", 101.5, ">", 100.25)


def test_every_code_has_words():
    assert set(DETAILS) == set(DECISION_NAMES)


def test_lesson_04_a_hold_in_the_warmup_says_how_many_bars_are_missing():
    desk = Desk(min_bars=5)
    for seen in range(1, 4):
        desk.bar(10_000)
        reason = desk.decision().reasons[0]
        assert (reason.code, reason.value, reason.threshold) == ("WARMUP", seen, 5)
        assert f"{5 - seen} bars" in reason.detail


@pytest.mark.parametrize(
    "weight, seen, code, met",
    [
        (0.0, 99.0, "TARGET_FLAT", "CONDITION_NOT_MET"),
        (math.nan, 99.0, "NO_OPINION", "CONDITION_NOT_MET"),
        (-0.2, 101.5, "SHORT_UNSUPPORTED", "CONDITION_MET"),
    ],
)
def test_lesson_04_every_hold_names_condition_value_and_threshold(weight, seen, code, met):
    desk = Desk()
    desk.want(weight, readings=(READING._replace(value=seen),))
    desk.bar(10_000)
    decision = desk.decision()
    assert decision.action == "hold"
    first, condition = decision.reasons
    assert first.code == code
    assert first.detail
    assert (condition.code, condition.detail) == (met, "SMA(2) > SMA(3)")
    assert (condition.value, condition.threshold) == (seen, 100.25)


def test_lesson_04_a_hold_in_the_band_shows_share_and_target():
    desk = Desk()
    desk.want(0.2)
    for _ in range(3):
        desk.bar(10_000)
    reason = desk.decision().reasons[0]
    assert (reason.code, reason.value, reason.threshold) == ("IN_BAND", 0.2, 0.2)


def test_a_real_strategys_hold_names_its_averages():
    desk = Desk(window_bars=5)
    strategy = SmaCross(fast=2, slow=3)
    desk.signals = lambda state, j: (strategy.targets(state.window(j)).row(-1), None)
    for close in (10_000, 9_900, 9_800, 9_700):
        desk.bar(close)
    condition = desk.decision().reasons[-1]
    assert condition.detail == "SMA(2) > SMA(3)"
    assert (condition.value, condition.threshold) == (97.5, 98.0)


def test_a_stopped_out_product_shows_both_weights():
    desk = Desk()
    desk.want(0.2, stop=0.05)
    desk.bar(10_000)
    desk.bar(10_000)
    desk.bar(9_000)
    reason = desk.decision().reasons[0]
    assert (reason.code, reason.value, reason.threshold) == ("STOPPED_OUT", 0.2, 0.2)


def test_a_position_held_too_long_shows_its_bars():
    desk = Desk()
    desk.want(0.2, max_bars=2)
    for _ in range(3):
        desk.bar(10_000)
    reason = desk.decision().reasons[0]
    assert (reason.code, reason.value, reason.threshold) == ("MAX_BARS", 2.0, 2.0)
    assert desk.decision().action == "sell"


def test_a_target_above_the_cap_is_said_to_be_cut():
    desk = Desk()
    desk.want(1.0)
    desk.bar(10_000)
    decision = desk.decision()
    assert decision.action == "buy"
    assert [(r.value, r.threshold) for r in decision.reasons if r.code == "TARGET_CAPPED"] == [
        (1.0, 0.25)
    ]


def test_a_short_of_spot_is_taken_as_nothing_not_cut():
    desk = Desk()
    desk.want(-1.0)
    desk.bar(10_000)
    assert [one.code for one in desk.decision().reasons] == ["SHORT_UNSUPPORTED"]


def test_a_refusal_is_blocked_and_shows_what_tripped():
    desk = Desk()
    desk.want(0.2)
    desk.bar(10_000, late_ms=3 * 3_600_000)
    decision = desk.decision()
    assert decision.code >= FIRST_REFUSAL
    assert decision.action == "blocked"
    assert tripped(decision.guards) == ("bar_age_ms",)


def test_no_opinion_has_no_threshold():
    desk = Desk()
    desk.bar(10_000)
    reason = desk.decision().reasons[0]
    assert desk.decision().code == HOLD_NO_OPINION
    assert (reason.value, reason.threshold) == (None, None)

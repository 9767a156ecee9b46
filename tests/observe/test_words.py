"""Decisions in words, numbers for reading."""

import math

import numpy as np
import pytest

from gpt_trader.domain.decision import Decision, Reason, Told
from gpt_trader.kernel.codes import HOLD_FLAT
from gpt_trader.observe.spark import LEVELS, sparkline
from gpt_trader.observe.words import number, reason_words, why


@pytest.mark.parametrize(
    "value, text",
    [
        (None, "-"),
        (math.nan, "-"),
        (math.inf, "none"),
        (0.0, "0"),
        (-3.0, "-3"),
        (1234567.0, "1,234,567"),
        (70049.63636, "70,049.64"),
        (0.000012345678, "1.23457e-05"),
        (0.25, "0.25"),
    ],
)
def test_numbers_are_for_reading(value, text):
    assert number(value) == text


def test_a_reason_with_numbers_shows_both():
    assert reason_words(Reason("X", "SMA(5) > SMA(20)", 1.5, 2.5)) == "SMA(5) > SMA(20): 1.5 v 2.5"
    assert reason_words(Reason("X", "an order is working")) == "an order is working"


def test_why_names_the_deciding_reason_and_the_first_condition():
    reasons = (
        Reason("TARGET_FLAT", "the target is 0", 0.0, 0.0),
        Reason("TARGET_CAPPED", "cut", 0.5, 0.25),
        Reason("CONDITION_NOT_MET", "SMA(5) > SMA(20)", 1.0, 2.0),
        Reason("CONDITION_MET", "volume > 0", 1.0, 0.0),
    )
    decision = Decision("BTC-USD", 0, 1, HOLD_FLAT, 0, 0.0, 0, Told(reasons, ()))
    assert why(decision) == "the target is 0: 0 v 0; SMA(5) > SMA(20): 1 v 2"


def test_a_sparkline_ends_at_the_newest_value():
    assert sparkline(np.array([1.0])) == LEVELS[0]
    line = sparkline(np.linspace(0.0, 1.0, 200), width=20)
    assert len(line) == 20
    assert line[0] == LEVELS[0]
    assert line[-1] == LEVELS[-1]

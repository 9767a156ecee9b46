"""Which funding can be, and whose it is."""

from dataclasses import replace

import numpy as np
import pytest

from gpt_trader.data.catalog import product_for
from gpt_trader.data.checks.findings import judge, say_doubts
from gpt_trader.data.checks.funding import (
    check_funding,
    is_impossible,
    paid_by,
    suspicion,
    without_foreign,
)
from gpt_trader.errors import DataError
from tests.strategies_helpers import random_bars

HOUR = 3_600_000
SPOT, PERP = product_for("BTC-USD"), product_for("BTC-PERP")


def bars(product, rates):
    return replace(random_bars(len(rates), 1), product=product, funding_rate=np.array(rates))


@pytest.mark.parametrize(
    "rate, interval_ms, impossible",
    [
        (0.04, HOUR, False), (-0.0401, HOUR, True), (0.04, 60_000, False), (0.05, 60_000, True),
        (0.96, 24 * HOUR, False), (-1.0, 24 * HOUR, True), (np.inf, HOUR, True),
        (np.nan, HOUR, False),
    ],
)  # fmt: skip
def test_four_percent_an_hour_is_the_most(rate, interval_ms, impossible):
    assert is_impossible(np.array([rate]), interval_ms).tolist() == [impossible]


def test_spot_pays_none():
    rates, note = paid_by(SPOT, np.array([0.0, 0.001]))
    assert (rates.tolist(), "BTC-USD is no perpetual" in note) == ([0.0, 0.0], True)
    assert paid_by(SPOT, np.array([0.0, np.nan]))[1] is None
    rates, note = paid_by(PERP, np.array([np.nan, 0.001]))
    assert (rates.tolist(), note) == ([0.0, 0.001], None)


def test_bars_keep_what_is_theirs():
    found, note = without_foreign(bars(SPOT, [0.0, 0.001]))
    assert (found.funding_rate.any(), note is None) == (False, False)
    mine = bars(PERP, [0.0, 0.001])
    assert without_foreign(mine) == (mine, None)


def test_a_backtest_of_bars_by_hand_refuses_what_cannot_be():
    check_funding(bars(SPOT, [0.0, 0.0]))
    check_funding(bars(PERP, [0.0, 0.04]))
    with pytest.raises(DataError, match="BTC-USD is no perpetual"):
        check_funding(bars(SPOT, [0.0, 0.001]))
    with pytest.raises(DataError, match=r"bar 1 of BTC-PERP .* has 0.05"):
        check_funding(bars(PERP, [0.0, 0.05]))


def test_percent_is_suspected():
    assert suspicion(bars(PERP, [0.0001] * 9)) is None  # 88 % a year, of a mania
    assert "11,000%" not in suspicion(bars(PERP, [0.01] * 9))
    assert "8,760% a year" in suspicion(bars(PERP, [0.01] * 9))


def test_what_is_suspected_is_a_doubt_about_the_bars():
    (said,) = say_doubts([judge(bars(PERP, [0.01] * 9))])
    assert "funding that no market asks" in said
    assert "8,760% a year: it is a fraction of the position" in said
    assert list(say_doubts([judge(bars(PERP, [0.0001] * 9))])) == []

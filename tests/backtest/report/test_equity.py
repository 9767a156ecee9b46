"""Equity on two scales: the one that shows more comes first."""

import numpy as np
import pytest

from gpt_trader.backtest.report.equity import equity
from gpt_trader.backtest.report.performance import span_of
from gpt_trader.data.synthetic import synthetic_market
from gpt_trader.domain.times import HOUR_MS
from gpt_trader.kernel.fill import FILL_DTYPE
from gpt_trader.kernel.rounding import UNITS_PER_QUOTE
from gpt_trader.measure.path import Path

BARS = synthetic_market(seed=7, products=("BTC-USD",), n_bars=100, interval_ms=HOUR_MS)


def drawn(last):
    path = Path(
        BARS, HOUR_MS, BARS[0].time, np.linspace(100.0, last, 100),
        np.zeros(0, FILL_DTYPE), 100 * UNITS_PER_QUOTE,
    )  # fmt: skip
    return equity(path, span_of(path), None).html


@pytest.mark.parametrize("last, order", [(300.0, ["Linear", "Log"]), (900.0, ["Log", "Linear"])])
def test_the_log_scale_is_first_where_the_range_is_wide(last, order):
    text = drawn(last)
    assert sorted(order, key=lambda word: text.index(f"{word} scale</button>")) == order
    assert text.index('id="equity"') < text.index('id="equity-other"')


@pytest.mark.parametrize("last", [110.0, -50.0])
def test_one_scale_where_the_other_says_no_more_or_cannot_be(last):
    text = drawn(last)
    assert "scale</button>" not in text
    assert 'id="equity"' in text

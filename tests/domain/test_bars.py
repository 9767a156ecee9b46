"""Bars as columns and as rows."""

from gpt_trader.domain.bars import Bar, bars_from_rows, join
from tests.engine_helpers import COIN, HOUR


def test_bars_are_columns_and_rows():
    rows = [Bar("COIN-USD", i * HOUR, 5, 7, 4, 6, 1.5, 0.001) for i in range(3)]
    bars = bars_from_rows(COIN, HOUR, rows)
    assert len(bars) == 3
    assert [bars.bar(i) for i in range(3)] == rows
    assert bars[1:].time.tolist() == [HOUR, 2 * HOUR]
    assert len(bars_from_rows(COIN, HOUR, [])) == 0


def test_bars_keep_their_quotes_where_any_is_known():
    quoting = [Bar("COIN-USD", i * HOUR, 5, 7, 4, 6, 1.5, 0.0, q) for i, q in enumerate([-1, 30])]
    silent = [Bar("COIN-USD", i * HOUR, 5, 7, 4, 6, 1.5) for i in range(2, 4)]
    bars, others = bars_from_rows(COIN, HOUR, quoting), bars_from_rows(COIN, HOUR, silent)
    assert bars.quotes.tolist() == bars[0:2].quotes.tolist() == [-1, 30]
    assert (others.half_spread_e8, others.quotes.tolist()) == (None, [-1, -1])
    both = join(bars, others)
    assert [both.bar(i) for i in range(4)] == quoting + silent
    assert join(others, others).half_spread_e8 is None

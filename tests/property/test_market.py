"""Market strategies: the fast engine, replay and a session's trailing windows give one answer."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.backtest.run import run_fast, run_replay
from gpt_trader.data.panel import build_panel
from gpt_trader.domain.coarsen import coarsen
from gpt_trader.domain.product import Product
from gpt_trader.kernel.costs import Costs
from gpt_trader.kernel.style import Style
from gpt_trader.risk.policy import Limits
from gpt_trader.runtime.signals import TrailingSignals
from gpt_trader.strategy.answers import ask_market
from gpt_trader.strategy.asked import ask_all
from gpt_trader.strategy.sight import groups_of, part
from tests.examples import examples
from tests.property.market_strategies import KINDS, READING
from tests.property.strategies import INTERVAL_MS, PRODUCTS, costs, limits, market, styles


def series_of(seed, n, keep, begins, ends):
    """Three products, some of whose bars are absent, and that appear and end in between."""
    found = []
    for j, product in enumerate(PRODUCTS):
        bars = market(seed + j, n, product, keep)
        first, end = int(begins[j] * n), max(int(ends[j] * n), int(begins[j] * n) + 1)
        inside = (bars.time >= bars.time[0] + first * INTERVAL_MS) & (
            bars.time < bars.time[0] + end * INTERVAL_MS
        )
        inside[-1] |= not inside.any()
        found.append(bars[np.flatnonzero(inside)])
    return found


def reads_for(seed, n, keep):
    """What is read and not traded: hours of an index, some of them absent, and its days."""
    index = Product("IDX-USD", Decimal("0.1"), Decimal("0.00001"))
    found = replace(market(seed + 9, n, PRODUCTS[1], keep), product=index)
    return {"IDX-USD": found, "IDX-USD@1d": coarsen(found, 24 * INTERVAL_MS).bars}


class Windows:
    """What a session shows a market strategy that reads: windows of the whole."""

    def __init__(self, strategy, series, reads):
        (self.group,) = groups_of([strategy] * len(series), series, reads)
        self.answers = {}

    def __call__(self, state, j):
        strategy, _, seen = self.group
        if max(state.bars_seen) < strategy.min_bars:
            return None, None
        end = int(seen.time.searchsorted(state.arriving_ms, "right"))
        if end not in self.answers:
            shown = part(strategy, seen, max(end - strategy.warmup, 0), end)
            self.answers[end] = ask_market(strategy, shown, newest_only=True)
        return self.answers[end][j].row(-1), None


@examples(120)
@given(
    seed=st.integers(0, 2**32),
    n=st.integers(40, 200),
    kind=st.sampled_from(KINDS + READING),
    look=st.integers(1, 20),
    keep=st.sampled_from([1.0, 0.9, 0.5]),
    begins=st.lists(st.sampled_from([0.0, 0.0, 0.4]), min_size=3, max_size=3),
    ends=st.lists(st.sampled_from([1.0, 1.0, 0.7]), min_size=3, max_size=3),
    costs=costs,
    limits=limits,
    per_product=st.lists(styles, min_size=3, max_size=3),
)
def test_a_session_decides_as_both_engines_do(
    seed: int,
    n: int,
    kind: Callable[..., Any],
    look: int,
    keep: float,
    begins: list[float],
    ends: list[float],
    costs: Costs,
    limits: Limits,
    per_product: list[Style],
) -> None:
    series = series_of(seed, n, keep, begins, ends)
    panel, strategy = build_panel(series), kind(look=look)
    strategies, products = [strategy] * len(series), [bars.product for bars in series]
    reads = reads_for(seed, n, keep) if kind in READING else {}
    terms = {
        "cash": 10_000 * 10**8,
        "costs": costs,
        "limits": limits,
        "styles": per_product,
        "budgets": [1.0] * len(series),
    }
    fast = run_fast(panel, ask_all(strategies, series, reads), **terms)
    signals = (
        Windows(strategy, series, reads)
        if kind in READING
        else TrailingSignals(strategies, products, INTERVAL_MS)
    )
    session = run_replay(
        panel,
        signals,
        min_bars=[strategy.min_bars] * len(series),
        window_bars=[strategy.warmup] * len(series),
        **terms,
    )
    assert session.fills.tolist() == fast.fills.tolist()
    np.testing.assert_array_equal(session.equity, fast.equity)
    np.testing.assert_array_equal(session.counts, fast.counts)


def test_there_are_twenty_kinds_and_more_and_all_trade() -> None:
    silent = []
    for kind in KINDS + READING:
        series = series_of(3, 200, 0.9, [0.0] * 3, [1.0] * 3)
        strategies = [kind(look=7)] * 3
        answers = ask_all(strategies, series, reads_for(3, 200, 0.9))
        if not any((np.abs(one.weight) > 0).any() for one in answers if one):
            silent.append(kind.__name__)
    assert silent == []
    assert len(KINDS + READING) >= 20

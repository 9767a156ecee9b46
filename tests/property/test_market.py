"""Market strategies: the fast engine, replay and a session's trailing windows give one answer."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.backtest.run import run_fast, run_replay
from gpt_trader.data.panel import build_panel
from gpt_trader.kernel.costs import Costs
from gpt_trader.kernel.style import Style
from gpt_trader.risk.policy import Limits
from gpt_trader.runtime.signals import TrailingSignals
from gpt_trader.strategy.asked import ask_all
from tests.examples import examples
from tests.property.market_strategies import KINDS
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


@examples(60)
@given(
    seed=st.integers(0, 2**32),
    n=st.integers(40, 200),
    kind=st.sampled_from(KINDS),
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
    kind: type,
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
    strategies = [strategy] * len(series)
    terms = {
        "cash": 10_000 * 10**8,
        "costs": costs,
        "limits": limits,
        "styles": per_product,
        "budgets": [1.0] * len(series),
    }
    fast = run_fast(panel, ask_all(strategies, series), **terms)
    session = run_replay(
        panel,
        TrailingSignals(strategies, [bars.product for bars in series], INTERVAL_MS),
        min_bars=[strategy.min_bars] * len(series),
        window_bars=[strategy.warmup] * len(series),
        **terms,
    )
    assert session.fills.tolist() == fast.fills.tolist()
    np.testing.assert_array_equal(session.equity, fast.equity)
    np.testing.assert_array_equal(session.counts, fast.counts)

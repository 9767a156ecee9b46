"""Passing bars over never misses that a guard answers otherwise: fast and replay refuse alike.

Replay decides at each bar; the fast engine passes over those on which nothing can happen, and
knows of guards only when their answers can change next.
"""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gpt_trader.backtest.run import run_fast, run_replay
from gpt_trader.backtest.signals import MixedSignals
from gpt_trader.data.panel import build_panel
from gpt_trader.domain.targets import Targets
from gpt_trader.kernel.costs import Costs
from gpt_trader.kernel.style import Style
from gpt_trader.risk.guards import GUARDS, Guard
from gpt_trader.risk.policy import Limits
from tests.property.strategies import INTERVAL_MS, PRODUCTS, costs, limits, market, styles

START_MS = 1_600_000_000_000 // INTERVAL_MS * INTERVAL_MS
BARS = 300
ROW = Guard(
    code=55,
    reason="DRAWN",
    name="drawn",
    words="",
    detail="",
    reading="halt",
    scope="product",
    test="",
)


def rows(reading: str, changes: str, bounds: st.SearchStrategy[float]) -> st.SearchStrategy[Guard]:
    """Rows on one reading that changes when it says."""
    return st.builds(
        lambda comparison, limit: replace(
            ROW, reading=reading, comparison=comparison, limit=limit, changes=changes
        ),
        st.sampled_from(["below", "at most", "at least", "above"]),
        bounds,
    )


times = st.integers(0, BARS).map(lambda i: float(START_MS + i * INTERVAL_MS))
shares = st.sampled_from([0.0, 0.001, 0.01, 0.05, 0.2, 0.5])
drawn = st.one_of(
    rows("bar_ms", "at time", times),
    rows("bar_ms", "at time", times.map(lambda ms: ms + 0.5)),
    rows("bar_ms", "any bar", times),
    rows("entries_today", "at day", st.sampled_from([0.0, 1.0, 2.0, 5.0])),
    rows("entries_today", "any bar", st.sampled_from([0.0, 1.0, 2.0, 5.0])),
    rows("half_spread_e8", "any bar", st.sampled_from([0.0, 50_000.0, 150_000.0])),
    rows("daily_loss", "any bar", shares),
    rows("drawdown", "any bar", shares),
    rows("drawdown_latch", "at equity", st.sampled_from([0.0, 0.5, 1.0])),
    rows("daily_loss_latch", "at equity", st.sampled_from([0.0, 0.5, 1.0])),
    rows("product_share", "any bar", shares),
    rows("gross_share", "any bar", shares),
    rows("free_cash", "any bar", st.sampled_from([0.0, 5_000.0, 9_000.0])),
    rows("equity", "any bar", st.sampled_from([9_000.0, 9_900.0, 10_000.0, 10_100.0])),
    rows("halt", "never", st.sampled_from([0.0, 1.0])),
    rows("pause", "never", st.just(0.0)),
)


@st.composite
def tables(draw: st.DrawFn) -> tuple[Guard, ...]:
    """The package's rows with up to three drawn ones among them, at places and with codes drawn."""
    table = list(GUARDS)
    for k, row in enumerate(draw(st.lists(drawn, min_size=1, max_size=3))):
        one = replace(row, code=55 + k, reason=f"DRAWN_{k}")
        table.insert(draw(st.integers(0, len(table))), one)
    return tuple(table)


def steady_targets(seed: int, n: int) -> Targets:
    """Weights that stay for long: what is refused once is asked for again and again."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(5, 80, n)
    levels = rng.choice([0.5, 0.2, 0.8, 0.0, np.nan, -0.5], n)
    weight = np.repeat(levels, lengths)[:n]
    stop = np.full(n, 0.02) if rng.random() < 0.5 else None
    return Targets(weight, stop=stop)


@settings(deadline=None, max_examples=150)
@given(
    seed=st.integers(0, 2**32),
    chosen=st.lists(st.sampled_from(range(3)), min_size=1, max_size=3, unique=True),
    keep=st.sampled_from([1.0, 1.0, 0.8]),
    costs=costs,
    limits=limits,
    style=styles,
    guards=tables(),
)
def test_a_guard_that_changes_in_a_calm_stretch_is_asked_again(
    seed: int,
    chosen: list[int],
    keep: float,
    costs: Costs,
    limits: Limits,
    style: Style,
    guards: tuple[Guard, ...],
) -> None:
    series = [market(seed + j, BARS, PRODUCTS[j], keep) for j in chosen]
    panel = build_panel(series)
    targets = [steady_targets(seed + 10 + j, len(bars)) for j, bars in enumerate(series)]
    p = len(chosen)
    terms = {
        "cash": 10_000 * 10**8,
        "costs": costs,
        "limits": limits,
        "styles": [style] * p,
        "budgets": [1.0] * p,
        "guards": guards,
    }
    fast = run_fast(panel, targets, **terms)
    signals = MixedSignals([None] * p, targets)
    replay = run_replay(panel, signals, min_bars=[0] * p, window_bars=[1] * p, **terms)
    assert replay.fills.tolist() == fast.fills.tolist()
    np.testing.assert_array_equal(replay.equity, fast.equity)
    np.testing.assert_array_equal(replay.counts, fast.counts)
    assert replay.refusals.tolist() == fast.refusals.tolist()

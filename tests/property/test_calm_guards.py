"""Passing bars over never misses that a guard answers otherwise: fast and replay refuse alike.

Replay decides at each bar; the fast engine passes over those on which nothing can happen, and
knows of guards only when their answers can change next.
"""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.backtest.run import run_fast, run_replay
from gpt_trader.backtest.signals import MixedSignals
from gpt_trader.data.panel import build_panel
from gpt_trader.domain.targets import Targets
from gpt_trader.kernel.costs import Costs
from gpt_trader.kernel.readings import MOVES, OF_PRODUCT
from gpt_trader.kernel.style import Style
from gpt_trader.risk.guards import GUARDS, Guard
from gpt_trader.risk.policy import Limits
from tests.examples import examples
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


def rows(reading: str, bounds: st.SearchStrategy[float]) -> st.SearchStrategy[Guard]:
    """Rows on one reading, most against a limit, that change when one such may say it does."""
    return st.builds(
        lambda comparison, limit, other: replace(
            ROW, reading=reading, comparison=comparison, limit=limit, **other
        ),
        st.sampled_from(["below", "at most", "at least", "above"]),
        bounds,
        st.one_of(
            st.just({}),
            st.just({}),
            st.fixed_dictionaries({"against": st.sampled_from(OF_PRODUCT)}),
            st.fixed_dictionaries({"latch": st.sampled_from(sorted(MOVES))}),
        ),
    ).flatmap(
        lambda row: st.sampled_from(row.permitted).map(lambda word: replace(row, changes=word))
    )


times = st.integers(0, BARS).map(lambda i: float(START_MS + i * INTERVAL_MS))
shares = st.sampled_from([0.0, 0.001, 0.01, 0.05, 0.2, 0.5])
limits_of = {
    "bar_ms": times | times.map(lambda ms: ms + 0.5),
    "bar_age_ms": st.sampled_from([0.0, 1.0]),
    "entries_today": st.sampled_from([0.0, 1.0, 2.0, 5.0]),
    "half_spread_e8": st.sampled_from([0.0, 50_000.0, 150_000.0]),
    "daily_loss": shares,
    "drawdown": shares,
    "drawdown_latch": st.sampled_from([0.0, 0.5, 1.0]),
    "daily_loss_latch": st.sampled_from([0.0, 0.5, 1.0]),
    "product_share": shares,
    "gross_share": shares,
    "free_cash": st.sampled_from([0.0, 5_000.0, 9_000.0]),
    "equity": st.sampled_from([9_000.0, 9_900.0, 10_000.0, 10_100.0]),
    "halt": st.sampled_from([0.0, 1.0]),
    "pause": st.just(0.0),
    "unknown_orders": st.sampled_from([0.0, 1.0]),
    "unreconciled": st.sampled_from([0.0, 1.0]),
}
drawn = st.one_of([rows(reading, bounds) for reading, bounds in limits_of.items()])


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


@examples(25)
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


def test_each_reading_that_says_when_it_moves_is_drawn():
    assert set(MOVES) <= set(limits_of) <= set(OF_PRODUCT)

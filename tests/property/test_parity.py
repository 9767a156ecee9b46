"""Replay and fast engine agree fill by fill: one decision path, shown rather than promised."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.backtest.run import run_fast, run_replay
from gpt_trader.backtest.signals import MixedSignals
from gpt_trader.data.panel import build_panel
from gpt_trader.data.resample import resample
from gpt_trader.domain.fees import tier_rows
from gpt_trader.domain.schedules import ADVANCED
from gpt_trader.kernel.costs import Costs
from gpt_trader.kernel.style import Style
from gpt_trader.risk.policy import Limits
from tests.examples import examples
from tests.property.strategies import (
    INTERVAL_MS,
    PRODUCTS,
    costs,
    limits,
    market,
    random_targets,
    styles,
)

# rates that change within a random market: with its volume, and after some days
QUICK_TIERS = (
    (0, 0, 1_000_000, 500_000),
    (0, 50_000_000, 400_000, 200_000),
    (1_600_500_000_000, 0, 900_000, 600_000),
    (1_600_500_000_000, 100_000_000, 100_000, 0),
)


@examples(80)
@given(
    seed=st.integers(0, 2**32),
    n=st.integers(50, 400),
    chosen=st.lists(st.sampled_from(range(3)), min_size=1, max_size=3, unique=True),
    keep=st.sampled_from([1.0, 1.0, 0.8]),
    cash=st.sampled_from([10_000, 10_000, 50, 3_000_000]),
    costs=costs,
    limits=limits,
    per_product=st.lists(styles, min_size=3, max_size=3),
    close_at_end=st.booleans(),
    parts=st.sampled_from([1, 1, 4, 24]),
    fee_tiers=st.sampled_from([(), tier_rows(ADVANCED, "simulated", "us"), QUICK_TIERS]),
)
def test_replay_fills_equal_simulate_fills(
    seed: int,
    n: int,
    chosen: list[int],
    keep: float,
    cash: int,
    costs: Costs,
    limits: Limits,
    per_product: list[Style],
    close_at_end: bool,
    fee_tiers: tuple[tuple[int, ...], ...],
    parts: int,
) -> None:
    fine = [market(seed + j, n, PRODUCTS[j], keep) for j in chosen]
    series = fine if parts == 1 else [resample(bars, parts * INTERVAL_MS) for bars in fine]
    panel = build_panel(series)
    targets = [random_targets(seed + 10 + j, len(bars)) for j, bars in enumerate(series)]
    terms = {
        "cash": cash * 10**8,
        "costs": costs,
        "limits": limits,
        "styles": [per_product[j] for j in chosen],
        "budgets": [1.0] * len(chosen),
        "close_at_end": close_at_end,
        "fee_tiers": fee_tiers,
        "detail": () if parts == 1 else fine,
    }
    fast = run_fast(panel, targets, **terms)
    replay = run_replay(
        panel,
        MixedSignals([None] * len(targets), targets),
        min_bars=[0] * len(chosen),
        window_bars=[1] * len(chosen),
        **terms,
    )
    assert replay.fills.tolist() == fast.fills.tolist()
    np.testing.assert_array_equal(replay.equity, fast.equity)
    assert replay.cash == fast.cash
    assert replay.lots.tolist() == fast.lots.tolist()
    np.testing.assert_array_equal(replay.counts, fast.counts)
    assert replay.refusals.tolist() == fast.refusals.tolist()
    assert (replay.drawdown_row, replay.loss_days) == (fast.drawdown_row, fast.loss_days)

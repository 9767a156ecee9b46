"""Markets whose answer is known: a planted cycle, and pure noise."""

from dataclasses import replace

import numpy as np

from gpt_trader.domain.costs import CostModel, order_style
from gpt_trader.risk.policy import RiskPolicy
from tests.strategies_helpers import HOUR_MS, bars_of

CHEAP = CostModel(taker_bps=2.0, maker_bps=2.0, spread_bps=0.0, slippage_bps=1.0)
TERMS = {
    "costs": CHEAP,
    "risk": RiskPolicy(max_daily_loss_pct=99.0, max_drawdown_pct=99.0, max_entries_per_day=1000),
    "style": order_style("taker"),
}
GRID = {"fast": (2, 4, 6, 8), "slow": (6, 12, 24, 48, 96)}


def noise(days, seed):
    """A random walk of hours: nothing to be found."""
    steps = np.random.default_rng(seed).normal(0.0, 0.006, days * 24)
    return _bars(steps)


def cycle(days, seed, hours=96):
    """The same with a drift that turns every `hours`: a trend to be followed."""
    rng = np.random.default_rng(seed)
    up = np.repeat(rng.permutation(np.arange(days * 24 // hours + 1) % 2), hours)[: days * 24]
    return _bars(rng.normal(0.0, 0.006, days * 24) + np.where(up == 1, 0.0015, -0.0015))


def _bars(steps):
    close = np.rint(3_000_000 * np.exp(np.cumsum(steps)))
    bars = bars_of(close, reach=100, interval_ms=HOUR_MS)
    return replace(bars, volume=np.full(len(bars), 1_000.0))

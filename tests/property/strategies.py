"""Random markets, targets, costs, limits and styles for the property tests."""

from decimal import Decimal
from math import inf

import numpy as np
from hypothesis import strategies as st

from gpt_trader.domain.bars import Bars
from gpt_trader.domain.product import Product
from gpt_trader.domain.targets import Targets
from gpt_trader.kernel.costs import Costs
from gpt_trader.kernel.slippage import NO_QUOTE
from gpt_trader.kernel.style import Style
from gpt_trader.risk.policy import SETTINGS

INTERVAL_MS = 3_600_000
PRODUCTS = (
    Product("BTC-USD", Decimal("0.00000001"), Decimal("0.01"), Decimal("0.00001"), Decimal(1)),
    Product("DOGE-USD", Decimal("0.1"), Decimal("0.00001"), Decimal(1), Decimal(1)),
    Product(
        "BTC-PERP",
        Decimal("0.0001"),
        Decimal(1),
        Decimal("0.0001"),
        Decimal(10),
        is_perpetual=True,
    ),
)


def market(seed: int, n: int, product: Product, keep: float) -> Bars:
    """A random walk with jumps, gaps, quiet and empty bars on the product's grid."""
    rng = np.random.default_rng(seed)
    start = {"BTC-USD": 4_000_000, "DOGE-USD": 900, "BTC-PERP": 50_000}[product.product_id]
    steps = rng.standard_t(3, n) * rng.choice([0.002, 0.02])
    close = np.maximum(start * np.exp(np.cumsum(steps)), 2).astype(np.int64)
    opens = np.maximum(np.roll(close, 1) + rng.integers(-3, 4, n), 1)
    opens[0] = close[0]
    width = np.maximum(close * rng.random(n) * 0.01, 0).astype(np.int64)
    high = np.maximum(opens, close) + width
    low = np.maximum(np.minimum(opens, close) - width, 1)
    volume = rng.random(n) * float(product.base_increment) * 10 ** rng.integers(0, 7, n)
    volume[rng.random(n) < 0.1] = 0.0
    funding = np.zeros(n)
    if product.is_perpetual:
        funding[::8] = rng.standard_normal(len(funding[::8])) * 1e-4
    time = 1_600_000_000_000 // INTERVAL_MS * INTERVAL_MS + np.arange(n) * INTERVAL_MS
    quotes = np.where(rng.random(n) < 0.8, rng.integers(0, 300_000, n), NO_QUOTE)
    rows = rng.random(n) < keep
    rows[0] = True
    return Bars(
        product, INTERVAL_MS, time[rows], opens[rows], high[rows], low[rows], close[rows],
        volume[rows], funding[rows], quotes[rows] if seed % 3 == 0 else None,
    )  # fmt: skip


def random_targets(seed: int, n: int) -> Targets:
    """Weights that persist, flip, vanish and go short, with every kind of protection."""
    rng = np.random.default_rng(seed)
    levels = rng.choice([0.0, 0.0, 1.0, 0.5, 0.2, -0.5, np.nan], n)
    keep = rng.random(n) < rng.choice([0.5, 0.9])
    for i in range(1, n):
        if keep[i]:
            levels[i] = levels[i - 1]
    if rng.random() < 0.3:
        levels = levels * (1 + 0.5 * rng.random(n))
        levels = np.clip(levels, -1, 1)

    def some(scale: float) -> np.ndarray | None:
        if rng.random() < 0.3:
            return None
        column = np.abs(rng.standard_normal(n)) * scale + 1e-4
        column[rng.random(n) < 0.2] = np.nan
        return np.minimum(column, 0.9)

    return Targets(
        levels,
        stop=some(0.02),
        take_profit=some(0.02),
        trail=some(0.02),
        max_bars=rng.integers(0, 6, n) if rng.random() < 0.5 else None,
    )


def _bps(high: float) -> st.SearchStrategy[int]:
    return st.integers(0, int(high * 10_000))


costs = st.builds(
    Costs,
    taker_e8=_bps(120),
    maker_e8=_bps(60),
    half_spread_e8=_bps(20),
    slippage_e8=_bps(20),
    participation=st.sampled_from([inf, inf, 1.0, 0.1, 0.01]),
    touch_fills=st.integers(0, 1),
    impact=st.sampled_from([0.0, 0.0, 0.5, 1.0]),
    latency_ms=st.sampled_from([0, 0, 250, INTERVAL_MS - 1]),
)
# what to draw of a limit; of one that is not here its default and none
TIGHT = {
    "max_product": [0.25, 0.5, 1.0],
    "max_gross": [0.3, 1.0, inf],
    "max_daily_loss": [0.01, 0.03, inf],
    "max_drawdown": [0.05, 0.15, inf],
    "max_entries": [1, 3, 20, 10**9],
    "max_bar_age_ms": [2 * INTERVAL_MS],
    "rebalance_band": [0.05, 0.25],
    "min_multiple": [1, 2, 3],
}
limits = st.fixed_dictionaries(
    {
        setting.limit: st.sampled_from(
            TIGHT.get(
                setting.limit,
                [setting.in_kernel_units(setting.default, INTERVAL_MS), setting.off],
            )
        )
        for setting in SETTINGS
    }
)
styles = st.builds(
    Style,
    entry_maker=st.integers(0, 2),
    entry_offset_e8=st.sampled_from([0, 100_000]),
    entry_ttl_bars=st.integers(1, 4),
    exit_maker=st.integers(0, 2),
    exit_offset_e8=st.sampled_from([0, 100_000]),
    exit_ttl_bars=st.integers(1, 4),
)

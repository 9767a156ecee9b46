"""Write tests/golden/runs.json anew: what pinned backtests on synthetic markets come to.

Run it after a change that is meant to change results, read the difference, and say in the
commit why: `make golden`.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from gpt_trader.backtest.api import Route, backtest
from gpt_trader.data.synthetic import synthetic_market
from gpt_trader.domain.costs import CostModel, order_style
from gpt_trader.kernel.codes import DECISION_NAMES
from gpt_trader.risk.policy import RiskPolicy
from gpt_trader.strategy.registry import create

FILE = Path(__file__).parents[1] / "tests" / "golden" / "runs.json"
HOUR = 3_600_000
BARS = 4_000
# name: (strategy, parameters, seed, products, costs, risk, order style)
RUNS: dict[str, tuple[Any, ...]] = {
    "sma_cross, worst tier, maker first": (
        "sma_cross", {"fast": 20, "slow": 50}, 1, ["BTC-USD"],
        CostModel(), RiskPolicy(), "maker_first",
    ),
    "sma_cross, free, no policy, taker": (
        "sma_cross", {"fast": 10, "slow": 30}, 2, ["BTC-USD", "ETH-USD"],
        CostModel(0, 0, 0, 0), None, "taker",
    ),
    "ema_trend with a stop, two products": (
        "ema_trend", {"stop": 0.05}, 3, ["BTC-USD", "ETH-USD"],
        CostModel(), RiskPolicy(max_product_pct=60), "maker_first",
    ),
    "mean_reversion, thin volume": (
        "mean_reversion", {}, 4, ["SOL-USD"],
        CostModel(25, 15, 2, 2, participation=0.001), RiskPolicy(max_entries_per_day=2), "taker",
    ),
    "breakout with an ATR stop, perpetual": (
        "breakout", {}, 5, ["BTC-PERP"],
        CostModel(10, 5, 1, 1), RiskPolicy(max_product_pct=100), "maker_only",
    ),
    "momentum, shorts on a perpetual": (
        "momentum", {"long_only": False}, 6, ["ETH-PERP", "BTC-USD"],
        CostModel(), RiskPolicy(max_drawdown_pct=50, max_daily_loss_pct=50), "taker",
    ),
}  # fmt: skip


def run(name: str, engine: str) -> dict[str, Any]:
    """Run one entry of RUNS; return its pinned numbers."""
    strategy, params, seed, products, costs, risk, style = RUNS[name]
    result = backtest(
        synthetic_market(seed=seed, products=products, n_bars=BARS, interval_ms=HOUR),
        [Route(create(strategy, params), style=order_style(style), budget=1 / len(products))],
        costs=costs,
        risk=risk,
        engine=engine,  # type: ignore[arg-type]
        self_check=False,
    )
    counts = result.decision_counts.sum(axis=0)
    return {
        "fills": len(result.fills),
        "fills_sha256": hashlib.sha256(repr(result.fills.tolist()).encode()).hexdigest(),
        "trades": len(result.trade_rows),
        "final_equity": repr(float(result.path.equity[-1])),
        "fees_units": int(result.fills["fee"].sum()),
        "decisions": {
            word: int(counts[code]) for code, word in DECISION_NAMES.items() if counts[code]
        },
    }


def main() -> None:
    """Write the file."""
    FILE.parent.mkdir(parents=True, exist_ok=True)
    pinned = {name: run(name, "fast") for name in RUNS}
    FILE.write_text(json.dumps(pinned, indent=2) + "\n", encoding="utf-8")
    print(f"wrote {FILE}")


if __name__ == "__main__":
    main()

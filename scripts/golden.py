"""Write tests/golden/runs.json anew: what pinned backtests on synthetic markets come to.

Run it after a change that is meant to change results, read the difference, and say in the
commit why: `make golden`.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from gpt_trader.backtest.api import run_backtest
from gpt_trader.backtest.asked import Scrutiny, Terms
from gpt_trader.backtest.result import Result
from gpt_trader.backtest.route import Route
from gpt_trader.data.resample import resample
from gpt_trader.data.synthetic import synthetic_market
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.costs import CostModel, OrderStyleName, order_style
from gpt_trader.risk.policy import RiskPolicy
from gpt_trader.strategy.registry import create

FILE = Path(__file__).parents[1] / "tests" / "golden" / "runs.json"
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
DIGITS = 12  # of a float that is pinned: the last bits are the processor's own
FREE = CostModel(0, 0, 0, 0)


class Traded(NamedTuple):
    """A strategy on some products (none: all) with a share of equity and an order style."""

    strategy: str
    params: Mapping[str, Any]
    products: tuple[str, ...] = ()
    style: OrderStyleName = "maker_first"
    budget: float = 1.0


class Run(NamedTuple):
    """A pinned run: who trades what, on which market, on which terms.

    detail_ms: interval of the finer bars that decide what happens inside a bar.
    """

    routes: Sequence[Traded]
    seed: int
    products: Sequence[str]
    costs: CostModel = CostModel()
    risk: RiskPolicy | None = RiskPolicy()
    bars: int = 3_000
    interval_ms: int = HOUR
    cash: int = 10_000
    close_at_end: bool = False
    detail_ms: int | None = None


RUNS: dict[str, Run] = {
    "sma_cross, worst tier, maker first": Run(
        [Traded("sma_cross", {"fast": 20, "slow": 50})], 1, ["BTC-USD"], bars=4_000
    ),
    "sma_cross, free, no policy, taker, two products": Run(
        [Traded("sma_cross", {"fast": 10, "slow": 30}, style="taker", budget=0.5)],
        2, ["BTC-USD", "ETH-USD"], FREE, None,
    ),
    "ema_trend with a stop, two products": Run(
        [Traded("ema_trend", {"stop": 0.05}, budget=0.5)],
        3, ["BTC-USD", "ETH-USD"], risk=RiskPolicy(max_product_pct=60),
    ),
    "mean_reversion, thin volume, taker": Run(
        [Traded("mean_reversion", {}, style="taker")],
        4, ["SOL-USD"], CostModel(25, 15, 2, 2, participation=0.0002),
        RiskPolicy(max_entries_per_day=2), cash=1_000_000,
    ),
    "breakout with an ATR stop, perpetual, maker only": Run(
        [Traded("breakout", {}, style="maker_only")],
        5, ["BTC-PERP"], CostModel(10, 5, 1, 1), RiskPolicy(max_product_pct=100),
    ),
    "momentum, shorts on perpetuals, funding": Run(
        [Traded("momentum", {"long_only": False}, style="taker", budget=0.5)],
        6, ["ETH-PERP", "BTC-PERP"],
        risk=RiskPolicy(max_drawdown_pct=50, max_daily_loss_pct=50),
    ),
    "mean_reversion, limits fill when touched, profit taken": Run(
        [Traded("mean_reversion", {"take_profit": 0.02, "stop": 0.03})],
        7, ["LTC-USD"], CostModel(60, 40, 1, 1, touch_fills=True),
        RiskPolicy(max_product_pct=80, max_drawdown_pct=60), interval_ms=15 * MINUTE,
    ),
    "sma_cross, daily loss halts": Run(
        [Traded("sma_cross", {"fast": 5, "slow": 15}, style="taker")],
        8, ["SOL-USD"], CostModel(20, 10, 1, 1),
        RiskPolicy(max_product_pct=100, max_daily_loss_pct=1, max_drawdown_pct=95),
    ),
    "ensemble, three products, gross limit": Run(
        [Traded("ensemble", {"members": "sma_cross,ema_trend,momentum", "votes": "2,1,1"})],
        9, ["BTC-USD", "ETH-USD", "SOL-USD"], CostModel(40, 20, 2, 3),
        RiskPolicy(max_gross_pct=40, max_drawdown_pct=40),
    ),
    "two routes, two styles, sold at the end": Run(
        [
            Traded("sma_cross", {"fast": 8, "slow": 21}, ("BTC-USD",), "taker", 0.6),
            Traded("breakout", {"stop_atr": 3.0}, ("ETH-USD",), "maker_first", 0.4),
        ],
        10, ["BTC-USD", "ETH-USD"], CostModel(60, 40, 3, 2),
        RiskPolicy(max_product_pct=60), close_at_end=True,
    ),
    "breakout, little money, minutes": Run(
        [Traded("breakout", {"entry": 20, "exit": 10})],
        11, ["BTC-USD"], cash=50, risk=RiskPolicy(max_product_pct=100, max_drawdown_pct=90),
        interval_ms=MINUTE,
    ),
    "buy_and_hold, days, perpetual and spot": Run(
        [Traded("buy_and_hold", {}, style="taker", budget=0.5)],
        12, ["BTC-PERP", "ETH-USD"], risk=None, bars=1_000, interval_ms=DAY, close_at_end=True,
    ),
    "ema_trend, many products, drawdown halts": Run(
        [Traded("ema_trend", {"fast": 8, "slow": 34, "vol_period": 34})],
        13, ["BTC-USD", "ETH-USD", "SOL-USD", "LTC-USD", "ADA-USD"],
        CostModel(80, 40, 10, 10), RiskPolicy(max_drawdown_pct=5), bars=2_000,
    ),
    "momentum, impact and latency, taker": Run(
        [Traded("momentum", {}, style="taker", budget=0.5)],
        14, ["BTC-USD", "SOL-USD"],
        CostModel(40, 20, 2, 0, impact=0.8, latency_ms=90_000, latency_bars=1), None,
        cash=1_000_000, close_at_end=True,
    ),
    "sma_cross, simulated fee tier": Run(
        [Traded("sma_cross", {"fast": 5, "slow": 15}, budget=0.5)],
        15, ["BTC-USD", "ETH-USD"], CostModel(fee_tier="simulated"), None, cash=30_000,
    ),
    "mean_reversion with a stop, decided inside by finer bars": Run(
        [Traded("mean_reversion", {"take_profit": 0.02, "stop": 0.02})],
        16, ["ETH-USD"], CostModel(40, 20, 1, 1, participation=0.001),
        RiskPolicy(max_product_pct=100, max_drawdown_pct=90), cash=300_000,
        detail_ms=5 * MINUTE,
    ),
    "breakout, touched limits fill, maker only": Run(
        [Traded("breakout", {"entry": 20, "exit": 10}, style="maker_only")],
        17, ["DOGE-USD"], CostModel(10, 5, 0, 0, touch_fills=True), None, interval_ms=MINUTE,
    ),
}  # fmt: skip


def run(asked: Run, engine: Literal["fast", "replay"]) -> dict[str, Any]:
    """Run an entry of RUNS; return what is pinned of it."""
    return run_on(asked, *market_of(asked), engine)


def market_of(asked: Run) -> tuple[list[Bars], list[Bars]]:
    """Return the bars of a run, and its finer ones; none without."""
    fine_ms = asked.detail_ms or asked.interval_ms
    market = synthetic_market(
        seed=asked.seed,
        products=asked.products,
        n_bars=asked.bars * asked.interval_ms // fine_ms,
        interval_ms=fine_ms,
    )
    if asked.detail_ms is None:
        return market, []
    return [resample(bars, asked.interval_ms) for bars in market], market


def run_on(
    asked: Run, bars: Sequence[Bars], detail: Sequence[Bars], engine: Literal["fast", "replay"]
) -> dict[str, Any]:
    """Run who trades what on its terms, on these bars; return what is pinned of it."""
    result = run_backtest(
        bars,
        [
            Route(create(t.strategy, t.params), t.products, t.budget, order_style(t.style))
            for t in asked.routes
        ],
        Terms(
            costs=asked.costs,
            risk=asked.risk,
            cash=asked.cash,
            close_at_end=asked.close_at_end,
            engine=engine,
            detail=detail,
        ),
        Scrutiny(self_check=False),
    )
    return pinned(result)


def pinned(result: Result) -> dict[str, Any]:
    """Return a digest of the fill list and every statistic."""
    document = result.to_json_dict()
    fills = repr(result.fills.tolist())
    return {
        "fills_sha256": hashlib.sha256(fills.encode()).hexdigest(),
        "decisions": document["decisions"],
        "halts": document["halts"],
        "result": {name: _rounded(value) for name, value in document["result"].items()},
    }


def _rounded(value: object) -> object:
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def main() -> None:
    """Write the file."""
    FILE.parent.mkdir(parents=True, exist_ok=True)
    runs = {name: run(asked, "fast") for name, asked in RUNS.items()}
    FILE.write_text(json.dumps(runs, indent=2) + "\n", encoding="utf-8")
    print(f"wrote {FILE}")


if __name__ == "__main__":
    main()

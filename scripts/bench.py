"""`make bench`: speed as ratios within one run, on one synthetic market.

Times are the best of several repetitions in this process, after a warm-up that compiles; whole
commands are the median of several processes. Compare ratios: absolute times move with the machine.
"""

import math
import statistics
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import numpy as np
from numba import njit
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from gpt_trader.backtest.api import backtest
from gpt_trader.backtest.run import RawRun, run_fast, run_replay
from gpt_trader.backtest.signals import PrecomputedSignals
from gpt_trader.data.panel import Panel, build_panel
from gpt_trader.data.synthetic import synthetic_market
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.costs import DEFAULT_COSTS, CostModel, OrderStyle, order_style
from gpt_trader.domain.targets import Targets
from gpt_trader.kernel.rounding import UNITS_PER_QUOTE
from gpt_trader.risk.policy import RiskPolicy
from gpt_trader.strategy.sma_cross import SmaCross

WANTED = 0.4
YEAR_OF_MINUTES = 525_600
MINUTE_MS = 60_000
CASH = 1_000_000 * UNITS_PER_QUOTE
REPEATS = 9
STOP = 0.02
# The default limits as they are, but wide enough that no halt ends the trading: a halted run
# passes over its bars and would flatter the figure.
TRADING_ON = RiskPolicy(
    max_daily_loss_pct=99.0, max_drawdown_pct=99.0, max_entries_per_day=1_000_000
)
CHEAP = CostModel(taker_bps=0.1, maker_bps=0.1, spread_bps=0.0, slippage_bps=0.1)


@njit(cache=True)
def bare_loop(
    open_price: NDArray[np.float64],
    close: NDArray[np.float64],
    weight: NDArray[np.float64],
    cash: float,
    fee: float,
    slip: float,
    share: float,
    lot: float,
    fills: NDArray[np.float64],
) -> tuple[int, NDArray[np.float64]]:
    """Fills in whole lots with fee and slippage, their list, the equity curve: nothing else.

    No stop, no limit, no guard, no exact money, no reason, no order style.
    """
    n = len(close)
    equity = np.empty(n)
    held = 0.0
    wanted = 0.0
    k = 0
    for i in range(n):
        if wanted > 0.0 and held == 0.0:
            price = open_price[i] * (1.0 + slip)
            held = math.floor(cash * share / (price * (1.0 + fee)) / lot) * lot
            cash -= held * price * (1.0 + fee)
            fills[k, 0], fills[k, 1], fills[k, 2], fills[k, 3] = i, held, price, cash
            k += 1
        elif wanted == 0.0 and held > 0.0:
            price = open_price[i] * (1.0 - slip)
            cash += held * price * (1.0 - fee)
            fills[k, 0], fills[k, 1], fills[k, 2], fills[k, 3] = i, -held, price, cash
            k += 1
            held = 0.0
        equity[i] = cash + held * close[i]
        w = weight[i]
        if not math.isnan(w):
            wanted = w
    return k, equity


def best_s(call: Callable[[], object], repeats: int = REPEATS) -> float:
    """Return the shortest of several runs, after one that compiles and warms."""
    call()
    times = []
    for _ in range(repeats):
        began = perf_counter()
        call()
        times.append(perf_counter() - began)
    return min(times)


def simulate(
    panel: Panel, targets: list[Targets], policy: RiskPolicy, costs: CostModel, style: OrderStyle
) -> RawRun:
    """Run the fast engine."""
    p = len(targets)
    return run_fast(
        panel,
        targets,
        cash=CASH,
        costs=costs.kernel(),
        limits=policy.limits(MINUTE_MS),
        styles=[style.kernel()] * p,
        budgets=[1.0] * p,
    )


def targets_of(bars: Bars) -> Targets:
    """SMA 20/50 with a stop."""
    found = SmaCross(20, 50).targets(bars)
    return replace(found, stop=np.full(len(bars), STOP))


def command_s(*arguments: str) -> float:
    """Return the median wall time of a whole command."""
    program = Path(sys.executable).parent / "gpt-trader"
    times = []
    for _ in range(7):
        began = perf_counter()
        subprocess.run([program, *arguments], check=True, capture_output=True)
        times.append(perf_counter() - began)
    return statistics.median(times)


def main() -> None:
    """Measure and print."""
    series = synthetic_market(
        seed=7, products=["BTC-USD"], n_bars=YEAR_OF_MINUTES, interval_ms=MINUTE_MS
    )
    bars, panel = series[0], build_panel(series)
    targets = [targets_of(bars)]
    n = len(bars)
    opens, closes = bars.open * bars.product.tick, bars.close * bars.product.tick
    weight = targets[0].weight
    table = Table("what", "ns a bar", "fills", "how measured", title=f"{n:,} bars of 1m", box=None)

    def row(name: str, seconds: float, fills: int | None, how: str, bars_done: int = n) -> None:
        count = "" if fills is None else f"{fills:,}"
        table.add_row(name, f"{seconds / bars_done * 1e9:,.1f}", count, how)

    best = f"best of {REPEATS}"

    kept = np.empty((100_000, 4))
    lot, start = bars.product.lot, CASH / UNITS_PER_QUOTE

    def bare() -> tuple[int, NDArray[np.float64]]:
        return bare_loop(opens, closes, weight, start, 1e-5, 1e-5, 0.25, lot, kept)

    bare_s = best_s(bare)
    row("bare loop: fills and equity only", bare_s, bare()[0], best)
    taker = order_style("taker")
    ours_s = best_s(lambda: simulate(panel, targets, TRADING_ON, CHEAP, taker))
    fills = len(simulate(panel, targets, TRADING_ON, CHEAP, taker).fills)
    row("simulate: stops, fees, every limit checked", ours_s, fills, f"{best}, no halt")
    for name, policy, style in (
        ("simulate: the same, resting limit orders", TRADING_ON, OrderStyle()),
        ("simulate: default limits and costs", RiskPolicy(), OrderStyle()),
    ):
        costs = CHEAP if policy is TRADING_ON else DEFAULT_COSTS
        spent = best_s(lambda: simulate(panel, targets, policy, costs, style))  # noqa: B023
        done = simulate(panel, targets, policy, costs, style)
        row(name, spent, len(done.fills), best)
        default_s = spent
    many = [replace(bars, product=replace(bars.product, product_id=f"B{j}-USD")) for j in range(10)]
    wide, all_targets = build_panel(many), targets * 10
    spent = best_s(lambda: simulate(wide, all_targets, TRADING_ON, CHEAP, taker), 3)
    row("simulate: 10 products, a product-bar", spent, None, "best of 3", 10 * n)
    row("features: SMA 20/50 targets", best_s(lambda: SmaCross(20, 50).targets(bars)), None, best)
    spent = best_s(lambda: backtest(bars, SmaCross(20, 50), costs=CHEAP, self_check=False), 3)
    row("backtest(): features, fills, trades, metrics", spent, None, "best of 3")
    short = bars[:50_000]
    short_panel, short_targets = build_panel([short]), [targets_of(short)]
    spent = best_s(lambda: replay(short_panel, short_targets), 1)
    row("replay engine, targets given", spent, None, "50,000 bars, once", len(short))
    console = Console()
    console.print(table)
    console.print(
        f"simulate at {bare_s / default_s:.2f} of the bare loop's speed with the default limits, "
        f"{bare_s / ours_s:.2f} where no halt ends the trading (wanted: {WANTED})"
    )
    for name in ("--version", "--help"):
        console.print(f"gpt-trader {name}: {command_s(name):.3f} s, median of 7 processes")


def replay(panel: Panel, targets: list[Targets]) -> RawRun:
    """Run the replay engine on given targets."""
    return run_replay(
        panel,
        PrecomputedSignals(targets),
        cash=CASH,
        costs=CHEAP.kernel(),
        limits=TRADING_ON.limits(MINUTE_MS),
        styles=[order_style("taker").kernel()],
        budgets=[1.0],
        min_bars=[50],
        window_bars=[1],
    )


if __name__ == "__main__":
    main()

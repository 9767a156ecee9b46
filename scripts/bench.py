"""`make bench`: speed as ratios within one run, on one synthetic market.

Times are the best of several repetitions in this process, after a warm-up that compiles; whole
commands are the median of several processes. Compare ratios: absolute times move with the machine.
"""

import json
import math
import statistics
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from time import perf_counter

import numpy as np
from bench_checks import check_figures
from bench_data import store_figures
from bench_parallel import parallel_figures
from bench_stream import stream_figures
from numba import njit
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

import gpt_trader
from gpt_trader.backtest.raw_run import RawRun
from gpt_trader.backtest.result import Result
from gpt_trader.backtest.run import run_fast, run_replay
from gpt_trader.backtest.signals import MixedSignals
from gpt_trader.data.panel import Panel, build_panel
from gpt_trader.data.synthetic import synthetic_market
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.costs import DEFAULT_COSTS, CostModel, OrderStyle, order_style
from gpt_trader.domain.targets import Targets
from gpt_trader.kernel.rounding import UNITS_PER_QUOTE
from gpt_trader.optimize.sweep import SearchTerms, sweep
from gpt_trader.risk.policy import RiskPolicy
from gpt_trader.strategy.ema_trend import EmaTrend
from gpt_trader.strategy.rank_momentum import RankMomentum
from gpt_trader.strategy.sma_cross import SmaCross

ROOT = Path(__file__).parents[1]
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
backtest = partial(gpt_trader.backtest, trials=False)  # what is measured is counted nowhere


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
    panel: Panel,
    targets: list[Targets],
    policy: RiskPolicy,
    costs: CostModel,
    style: OrderStyle,
    budget: float = 1.0,
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
        budgets=[budget] * p,
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


class Bench:
    """The table of figures, filled row by row."""

    def __init__(self, title: str) -> None:
        self.table = Table("what", "ns a bar", "trades", "how measured", title=title, box=None)

    def row(self, name: str, seconds: float, bars: int, fills: int | None, how: str) -> None:
        """Add a row: seconds for so many bars (of all products)."""
        trades = "" if fills is None else f"{fills // 2:,}"
        self.table.add_row(name, f"{seconds / bars * 1e9:,.1f}", trades, how)


def bench_simulate(out: Bench, bars: Bars) -> tuple[float, float, float]:
    """Time the bare loop and the simulator; return the seconds of the loop and of two of ours."""
    panel, targets, n = build_panel([bars]), [targets_of(bars)], len(bars)
    opens, closes = bars.open * bars.product.tick, bars.close * bars.product.tick
    kept = np.empty((100_000, 4))
    lot, start = bars.product.lot, CASH / UNITS_PER_QUOTE

    def bare() -> tuple[int, NDArray[np.float64]]:
        weight = targets[0].weight
        return bare_loop(opens, closes, weight, start, 1e-5, 1e-5, 0.25, lot, kept)

    best = f"best of {REPEATS}"
    bare_s = best_s(bare)
    out.row("bare loop: fills and equity only", bare_s, n, bare()[0], best)
    taken = []
    for name, policy, costs, style in (
        ("simulate: stop, fees, every limit checked", TRADING_ON, CHEAP, order_style("taker")),
        ("simulate: the same, resting limit orders", TRADING_ON, CHEAP, OrderStyle()),
        ("simulate: default limits and costs", RiskPolicy(), DEFAULT_COSTS, OrderStyle()),
    ):
        taken.append(best_s(lambda: simulate(panel, targets, policy, costs, style)))  # noqa: B023
        done = simulate(panel, targets, policy, costs, style)
        out.row(name, taken[-1], n, len(done.fills), best)
    return bare_s, taken[0], taken[2]


def bench_products(out: Bench, bars: Bars) -> None:
    """Time ten products that trade at different times: one year, each shifted by some weeks."""
    n = len(bars)
    many = []
    for j in range(10):
        shifted = {
            name: np.roll(getattr(bars, name), -j * 37_123)
            for name in ("open", "high", "low", "close", "volume")
        }
        product = replace(bars.product, product_id=f"B{j}-USD")
        many.append(replace(bars, product=product, **shifted))
    wide, targets, taker = build_panel(many), [targets_of(b) for b in many], order_style("taker")

    def run() -> RawRun:
        return simulate(wide, targets, TRADING_ON, CHEAP, taker, budget=0.1)

    def whole(strategy: EmaTrend | RankMomentum) -> Result:
        return backtest(many, strategy, costs=CHEAP, risk=TRADING_ON, style=taker, self_check=False)

    out.row(
        "simulate: 10 products, a product-bar",
        best_s(run, 3),
        10 * n,
        len(run().fills),
        "best of 3",
    )
    for strategy in (EmaTrend(), RankMomentum()):
        out.row(
            f"backtest(), 10 products, {strategy.name}",
            best_s(partial(whole, strategy), 3),
            10 * n,
            len(whole(strategy).fills),
            "best of 3",
        )


def bench_whole(out: Bench, bars: Bars) -> None:
    """Time a library call: features, signals, simulation, trades, equity, every number."""

    def run() -> Result:
        return backtest(
            bars, SmaCross(20, 50), costs=CHEAP, risk=TRADING_ON, style=order_style("taker"),
            self_check=False,
        )  # fmt: skip

    fills = len(run().fills)
    out.row(f"backtest(), {len(bars):,} bars", best_s(run, 5), len(bars), fills, "best of 5")


def bench_sweep(out: Bench, bars: Bars) -> None:
    """Time 400 pairs on all processors, daily closes kept of each."""
    terms = SearchTerms((bars,), CASH, CHEAP, TRADING_ON, order_style("taker"))
    pairs = [SmaCross(fast, slow) for fast in range(5, 45, 2) for slow in range(50, 250, 10)]

    def run() -> None:
        sweep(terms, pairs, known={}, done=lambda _, __: None, failed=lambda _, __: None)

    spent = best_s(run, 2)
    how = f"{len(pairs)} pairs in {spent:.2f} s, all cores, best of 2"
    out.row("sweep, a bar of a pair", spent, len(pairs) * len(bars), None, how)


def bench_replay(out: Bench, bars: Bars) -> None:
    """Time the live engine over history, with targets given."""
    short = bars[:50_000]
    panel, targets = build_panel([short]), [targets_of(short)]
    spent = best_s(lambda: replay(panel, targets), 3)
    fills = len(replay(panel, targets).fills)
    how = f"{len(short):,} bars, best of 3: {len(short) / spent:,.0f} bars/s"
    out.row("replay engine, targets given", spent, len(short), fills, how)


def bench_peers(out: Bench, bars: Bars) -> None:
    """Time other libraries on the same bars, where their environment is (see requirements/)."""
    python = ROOT / ".venv-bench" / "bin" / "python"
    if not python.exists():
        return
    tick = bars.product.tick
    columns = {name: getattr(bars, name) * tick for name in ("open", "high", "low", "close")}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bars.npz"
        np.savez(file, time=bars.time, **columns)
        said = subprocess.run(
            [python, "-W", "ignore", ROOT / "scripts" / "bench_peers.py", file],
            check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip
    for line in said.splitlines():
        if line.startswith("{"):
            peer = json.loads(line)
            out.row(
                f"{peer['name']} {peer['version']}", peer["ns_a_bar"] / 1e9, 1, 2 * peer["trades"],
                "its own environment, best of 3",
            )  # fmt: skip


def peak_memory(bars: Bars) -> float:
    """Return the most memory that a library call takes, in sizes of the bars' columns."""
    raw = 8 * 7 * len(bars)
    tracemalloc.start()
    backtest(bars, SmaCross(20, 50), costs=CHEAP, risk=TRADING_ON, self_check=False)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return (raw + peak) / raw


def main() -> None:
    """Measure and print."""
    bars = synthetic_market(
        seed=7, products=["BTC-USD"], n_bars=YEAR_OF_MINUTES, interval_ms=MINUTE_MS
    )[0]
    five_years = synthetic_market(
        seed=7, products=["BTC-USD"], n_bars=5 * YEAR_OF_MINUTES, interval_ms=MINUTE_MS
    )[0]
    out = Bench(f"SMA 20/50, {len(bars):,} bars of 1m, one thread, warm")
    bare_s, ours_s, default_s = bench_simulate(out, bars)
    bench_products(out, bars)
    out.row(
        "features: SMA 20/50",
        best_s(lambda: SmaCross(20, 50).targets(bars)),
        len(bars),
        None,
        f"best of {REPEATS}",
    )
    bench_whole(out, bars)
    bench_whole(out, five_years)
    bench_sweep(out, bars)
    bench_replay(out, bars)
    bench_peers(out, bars)
    console = Console()
    console.print(out.table)
    console.print(
        f"simulate at {bare_s / default_s:.2f} of the bare loop's speed with the default limits, "
        f"{bare_s / ours_s:.2f} where no halt ends the trading (wanted: {WANTED})"
    )
    figures = store_figures(five_years), stream_figures(), check_figures(), parallel_figures()
    for line in chain.from_iterable(figures):
        console.print(line, soft_wrap=True)
    console.print(f"peak memory of backtest(): {peak_memory(bars):.1f} x the bars' columns")
    for arguments in (["--version"], ["--help"], ["backtest", "--demo"]):
        took = command_s(*arguments)
        console.print(f"gpt-trader {' '.join(arguments)}: {took:.2f} s, median of 7 processes")


def replay(panel: Panel, targets: list[Targets]) -> RawRun:
    """Run the replay engine on given targets."""
    return run_replay(
        panel,
        MixedSignals([None] * len(targets), targets),
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

"""`make compare REF=...`: the speed of this tree against another revision's, in one run.

The other revision is checked out beside this tree for the time of the run. A pair is one fresh
process a tree; both measure each area in turn, three times each, and the least of each counts.
Times are processor time, so that what else runs matters little. Each tree is called through its
own scripts/bench.py and bench_stream.py: who changes how an engine is called changes them too.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import comb
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
PAIRS = 11
TURNS = 3
MISSED = 0.05
MINUTE_MS = 60_000


def areas() -> dict[str, Callable[[], object]]:
    """Return what is measured, ready to be called, in the tree that this process imports."""
    import bench  # noqa: PLC0415 - only a measuring process imports a tree
    import bench_stream  # noqa: PLC0415

    def market(n_bars: int, *names: str) -> Any:  # noqa: ANN401
        return bench.synthetic_market(
            seed=7, products=list(names), n_bars=n_bars, interval_ms=MINUTE_MS
        )

    def simulated(series: Any, limits: Any, costs: Any) -> Callable[[], object]:  # noqa: ANN401
        panel, targets = bench.build_panel(series), [bench.targets_of(bars) for bars in series]
        taker, budget = bench.order_style("taker"), 1.0 / len(series)
        return lambda: bench.simulate(panel, targets, limits, costs, taker, budget)

    year, short = market(525_600, "BTC-USD"), market(5_000, "BTC-USD")
    ten = market(60_000, *(f"B{j}-USD" for j in range(10)))
    panel, targets = bench.build_panel(short), [bench.targets_of(short[0])]

    def library() -> object:
        return bench.backtest(
            year[0], bench.SmaCross(20, 50), costs=bench.CHEAP, risk=bench.TRADING_ON,
            style=bench.order_style("taker"), self_check=False,
        )  # fmt: skip

    return {
        "bare loop, the same in both: how sure this run is": lambda: bare(bench, year[0]),
        "simulate, trading": simulated(year, bench.TRADING_ON, bench.CHEAP),
        "simulate, default limits": simulated(year, bench.RiskPolicy(), bench.DEFAULT_COSTS),
        "simulate, ten products": simulated(ten, bench.TRADING_ON, bench.CHEAP),
        "backtest()": library,
        "sweep of 400 pairs": lambda: bench.bench_sweep(bench.Bench(""), year[0][:60_000]),
        "replay": lambda: bench.replay(panel, targets),
        "live step, ten products": lambda: bench_stream.latency_figures(60),
    }


def bare(bench: Any, bars: Any) -> object:  # noqa: ANN401
    """Run the bare loop, which no tree's own code is in."""
    weight, kept = bench.targets_of(bars).weight, bench.np.empty((100_000, 4))
    prices = bars.open * bars.product.tick, bars.close * bars.product.tick
    lot = bars.product.lot
    return [bench.bare_loop(*prices, weight, 1e6, 1e-5, 1e-5, 0.25, lot, kept) for _ in range(9)]


def measure(part: str) -> None:
    """Name the areas; then answer each line, a name, with the seconds that the area took."""
    calls = {name: call for name, call in areas().items() if part in name}
    for call in calls.values():
        call()  # compiles, and warms the caches
    print(json.dumps(list(calls)), flush=True)
    for line in sys.stdin:
        began = process_time()
        calls[line.rstrip("\n")]()
        print(process_time() - began, flush=True)


@contextmanager
def started(tree: Path, part: str) -> Iterator[tuple[list[str], Callable[[str], float]]]:
    """Start a process that measures a tree: the names of its areas, and how to time one."""
    path = os.pathsep.join((str(tree), str(tree / "scripts")))
    with subprocess.Popen(
        [sys.executable, "-P", __file__, "--measure", "--areas", part],
        cwd=tree, env={**os.environ, "PYTHONPATH": path}, text=True, bufsize=1,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as child:  # fmt: skip
        asks, answers = child.stdin, child.stdout
        assert asks is not None
        assert answers is not None

        def seconds(name: str) -> float:
            asks.write(f"{name}\n")
            return float(answers.readline())

        yield json.loads(answers.readline()), seconds
        asks.close()


def one_pair(old: Path, new: Path, part: str) -> dict[str, float]:
    """Return the new tree's time over the old one's, an area, of one process each."""
    with started(old, part) as (names, old_s), started(new, part) as (_, new_s):
        found = {}
        for name in names:
            turns = [(old_s(name), new_s(name)) for _ in range(TURNS)]
            found[name] = min(s for _, s in turns) / min(s for s, _ in turns)
        return found


def interval(ratios: Sequence[float]) -> tuple[float, float]:
    """Return the k-th least and k-th largest, between which the median lies with at least 95 %.

    k is the largest for which a fair coin shows fewer than k heads in n throws, or fewer than k
    tails, at most once in 20.
    """
    n, ranked = len(ratios), sorted(ratios)
    missed = [2 * sum(comb(n, i) for i in range(k)) / 2**n for k in range(1, n // 2 + 1)]
    k = max(1, sum(share <= MISSED for share in missed))
    return ranked[k - 1], ranked[n - k]


@contextmanager
def checked_out(revision: str) -> Iterator[Path]:
    """Give a folder with another revision in it, and take it away again."""
    git = ["git", "-C", str(ROOT), "worktree"]
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        subprocess.run([*git, "add", "--quiet", "--detach", str(tree), revision], check=True)
        try:
            yield tree
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)


def main() -> None:
    """Compare and print; or, as the process of one tree, measure."""
    parser = argparse.ArgumentParser(description="Compare this tree's speed with a revision's.")
    parser.add_argument("revision", nargs="?", default="HEAD")
    parser.add_argument("--areas", default="", metavar="PART", help="only areas so named")
    parser.add_argument("--pairs", type=int, default=PAIRS)
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure:
        measure(asked.areas)
        return
    with checked_out(asked.revision) as old:
        pairs = [one_pair(old, ROOT, asked.areas) for _ in range(asked.pairs)]
    title = f"time of this tree over {asked.revision}'s: median of {len(pairs)} pairs"
    table = Table("what", "ratio", "95 % interval", title=title, box=None)
    for name in pairs[0]:
        ratios = [one[name] for one in pairs]
        low, high = interval(ratios)
        table.add_row(name, f"{median(ratios):.3f}", f"{low:.3f} to {high:.3f}")
    Console().print(table)


if __name__ == "__main__":
    main()

"""What a user gains who runs many backtests in threads or processes; part of `make bench`."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from gpt_trader import backtest
from gpt_trader.data.synthetic import synthetic_market
from gpt_trader.domain.bars import Bars
from gpt_trader.strategy import sma_cross
from gpt_trader.strategy.registry import resolve

RUNS = 24
WORKERS = 2
SIZES = (50_000, 1_000_000)
MINUTE_MS = 60_000
REPEATS = {"built in": 5, "own": 1}

_shared: list[Bars] = []  # what processes inherit as they are forked


def parallel_figures(
    sizes: Sequence[int] = SIZES, kinds: Sequence[str] = tuple(REPEATS)
) -> Iterator[str]:
    """Time the same runs one after the other and two at a time."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "crossing_of_mine.py"
        file.write_text(Path(sma_cross.__file__).read_text())
        found = {"built in": sma_cross.SmaCross, "own": resolve(f"{file}:SmaCross")}
        for n in sizes:
            _shared[:] = synthetic_market(
                seed=7, products=["BTC-USD"], n_bars=n, interval_ms=MINUTE_MS
            )
            for kind in kinds:
                yield from _figures(kind, [found[kind](10 + i, 60) for i in range(RUNS)])


def _figures(kind: str, strategies: Sequence[Any]) -> Iterator[str]:
    _run(strategies[0])
    fork = partial(ProcessPoolExecutor, mp_context=get_context("fork"))
    pools: dict[str, Callable[[int], Executor]] = {"threads": ThreadPoolExecutor, "processes": fork}
    for name, pool in pools.items():
        with pool(WORKERS) as workers:
            list(workers.map(_run, strategies[:WORKERS]))
            pairs = [_pair(workers, strategies) for _ in range(REPEATS[kind])]
        serial_s, spent_s = (min(column) for column in zip(*pairs, strict=True))
        ratio = median(spent / serial for serial, spent in pairs)
        yield (
            f"{RUNS} runs of {len(_shared[0]):,} bars, {kind}, {WORKERS} {name}: "
            f"{ratio:.2f} of serial time ({spent_s:.2f} of {serial_s:.2f} s)"
        )


def _pair(workers: Executor, strategies: Sequence[Any]) -> tuple[float, float]:
    """Return seconds of the runs one after the other, and by workers."""
    moments = [perf_counter()]
    for apply in (map, workers.map):
        told = list(apply(_run, strategies))
        moments.append(perf_counter())
        assert len(set(told)) == RUNS
    return moments[1] - moments[0], moments[2] - moments[1]


def _run(strategy: Any) -> str:  # noqa: ANN401
    return backtest(_shared[0], strategy, trials=False, check_seed=1).run_id


if __name__ == "__main__":
    for line in parallel_figures():
        print(line)

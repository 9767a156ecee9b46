"""Running every point of a grid over the same history, as cheaply as it can be exact.

The history is laid out once; of each run only the equity at the daily closes is kept, so memory
does not grow with bars times points. Points run in threads side by side: the compiled simulator
holds no lock of the interpreter while it runs.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpt_trader.backtest.raw_run import RawRun, check_countable
from gpt_trader.backtest.run import run_fast
from gpt_trader.data.panel import Panel, build_panel
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.costs import CostModel, OrderStyle
from gpt_trader.domain.market import EMPTY
from gpt_trader.domain.targets import Targets
from gpt_trader.domain.text import shown_by_fields
from gpt_trader.kernel.rounding import UNITS_PER_QUOTE
from gpt_trader.measure.metrics import DAY_MS
from gpt_trader.measure.path import Path
from gpt_trader.optimize.failing import Failing, attempt
from gpt_trader.risk.policy import RiskPolicy, no_policy
from gpt_trader.strategy.asked import ask_all
from gpt_trader.strategy.sight import bars_needed

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@shown_by_fields
@dataclass(frozen=True, slots=True)
class SearchTerms:
    """What all points share: bars of each product, and the terms. cash: units at the start.

    reads: bars that are read and not traded, by name.
    """

    series: tuple[Bars, ...]
    cash: int
    costs: CostModel
    risk: RiskPolicy | None
    style: OrderStyle
    budget: float = 1.0
    reads: Mapping[str, Bars] = EMPTY

    @property
    def start(self) -> float:
        """Equity before the first bar, quote."""
        return self.cash / UNITS_PER_QUOTE

    @property
    def first_day(self) -> int:
        """UTC day number of the first bar."""
        return min(int(bars.time[0]) for bars in self.series) // DAY_MS

    @property
    def days(self) -> int:
        """Calendar days from the first bar's to the last one's."""
        return max(int(bars.time[-1]) for bars in self.series) // DAY_MS - self.first_day + 1


def day_rows(time: Ints, first_day: int, days: int) -> Ints:
    """Return (days,) int64: the last grid row that opens on each UTC day or before; -1: none."""
    ends = (first_day + 1 + np.arange(days)) * DAY_MS
    return np.asarray(np.searchsorted(time, ends) - 1)


def sweep(
    terms: SearchTerms,
    strategies: Sequence[Any],
    *,
    known: Mapping[int, Floats],
    done: Callable[[int, Floats], None],
    failed: Callable[[int, Failing], None],
    threads: int | None = None,
) -> Floats:
    """Return (k, d) float64: each point's equity at the daily closes, quote.

    strategies: one a point, None where it is impossible (its row is NaN). known: rows that are
    not run again. done: told of each point when it is finished, in the caller's thread; failed: of
    one at which the strategy fails, and with what (its row is NaN).
    An interrupt stops after the points in hand; what was told to `done` is then all there is.
    """
    _keep_freed_memory()
    panel = build_panel(list(terms.series))
    rows = day_rows(panel.time, terms.first_day, terms.days)
    closes = np.full((len(strategies), terms.days), np.nan)
    for i, row in known.items():
        closes[i] = row
    todo = [i for i, one in enumerate(strategies) if one is not None and i not in known]

    def run(i: int) -> tuple[int, Floats | Failing]:
        targets = attempt(lambda: _targets(strategies[i], terms.series, terms))
        if isinstance(targets, Failing):
            return i, targets
        return i, equity(terms, panel, targets)[rows]

    for i, found in _side_by_side(run, todo, threads or os.cpu_count() or 1):
        if isinstance(found, Failing):
            failed(i, found)
        else:
            closes[i] = found
            done(i, found)
    return closes


def closes_between(terms: SearchTerms, strategy: Any, start_ms: int, end_ms: int) -> Floats:  # noqa: ANN401
    """Return a fresh account's equity at each daily close of [start_ms, end_ms), whole days.

    Bars before are there to warm up on and are not traded; bars after are never seen. What is held
    at the end is sold at the last close, as a taker.
    """
    days = (end_ms - start_ms) // DAY_MS
    grid_ms = terms.series[0].interval_ms
    before = bars_needed(strategy, grid_ms, grid_ms) - 1 + terms.costs.latency_bars
    shown, traded = [], []
    for bars in terms.series:
        first, end = (int(i) for i in np.searchsorted(bars.time, (start_ms, end_ms)))
        if first < end:
            shown.append(bars[max(0, first - before) : end])
            traded.append(bars[first:end])
    if not traded:
        return np.full(days, terms.start)
    panel = build_panel(traded)
    targets = [
        t.since(len(t.weight) - len(bars))
        for t, bars in zip(_targets(strategy, shown, terms), traded, strict=True)
    ]
    path = equity(terms, panel, targets, close_at_end=True)
    rows = day_rows(panel.time, start_ms // DAY_MS, days)
    return np.where(rows < 0, terms.start, path[rows])


def equity(
    terms: SearchTerms, panel: Panel, targets: Sequence[Targets], *, close_at_end: bool = False
) -> Floats:
    """Return (n,) float64: equity at the close of each grid row, quote."""
    return _run(terms, panel, targets, close_at_end=close_at_end).equity


def run_whole(terms: SearchTerms, strategy: Any) -> tuple[Path, RawRun]:  # noqa: ANN401
    """Return what a point leaves behind over all days, and what it did."""
    panel = build_panel(list(terms.series))
    raw = _run(terms, panel, _targets(strategy, terms.series, terms))
    path = Path(terms.series, panel.interval_ms, panel.time, raw.equity, raw.fills, terms.cash)
    return path, raw


def _run(
    terms: SearchTerms, panel: Panel, targets: Sequence[Targets], *, close_at_end: bool = False
) -> RawRun:
    interval_ms, p = panel.interval_ms, len(targets)
    risk = terms.risk
    run = run_fast(
        panel,
        targets,
        cash=terms.cash,
        costs=terms.costs.kernel(),
        limits=no_policy(interval_ms) if risk is None else risk.limits(interval_ms),
        styles=[terms.style.kernel()] * p,
        budgets=[terms.budget] * p,
        close_at_end=close_at_end,
        fee_tiers=terms.costs.fee_tiers,
    )
    check_countable(run)
    return run


def _targets(strategy: Any, series: Sequence[Bars], terms: SearchTerms) -> list[Targets]:  # noqa: ANN401
    asked = ask_all([strategy] * len(series), series, terms.reads)
    return [one.delayed(terms.costs.latency_bars) for one in asked if one is not None]


def _keep_freed_memory() -> None:
    """Let the C library reuse freed columns instead of giving them back and asking again.

    It raises its threshold to the largest block freed so far (at most 32 MiB). Without this, a
    thread spends two thirds of its time on fresh pages for columns of a few megabytes.
    """
    np.empty(31 * 2**20, np.uint8)


def _side_by_side(
    run: Callable[[int], tuple[int, Floats | Failing]], todo: Sequence[int], threads: int
) -> Iterable[tuple[int, Floats | Failing]]:
    with ThreadPoolExecutor(threads) as pool:
        try:
            for future in as_completed([pool.submit(run, i) for i in todo]):
                yield future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

"""The same strategy filled ever less kindly, and on bars that begin elsewhere."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from gpt_trader.backtest.raw_run import RawRun
from gpt_trader.backtest.route import Route
from gpt_trader.backtest.universe import insides_of
from gpt_trader.backtest.warm import ask_warm
from gpt_trader.data.panel import build_panel
from gpt_trader.data.resample import resample
from gpt_trader.domain.bars import Bars, Floats, Ints
from gpt_trader.domain.costs import CostModel, order_style
from gpt_trader.domain.selection import Membership
from gpt_trader.domain.targets import Targets

MOST_PHASES = 24
FREE = CostModel(taker_bps=0.0, maker_bps=0.0, spread_bps=0.0, slippage_bps=0.0)
Run = Callable[..., RawRun]
"""Targets to a run; what a run is on can be given by keyword: assigned, panel, costs, ..."""


def rungs(
    run: Run,
    assigned: Sequence[Route],
    series: Sequence[Bars],
    targets: Sequence[Targets],
    costs: CostModel,
) -> Mapping[str, Callable[[], Floats]]:
    """Return what runs targets ever less kindly, from a fill at the deciding close on: equity.

    All are filled as taker, at the close that decided, at the next open, and there with the fees;
    bars have no finer ones, no quotes and as much volume as is wanted.
    """
    takers = [replace(route, style=order_style("taker")) for route in assigned]
    bare = [replace(bars, half_spread_e8=None) for bars in series]
    fees = replace(
        costs, spread_bps=0.0, slippage_bps=0.0, impact=0.0, latency_ms=0, latency_bars=0,
        participation=None, touch_fills=False,
    )  # fmt: skip

    def rung(bars: Sequence[Bars], terms: CostModel) -> Callable[[], Floats]:
        return lambda: run(
            targets, engine="fast", assigned=takers, panel=build_panel(list(bars)), costs=terms,
            detail=(),
        ).equity  # fmt: skip

    return {
        "at the deciding close": rung([open_at_close(bars) for bars in bare], FREE),
        "at the next open": rung(bare, FREE),
        "with its fees": rung(bare, fees),
    }


def open_at_close(bars: Bars) -> Bars:
    """Return bars that open where the one before closed: what a close decides fills at it."""
    opens = np.concatenate([bars.open[:1], bars.close[:-1]])
    return replace(
        bars, open=opens, high=np.maximum(bars.high, opens), low=np.minimum(bars.low, opens)
    )


def phases(
    run: Run,
    assigned: Sequence[Route],
    detail: Sequence[Bars],
    interval_ms: int,
    universe: Membership | None,
    costs: CostModel,
    reads: Mapping[str, Bars],
) -> list[tuple[Ints, Floats]]:
    """Run the strategies, asked anew, on bars that begin at other multiples of the finer ones.

    detail: the finer bars, one series a product. Returns each start's times and equity, that of
    the whole multiples first; at most MOST_PHASES, evenly spread.
    """
    step_ms = detail[0].interval_ms
    starts = interval_ms // step_ms
    chosen = np.unique(np.linspace(0, starts, min(starts, MOST_PHASES), endpoint=False).astype(int))
    found = []
    for start in chosen.tolist():
        bars = [begun_at(one, interval_ms, start * step_ms) for one in detail]
        panel, cold = build_panel(bars), [one[:0] for one in bars]
        raw = run(
            ask_warm(assigned, bars, cold, reads),
            engine="fast", panel=panel, costs=costs, detail=(), early=cold,
            insides=insides_of(universe, bars, costs.latency_bars),
        )  # fmt: skip
        found.append((panel.time, raw.equity))
    return found


def begun_at(fine: Bars, interval_ms: int, offset_ms: int) -> Bars:
    """Return longer bars that begin so long after whole multiples of their interval."""
    longer = resample(replace(fine, time=fine.time - offset_ms), interval_ms)
    return replace(longer, time=longer.time + offset_ms)

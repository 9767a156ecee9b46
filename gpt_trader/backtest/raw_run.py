"""What a run did, before any statistic, and how it ends: closed out, or without equity."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpt_trader.data.panel import Panel
from gpt_trader.domain.bars import Floats, Ints
from gpt_trader.errors import UsageError
from gpt_trader.kernel.codes import FILL_DELISTED, FILL_EXIT, REFUSED_OVERFLOW, TAKER
from gpt_trader.kernel.costs import Costs
from gpt_trader.kernel.fill import FILL_DTYPE
from gpt_trader.kernel.ledger import cash_after, quote, value
from gpt_trader.kernel.match import fill_fee
from gpt_trader.kernel.rounding import UNITS_PER_QUOTE, VALUE_LIMIT
from gpt_trader.kernel.slippage import close_ticks
from gpt_trader.measure.doubt import UNTESTED, Doubt
from gpt_trader.measure.verdict import count

MOST_EQUITY = VALUE_LIMIT / UNITS_PER_QUOTE  # quote; a short adds its own value to cash


class RawRun(NamedTuple):
    """What a run did, before any statistic.

    fills: FILL_DTYPE rows in order. equity: (n,) float64 quote at each grid row's close.
    counts: (p, N_CODES) decisions by code. refusals: (k, 3) grid row, product, code at which a
    run of the same refusal begins. lots: (p,) final positions. cash: final units.
    drawdown_row: grid row at which the drawdown halted entries, -1 never.
    loss_days: days on which the daily loss halted entries. ruin_row: grid row at whose close no
    equity was left, -1 never: all was sold there, and nothing happened after it.
    """

    fills: NDArray[np.void]
    equity: Floats
    counts: Ints
    refusals: Ints
    lots: Ints
    cash: int
    drawdown_row: int
    loss_days: int
    ruin_row: int = -1


def check_countable(run: RawRun) -> None:
    """Raise UsageError if a run grew beyond what int64 units of money hold."""
    if float(run.equity.max(initial=0.0)) > MOST_EQUITY:
        raise UsageError(
            f"its equity passes {MOST_EQUITY:,.0f}, more than can be counted exactly",
            hint="begin with less: --cash",
        )


def uncounted(run: RawRun) -> Iterator[Doubt]:
    """Yield that a run wanted orders which could not be counted."""
    n = int(run.counts[:, REFUSED_OVERFLOW].sum())
    if n:
        told = f"{count(n, 'order')} it wanted were too large to be counted (OVERFLOW)"
        yield Doubt(UNTESTED, f"{told}: less cash would tell what it makes.")


def ended(panel: Panel, run: RawRun, costs: Costs, *, close_at_end: bool) -> RawRun:
    """Return a run as it ends: if no equity is left, all is sold and its equity stays as it is.

    run: its equity goes to the end of the panel, or to the close that left none.
    """
    last = len(run.equity) - 1
    if not run.equity[last] > 0.0:
        equity = np.pad(run.equity, (0, len(panel) - last - 1), mode="edge")
        return close_out(panel, run._replace(equity=equity, ruin_row=last), last, costs)
    return close_out(panel, run, last, costs) if close_at_end else run


def close_out(panel: Panel, run: RawRun, row: int, costs: Costs) -> RawRun:
    """Sell what is held at a row of the panel, each at its newest close, as a taker.

    A product without a bar in that row is sold at the close of its last one before.
    """
    if not run.lots.any():
        return run
    for j in np.flatnonzero(run.lots).tolist():
        i, lots = _newest(panel, j, row), int(run.lots[j])
        side, spec = -1 if lots > 0 else 1, panel.products[j].spec
        half_spread_e8 = panel.half_spread_e8[i if len(panel.half_spread_e8) > 1 else 0, j]
        ticks = int(
            close_ticks(
                int(panel.close[i, j]), int(panel.high[i, j]), int(panel.low[i, j]),
                float(panel.volume[i, j]), panel.interval_ms, int(half_spread_e8), side, abs(lots),
                spec, costs,
            )
        )  # fmt: skip
        fee = int(fill_fee(side, abs(lots), ticks, costs.taker_e8, spec))
        run = _sold(panel, run, j, i, ticks, fee, FILL_EXIT)
    equity = run.equity.copy()
    equity[row:] = quote(run.cash)  # exact, where the sums of values before it are not
    return run._replace(equity=equity)


def write_off(panel: Panel, run: RawRun, products: Sequence[int]) -> RawRun:
    """Return a run in which what is held of some products is worth nothing from their last bar on.

    products: their numbers; of those that were delisted, and could not be sold before.
    """
    for j in products:
        if run.lots[j]:
            run = _sold(panel, run, j, _newest(panel, j, len(panel) - 1), 0, 0, FILL_DELISTED)
    return run


def _newest(panel: Panel, j: int, row: int) -> int:
    """Return the row of product j's newest bar up to a row."""
    return int(np.flatnonzero(panel.present[: row + 1, j])[-1])


def _sold(panel: Panel, run: RawRun, j: int, row: int, ticks: int, fee: int, why: int) -> RawRun:
    """Return a run whose product j is sold at its bar in a row, which no fill of it follows."""
    spec, lots, close = panel.products[j].spec, int(run.lots[j]), int(panel.close[row, j])
    side = -1 if lots > 0 else 1
    at = int(np.searchsorted(run.fills["bar"], row, side="right"))
    before = run.cash if at == len(run.fills) else int(run.fills["cash"][at - 1])
    after = int(cash_after(before, side, abs(lots), ticks, fee, spec))
    base = close if ticks else 0  # a price of 0 is no slippage
    fill = (row, j, side, abs(lots), ticks, fee, TAKER, why, row, 0, after, base)
    fills = np.concatenate([run.fills[:at], np.array([fill], FILL_DTYPE), run.fills[at:]])
    fills["cash"][at + 1 :] += after - before
    equity, left = run.equity.copy(), run.lots.copy()
    equity[row:] += float(quote(after - before)) - float(value(lots, close, spec))
    left[j] = 0
    return run._replace(fills=fills, equity=equity, lots=left, cash=run.cash + after - before)

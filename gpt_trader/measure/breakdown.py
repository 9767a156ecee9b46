"""Where a run's money came from: by product, side, reason, weekday, calendar period, drawdown."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.text import shown_by_fields
from gpt_trader.kernel.codes import FILL_NAMES, FIRST_REFUSAL
from gpt_trader.kernel.stats.curve import deepest_drawdowns
from gpt_trader.kernel.stats.stats import OPEN
from gpt_trader.measure import metrics
from gpt_trader.measure.measure import HOUR_MS, from_quote, money
from gpt_trader.measure.path import Path, daily_equity
from gpt_trader.measure.trades import holding_ms, is_closed, profits, returns_pct
from gpt_trader.risk.guards import decision_name

Ints = NDArray[np.int64]
Rows = NDArray[np.void]
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
DRAWDOWNS = 5


@dataclass(frozen=True, slots=True)
class Group:
    """Closed trades that have something in common. Money is quote, pnl after fees."""

    name: str
    trades: int
    pnl: Decimal
    fees: Decimal
    win_rate_pct: float | None
    profit_factor: float | None
    expectancy_pct: float | None
    best_trade_pct: float | None
    worst_trade_pct: float | None
    median_holding_hours: float | None


@dataclass(frozen=True, slots=True)
class CalendarSpan:
    """A calendar day, week or month. begin: ISO date; trades and pnl: of those that ended in it."""

    begin: str
    return_pct: float
    equity: Decimal
    trades: int
    pnl: Decimal


@dataclass(frozen=True, slots=True)
class Fall:
    """A drawdown: closes of peak, trough and return to the peak (None: not yet), int64 ms."""

    start: int
    trough: int
    end: int | None
    depth_pct: float
    days: float


@shown_by_fields
@dataclass(frozen=True, slots=True)
class Breakdown:
    """Tables of a run. weekdays: of the entry. guards: entries refused, by guard and product."""

    products: tuple[Group, ...]
    sides: tuple[Group, ...]
    entry_reasons: tuple[Group, ...]
    exit_reasons: tuple[Group, ...]
    weekdays: tuple[Group, ...]
    days: tuple[CalendarSpan, ...]
    weeks: tuple[CalendarSpan, ...]
    months: tuple[CalendarSpan, ...]
    drawdowns: tuple[Fall, ...]
    guards: dict[str, dict[str, int]]


def break_down(path: Path, rows: Rows, decision_counts: Ints) -> Breakdown:
    """Return the tables of a run.

    rows: TRADE_DTYPE, open trades included and left out here. decision_counts: (p, N_CODES).
    """
    closed = rows[is_closed(rows)]
    products = [bars.product for bars in path.bars]
    ids = [product.product_id for product in products]
    profit = profits(closed, products, path.last_ticks)
    weekday = (path.time[closed["entry_bar"]] // metrics.DAY_MS + 3) % 7  # day 0 was a Thursday

    def table(keys: Ints, names: dict[int, str]) -> tuple[Group, ...]:
        found = ((name, keys == key) for key, name in names.items())
        return tuple(
            _group(name, closed[mine], profit[mine], path.time)
            for name, mine in found
            if mine.any()
        )

    days, weeks, months = (_spans(path, closed, profit, unit) for unit in metrics.PERIODS)
    return Breakdown(
        products=table(closed["product"], dict(enumerate(ids))),
        sides=table(closed["side"], {1: "long", -1: "short"}),
        entry_reasons=table(closed["entry_reason"], FILL_NAMES),
        exit_reasons=table(closed["exit_reason"], FILL_NAMES),
        weekdays=table(weekday, dict(enumerate(WEEKDAYS))),
        days=days,
        weeks=weeks,
        months=months,
        drawdowns=drawdowns(path, DRAWDOWNS),
        guards=_guards(decision_counts, ids),
    )


def _group(name: str, rows: Rows, profit: Ints, time: Ints) -> Group:
    pct = returns_pct(rows, profit)
    return Group(
        name=name,
        trades=len(rows),
        pnl=money(metrics.exact_sum(profit)),
        fees=money(metrics.exact_sum(rows["fees"])),
        win_rate_pct=metrics.win_rate_pct(profit),
        profit_factor=metrics.profit_factor(profit),
        expectancy_pct=metrics.expectancy_pct(pct),
        best_trade_pct=metrics.highest(pct),
        worst_trade_pct=metrics.lowest(pct),
        median_holding_hours=metrics.median(holding_ms(rows, time) / HOUR_MS),
    )


def _spans(
    path: Path, closed: Rows, profit: Ints, unit: metrics.Period
) -> tuple[CalendarSpan, ...]:
    found = metrics.by_period(daily_equity(path), path.start, unit)
    ended = path.time[closed["exit_bar"]].astype("datetime64[ms]")
    place = np.searchsorted(found.begin, ended, side="right") - 1
    trades = np.bincount(place, minlength=len(found.begin))
    pnl = np.zeros(len(found.begin), np.int64)
    np.add.at(pnl, place, profit)
    return tuple(
        CalendarSpan(
            str(begin), float(gained) * 100.0, from_quote(float(close)), int(count), money(int(won))
        )
        for begin, gained, close, count, won in zip(
            found.begin, found.returns, found.close, trades, pnl, strict=True
        )
    )


def drawdowns(path: Path, most: int) -> tuple[Fall, ...]:
    """Return the deepest drawdowns of the bars' closes, the deepest first, none overlapping."""
    rows, depths = deepest_drawdowns(path.equity, path.start, most)
    return tuple(
        _fall(path, row.tolist(), float(depth)) for row, depth in zip(rows, depths, strict=True)
    )


def _fall(path: Path, rows: Sequence[int], depth: float) -> Fall:
    peak, trough, end = rows
    closes = path.time + path.interval_ms
    start = int(path.time[0]) if peak < 0 else int(closes[peak])
    last = int(closes[-1] if end == OPEN else closes[end])
    return Fall(
        start=start,
        trough=int(closes[trough]),
        end=None if end == OPEN else last,
        depth_pct=depth * 100.0,
        days=(last - start) / metrics.DAY_MS,
    )


def _guards(counts: Ints, ids: Sequence[str]) -> dict[str, dict[str, int]]:
    """Entries refused, by guard and product; the guard that refused most comes first."""
    totals = counts.sum(axis=0)
    codes = [c for c in np.argsort(-totals, kind="stable").tolist() if c >= FIRST_REFUSAL]
    return {
        decision_name(code): {
            name: int(n) for name, n in zip(ids, counts[:, code], strict=True) if n
        }
        for code in codes
        if totals[code]
    }

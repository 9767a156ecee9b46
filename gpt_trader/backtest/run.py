"""Running targets over history: the fast engine, and the replay through the live engine."""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np

from gpt_trader.backtest.raw_run import RawRun, ended
from gpt_trader.broker.simulated.paper import PaperBroker
from gpt_trader.data.panel import Panel
from gpt_trader.data.resample import detail_of
from gpt_trader.domain.bars import Bar, Bars, Floats, read_only
from gpt_trader.domain.targets import Targets
from gpt_trader.domain.times import format_interval
from gpt_trader.engine.drive import drive
from gpt_trader.engine.events import BarClosed, Event, FillReceived, HistoryLoaded, Ticked
from gpt_trader.engine.ids import new_id
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.ports import Entry, Signals
from gpt_trader.engine.records import Decided, FillBooked, Marked
from gpt_trader.engine.state import State, costs_now, equity, new_state
from gpt_trader.kernel.bounds import bounds_from
from gpt_trader.kernel.codes import FIRST_REFUSAL, N_CODES, ORDINAL_PROTECTION
from gpt_trader.kernel.costs import Costs
from gpt_trader.kernel.detail import no_detail
from gpt_trader.kernel.fees import costs_at, new_fee_book, tier_table
from gpt_trader.kernel.fill import FILL_DTYPE
from gpt_trader.kernel.market import Aims, Fees, Market, Rules
from gpt_trader.kernel.readings import UNATTENDED
from gpt_trader.kernel.rounding import spec_table
from gpt_trader.kernel.simulate import simulate
from gpt_trader.kernel.style import Style, style_table
from gpt_trader.risk.guards import BARS, GUARDS, Guard
from gpt_trader.risk.policy import Limits
from gpt_trader.risk.table import guard_table, where

PORTFOLIO = "backtest"
ROWS_AT_ONCE = 1024  # of a panel, as plain numbers
Stop = Callable[[], bool]
Watch = Callable[[Plan, Sequence[Entry]], None]


def never() -> bool:
    """Let a run go on to its end."""
    return False


FeeTiers = tuple[tuple[int, ...], ...]  # rows of kernel.fees.tier_table; none: fixed rates


def run_fast(
    panel: Panel,
    targets: Sequence[Targets],
    *,
    cash: int,
    costs: Costs,
    limits: Limits,
    styles: Sequence[Style],
    budgets: Sequence[float],
    close_at_end: bool = False,
    fee_tiers: FeeTiers = (),
    detail: Sequence[Bars] = (),
    guards: tuple[Guard, ...] = GUARDS,
) -> RawRun:
    """Run targets (aligned with each product's own bars) through the compiled simulator."""
    p = len(targets)
    places = [where(BARS, is_perpetual=one.is_perpetual) for one in panel.products]
    tiers = tier_table(fee_tiers)
    fee_book = new_fee_book(tiers)
    weights = [
        t.weight if b == 1.0 else t.weight * b for t, b in zip(targets, budgets, strict=True)
    ]
    funding = panel.funding_rate if panel.funding_rate.any() else read_only(np.zeros((1, p)))
    market = Market(
        interval_ms=panel.interval_ms,
        time=panel.time,
        open_ticks=panel.open,
        high=panel.high,
        low=panel.low,
        close=panel.close,
        volume=panel.volume,
        half_spread_e8=panel.half_spread_e8,
        funding_rate=funding,
        present=panel.present,
    )
    aims = Aims(
        weight=_column(panel, weights),
        stop=_optional(panel, [t.stop for t in targets]),
        take=_optional(panel, [t.take_profit for t in targets]),
        trail=_optional(panel, [t.trail for t in targets]),
        max_bars=_optional(panel, [t.max_bars for t in targets], 0.0).astype(np.int64),
    )
    rules = Rules(
        specs=spec_table([product.spec for product in panel.products]),
        bounds=bounds_from(limits),
        guards=guard_table(guards, limits, places, UNATTENDED),
        styles=style_table(list(styles)),
    )
    finer = detail_of(panel, detail) if detail else no_detail()
    ran = simulate(market, aims, rules, costs, Fees(tiers, fee_book), cash, finer)
    run = RawRun(
        ran.fills,
        ran.equity,
        ran.counts,
        ran.refusals,
        ran.slots["lots"].copy(),
        ran.cash,
        ran.drawdown_row,
        ran.loss_days,
    )
    return ended(panel, run, costs_at(costs, fee_book), close_at_end=close_at_end)


def run_replay(  # noqa: PLR0913 - the terms of a run, each by its name
    panel: Panel,
    signals: Signals,
    *,
    cash: int,
    costs: Costs,
    limits: Limits,
    styles: Sequence[Style],
    budgets: Sequence[float],
    min_bars: Sequence[int],
    window_bars: Sequence[int],
    close_at_end: bool = False,
    fee_tiers: FeeTiers = (),
    stop: Stop = never,
    watch: Watch | None = None,
    detail: Sequence[Bars] = (),
    earlier: Sequence[Bars] = (),
    guards: tuple[Guard, ...] = GUARDS,
) -> RawRun:
    """Run signals through the engine and the paper broker, bar by bar, as paper and live do.

    stop: asked before each row of the grid; where it says so the run ends, with an equity as
    long as it came, and nothing is sold. watch: sees what the engine does. earlier: bars before
    the panel's, of the products whose signals look at windows.
    """
    plan = Plan(
        portfolio=PORTFOLIO,
        interval=format_interval(panel.interval_ms),
        interval_ms=panel.interval_ms,
        products=panel.products,
        costs=costs,
        limits=limits,
        order_styles=tuple(styles),
        budgets=tuple(budgets),
        min_bars=tuple(min_bars),
        window_bars=tuple(window_bars),
        fee_tiers=fee_tiers,
        guards=guards,
    )
    tape = Tape(plan, panel)

    def is_over() -> bool:
        return tape.is_ruined or stop()

    def observe(_: State, entries: Sequence[Entry]) -> None:
        if watch is not None:
            watch(plan, entries)

    broker = PaperBroker({bars.product.product_id: bars for bars in detail})
    feed = chain(_before(earlier, int(panel.time[0])), history(panel, is_over))
    state = drive(plan, new_state(plan, cash), feed, broker, tape, signals, observe)
    return tape.result(state, close_at_end=close_at_end)


def history(panel: Panel, stop: Stop = never) -> Iterator[Event]:
    """Yield a panel as the events of a feed: bars, and a tick where a product has none."""
    ids = [product.product_id for product in panel.products]
    for begin in range(0, len(panel), ROWS_AT_ONCE):
        for time, present, bars in _rows(panel, slice(begin, begin + ROWS_AT_ONCE), ids):
            if stop():
                return
            closed_ms = time + panel.interval_ms
            for is_here, bar in zip(present, bars, strict=True):
                if is_here:
                    yield BarClosed(closed_ms, Bar._make(bar))
            if not all(present):
                yield Ticked(closed_ms)


def _before(earlier: Sequence[Bars], time_ms: int) -> Iterator[Event]:
    """Yield what opens windows before the first bar, as a session does."""
    for bars in earlier:
        rows = tuple(bars.bar(i) for i in range(len(bars)))
        yield HistoryLoaded(time_ms, bars.product.product_id, rows)


def _rows(
    panel: Panel, rows: slice, ids: Sequence[str]
) -> Iterator[tuple[int, list[bool], Iterator[tuple[Any, ...]]]]:
    """Yield (time, whether each product has a bar, the fields of each product's bar)."""
    times = panel.time[rows].tolist()
    quotes = np.broadcast_to(panel.half_spread_e8, panel.close.shape)
    columns = (panel.open, panel.high, panel.low, panel.close, panel.volume, panel.funding_rate)
    plain = [column[rows].tolist() for column in (*columns, quotes)]
    for time, present, *values in zip(times, panel.present[rows].tolist(), *plain, strict=True):
        yield time, present, zip(ids, [time] * len(ids), *values, strict=True)


def ignore(state: State, entries: Sequence[Entry]) -> None:
    """Observe nothing."""


class Tape:
    """A journal in memory that keeps what a result needs."""

    def __init__(self, plan: Plan, panel: Panel) -> None:
        self._plan = plan
        self._panel = panel
        self._rows: list[tuple[int, ...]] = []
        self._equity = np.full(len(panel), np.nan)
        self._counts = np.zeros((len(panel.products), N_CODES), np.int64)
        self._grid = {time: i for i, time in enumerate(panel.time.tolist())}
        self._causes: dict[str, tuple[int, int]] = {}
        self._said = [0] * len(panel.products)
        self._refusals: list[tuple[int, int, int]] = []
        self._drawdown_row = -1
        self._loss_days = 0
        self._halted = (0, 0)
        self._day = -1
        self.is_ruined = False

    def append(self, plan: Plan, state: State, entries: Sequence[Entry]) -> None:
        """Keep fills, equity and decision counts."""
        for entry in entries:
            for record in entry.records:
                if isinstance(record, Decided):
                    self._count(plan, record)
                elif isinstance(record, FillBooked):
                    assert isinstance(entry.event, FillReceived)
                    self._fill(plan, entry.event, record)
                elif isinstance(record, Marked):
                    self._mark(record)

    def _count(self, plan: Plan, record: Decided) -> None:
        decision = record.decision
        j, code = plan.index[decision.product_id], decision.code
        self._counts[j, code] += 1
        if code >= FIRST_REFUSAL and code != self._said[j]:
            self._refusals.append((self._grid[decision.bar_ms], j, code))
        self._said[j] = code
        if record.order is not None:
            row = self._grid[decision.bar_ms]
            self._causes[record.order.client_order_id] = (row, 0)
            guard = new_id(plan, decision.product_id, decision.bar_ms, ORDINAL_PROTECTION)
            self._causes[guard] = (row, 1)

    def _fill(self, plan: Plan, event: FillReceived, record: FillBooked) -> None:
        fill = event.fill
        row = self._grid[fill.time_ms]
        operators = (row, 0)  # an operator's order has no bar as its cause
        self._rows.append(
            (
                row,
                plan.index[fill.product_id],
                fill.side,
                fill.lots,
                fill.ticks,
                fill.fee,
                fill.liquidity,
                fill.reason,
                *self._causes.get(fill.client_order_id, operators),
                record.cash,
                fill.base,
            )
        )

    def _mark(self, record: Marked) -> None:
        row = self._grid[record.cycle_ms]
        marks = record.marks
        self._equity[row] = marks.equity
        if marks.halted and not self._halted[0]:
            self._drawdown_row = row
        if marks.day_halted and (not self._halted[1] or marks.day != self._day):
            self._loss_days += 1
        self._halted = (marks.halted, marks.day_halted)
        self._day = marks.day
        self.is_ruined = not marks.equity > 0.0

    def so_far(self, state: State) -> RawRun:
        """Return what is taped up to now; equity is NaN at the rows not yet marked."""
        return RawRun(
            np.array(self._rows, FILL_DTYPE),
            self._equity,
            self._counts,
            np.array(self._refusals, np.int64).reshape(-1, 3),
            state.slots["lots"].copy(),
            state.cash,
            self._drawdown_row,
            self._loss_days,
        )

    def result(self, state: State, *, close_at_end: bool) -> RawRun:
        """Return the run that was taped; of one that was stopped, as far as it came."""
        run = self.so_far(state)
        run = run._replace(equity=run.equity[: int(np.isfinite(run.equity).sum())])
        if len(run.equity) < len(self._panel) and not self.is_ruined:
            return run
        assert not len(run.equity) or run.equity[-1] == equity(self._plan, state)
        costs = costs_now(self._plan, state)
        return ended(self._panel, run, costs, close_at_end=close_at_end)


BLOCK = 4096  # rows of a grid that are filled at a time, so that they stay in the cache


def _column(panel: Panel, columns: Sequence[Floats | None], missing: float = np.nan) -> Floats:
    """Spread per-product columns over the grid, time-major; `missing` where there is none."""
    n = len(panel)
    if len(columns) == 1 and columns[0] is not None:  # one product: its bars are the grid
        # writable, as all others: compiled code knows read-only columns as a kind of their own
        return np.require(columns[0], np.float64, ("C", "W")).reshape(-1, 1)
    whole = [_whole(panel, j, column, missing) for j, column in enumerate(columns)]
    out = np.empty((n, len(columns)))
    for begin in range(0, n, BLOCK):
        rows = slice(begin, begin + BLOCK)
        for j, column in enumerate(whole):
            out[rows, j] = missing if column is None else column[rows]
    return out


def _whole(panel: Panel, j: int, column: Floats | None, missing: float) -> Floats | None:
    """Stretch a product's column over all rows of the grid."""
    if column is None or len(column) == len(panel):
        return column
    out = np.full(len(panel), missing)
    out[panel.present[:, j]] = column
    return out


def _optional(panel: Panel, columns: Sequence[Floats | None], missing: float = np.nan) -> Floats:
    """Spread columns that a product may lack; one row where all lack it."""
    if all(column is None for column in columns):
        return np.full((1, len(columns)), missing)
    return _column(panel, columns, missing)

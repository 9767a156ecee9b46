"""What a session came to, from its entries: the backtest's own tape and measures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpt_trader.backtest.raw_run import RawRun
from gpt_trader.backtest.run import Tape
from gpt_trader.domain.costs import CostModel
from gpt_trader.domain.text import money_text, units_text
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.ports import Entry
from gpt_trader.engine.state import State, equity
from gpt_trader.kernel.codes import ACT_ENTER, FIRST_REFUSAL
from gpt_trader.kernel.ledger import value
from gpt_trader.kernel.rounding import UNITS_PER_QUOTE
from gpt_trader.measure.holding import buy_and_hold
from gpt_trader.measure.measure import Metrics, measure, money
from gpt_trader.measure.path import Path
from gpt_trader.observe.cycle import price_text, quote_text, size_text, time_text
from gpt_trader.risk.guards import decision_name
from gpt_trader.runtime.journaling import read_entries
from gpt_trader.runtime.notes import Notes, refusal_json
from gpt_trader.runtime.session import Session
from gpt_trader.runtime.wiring import Wired

Json = dict[str, Any]
Floats = NDArray[np.float64]


class Record:
    """All of a session since its first entry, resumed or not: its tape and its reasons."""

    def __init__(self, wired: Wired) -> None:
        self.wired = wired
        self.tape = Tape(wired.plan, wired.panel)
        self.notes = Notes(wired.plan)

    def take(self, state: State, entries: Sequence[Entry]) -> None:
        """Add entries in order; `state` is the one after them."""
        self.tape.append(self.wired.plan, state, entries)
        self.notes.take(entries)

    @property
    def terms(self) -> Wired:
        """What the session runs under."""
        return self.wired

    def equity(self, state: State) -> Floats:
        """Return the equity at each cycle so far, quote."""
        path = self.tape.so_far(state).equity
        finite: Floats = path[np.isfinite(path)]
        return finite

    def summary(self, state: State, outcome: "Outcome") -> Json:
        """Return what the session came to, as JSON."""
        return summary_line(self, state, outcome)


def record_of(wired: Wired, session: Session) -> Record:
    """Return the record of what the session's journal holds already, its whole chain checked.

    Raises JournalError if an entry is missing, altered or unreadable.
    """
    record = Record(wired)
    if session.resumed:
        record.take(session.state, list(read_entries(session.journal)))
    return record


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended. cycles: decided in this process. left: what was left to chance, in words."""

    cycles: int
    resumed: bool
    interrupted: bool
    folder: str
    left: Sequence[str] = ()


def path_so_far(wired: Wired, raw: RawRun, state: State) -> Path | None:
    """Return the session's path up to its newest bar; None before any bar."""
    rows = np.flatnonzero(np.isfinite(raw.equity))
    marked = int(rows[-1]) + 1 if len(rows) else 0
    filled = int(raw.fills["bar"].max()) + 1 if len(raw.fills) else 0
    n = max(marked, filled)
    if n == 0:
        return None
    path = raw.equity[:n].copy()
    path[: int(rows[0]) if len(rows) else n] = wired.cash / UNITS_PER_QUOTE
    path[marked:] = equity(wired.plan, state)
    time = wired.panel.time[:n]
    bars = tuple(b[: max(int(b.time.searchsorted(time[-1], "right")), 1)] for b in wired.series)
    return Path(bars, wired.panel.interval_ms, time, path, raw.fills, wired.cash)


def summary_line(record: Record, state: State, outcome: Outcome) -> Json:
    """Return the last line of a run: the whole session's money, holds, refusals and halts.

    `figures_of` says so; of this run alone are cycles, resumed, interrupted, left and error.
    """
    wired = record.wired
    costs, time = wired.costs, wired.panel.time
    raw = record.tape.so_far(state)
    path = path_so_far(wired, raw, state)
    return {
        "type": "summary",
        "ok": True,
        "profile": wired.header.profile,
        "label": wired.label,
        "costs_below_default": bool(costs.below_default(int(time[0]), int(time[-1]))),
        "cycles": outcome.cycles,
        "session_cycles": state.cycles,
        "figures_of": "session",
        "first_bar": _first_bar(wired, raw),
        "last_bar": None if state.cycle_ms < 0 else time_text(state.cycle_ms),
        **_money(wired, path, costs),
        "open_positions": positions(wired.plan, state),
        "refusals": counts(raw, refused=True),
        "newest_refusal": refusal_json(record.notes.refusal),
        "holds": dict(record.notes.reasons.most_common()),
        "actions": counts(raw, refused=False),
        "halts": halts(wired, raw, state),
        "resumed": outcome.resumed,
        "interrupted": outcome.interrupted,
        "left": list(outcome.left),
        "state_dir": outcome.folder,
        "error": None,
    }


def _first_bar(wired: Wired, raw: RawRun) -> str | None:
    """Return the open time of the first bar that was decided."""
    rows = np.flatnonzero(np.isfinite(raw.equity))
    return time_text(int(wired.panel.time[rows[0]])) if len(rows) else None


def _money(wired: Wired, path: Path | None, costs: CostModel) -> Json:
    """Where the money went. Holding is bought and valued as a backtest does, at these costs."""
    start = units_text(wired.cash)
    if path is None:
        names = ("gross_pnl", "fees", "spread_slippage", "funding", "net_pnl")
        return {"start_equity": start, "final_equity": start} | dict.fromkeys(names, "0.00")
    numbers: Metrics = measure(path, costs, close_at_end=False)[0]
    held = buy_and_hold(path.holdable, costs, start_units=path.start_units, close_at_end=False)
    return {
        "start_equity": start,
        "final_equity": money_text(numbers.final_equity),
        "gross_pnl": money_text(numbers.gross_pnl),
        "fees": money_text(numbers.fees_paid),
        "spread_slippage": money_text(numbers.spread_slippage_paid),
        "funding": money_text(numbers.funding_paid),
        "net_pnl": money_text(numbers.net_pnl),
        "return_pct": numbers.return_pct,
        "buy_hold_pnl": None if held is None else money_text(money(held - path.start_units)),
        "buy_hold_return_pct": numbers.buy_hold_return_pct,
        "max_drawdown_pct": numbers.max_drawdown_pct,
        "trades": numbers.trades,
        "open_trades": numbers.open_trades,
        "fills": numbers.fills,
        "maker_share_pct": numbers.maker_share_pct,
    }


def positions(plan: Plan, state: State) -> list[Json]:
    """Return what is held, valued at the newest closes."""
    found = []
    for j, product in enumerate(plan.products):
        lots, close = int(state.slots["lots"][j]), int(state.slots["close_ticks"][j])
        if lots:
            found.append(
                {
                    "product": product.product_id,
                    "size": size_text(product, lots),
                    "close": price_text(product, close),
                    "value": quote_text(float(value(lots, close, product.spec))),
                }
            )
    return found


def counts(raw: RawRun, *, refused: bool) -> dict[str, int]:
    """Return how many decisions acted, or were refused and by which guard; commonest first."""
    totals = raw.counts.sum(axis=0)
    codes = range(FIRST_REFUSAL, len(totals)) if refused else range(ACT_ENTER, FIRST_REFUSAL)
    found = {decision_name(code): int(totals[code]) for code in codes if totals[code]}
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def halts(wired: Wired, raw: RawRun, state: State) -> list[Json]:
    """Return what ended entries, for a while or until a person rearms."""
    found: list[Json] = []
    if raw.drawdown_row >= 0:
        when = time_text(int(wired.panel.time[raw.drawdown_row]))
        active = bool(state.marks.halted)
        found.append({"guard": "drawdown", "since": when, "active": active})
    if raw.loss_days:
        active = bool(state.marks.day_halted)
        found.append({"guard": "daily_loss", "days": raw.loss_days, "active": active})
    if state.halted:
        found.append(
            {
                "guard": "halt",
                "by": state.switched_by,
                "reason": state.switch_reason,
                "active": True,
            }
        )
    return found

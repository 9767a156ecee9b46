"""What a session on live prices came to: its equity through time, its reasons, its summary."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.order import NOT_PLACED
from gpt_trader.domain.text import units_text
from gpt_trader.engine.exposure import exposed_s
from gpt_trader.engine.ports import Entry
from gpt_trader.engine.protect import UNSURE
from gpt_trader.engine.records import FillBooked, Marked, OrderEnded
from gpt_trader.engine.state import State, equity
from gpt_trader.kernel.rounding import UNITS_PER_QUOTE
from gpt_trader.observe.cycle import quote_text, time_text
from gpt_trader.runtime.journaling import read_entries
from gpt_trader.runtime.live.terms import LiveTerms
from gpt_trader.runtime.notes import Notes, refusal_json
from gpt_trader.runtime.session import Session
from gpt_trader.runtime.summary import Outcome, positions

Json = dict[str, Any]
Floats = NDArray[np.float64]


class LiveRecord:
    """All of a session since its first entry, resumed or not."""

    def __init__(self, terms: LiveTerms, cash: int) -> None:
        """cash: units that the session began with."""
        self.terms = terms
        self.notes = Notes(terms.plan)
        self.cash = cash
        self.fills = 0
        self.not_placed = 0  # orders that were proven never to have reached the exchange
        self.first_ms: int | None = None  # the first decided bar
        self._equity: list[float] = []
        self._cycle_ms = -1
        self.newest_ms = 0

    def take(self, state: State, entries: Sequence[Entry]) -> None:
        """Add entries in order; `state` is the one after them."""
        self.notes.take(entries)
        self.newest_ms = max(entries[-1].event.time_ms, self.newest_ms)
        for entry in entries:
            for record in entry.records:
                if isinstance(record, Marked):
                    self._note_equity(record)
                    self.first_ms = record.cycle_ms if self.first_ms is None else self.first_ms
                elif isinstance(record, FillBooked) and record.lots:
                    self.fills += 1
                elif isinstance(record, OrderEnded) and record.code.startswith(NOT_PLACED):
                    self.not_placed += 1

    def _note_equity(self, record: Marked) -> None:
        """Keep one value a cycle: one that waits for an order's end is marked again."""
        if record.cycle_ms == self._cycle_ms:
            self._equity.pop()
        self._equity.append(record.marks.equity)
        self._cycle_ms = record.cycle_ms

    def equity(self, state: State) -> Floats:
        """Return the equity at each cycle so far, quote; at least one value."""
        return np.array(self._equity or [equity(self.terms.plan, state)], np.float64)

    def summary(self, state: State, outcome: Outcome) -> Json:
        """Return what the session came to, as JSON."""
        return live_summary(self, state, outcome)


def live_record_of(terms: LiveTerms, session: Session, cash: int) -> LiveRecord:
    """Return the record of what the session's journal holds already."""
    record = LiveRecord(terms, cash)
    if session.resumed:
        record.take(session.state, list(read_entries(session.journal)))
    return record


def live_summary(record: LiveRecord, state: State, outcome: Outcome) -> Json:
    """Return the last line of a run on live prices. Transfers are neither profit nor loss."""
    plan, notes = record.terms.plan, record.notes
    now = equity(plan, state)
    stopless_s, bare_s = exposed_s(state, record.newest_ms)
    net = now - (record.cash + state.transfers) / UNITS_PER_QUOTE
    return {
        "type": "summary",
        "ok": True,
        "profile": record.terms.header.profile,
        "label": None,
        "costs_below_default": bool(record.terms.costs.below_default(record.newest_ms)),
        "cycles": outcome.cycles,
        "session_cycles": state.cycles,
        "figures_of": "session",
        "first_bar": None if record.first_ms is None else time_text(record.first_ms),
        "last_bar": None if state.cycle_ms < 0 else time_text(state.cycle_ms),
        "start_equity": units_text(record.cash),
        "final_equity": quote_text(now),
        "gross_pnl": quote_text(net + (state.fees - state.funding) / UNITS_PER_QUOTE),
        "fees": units_text(state.fees),
        "spread_slippage": None,  # it is in the prices: what they would have been nobody knows
        "funding": units_text(-state.funding),
        "net_pnl": quote_text(net),
        "transfers": units_text(state.transfers),
        "fills": record.fills,
        "position_unprotected_seconds": round(stopless_s, 3),
        "position_bare_seconds": round(bare_s, 3),
        "open_positions": positions(plan, state),
        "refusals": dict(notes.refusals.most_common()),
        "newest_refusal": refusal_json(notes.refusal),
        "holds": dict(notes.reasons.most_common()),
        "actions": dict(notes.actions.most_common()),
        "orders_not_placed": record.not_placed,
        "orders_unknown": sum(one.status in UNSURE for one in state.open_orders),
        "halts": _halts(state),
        "resumed": outcome.resumed,
        "interrupted": outcome.interrupted,
        "left": list(outcome.left),
        "state_dir": outcome.folder,
        "error": None,
    }


def _halts(state: State) -> list[Json]:
    found: list[Json] = []
    if state.marks.halted:
        found.append({"guard": "drawdown", "since": None, "active": True})
    if state.marks.day_halted:
        found.append({"guard": "daily_loss", "days": 1, "active": True})
    if state.halted:
        by, reason = state.switched_by, state.switch_reason
        found.append({"guard": "halt", "by": by, "reason": reason, "active": True})
    return found

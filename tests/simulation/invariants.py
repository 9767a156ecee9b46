"""What must be so after every event, and before every request that changes something."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from gpt_trader.engine.events import Event, FillReceived, Started
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.ports import Entry
from gpt_trader.engine.records import DebtSettled, Decided, FillBooked
from gpt_trader.engine.recover import recover
from gpt_trader.engine.state import State
from gpt_trader.runtime.halt import Latch
from gpt_trader.runtime.journaling import from_stored, read_entries, to_stored
from gpt_trader.runtime.session import Session

UNITS = 10**8
JSON_EVERY = 5  # transactions between those whose shadow goes through the journal's texts
CAN_BE_SEEN = (
    *("cash", "marks", "halted", "paused", "frozen", "ledger", "orders", "last_bar_ms", "cycles"),
    *("reconciled_ms", "flattening", "transfers", "fees", "protected_ms"),
)


@dataclass
class Watch:
    """Watches one process from its start to its end. price: what a product is worth, ticks.

    settled: units of cash that were written off for coins of the owner's: no wallet tells of them.
    """

    latch: Latch
    price: Callable[[str], int]
    session: Session | None = None
    shadow: State | None = None
    intents: set[str] = field(default_factory=set)
    filled: dict[str, int] = field(default_factory=dict)
    events: int = 0
    decisions: int = 0
    count: int = 0
    settled: int = 0

    def begin(self, session: Session) -> None:
        """Watch a session from its present state on."""
        self.session, self.shadow = session, session.state
        self.filled = {
            order.client_order_id: order.filled for order in session.state.orders.values()
        }
        if session.state.cash != self._told(session.plan, session.state):
            self.settled = sum(
                record.units
                for entry in read_entries(session.journal)
                for record in entry.records
                if isinstance(record, DebtSettled)
            )

    def watch(self, state: State, entries: Sequence[Entry]) -> None:
        """Hold a transaction's outcome against what must be so."""
        if self.session is None:  # the start itself
            for entry in entries:
                self._intents(entry)
            return
        assert self.shadow is not None
        plan = self.session.plan
        self.events += len(entries)
        for entry in entries:
            self._entry(plan, entry)
        self.count += 1
        if self.count % JSON_EVERY == 0 or entries[0].commands:
            entries = [_through_json(entry) for entry in entries]
        self.shadow = recover(plan, self.shadow, entries)
        for name in CAN_BE_SEEN:
            live, shadow = getattr(state, name), getattr(self.shadow, name)
            assert live == shadow, (name, live, shadow)
        assert repr(state.slots.tolist()) == repr(self.shadow.slots.tolist())
        self._money(plan, state)
        self._prices(plan, state)
        if any(_enters(entry) for entry in entries):
            self._exposure(plan, state)

    def _intents(self, entry: Entry) -> None:
        for command in entry.commands:
            order = getattr(command, "order", None)
            if order is not None:
                assert order.client_order_id not in self.intents, "an intent twice"
                self.intents.add(order.client_order_id)

    def _entry(self, plan: Plan, entry: Entry) -> None:
        self._intents(entry)
        for record in entry.records:
            if isinstance(record, FillBooked):
                assert isinstance(entry.event, FillReceived)
                key, total = entry.event.fill.client_order_id, entry.event.fill.cumulative
                assert total >= self.filled.get(key, 0), "a fill ran back"
                self.filled[key] = total
            self.decisions += isinstance(record, Decided)
            self.settled += record.units if isinstance(record, DebtSettled) else 0

    def _money(self, plan: Plan, state: State) -> None:
        """Cash is what it began with and all that moved; nothing is set aside twice."""
        if not plan.is_capped:  # else what the owner moves is not the session's
            assert state.cash + self.settled == self._told(plan, state), "cash is not conserved"
        held = sum(order.reserve for order in state.open_orders)
        aside = int(state.slots["held_back_units"].sum()) + int(state.slots["reserve_units"].sum())
        assert aside >= 0
        assert aside <= held + int(state.slots["reserve_units"].sum())

    def _told(self, plan: Plan, state: State) -> int:
        """Return the cash that it began with and all that its ledger says moved, units."""
        moved = Decimal(state.ledger.get(plan.quote_currency, "0")) * UNITS
        return self.session.cash + math.floor(moved)

    def _prices(self, plan: Plan, state: State) -> None:
        """Nothing is decided by a price that one source alone tells."""
        for j, product in enumerate(plan.products):
            close, price = state.slots["close_ticks"].item(j), self.price(product.product_id)
            assert not close or 0.5 < close / price < 2, (product.product_id, close, price)

    def _exposure(self, plan: Plan, state: State) -> None:
        """Whatever may still fill counts as filled, and stays within the caps."""
        equity = state.marks.equity
        gross = 0.0
        for j, product in enumerate(plan.products):
            slot = state.slots[j]
            worth = abs(int(slot["lots"])) * int(slot["close_ticks"]) * product.spec.unit
            worth += (int(slot["reserve_units"]) + int(slot["held_back_units"])) / UNITS
            gross += worth
        assert gross <= plan.limits["max_gross"] * equity * 1.0000001 + 1e-6, (gross, equity)

    def on_send(self, path: str, body: dict[str, Any]) -> None:
        """Hold a request that changes something against what must be so before it leaves."""
        if not path.endswith("/orders"):
            return
        session = self.session
        key = body["client_order_id"]
        assert key in self.intents, "sent without a journaled intent"
        if session is None:
            assert body["side"] == "SELL", "an entry before the start was over"
            return
        waiting = [text for one in session.journal._waiting for text in one.entry.commands]
        assert not any(key in text for text in waiting), "sent before the intent was durable"
        if body["side"] == "BUY":
            state, plan = session.durable.state, session.plan
            j = plan.index[body["product_id"]]
            assert not state.halted, "an entry while halted"
            assert self.latch.read() is None, "an entry while the latch is set"
            assert not state.frozen[j], "an entry of a frozen product"
            assert state.reconciled_ms > 0, "an entry before the account was looked at"


def _through_json(entry: Entry) -> Entry:
    return from_stored(to_stored(entry))  # type: ignore[arg-type]


def _enters(entry: Entry) -> bool:
    return any(
        isinstance(r, Decided) and r.order is not None and not r.order.intent.reduce_only
        for r in entry.records
    )


def is_timer(event: Event) -> bool:
    """Whether an event is a session's own: it comes at every start."""
    return isinstance(event, Started)

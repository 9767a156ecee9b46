"""What a session's entries say of its decisions: the newest, and the reasons counted."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from gpt_trader.domain.decision import Decision
from gpt_trader.domain.order import Fill
from gpt_trader.engine.events import BarClosed, FillReceived
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.ports import Entry
from gpt_trader.engine.records import BarTaken, Decided, FillBooked
from gpt_trader.kernel.ledger import cash_after
from gpt_trader.observe.cycle import reason_json, time_text


class Notes:
    """Counts and newest decisions of the entries so far."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.reasons: Counter[str] = Counter()  # of holds, by the deciding reason
        self.actions: Counter[str] = Counter()  # of decisions that made an order
        self.refusals: Counter[str] = Counter()  # by the guard that refused
        self.refusal: Decision | None = None  # the newest
        self.latest: list[Decision | None] = [None] * len(plan.products)
        self.flows = [0] * len(plan.products)  # units in and out, fees and funding included

    def take(self, entries: Sequence[Entry]) -> None:
        """Add entries in order."""
        for entry in entries:
            for record in entry.records:
                if isinstance(record, Decided):
                    self._note(record.decision)
                elif isinstance(record, FillBooked) and isinstance(entry.event, FillReceived):
                    self._count(entry.event.fill, record)
                elif isinstance(record, BarTaken) and isinstance(entry.event, BarClosed):
                    self.flows[self._plan.index[entry.event.bar.product_id]] += record.funding

    def _count(self, fill: Fill, booked: FillBooked) -> None:
        j = self._plan.index[fill.product_id]
        spec = self._plan.products[j].spec
        self.flows[j] = int(
            cash_after(self.flows[j], fill.side, booked.lots, fill.ticks, booked.fee, spec)
        )

    def _note(self, decision: Decision) -> None:
        self.latest[self._plan.index[decision.product_id]] = decision
        code = decision.reasons[0].code
        if decision.action == "hold":
            self.reasons[code] += 1
        elif decision.action == "blocked":
            self.refusals[code] += 1
            self.refusal = decision
        else:
            self.actions[code] += 1


def refusal_json(decision: Decision | None) -> dict[str, Any] | None:
    """Return a refused decision as the summary shows it."""
    if decision is None:
        return None
    where = {"product": decision.product_id, "bar_time": time_text(decision.bar_ms)}
    return where | reason_json(decision.reasons[0])

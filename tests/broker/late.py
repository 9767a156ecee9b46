"""A broker whose answers come two bars later: its exchange acts at once, and is slow to say so."""

from collections.abc import Sequence
from typing import Any

from gpt_trader.engine.events import BarClosed, Event
from gpt_trader.engine.ports import Broker

LATE_BARS = 2


class LateBroker:
    """Holds back whatever a broker says of its own accord; only questions are answered at once."""

    def __init__(self, inner: Broker) -> None:
        self.inner = inner
        self._bars = 0
        self._held: list[tuple[int, Event]] = []

    def _hold(self, found: Sequence[Event]) -> list[Event]:
        self._held += [(self._bars + LATE_BARS, event) for event in found]
        due = [event for at, event in self._held if at <= self._bars]
        self._held = [(at, event) for at, event in self._held if at > self._bars]
        return due

    def on_bar(self, plan: Any, state: Any, event: Any) -> Sequence[Event]:
        new = event.bar.open_ms > state.last_bar_ms[plan.index[event.bar.product_id]]
        self._bars += isinstance(event, BarClosed) and new
        return self._hold(self.inner.on_bar(plan, state, event))

    def on_quote(self, plan: Any, state: Any, event: Any) -> Sequence[Event]:
        return self._hold(self.inner.on_quote(plan, state, event))

    def on_order(self, *asked: Any) -> Sequence[Event]:
        return self._hold(self.inner.on_order(*asked))

    def execute(self, *asked: Any) -> Sequence[Event]:
        return self._hold(self.inner.execute(*asked))

    def reconcile(self, *asked: Any) -> Sequence[Event]:
        return self.inner.reconcile(*asked)

    def look(self, *asked: Any) -> Any:
        return self.inner.look(*asked)

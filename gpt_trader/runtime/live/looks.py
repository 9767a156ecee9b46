"""When the account is looked at: at once, soon while something is open, and now and then."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gpt_trader.broker.exchange.link import Link
from gpt_trader.domain.order import OrderStatus
from gpt_trader.engine.events import Event
from gpt_trader.engine.state import State
from gpt_trader.runtime.live.polls import Polls
from gpt_trader.runtime.live.reconcile import Reconciler

POLL_MS = 5_000  # between looks while something is open that nobody reports
CALM_MS = 60_000  # between looks in any case


@dataclass(slots=True)
class Looks:
    """The account's rhythm. unseen: whether the newest look that was wanted failed."""

    reconciler: Reconciler
    state: Callable[[], State]
    link: Link | None
    polls: Polls
    unseen: bool = False
    _looked_ms: int = 0

    def look(self) -> Iterator[Event]:
        """Look now, and hand over what brings the journal in line."""
        self.unseen = True
        yield from self.polls.attempt(self._reconcile)

    def _reconcile(self) -> Iterator[Event]:
        yield from self.reconciler.events()
        self.polls.admit()
        self.unseen = False

    def look_when_due(self, now_ms: int, *, is_up: bool) -> Iterator[Event]:
        """Look if it is time. is_up: whether the stream reports what happens to orders."""
        if self.link is not None and self.link.missed_reports():
            self._looked_ms = 0
        if now_ms - self._looked_ms >= (CALM_MS if self._is_calm(is_up=is_up) else POLL_MS):
            self._looked_ms = now_ms
            yield from self.look()

    def _is_calm(self, *, is_up: bool) -> bool:
        orders = self.state().open_orders
        if self.is_unanswered():
            return False
        return self.reconciler.is_in_line and (is_up or not orders)

    def is_unanswered(self) -> bool:
        """Whether something was sent of which nobody has said yet what became of it."""
        return any(order.status is OrderStatus.SUBMITTED for order in self.state().open_orders)

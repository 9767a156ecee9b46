"""Bringing the journal in line with the exchange: what is there is true, and said to be so.

A difference in orders is a report that was missed, and is taken as one. A difference in wallets
that stays, look after look, with no order's outcome open, is adopted as an adjustment under the
name of RECONCILIATION: nothing is invented to explain it, and what is gone freezes its product.
"""

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from gpt_trader.domain.order import OrderStatus
from gpt_trader.engine.events import RECONCILIATION, Adjusted, Event, Reconciled
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.ports import Broker, Seen
from gpt_trader.engine.state import State
from gpt_trader.runtime.live.agreement import differing_wallets

LOOKS = 4  # at which a difference must have been the same
STAYS_MS = 30_000  # for so long


class _Difference(NamedTuple):
    assets: Mapping[str, Decimal]
    looks: int
    since_ms: int


@dataclass(slots=True)
class Reconciler:
    """Looks at a broker's account. began: its wallets when the journal began.

    A broker without one is always in line: its orders are the journal's own.
    """

    plan: Plan
    broker: Broker
    began: Mapping[str, Decimal]
    state: Callable[[], State]
    now_ms: Callable[[], int]
    difference: _Difference | None = None
    has_account: bool = True

    @property
    def is_in_line(self) -> bool:
        """Whether the newest look found no difference."""
        if not self.has_account:
            return True
        return self.difference is None and self.state().reconciled_ms > 0

    def events(self) -> Iterator[Event]:
        """Yield what a look finds; each must be taken before the next is asked for.

        Raises what the account raises, when it does not answer.
        """
        yield from self._bring_orders()
        seen = yield from self._look()
        if seen is not None and self._differing(seen):  # a fill between two answers explains it
            yield from self._bring_orders()
            seen = yield from self._look()
        self.has_account = seen is not None
        if seen is None:
            return
        assets, now_ms = self._differing(seen), self.now_ms()
        if not assets:
            self.difference = None
            yield Reconciled(now_ms, seen.foreign_orders, 0)
            return
        before = self.difference
        if before is None or before.assets != assets:
            before = _Difference(assets, 0, now_ms)
        self.difference = before._replace(looks=before.looks + 1)
        if self.state().reconciled_ms > 0:
            yield Reconciled(now_ms, seen.foreign_orders, len(assets))
        if self._has_stayed(now_ms):
            self.difference = None
            for asset in sorted(assets):
                yield _adopt(asset, assets[asset], seen, now_ms)

    def _bring_orders(self) -> Iterator[Event]:
        yield from self.broker.reconcile(self.plan, self.state(), self.now_ms())

    def _look(self) -> Generator[Event, None, Seen | None]:
        seen = self.broker.look(self.plan, self.state(), self.now_ms())
        yield from () if seen is None else seen.reports
        return seen

    def _differing(self, seen: Seen) -> dict[str, Decimal]:
        return differing_wallets(self.began, self.state(), seen.wallets)

    def _has_stayed(self, now_ms: int) -> bool:
        """Whether a difference has stayed, and no order can explain it any more."""
        found = self.difference
        assert found is not None
        is_old = found.looks >= LOOKS and now_ms - found.since_ms >= STAYS_MS
        return is_old and not any(
            order.status in (OrderStatus.SUBMITTED, OrderStatus.SUBMIT_UNKNOWN)
            for order in self.state().open_orders
        )


def _adopt(asset: str, amount: Decimal, seen: Seen, now_ms: int) -> Adjusted:
    return Adjusted(
        time_ms=now_ms,
        asset=asset,
        amount=format(amount, "f"),
        kind=RECONCILIATION,
        by="RECONCILIATION",
        reason=f"the exchange's wallet differed in {LOOKS} looks",
        total=format(seen.wallets.get(asset, Decimal(0)), "f"),
    )

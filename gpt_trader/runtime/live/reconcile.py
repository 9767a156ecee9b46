"""Bringing the journal in line with the exchange: what is there is true, and said to be so.

A difference in orders is a report that was missed, and is taken as one. A difference in wallets
that stays, look after look, with no order's outcome open, is adopted as an adjustment under the
name of RECONCILIATION: nothing is invented to explain it, and what is gone freezes its product.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple, Protocol

from gpt_trader.domain.order import OrderStatus
from gpt_trader.engine.events import Adjusted, Event, Reconciled
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.ports import Broker, Seen
from gpt_trader.engine.state import State
from gpt_trader.engine.step import RECONCILIATION
from gpt_trader.runtime.live.agreement import differing_wallets

LOOKS = 4  # at which a difference must have been the same
STAYS_MS = 30_000  # for so long


class Account(Protocol):
    """The exchange's side of a session."""

    def reconcile(self, plan: Plan, state: State, time_ms: int) -> Sequence[Event]:
        """Return what brings the state's orders in line with the exchange."""
        ...

    def look(self, plan: Plan, state: State, time_ms: int) -> Seen:
        """Return the account's wallets and open orders."""
        ...


@dataclass(slots=True)
class Orders:
    """Looks at the orders of a broker that has no account: it is always in line."""

    plan: Plan
    broker: Broker
    state: Callable[[], State]
    now_ms: Callable[[], int]
    is_in_line: bool = True

    def events(self) -> Iterator[Event]:
        """Yield what brings the state's orders in line."""
        yield from self.broker.reconcile(self.plan, self.state(), self.now_ms())


class _Difference(NamedTuple):
    assets: Mapping[str, Decimal]
    looks: int
    since_ms: int


@dataclass(slots=True)
class Reconciler:
    """Looks at an account. began: its wallets when the journal began."""

    plan: Plan
    account: Account
    began: Mapping[str, Decimal]
    state: Callable[[], State]
    now_ms: Callable[[], int]
    difference: _Difference | None = None

    @property
    def is_in_line(self) -> bool:
        """Whether the newest look found no difference."""
        return self.difference is None and self.state().reconciled_ms > 0

    def events(self) -> Iterator[Event]:
        """Yield what a look finds; each must be taken before the next is asked for.

        Raises what the account raises, when it does not answer.
        """
        yield from self._orders()
        seen = yield from self._looked()
        if self._assets(seen):  # a fill between two answers explains it, most of the time
            yield from self._orders()
            seen = yield from self._looked()
        assets, now_ms = self._assets(seen), self.now_ms()
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
        if self._stays(now_ms):
            self.difference = None
            for asset in sorted(assets):
                yield self._adopted(asset, assets[asset], seen, now_ms)

    def _orders(self) -> Iterator[Event]:
        yield from self.account.reconcile(self.plan, self.state(), self.now_ms())

    def _looked(self) -> Generator[Event, None, Seen]:
        seen = self.account.look(self.plan, self.state(), self.now_ms())
        yield from seen.reports
        return seen

    def _assets(self, seen: Seen) -> dict[str, Decimal]:
        return differing_wallets(self.began, self.state(), seen.wallets)

    def _stays(self, now_ms: int) -> bool:
        """Whether a difference has stayed, and no order can explain it any more."""
        found = self.difference
        assert found is not None
        is_old = found.looks >= LOOKS and now_ms - found.since_ms >= STAYS_MS
        return is_old and not any(
            order.status in (OrderStatus.SUBMITTED, OrderStatus.SUBMIT_UNKNOWN)
            for order in self.state().open_orders
        )

    def _adopted(self, asset: str, amount: Decimal, seen: Seen, now_ms: int) -> Adjusted:
        return Adjusted(
            time_ms=now_ms,
            asset=asset,
            amount=format(amount, "f"),
            kind=RECONCILIATION,
            by="RECONCILIATION",
            reason=f"the exchange's wallet differed in {LOOKS} looks",
            total=format(seen.wallets.get(asset, Decimal(0)), "f"),
        )

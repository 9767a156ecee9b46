"""Bringing the journal in line with the exchange: what is there is true, and said to be so.

A difference in orders is a report that was missed, and is taken as one. A difference in wallets
that stays, look after look, with no order's outcome open, is adopted as an adjustment under the
name of RECONCILIATION: nothing is invented to explain it, and what is gone freezes its product.
Before that the fills since the last look in line are read, for a fill that nobody told explains it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from gpt_trader.broker.exchange.cadence import is_past
from gpt_trader.broker.exchange.earlier import seen_beside
from gpt_trader.broker.exchange.ports import Orders
from gpt_trader.broker.exchange.reader import Question
from gpt_trader.broker.exchange.reports import reports
from gpt_trader.domain.account import History, RemoteFill, RemoteOrder
from gpt_trader.domain.order import Order, OrderStatus
from gpt_trader.engine.events import RECONCILIATION, Adjusted, Event, Noted, Reconciled
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State
from gpt_trader.errors import Unavailable
from gpt_trader.runtime.live.looks import Looks
from gpt_trader.runtime.live.wallets import differing_wallets

LOOKS = 4  # at which a difference must have been the same
STAYS_MS = 30_000  # for so long
AGAIN_MS = 1_000  # after a look that showed a difference for the first time
POLL_MS = 5_000  # between looks while something differs, or nobody reports
CALM_MS = 60_000  # between looks in any case
BEFORE_MS = 600_000  # how far back orders are listed that may be pending
FILLS_BEFORE_MS = 300_000  # before the last look in line, from when fills are read
BLIND_MS = 120_000  # without an answer, before somebody is told
ACCOUNT = "account"  # what notes are about
UNSURE = (OrderStatus.SUBMITTED, OrderStatus.SUBMIT_UNKNOWN)


class Facts(NamedTuple):
    """What one look at an account found: exact totals by currency, open orders, fills if asked.

    recent: orders that were made lately, whatever became of them.
    """

    wallets: Mapping[str, Decimal]
    orders: Sequence[RemoteOrder]
    recent: Sequence[RemoteOrder]
    fills: History[RemoteFill]


NO_FILLS: History[RemoteFill] = History([], is_whole=False)


class _Difference(NamedTuple):
    assets: Mapping[str, Decimal]
    looks: int
    since_ms: int


def read_facts(account: Orders, orders_since_ms: int, fills_since_ms: int | None) -> Facts:
    """Look at an account. Raises what it raises: half a look is none."""
    fills = NO_FILLS if fills_since_ms is None else account.fills(since_ms=fills_since_ms)
    wallets = {one.currency: one.total for one in account.balances()}
    recent = account.orders(since_ms=orders_since_ms).rows
    return Facts(wallets, account.open_orders(orders_since_ms).rows, recent, fills)


@dataclass(slots=True)
class Reconciler:
    """Looks at a session's account. began: its wallets when the journal began.

    unknown: those of some client ids that no entry of the journal names. unseen: whether the newest
    look that was wanted has not been answered.
    """

    plan: Plan
    looks: Looks
    began: Mapping[str, Decimal]
    state: Callable[[], State]
    now_ms: Callable[[], int]
    unknown: Callable[[Iterable[str]], set[str]]
    difference: _Difference | None = None
    unseen: bool = True
    _blind_since_ms: int | None = None
    _is_told: bool = False
    _told: set[str] = field(default_factory=set)
    _asked_ms: int | None = None
    _in_line_ms: int | None = None

    @property
    def is_in_line(self) -> bool:
        """Whether the newest look found no difference."""
        return self.difference is None and self.state().reconciled_ms > 0

    def ask(self, now_ms: int, *, is_up: bool) -> None:
        """Look if it is time. is_up: whether the stream reports what happens to orders."""
        if is_past(self._asked_ms, self._after_ms(is_up=is_up), now_ms):
            self.look()

    def say_blind(self, now_ms: int) -> Iterator[Event]:
        """Say once that nobody could look at the account for a while: entries wait by then."""
        since_ms = self._blind_since_ms
        if since_ms is None or self._is_told or not is_past(since_ms, BLIND_MS, now_ms):
            return
        self._is_told = True
        text = f"for {BLIND_MS // 1000} s no look at the account was answered, or not in full"
        yield Noted(now_ms, ACCOUNT, text)

    def _after_ms(self, *, is_up: bool) -> int:
        if self.difference is not None and self.difference.looks == 1:
            return AGAIN_MS
        is_calm = is_up or not self.state().open_orders
        return CALM_MS if self.is_in_line and is_calm and not self.unseen else POLL_MS

    def look(self) -> None:
        """Look at the account; whatever follows is said when the answer is in."""
        now_ms = self._asked_ms = self.now_ms()
        self.unseen = True
        if self._blind_since_ms is None:
            self._blind_since_ms = now_ms
        fills_since_ms = None
        if self.difference is not None:
            known_ms = self.difference.since_ms if self._in_line_ms is None else self._in_line_ms
            fills_since_ms = known_ms - FILLS_BEFORE_MS
        ask = partial(read_facts, self.looks.broker.account, now_ms - BEFORE_MS, fills_since_ms)
        take = partial(self._take, self.state())
        self.looks.reader.put(Question(("account",), "account", ask, take))

    def _take(self, then: State, facts: Facts) -> Iterator[Event]:
        """Say what a look tells. then: the state when it began."""
        yield from self._reports([*facts.recent, *facts.orders])
        if self.state().ledger is not then.ledger:
            self._asked_ms = None  # something moved while it was under way: it tells nothing
            return
        try:
            assets, now_ms = self._differing(facts), self.now_ms()
        except Unavailable:
            return  # a wallet that is not told is not one of 0: that was no look
        self.unseen = False
        self._blind_since_ms, self._is_told = None, False
        yield from self._say_beside(facts, now_ms)
        foreign = sum(one.client_order_id not in self.state().orders for one in facts.orders)
        if not assets:
            self.difference, self._in_line_ms = None, now_ms
            yield Reconciled(now_ms, foreign, 0)
            return
        before = self.difference
        if before is None or before.assets != assets:
            before = _Difference(assets, 0, now_ms)
        self.difference = before._replace(looks=before.looks + 1)
        if self.difference.looks > 1 and self.state().reconciled_ms > 0:
            yield Reconciled(now_ms, foreign, len(assets))
        untold = self._untold(facts.fills.rows)
        for order in untold:
            self.looks.ask_for(order)
        if self._has_stayed(now_ms) and facts.fills.is_whole and not untold:
            self.difference = None
            for asset in sorted(assets):
                yield _adopt(asset, assets[asset], facts, now_ms)

    def _say_beside(self, facts: Facts, now_ms: int) -> Iterator[Event]:
        """Say once of each order with our mark that no entry names: somebody else makes such."""
        rows = [
            one
            for one in {row.order_id: row for row in (*facts.recent, *facts.orders)}.values()
            if one.client_order_id not in self._told
        ]
        for event in seen_beside(self.plan, self.state(), rows, self.unknown, now_ms):
            self._told.update(one.client_order_id for one in rows)
            yield event

    def _reports(self, remote: Sequence[RemoteOrder]) -> Iterator[Event]:
        """Yield what open orders tell that is new; one of ours that had ended here lives."""
        for one in remote:
            order = self.state().orders.get(one.client_order_id)
            if order is not None:
                product = self.plan.products[self.plan.index[order.product_id]]
                yield from reports(product, order, one, self.now_ms())

    def _differing(self, facts: Facts) -> dict[str, Decimal]:
        return differing_wallets(self.began, self.state(), facts.wallets)

    def _untold(self, fills: Sequence[RemoteFill]) -> list[Order]:
        """Return our orders, ended or not, of which fills tell more than was booked."""
        sizes: dict[str, Decimal] = {}
        for fill in fills:
            sizes[fill.order_id] = sizes.get(fill.order_id, Decimal(0)) + fill.size
        found = []
        for order in self.state().orders.values():
            product = self.plan.products[self.plan.index[order.product_id]]
            told = sizes.get(order.exchange_id)
            if told is not None and told > product.size(order.filled):
                found.append(order)
        return found

    def _has_stayed(self, now_ms: int) -> bool:
        """Whether a difference has stayed, and no order can explain it any more."""
        found = self.difference
        assert found is not None
        is_old = found.looks >= LOOKS and now_ms - found.since_ms >= STAYS_MS
        return is_old and not any(order.status in UNSURE for order in self.state().open_orders)


def _adopt(asset: str, amount: Decimal, facts: Facts, now_ms: int) -> Adjusted:
    return Adjusted(
        time_ms=now_ms,
        asset=asset,
        amount=format(amount, "f"),
        kind=RECONCILIATION,
        by="RECONCILIATION",
        reason=f"the exchange's wallet differed in {LOOKS} looks",
        total=format(facts.wallets.get(asset, Decimal(0)), "f"),
    )

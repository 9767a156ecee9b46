"""What is said of orders by a list or a stream, which may be wrong: a reason to ask, no more.

What an order bought or sold, and how it ended, is taken from its own answer, and what that tells of
fills only with a witness: the fills themselves, or both wallets (`witness`). Until then it is said,
and not settled.
"""

from collections.abc import Container
from typing import NamedTuple

from gpt_trader.broker.exchange.cadence import is_past
from gpt_trader.broker.exchange.reports import edited, lots_of, reports
from gpt_trader.domain.account import RemoteOrder
from gpt_trader.domain.order import Order, OrderStatus
from gpt_trader.domain.product import Product
from gpt_trader.engine.events import Event, OrderUpdated

DOUBT_MS = 2_000  # from when on what is said and not settled keeps entries waiting
DENIALS = 4  # of the order's own answers, after which what was said is taken for untrue
DENIED_MS = 30_000  # for which nobody may have said it again
HELD_MS = 150_000  # for so long nothing is sent while nobody knows whether more was, or is, sold
BESIDE_MS = 10_000  # after a sale by another instance, within which a wallet may not tell it yet


class Said(NamedTuple):
    """What is said of an order. lots: filled, at least; has_ended: for good.

    since_ms, newest_ms: when it was said first, and last by others than itself. denials: how often
    its own answer has told otherwise since then. refuted_ms: when wallets last told otherwise; 0:
    never. own_lots: what it has told itself.
    """

    lots: int
    has_ended: bool
    since_ms: int
    newest_ms: int
    denials: int = 0
    refuted_ms: int = 0
    own_lots: int = 0


class Hearsay:
    """What is said of a session's orders and not settled, by client id.

    contradicted: products of which an order rests that was refused, or had ended, or of which
    another instance sells; with the time, ms, when it was last seen to. renamed: other ids than are
    known that somebody told of orders, by client id, to ask under once. shown: client ids of orders
    that anybody but the answer to what was sent has told of. rows: what others told of them last,
    and can be read, by client id. held_ms: since when no
    order is what it is known to be, for not all that was traded could be read; None: all could.
    """

    def __init__(self) -> None:
        self.contradicted: dict[str, int | None] = {}
        self.held_ms: int | None = None
        self.renamed: dict[str, str] = {}
        self.shown: set[str] = set()
        self.rows: dict[str, RemoteOrder] = {}
        self._said: dict[str, Said] = {}

    def lives(self, client_order_id: str) -> bool:
        """Whether an order that had ended here has told twice that it lives: then it is no echo."""
        said = self._said.get(client_order_id)
        return said is not None and said.denials > 1

    def contradict(self, product_id: str, sold_ms: int | None = None) -> None:
        """Note that orders of a product are not what they were told to be: no more are sent.

        sold_ms: when another instance was seen to sell it; None: it is no such thing.
        """
        self.contradicted[product_id] = sold_ms or self.contradicted.get(product_id)

    def keeps(self, product_id: str, now_ms: int) -> bool:
        """Whether no more orders of a product are sent for now."""
        is_held = self.held_ms is not None and not is_past(self.held_ms, HELD_MS, now_ms)
        sold_ms = self.contradicted.get(product_id)
        is_over = sold_ms is not None and is_past(sold_ms, HELD_MS, now_ms)
        return (product_id in self.contradicted and not is_over) or is_held

    def agree(self, product_id: str) -> None:
        """Note that a look shows the orders of a product as they are known."""
        self.contradicted.pop(product_id, None)

    def __len__(self) -> int:
        return len(self._said)

    def get(self, client_order_id: str) -> Said | None:
        """Return what is said of an order; None: nothing that is not settled."""
        return self._said.get(client_order_id)

    def resume(self, client_order_id: str, said: Said) -> None:
        """Know what an earlier process was told of an order, and had not settled."""
        self._said.setdefault(client_order_id, said)

    def doubted(self, now_ms: int) -> list[str]:
        """Return the orders of which something has been said for a while and is not settled."""
        return [key for key, said in self._said.items() if abs(now_ms - said.since_ms) >= DOUBT_MS]

    def forget(self, client_order_id: str) -> None:
        """Forget what is said of an order: it is settled."""
        self._said.pop(client_order_id, None)

    def keep(self, client_order_ids: Container[str]) -> None:
        """Forget all that is said of other orders."""
        for key in [key for key in self._said if key not in client_order_ids]:
            del self._said[key]
        self.renamed = {k: v for k, v in self.renamed.items() if k in client_order_ids}
        self.rows = {k: v for k, v in self.rows.items() if k in client_order_ids}
        self.shown = {key for key in self.shown if key in client_order_ids}

    def hear(
        self, product: Product, order: Order, remote: RemoteOrder, time_ms: int
    ) -> list[Event]:
        """Return what may be taken of what somebody says of an order; remember the rest.

        That it is there may be taken. So may that it is named: then it can be asked. Another id
        than is known may be somebody else's order: that is asked whose it is.
        """
        taken: list[Event] = []
        self.shown.add(order.client_order_id)
        if order.exchange_id and remote.order_id != order.exchange_id:
            self.renamed[order.client_order_id] = remote.order_id
            self._note(order, order.filled, time_ms, has_ended=False)
            return taken
        if not remote.tells_fills:
            return self._ask(product, order, remote, time_ms)
        self._keep_row(product, order, remote)
        if edited(product, order, remote, time_ms):
            self._note(order, order.filled, time_ms, has_ended=False)
        for event in reports(product, order, remote, time_ms):
            if is_harmless(order, event):
                taken.append(event)
                continue
            has_ended = remote.life is not None and remote.life.is_final
            self._note(order, lots_of(product, remote), time_ms, has_ended=has_ended)
            if not order.exchange_id and remote.order_id and not taken:
                taken.append(_there(order, remote.order_id, time_ms))
        return taken

    def _keep_row(self, product: Product, order: Order, remote: RemoteOrder) -> None:
        """Keep what is told unless more was told before: rows come out of order."""
        known = self.rows.get(order.client_order_id, remote)
        is_older = lots_of(product, remote) < lots_of(product, known) or (
            known.life is not None
            and known.life.is_final
            and (remote.life is None or not remote.life.is_final)
        )
        if remote.order_id and not is_older:
            self.rows[order.client_order_id] = remote

    def _ask(
        self, product: Product, order: Order, remote: RemoteOrder, time_ms: int
    ) -> list[Event]:
        """Remember a row that contradicts itself as a reason to ask, if it can be about news."""
        lots = lots_of(product, remote) if remote.tells_size else 0
        if lots > order.filled or not order.status.is_final:
            self._note(order, lots, time_ms, has_ended=False)
        is_new = not order.exchange_id and remote.order_id and not order.status.is_final
        return [_there(order, remote.order_id, time_ms)] if is_new else []

    def wait(self, order: Order, lots: int, time_ms: int, *, has_ended: bool = False) -> None:
        """Remember that an order itself says so, and has no witness yet."""
        known = self._said.get(order.client_order_id, Said(0, False, time_ms, 0))
        self._said[order.client_order_id] = known._replace(
            lots=max(known.lots, lots),
            has_ended=known.has_ended or has_ended,
            own_lots=max(known.own_lots, lots),
        )

    def _note(self, order: Order, lots: int, time_ms: int, *, has_ended: bool) -> None:
        known = self._said.get(order.client_order_id, Said(0, False, time_ms, time_ms))
        self._said[order.client_order_id] = known._replace(
            lots=max(known.lots, lots),
            has_ended=known.has_ended or has_ended,
            newest_ms=time_ms,
            denials=0,
        )

    def refute(self, client_order_id: str, time_ms: int) -> None:
        """Note that wallets were seen that tell otherwise; that none were seen is no word."""
        said = self._said.get(client_order_id)
        if said is not None:
            self._said[client_order_id] = said._replace(refuted_ms=time_ms)

    def settle(self, order: Order, lots: int, time_ms: int, *, has_ended: bool) -> bool:
        """Hold what is said against the order's own answer; return whether it was untrue.

        lots: that it tells, with a witness. That one lives which had ended is settled by the first
        answer that denies it: a list may be a moment old.
        """
        said = self._said.get(order.client_order_id)
        if said is None:
            return False
        if order.status.is_final and not has_ended:  # it lives: it is asked once more
            self._said[order.client_order_id] = said._replace(denials=said.denials + 1)
            return False
        if lots >= said.lots and (has_ended or not said.has_ended):
            del self._said[order.client_order_id]
            return False
        denied = said._replace(denials=said.denials + 1)
        self._said[order.client_order_id] = denied
        if denied.denials < DENIALS or 0 <= time_ms - denied.newest_ms < DENIED_MS:
            return False
        del self._said[order.client_order_id]
        return True


def is_harmless(order: Order, event: Event) -> bool:
    """Whether an event says no more of an order than that it is there."""
    if not isinstance(event, OrderUpdated) or order.status.is_final:
        return False
    return not event.status.is_final and event.status is not OrderStatus.TRIGGERED


def _there(order: Order, exchange_id: str, time_ms: int) -> OrderUpdated:
    return OrderUpdated(
        time_ms,
        order.product_id,
        order.client_order_id,
        OrderStatus.OPEN,
        exchange_id=exchange_id,
    )

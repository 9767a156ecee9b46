"""Looking at orders: whatever is unknown, every few seconds until it is known.

Nothing waits for an answer. A look that could not be read is none, and is soon tried again; one
that was for some orders tells of all of them. What is said of an order elsewhere, it is asked
itself; what it says was filled is booked once a witness says so, too.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial

from gpt_trader.broker.exchange.broker import ExchangeBroker
from gpt_trader.broker.exchange.cadence import (
    ENDING_MS,
    UNKNOWN_MS,
    ends_at_once,
    has_lasted,
    is_past,
    look_after_ms,
)
from gpt_trader.broker.exchange.hearsay import Said
from gpt_trader.broker.exchange.ports import Orders
from gpt_trader.broker.exchange.reader import Question, Reader
from gpt_trader.broker.exchange.reports import edited, lots_of, reports
from gpt_trader.broker.exchange.search import (
    Found,
    contradiction,
    held_beside,
    search,
    selling,
    tells,
)
from gpt_trader.broker.exchange.witness import (
    HOLD_MS,
    Rests,
    ask_rests,
    fills_tell,
    has_size,
    has_sold,
    has_sold_beside,
    needs_witness,
    priced_as_booked,
    priced_by_fills,
    priced_by_wallets,
    wallets_tell,
)
from gpt_trader.domain.account import Balance, History, RemoteFill, RemoteOrder, totals_of
from gpt_trader.domain.order import Order, OrderStatus
from gpt_trader.domain.product import Product
from gpt_trader.engine.events import (
    Absent,
    Event,
    Noted,
    OrderAmended,
    OrdersFound,
    PositionFound,
    Reconciled,
)
from gpt_trader.engine.leaving import is_stop
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import Doubt, State
from gpt_trader.runtime.live.apart import missing_before
from gpt_trader.runtime.live.endings import RESTS_MS, Endings
from gpt_trader.runtime.live.lasting import BEGINS_MS
from gpt_trader.runtime.live.wallets import expected_wallets

BY = "engine"  # who freezes
QUICKLY_MS = 5_000  # for so long what is said of an order is asked as often as an end
FILLS_MS = 1_000  # for so long its fills alone are asked for what it says was filled
GHOST_MS = 5_000  # for so long an order that an answer named may not be visible
OWN_MS = 3_000  # for so long an order may fail to tell itself what others tell of it
PAGE_MS = 60_000  # for so long it may be told otherwise by others before somebody is told
SEARCH = ("search",)  # what is asked of orders that nobody has named
CONTRADICTED = "contradicted"  # what notes are about


@dataclass(slots=True)
class Looks:
    """Asks about a session's open orders. began: what the wallets held at first.

    now_ms: the exchange's time, at which what was learned is taken. in_line_ms: when the account
    was last seen in line; 0: not known.
    """

    plan: Plan
    state: Callable[[], State]
    broker: ExchangeBroker
    reader: Reader
    began: Mapping[str, Decimal]
    now_ms: Callable[[], int]
    in_line_ms: int = 0
    _looked_ms: dict[str, int] = field(default_factory=dict)
    _searched_ms: int | None = None
    _unseen: set[str] = field(default_factory=set)  # client ids whose newest look told nothing
    _paged: set[str] = field(default_factory=set)  # client ids of which somebody was told
    _expected: set[str] = field(default_factory=set)  # client ids whose end was looked for
    _ending_ms: dict[str, int] = field(default_factory=dict)  # client id: since when it is to end
    _told_ending: set[str] = field(default_factory=set)  # of which somebody was told for that
    _held_beside: dict[str, Decimal] = field(default_factory=dict)  # by currency; see `note_holds`
    _began_ms: int | None = None  # of what is carried over, when that was
    _endings: Endings = field(init=False)

    def __post_init__(self) -> None:
        self._endings = Endings(
            self.plan,
            self.state,
            self.broker,
            self.reader,
            self.began,
            self.now_ms,
            self._settle,
            lambda: self.in_line_ms,
        )

    def resume(self, doubts: Mapping[str, Doubt], now_ms: int) -> None:
        """Go on with what an earlier process had in doubt of orders; denials count anew."""
        self._began_ms = now_ms
        for key in doubts.keys() & self.state().orders.keys():
            since_ms, said = doubts[key]
            heard = Said(said["lots"], said["has_ended"], min(since_ms, now_ms), now_ms)
            self.broker.hearsay.resume(key, heard)
            if said["is_told"]:
                self._paged.add(key)

    def doubts(self, now_ms: int) -> dict[str, Doubt]:
        """Return what is in doubt of orders, and has been for more than a moment."""
        hearsay, found = self.broker.hearsay, dict[str, Doubt]()
        for key in hearsay.doubted(now_ms):
            if (said := hearsay.get(key)) is not None:
                told = {"lots": said.lots, "has_ended": said.has_ended}
                found[key] = Doubt(said.since_ms, told | {"is_told": key in self._paged})
        return found

    def fills_since_ms(self) -> int:
        """Return from when on everybody's fills are looked at where an order that sells ended."""
        return self._endings.fills_since_ms()

    def again(self) -> None:
        """Take note that reports may have been missed: every open order is due."""
        self._looked_ms.clear()

    def note_holds(
        self, then: State, rows: Sequence[RemoteOrder], holds: Mapping[str, Decimal]
    ) -> None:
        """Note how many coins are on hold that are of no order, as in a withdrawal under way.

        Those were there before an order that is lost later. then: the state when it was asked.
        """
        ours = {o.client_order_id: o for o in (*then.open_orders, *self.state().open_orders)}
        for product in self.plan.products:
            beside = held_beside(product, list(ours.values()), rows, holds)
            if beside is not None:
                self._held_beside[product.base_currency] = beside

    def ask(self, now_ms: int, *, is_up: bool) -> None:
        """Ask about each order that is due. is_up: whether the stream reports what happens."""
        lost: list[Order] = []
        is_due = ends = False  # any that is lost; any that may say that it ended
        for order in self._asked_about():
            key = order.client_order_id
            if self.broker.is_answered_soon(order, now_ms):
                self._looked_ms.pop(key, None)  # once it is answered, what is not known is due
            elif not order.exchange_id:
                lost.append(order)
                is_due |= self._is_due(order, now_ms, is_up=is_up)
            elif self._is_due(order, now_ms, is_up=is_up):
                ends |= self._may_have_ended(order) and self._is_news(order)
                self._looked_ms[key] = now_ms
                self.ask_for(order)
            if self._is_ghost(order, now_ms) or self._is_hidden(order):
                lost.append(order)
                is_due |= is_past(self._searched_ms, UNKNOWN_MS, now_ms)
        if ends:
            asked = [order for order in self._asked_about() if self._may_have_ended(order)]
            self._expected = {order.client_order_id for order in asked}
            self._endings.ends.expect({one.client_order_id: one.exchange_id for one in asked})
        if is_due and not self.reader.asks(SEARCH):  # one look tells of all: none is passed over
            self._search([one for one in lost if self._was_sent(one, now_ms, is_up=is_up)], now_ms)

    def _asked_about(self) -> list[Order]:
        """Return the orders that are open, and those of which something is said that is not so."""
        state, hearsay = self.state(), self.broker.hearsay
        hearsay.keep(state.orders)
        asked = [*state.open_orders]
        if hearsay:
            orders = state.orders.values()
            asked += [o for o in orders if o.status.is_final and hearsay.get(o.client_order_id)]
        if len(self._looked_ms) > len(asked):  # some have ended
            kept = {order.client_order_id for order in asked}
            self._looked_ms = {k: v for k, v in self._looked_ms.items() if k in kept}
            self._unseen &= kept
        return asked

    def _is_due(self, order: Order, now_ms: int, *, is_up: bool) -> bool:
        """Whether to ask about an order now. One that was never sent is not asked about."""
        key = order.client_order_id
        after_ms, asked_ms = look_after_ms(order, now_ms, is_up=is_up), self._looked_ms.get(key)
        said = self.broker.hearsay.get(key)
        if said is not None:
            if asked_ms is None or asked_ms <= said.newest_ms:
                return True
            is_new = not is_past(said.since_ms, QUICKLY_MS, now_ms)
            often_ms = ENDING_MS if is_new else UNKNOWN_MS
            after_ms = often_ms if after_ms is None else min(after_ms, often_ms)
        elif after_ms is None:
            return False
        elif key in self._unseen or self._is_passed(order):
            after_ms = min(after_ms, UNKNOWN_MS)
        return is_past(asked_ms, after_ms, now_ms)

    def _may_have_ended(self, order: Order) -> bool:
        """Whether an order that rests to sell is to end, or is said to have."""
        said = self.broker.hearsay.get(order.client_order_id)
        is_to = order.status is OrderStatus.PENDING_CANCEL or (said is not None and said.has_ended)
        return is_to and order.intent.reduce_only and bool(order.exchange_id)

    def _is_ghost(self, order: Order, now_ms: int) -> bool:
        """Whether an answer named an order, and nobody shows any of that id: it may not exist."""
        key = order.client_order_id
        is_shown = key not in self._unseen or key in self.broker.hearsay.shown
        is_old = has_lasted(order.intent.sent_ms, GHOST_MS, now_ms)
        is_known = is_shown or order.filled > 0 or order.triggered
        return bool(order.exchange_id) and is_old and not is_known

    def _is_hidden(self, order: Order) -> bool:
        """Whether an order that is to have ended does not tell it itself: a list may."""
        is_to = order.status is OrderStatus.PENDING_CANCEL or ends_at_once(order)
        return is_to and bool(order.exchange_id) and order.client_order_id in self._unseen

    def _is_news(self, order: Order) -> bool:
        """Whether nobody has looked for its end yet, or not since it was last told."""
        key, said = order.client_order_id, self.broker.hearsay.get(order.client_order_id)
        is_told = said is not None and self._looked_ms.get(key, 0) <= said.newest_ms
        return is_told or key not in self._expected

    def _is_passed(self, order: Order) -> bool:
        """Whether an order is a stop whose price has passed, and that may have sold by now."""
        return is_stop(order) and self.state().passed_ms[self.plan.index[order.product_id]] > 0

    @property
    def unsettled(self) -> bool:
        """Whether something is said of an order that it has not told itself, or nobody else has."""
        return bool(self.broker.hearsay)

    def doubt(self, now_ms: int) -> str:
        """Return why nothing may be entered: of which orders not all tell the same; "" if none."""
        doubted = self.broker.hearsay.doubted(now_ms)
        orders = [self.state().orders[key] for key in doubted if key in self.state().orders]
        return "; ".join(
            f"what became of order {one.client_order_id} of {one.product_id} is not told alike"
            for one in orders
        )

    def watch(self, now_ms: int) -> Iterator[Event]:
        """Let entries wait while orders are in doubt; say so where that lasts."""
        yield from self._say_ending(now_ms)
        doubt, state = self.doubt(now_ms), self.state()
        if not doubt:
            self._paged.clear()
            return
        if state.reconciled_ms > 0:
            yield Reconciled(now_ms, state.foreign_orders, 0, doubt)
        for key in self.broker.hearsay.doubted(now_ms):
            said = self.broker.hearsay.get(key)
            if said is None or not has_lasted(said.since_ms, PAGE_MS, now_ms):
                continue
            if self._began_ms is not None and not has_lasted(self._began_ms, BEGINS_MS, now_ms):
                continue  # it was carried over, and may be settled by the first look
            if key not in self._paged | self._told_ending:
                self._paged.add(key)
                text = f"for {PAGE_MS // 1000} s order {key} {self._words(key, said)}"
                yield Noted(
                    now_ms, CONTRADICTED, f"{text}, and not everybody says so: entries wait"
                )
            order = self.state().orders.get(key)
            if order is not None and self._is_refuted(order, said):
                why = f"order {key} and the wallets do not tell the same"
                yield PositionFound(now_ms, order.product_id, BY, why)

    def _say_ending(self, now_ms: int) -> Iterator[Event]:
        """Say once of an order that sells that its end was asked for and is not told, for long."""
        orders = self.state().open_orders
        ending = {
            one.client_order_id: one
            for one in orders
            if one.status is OrderStatus.PENDING_CANCEL and one.intent.reduce_only
        }
        self._ending_ms = {
            key: min(self._ending_ms.get(key, now_ms), now_ms) for key in ending
        }  # a clock that was set back counts anew
        self._told_ending &= ending.keys()
        for key, order in ending.items():
            is_long = has_lasted(self._ending_ms[key], PAGE_MS, now_ms)
            if is_long and key not in self._told_ending and key not in self._paged:
                self._told_ending.add(key)
                text = f"for {PAGE_MS // 1000} s order {key} of {order.product_id} is being"
                yield Noted(
                    now_ms,
                    CONTRADICTED,
                    f"{text} cancelled, and nothing proves that it has ended: no exit can leave",
                )

    def _words(self, key: str, said: Said) -> str:
        """Return what is said of an order and is not settled."""
        order = self.state().orders.get(key)
        is_news = order is None or said.has_ended or said.lots > order.filled
        if not is_news:
            return "is said to have other terms than are known"
        size = f"{said.lots} lots" if order is None else f"{self._product(order).size(said.lots):f}"
        return f"is said to have filled {size}" + " and ended" * said.has_ended

    def _is_refuted(self, order: Order, said: Said) -> bool:
        """Whether wallets tell otherwise of an order that sells, and have for long."""
        is_frozen = bool(self.state().frozen[self.plan.index[order.product_id]])
        is_long = has_lasted(said.since_ms, PAGE_MS, said.refuted_ms)
        return order.intent.reduce_only and is_long and not is_frozen

    def ask_for(self, order: Order) -> None:
        """Ask about an order that the exchange has named; also about one that has ended here."""
        key = order.client_order_id
        order_id = self.broker.hearsay.renamed.pop(key, order.exchange_id)
        ask = partial(self.broker.account.order, order_id)
        take, fail = partial(self._take, key), lambda _: self._ask_elsewhere(key)
        self.reader.put(Question(("order", key), "order", ask, take, fail))

    def _ask_elsewhere(self, key: str) -> None:
        """Take what others tell of an order that does not tell it itself, with every witness."""
        self._unseen.add(key)
        order, hearsay = self.state().orders.get(key), self.broker.hearsay
        row, said = hearsay.rows.get(key), hearsay.get(key)
        if order is None or row is None or said is None or row.order_id != order.exchange_id:
            return
        if has_lasted(said.since_ms, OWN_MS, self.now_ms()):
            ask = partial(_fills_and_wallets, self.broker.account, row.order_id)
            take = partial(self._take_elsewhere, key, row)
            self.reader.put(Question(("elsewhere", key), "rests", ask, take))

    def _take_elsewhere(
        self, key: str, row: RemoteOrder, found: tuple[History[RemoteFill], Sequence[Balance]]
    ) -> Iterator[Event]:
        """Say what others told of an order if its fills and both wallets tell it, too."""
        order, (fills, balances) = self.state().orders.get(key), found
        if order is None or key not in self._unseen:
            return
        product, expected = self._product(order), expected_wallets(self.began, self.state())
        told = priced_as_booked(product, order, row)
        if needs_witness(product, order, told):
            is_told = fills.is_whole and fills_tell(product, told, fills.rows)
            wallets = totals_of(balances)
            if not is_told or not wallets_tell(product, order, told, wallets, expected):
                return
        yield from self._endings.take(key, told)

    def _take(self, key: str, remote: RemoteOrder | None) -> Iterator[Event]:
        """Say what an order's own answer tells; one that is not visible says nothing.

        Nor does one of another order. What it tells of fills waits for a witness.
        """
        order = self.state().orders.get(key)
        if remote is not None and remote.client_order_id != key:
            remote = None
        if remote is None:
            self._ask_elsewhere(key)
        if order is None or remote is None:
            return
        self._unseen.discard(key)
        self.broker.hearsay.shown.add(key)
        self.broker.hearsay.rows.pop(key, None)
        self._endings.ends.forget(key)
        product, now_ms = self._product(order), self.now_ms()
        remote = self._ended_by_silence(order, priced_as_booked(product, order, remote))
        if not needs_witness(product, order, remote):
            yield from self._endings.take(key, remote)
            return
        hearsay, account = self.broker.hearsay, self.broker.account
        hearsay.wait(order, lots_of(product, remote), now_ms)
        if order.exchange_id != remote.order_id:
            yield from hearsay.hear(product, order, remote, now_ms)
        said = hearsay.get(key)
        ask = partial(account.fills, order_ids=[remote.order_id])
        take = partial(self._take_fills, key, remote)
        self.reader.put(Question(("fills", key), "order", ask, take))
        if said is not None and is_past(said.since_ms, FILLS_MS, now_ms):
            ask_all, take_all = account.balances, partial(self._take_wallets, key, remote)
            self.reader.put(Question(("wallets", key), "order", ask_all, take_all))

    def _ended_by_silence(self, order: Order, remote: RemoteOrder) -> RemoteOrder:
        """Take a word that nobody knows, of an order that sells and was cancelled, for its end.

        As any end it is believed once the wallet holds none of its coins, and lacks none.
        """
        since_ms = self._ending_ms.get(order.client_order_id)
        is_long = since_ms is not None and has_lasted(since_ms, HOLD_MS, self.now_ms())
        if remote.life is None and is_long and order.status is OrderStatus.PENDING_CANCEL:
            return remote._replace(life=OrderStatus.CANCELLED)
        return remote

    def _take_fills(
        self, key: str, remote: RemoteOrder, fills: History[RemoteFill]
    ) -> Iterator[Event]:
        """Say what an order told if its fills tell it, too; of a stop, if the wallet does."""
        order = self.state().orders.get(key)
        told = priced_by_fills(remote, fills.rows if fills.is_whole else ())
        if order is None or not told.tells_fills:
            return
        if not fills_tell(self._product(order), told, fills.rows):
            return
        if not is_stop(order):
            yield from self._endings.take(key, told)
            return
        ask, take = self.broker.account.balances, partial(self._take_sale, key, told)
        self.reader.put(Question(("sale", key), "order", ask, take))

    def _take_sale(
        self, key: str, remote: RemoteOrder, balances: Sequence[Balance]
    ) -> Iterator[Event]:
        """Say what a stop and its fills told if its coins are gone, too.

        Else it would be cancelled as nobody's, and what it protects be written off.
        """
        order, state = self.state().orders.get(key), self.state()
        if order is None:
            return
        expected = expected_wallets(self.began, state)
        product, said = self._product(order), self.broker.hearsay.get(key)
        sold = has_sold(product, order, remote, balances, expected)
        if sold is False and said is not None:  # somebody may have brought as many coins
            lasted_ms = self.now_ms() - said.since_ms
            sold = has_sold_beside(product, order, remote, balances, expected, lasted_ms)
        if sold:
            yield from self._endings.take(key, remote)
        elif sold is False:
            self.broker.hearsay.refute(key, self.now_ms())

    def _take_wallets(
        self, key: str, remote: RemoteOrder, balances: Sequence[Balance]
    ) -> Iterator[Event]:
        """Say what an order told if the wallets tell it, too."""
        order, wallets = self.state().orders.get(key), totals_of(balances)
        if order is None:
            return
        state, product = self.state(), self._product(order)
        expected = expected_wallets(self.began, state)
        close = product.price(int(state.slots["close_ticks"][self.plan.index[order.product_id]]))
        told = priced_by_wallets(product, order, remote, wallets, expected, close)
        if told.tells_fills and wallets_tell(product, order, told, wallets, expected):
            yield from self._endings.take(key, told)

    def _settle(self, key: str, remote: RemoteOrder) -> Iterator[Event]:
        """Say what an order told that needs no witness, or has one; another size needs one."""
        order = self.state().orders[key]
        product, now_ms = self._product(order), self.now_ms()
        if not self._resized(order, remote):
            yield from self._told(key, remote)
            return
        self.broker.hearsay.wait(order, lots_of(product, remote), now_ms)
        account, fills_since_ms = self.broker.account, self._endings.fills_since_ms()
        since_ms, sold = now_ms - RESTS_MS, selling(self.state())
        ask = partial(ask_rests, account, remote.order_id, since_ms, fills_since_ms, sold)
        take = partial(self._take_size, key, remote)
        self.reader.put(Question(("size", key), "rests", ask, take))

    def _resized(self, order: Order, remote: RemoteOrder) -> int:
        """Return with how many lots an order that sells says that it rests; 0: those known."""
        found = edited(self._product(order), order, remote, self.now_ms())
        is_other = order.intent.side < 0 and any(one.lots != order.intent.lots for one in found)
        return found[0].lots if is_other else 0

    def _take_size(self, key: str, remote: RemoteOrder, found: Rests) -> Iterator[Event]:
        """Say that an order rests with another size if as many coins are on hold.

        Else coins that it may sell would be taken for free, by its own word alone.
        """
        order = self.state().orders.get(key)
        lots = 0 if order is None else self._resized(order, remote)
        if order is None or not lots:
            return
        is_so = has_size(self._product(order), order, lots, found)
        if is_so:
            yield from self._told(key, remote)
        elif is_so is False:
            self.broker.hearsay.refute(key, self.now_ms())

    def _told(self, key: str, remote: RemoteOrder) -> Iterator[Event]:
        """Say all that an order told."""
        order = self.state().orders[key]
        product, now_ms = self._product(order), self.now_ms()
        hearsay, life = self.broker.hearsay, remote.life
        is_told = life is not None and remote.tells_fills
        lots, has_ended = lots_of(product, remote), life is not None and life.is_final
        if is_told and hearsay.settle(order, lots, now_ms, has_ended=has_ended):
            text = f"order {key} was said to have been filled, or to have ended: it says otherwise"
            yield Noted(now_ms, order.product_id, text)
        if order.status.is_final and life is not None and not life.is_final:
            if hearsay.lives(key):
                yield self._found_alive(order, remote, "had ended")
            return
        yield from reports(product, order, remote, now_ms)
        yield from edited(product, self.state().orders[key], remote, now_ms)
        if order.amendment.lots and remote.limit_price is not None and remote.base_size:
            lots = int(remote.base_size / product.base_increment)
            limit = int(remote.limit_price / product.price_increment)
            yield OrderAmended(now_ms, order.product_id, key, lots, limit)

    def _found_alive(self, order: Order, row: RemoteOrder, how: str) -> Event:
        """Return that an order of ours rests against what was told: it is ours, and watched."""
        assert row.life is not None
        name, key = order.product_id, order.client_order_id
        self.broker.hearsay.contradict(name)
        self.broker.hearsay.forget(key)
        self.broker.refused.pop(key, None)
        there = order._replace(status=row.life, exchange_id=row.order_id)
        why = f"order {key} {how} and rests at the exchange"
        return OrdersFound(self.now_ms(), name, BY, why, (there,))

    def _product(self, order: Order) -> Product:
        return self.plan.products[self.plan.index[order.product_id]]

    def _was_sent(self, order: Order, now_ms: int, *, is_up: bool) -> bool:
        is_open = look_after_ms(order, now_ms, is_up=is_up) is not None
        return is_open or self.broker.hearsay.get(order.client_order_id) is not None

    def _search(self, lost: Sequence[Order], now_ms: int) -> None:
        """Look for orders by our ids, in all that happened since they were decided."""
        self._searched_ms = now_ms
        nameless = [order.client_order_id for order in lost if not order.exchange_id]
        self._looked_ms |= dict.fromkeys(nameless, now_ms)
        products = sorted({order.product_id for order in lost})
        since_ms = min(order.intent.sent_ms for order in lost)
        apart_ms = self._endings.fills_since_ms()
        ask = partial(search, self.broker.account, products, since_ms, apart_ms)
        take = partial(self._take_search, [order.client_order_id for order in lost])
        self.reader.put(Question(SEARCH, "search", ask, take))

    def _take_search(self, lost: Sequence[str], found: Found) -> Iterator[Event]:
        """Say what a look tells of any order of ours, and that one it was for is not in it."""
        told = {one.client_order_id: one for one in found.orders}
        for key, row in told.items():
            if (order := self.state().orders.get(key)) is not None:
                now_ms = self.now_ms()
                if key in self.broker.refused and row.life is not None and not row.life.is_final:
                    yield self._found_alive(order, row, "was refused")
                    continue
                self.broker.refused.pop(key, None)
                yield from self.broker.hearsay.hear(self._product(order), order, row, now_ms)
        for key in lost:
            if key not in told:
                yield from self._absent(key, found)

    def _absent(self, key: str, found: Found) -> Iterator[Event]:
        state = self.state()
        order = state.orders.get(key)
        if order is None or order.status.is_final:
            return
        is_named = bool(order.exchange_id)
        if is_named and not self._is_ghost(order, self.now_ms()):
            return  # it was found meanwhile
        expected = expected_wallets(self.began, state)
        product = self._product(order)
        if not tells(product, order, found, expected):
            return
        before = missing_before(state.doubts, order.intent.sent_ms)  # this order moved none of it
        there = {**expected, **{one: expected.get(one, 0) + before[one] for one in before}}
        base, none = product.base_currency, Decimal(0)
        held = found.holds.get(base, none) - self._held_beside.get(base, none)
        of_orders = found._replace(holds={**found.holds, base: held})
        against = contradiction(self.plan, state, order, of_orders, there)
        if against and (is_named or self._may_be_ours(order, found)):
            return  # neither absent nor there: another look tells
        if not against and (refused := self.broker.refusal(order, self.now_ms())):
            yield refused
            return
        yield Absent(self.now_ms(), order.product_id, key, against)

    def _may_be_ours(self, order: Order, found: Found) -> bool:
        """Whether another order of its product, which a look does not tell, may have moved it.

        One that was sent while the look was under way holds coins, and is not in its history.
        """
        told = {one.client_order_id for one in found.orders}
        others = [
            one.client_order_id
            for one in self.state().open_orders
            if one.product_id == order.product_id and (one.exchange_id or self._sends(one))
        ]
        return not told.issuperset(others)

    def _sends(self, order: Order) -> bool:
        return self.broker.is_sending(order.client_order_id)


def _fills_and_wallets(
    account: Orders, order_id: str
) -> tuple[History[RemoteFill], Sequence[Balance]]:
    """Ask for an order's fills, and for the wallets. Raises what the account raises."""
    return account.fills(order_ids=[order_id]), account.balances()

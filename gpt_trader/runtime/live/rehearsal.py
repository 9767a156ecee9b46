"""Rehearsing how a stop's end would be proven, while it rests: before it makes way for an exit.

A stop that is cancelled while nothing proves its end leaves its position without a stop and an exit
for as long. So what would prove it (its own answer, the wallets, its fills and everybody's) is
asked for once a minute and shortly before each close; what fails twice, or is not answered in time,
keeps stops where they are (`ProofSeen`) until it is told again.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from gpt_trader.broker.exchange.cadence import CALM_MS, is_past
from gpt_trader.broker.exchange.ports import Orders
from gpt_trader.broker.exchange.reader import Question, Reader
from gpt_trader.domain.account import Balance, RemoteOrder, holds_of, totals_of
from gpt_trader.domain.order import Order, OrderStatus
from gpt_trader.engine.events import Event, ProofSeen
from gpt_trader.engine.leaving import is_stop
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State
from gpt_trader.errors import BrokerError
from gpt_trader.runtime.live.endings import RESTS_MS

LEAD_MS = 8_000  # before a close, which may ask for an exit
AGAIN_MS = 1_000  # after an answer that failed
LATE_MS = 3_000  # after which an answer that is not in would be too late for an exit, too
MISSES = 2  # in a row, after which it is no slip
KEPT = "what other orders of its product may sell is not known yet"
WALLETS, FILLS = "the wallets", "fills"


@dataclass(slots=True)
class _Part:
    """A part of the proof. asked_ms: since when it is being asked; None: it is answered.

    why: what the newest answer lacked; "": nothing; None: there was none. misses: in a row.
    """

    asked_ms: int | None = None
    why: str | None = None
    misses: int = 0

    def take(self, why: str) -> None:
        """Take an answer."""
        self.asked_ms, self.why = None, why
        self.misses = self.misses + 1 if why else 0

    def lost(self, now_ms: int) -> str | None:
        """Return why it proves nothing; "": it does; None: nobody knows yet."""
        if self.asked_ms is not None and is_past(self.asked_ms, LATE_MS, now_ms):
            return "not answered in time"
        if self.why is None or 0 < self.misses < MISSES:
            return None
        return self.why


@dataclass(slots=True)
class Rehearsal:
    """Asks for what would prove the ends of a session's stops.

    keeps: whether no order of a product is sent at a time: an exit would be turned down.
    fills_since_ms: see `Endings`.
    """

    plan: Plan
    state: Callable[[], State]
    account: Orders
    reader: Reader
    keeps: Callable[[str, int], bool]
    fills_since_ms: Callable[[], int]
    now_ms: Callable[[], int]
    _asked_ms: int | None = None
    _parts: dict[str, _Part] = field(default_factory=dict)  # by what is asked, and of which order

    def turn(self, now_ms: int) -> Iterator[Event]:
        """Ask if it is time; say of each product whether its stop's end would be proven."""
        stops = self._stops()
        names = {WALLETS, FILLS, *(one.client_order_id for one in stops)}
        names |= {f"{WALLETS} of {one.product_id}" for one in stops}
        self._parts = {name: part for name, part in self._parts.items() if name in names}
        if stops and is_past(self._asked_ms, self._after_ms(), now_ms) | self._is_close(now_ms):
            self._ask(stops, now_ms)
        by_product = {one.product_id: one for one in stops}
        for j, product in enumerate(self.plan.products):
            known = self.state().unproven[j]
            stop = by_product.get(product.product_id)
            lost = "" if stop is None else self._lost(stop, now_ms)
            if lost is not None and lost != known:
                yield ProofSeen(now_ms, product.product_id, lost)

    def _stops(self) -> list[Order]:
        """Return the stops that rest."""
        return [
            one
            for one in self.state().open_orders
            if is_stop(one)
            and one.status in (OrderStatus.OPEN, OrderStatus.TRIGGERED)
            and one.exchange_id
        ]

    def _after_ms(self) -> int:
        return AGAIN_MS if any(part.misses for part in self._parts.values()) else CALM_MS

    def _is_close(self, now_ms: int) -> bool:
        """Whether a bar closes soon, and nobody has asked since that is so."""
        begins_ms = (now_ms // self.plan.interval_ms + 1) * self.plan.interval_ms - LEAD_MS
        return self._asked_ms is not None and self._asked_ms < begins_ms <= now_ms

    def _ask(self, stops: Sequence[Order], now_ms: int) -> None:
        self._asked_ms = now_ms
        ids, since_ms = sorted(one.exchange_id for one in stops), self.fills_since_ms()
        self._put(WALLETS, self.account.balances, partial(self._take_wallets, stops), now_ms)
        self._put(FILLS, partial(_are_whole, self.account, ids, since_ms), self._take_fills, now_ms)
        for one in stops:
            key, ask = one.client_order_id, partial(_shown, self.account, one.exchange_id, now_ms)
            self._put(key, ask, partial(self._take_own, key), now_ms)

    def _put(
        self, name: str, ask: Callable[[], object], take: Callable[..., None], now_ms: int
    ) -> None:
        about, part = ("rehearsal", name), self._parts.setdefault(name, _Part())
        if self.reader.asks(about):
            return
        part.asked_ms = now_ms

        def taken(answer: object) -> tuple[Event, ...]:
            take(answer)
            return ()

        self.reader.put(Question(about, "rehearsal", ask, taken, lambda _: part.take("not told")))

    def _take_wallets(self, stops: Sequence[Order], found: Sequence[Balance]) -> None:
        self._part(WALLETS).take("")
        totals, holds = totals_of(found), holds_of(found)
        for stop in stops:
            base = self.plan.products[self.plan.index[stop.product_id]].base_currency
            is_told = base in totals and base in holds
            self._part(f"{WALLETS} of {stop.product_id}").take("" if is_told else "not told")

    def _take_fills(self, is_whole: bool) -> None:  # noqa: FBT001 - a callback's
        self._part(FILLS).take("" if is_whole else "not told in full")

    def _take_own(self, key: str, found: RemoteOrder | None) -> None:
        is_told = found is not None and found.client_order_id == key and found.life is not None
        self._part(key).take("" if is_told else "not told")

    def _part(self, name: str) -> _Part:
        return self._parts.setdefault(name, _Part())

    def _lost(self, stop: Order, now_ms: int) -> str | None:
        """Return what would not prove a stop's end; "": all would; None: nobody knows yet."""
        if self.keeps(stop.product_id, now_ms):
            return KEPT
        parts = {
            f"order {stop.exchange_id} is {{}}": self._part(stop.client_order_id),
            f"{WALLETS} are {{}}": self._part(WALLETS),
            "its wallet is {}": self._part(f"{WALLETS} of {stop.product_id}"),
            f"{FILLS} are {{}}": self._part(FILLS),
        }
        found = {words: part.lost(now_ms) for words, part in parts.items()}
        lost = [words.format(why) for words, why in found.items() if why]
        if lost:
            return f"nothing would prove that it has ended: {', '.join(lost)}"
        return "" if all(why == "" for why in found.values()) else None


def _shown(account: Orders, order_id: str, now_ms: int) -> RemoteOrder | None:
    """Return an order as it tells itself, or as the list of what rests does."""
    try:
        if (own := account.order(order_id)) is not None:
            return own
    except BrokerError:
        pass  # the list may be told all the same
    resting = account.open_orders(now_ms - RESTS_MS)
    return next((one for one in resting.rows if one.order_id == order_id), None)


def _are_whole(account: Orders, order_ids: Sequence[str], since_ms: int) -> bool:
    """Whether orders' fills, and everybody's since a time, are told in full."""
    return account.fills(order_ids=order_ids).is_whole and account.fills(since_ms=since_ms).is_whole

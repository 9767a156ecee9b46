"""Bringing the journal in line with the exchange: what is there is true, and said to be so.

A difference in orders is a report that was missed, and is taken as one. A difference in wallets
that stays, look after look, with no order's outcome open, is adopted as an adjustment under the
name of RECONCILIATION: nothing is invented to explain it, and what is gone freezes its product.
Before that the fills since the last look in line are read, for a fill that nobody told explains it.
Whose order it was is asked where no look shows it; and what moved as in a trade, while no fill is
told, is waited for longer. Whatever keeps an account out of line, after two minutes a person is
told.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from gpt_trader.broker.exchange.cadence import has_lasted, is_past
from gpt_trader.broker.exchange.earlier import by_product, later, pairs_of
from gpt_trader.broker.exchange.hearsay import BESIDE_MS
from gpt_trader.broker.exchange.ours import missing
from gpt_trader.broker.exchange.ports import Orders
from gpt_trader.broker.exchange.reader import Question
from gpt_trader.broker.exchange.witness import has_coins, unsold
from gpt_trader.domain.account import History, RemoteFill, RemoteOrder, holds_of, totals_of
from gpt_trader.domain.order import Order, OrderStatus
from gpt_trader.domain.order_ids import is_ours
from gpt_trader.engine.events import OTHERS, RECONCILIATION, Adjusted, Event, Noted, Reconciled
from gpt_trader.engine.leaving import is_stop
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import Doubt, State
from gpt_trader.errors import Unavailable
from gpt_trader.runtime.live.apart import (
    APART,
    APART_MS,
    EXPLAINED_MS,
    HELP,
    IN_LINE,
    LOOKS,
    Difference,
    Look,
    Untold,
    difference_of,
    doubt_of,
    words,
)
from gpt_trader.runtime.live.beside import Beside
from gpt_trader.runtime.live.lacking import news_of_lacking, refused_ms
from gpt_trader.runtime.live.lasting import BEGINS_MS
from gpt_trader.runtime.live.looks import Looks
from gpt_trader.runtime.live.strangers import given_away
from gpt_trader.runtime.live.wallets import differing_wallets, expected_wallets

TRADED_MS = 600_000  # for so long what moved as in a trade that no fill tells is waited for
MOST_STRAYS = 20  # orders that only their fills tell, asked for after one look
AGAIN_MS = 1_000  # after a look that showed a difference, or another one, for the first time
POLL_MS = 5_000  # between looks while something differs, or nobody reports
CALM_MS = 60_000  # between looks in any case
BEFORE_MS = 600_000  # how far back orders are listed that may be pending
FILLS_BEFORE_MS = 300_000  # before the last look in line, from when fills are read
UNDER_WAY_MS = 15_000  # after its process died an order may still arrive
BLIND_MS = 120_000  # without an answer, before somebody is told
ACCOUNT = "account"  # what notes are about
UNSURE = (OrderStatus.SUBMITTED, OrderStatus.SUBMIT_UNKNOWN)


class Facts(NamedTuple):
    """What one look at an account found: exact totals by currency, open orders, fills if asked.

    holds: what of the totals is on hold. recent: orders that were made lately, whatever became of
    them.
    """

    wallets: Mapping[str, Decimal]
    holds: Mapping[str, Decimal]
    orders: Sequence[RemoteOrder]
    recent: Sequence[RemoteOrder]
    fills: History[RemoteFill]


NO_FILLS: History[RemoteFill] = History([], is_whole=False)


def read_facts(account: Orders, orders_since_ms: int, fills_since_ms: int | None) -> Facts:
    """Look at an account. Raises what it raises, and Unavailable for half a look: it is none."""
    fills = NO_FILLS if fills_since_ms is None else account.fills(since_ms=fills_since_ms)
    balances = account.balances()
    recent, resting = account.orders(since_ms=orders_since_ms), account.open_orders(orders_since_ms)
    if not (recent.is_whole and resting.is_whole):
        raise Unavailable("some orders of the account cannot be read: they may be this bot's")
    return Facts(totals_of(balances), holds_of(balances), resting.rows, recent.rows, fills)


@dataclass(slots=True)
class Reconciler:
    """Looks at a session's account. began: its wallets when the journal began.

    unknown, in_line_ms, untold_ms, begins_ms, is_told_apart, is_unsure: see `Told`; they are kept
    up to date.
    unseen: whether the newest look that was wanted has not been answered in full: entries wait for
    one that is, and nothing is adopted.
    """

    plan: Plan
    looks: Looks
    began: Mapping[str, Decimal]
    state: Callable[[], State]
    now_ms: Callable[[], int]
    unknown: Callable[[Iterable[str]], set[str]]
    in_line_ms: int | None = None
    untold_ms: int | None = None
    begins_ms: int | None = None
    is_told_apart: bool = False
    is_unsure: bool = False
    difference: Difference | None = None
    unseen: bool = True
    _blind_since_ms: int | None = None
    _is_told: bool = False
    _asked_ms: int | None = None
    _began_ms: int = 0  # at the first look
    _strays: dict[str, RemoteOrder] = field(default_factory=dict)  # by the exchange's id
    _nobodys: set[str] = field(default_factory=set)  # ids of which the exchange knows no order
    _untold_orders: Untold = field(default_factory=Untold)
    _kept: Difference | None = None  # as it was when it last told more than before
    _beside: Beside = field(init=False)

    def __post_init__(self) -> None:
        self._beside = Beside(self.plan, self.looks.broker.hearsay)
        self.looks.in_line_ms = self.in_line_ms or 0
        if self.is_unsure:
            self.looks.broker.hearsay.held_ms = self.now_ms()

    def resume(self, doubts: Mapping[str, Doubt], now_ms: int) -> None:
        """Go on with what an earlier process had in doubt of the account."""
        if (apart := doubts.get(APART)) is not None:
            self.difference, self._untold_orders = difference_of(apart, now_ms)
            self._kept = self.difference
        if (unseen := doubts.get(ACCOUNT)) is not None:
            self._blind_since_ms, self._is_told = unseen.since_ms, unseen.said["is_told"]

    def doubts(self, now_ms: int) -> dict[str, Doubt]:
        """Return what is in doubt of the account: that it is in line, or can be seen at all."""
        found, since_ms = dict[str, Doubt](), self._blind_since_ms
        if self._kept is not None:
            found[APART] = doubt_of(self._kept, self._untold_orders)
        if since_ms is not None and has_lasted(since_ms, BEGINS_MS, now_ms):
            found[ACCOUNT] = Doubt(since_ms, {"is_told": self._is_told})
        return found

    @property
    def is_in_line(self) -> bool:
        """Whether the newest look found no difference."""
        return self.difference is None and self.state().reconciled_ms > 0

    def ask(self, now_ms: int, *, is_up: bool) -> None:
        """Look if it is time. is_up: whether the stream reports what happens to orders.

        An order of a position that was turned down asks for a look: coins of it may be gone.
        """
        is_due = is_past(self._asked_ms, self._after_ms(is_up=is_up), now_ms)
        if is_due or refused_ms(self.plan, self.state()) >= (self._asked_ms or now_ms) > 0:
            self.look(now_ms)

    def say_blind(self, now_ms: int) -> Iterator[Event]:
        """Say once that nobody could look at the account for a while: entries wait by then."""
        since_ms = self._blind_since_ms
        if since_ms is None or self._is_told or not has_lasted(since_ms, BLIND_MS, now_ms):
            return
        if not has_lasted(self._began_ms or now_ms, BEGINS_MS, now_ms):
            return  # it was carried over, and may end with the first look
        self._is_told = True
        text = f"for {BLIND_MS // 1000} s no look at the account was answered, or not in full"
        yield Noted(now_ms, ACCOUNT, text)

    def say_apart(self, now_ms: int) -> Iterator[Event]:
        """Say once that the account has been out of line for a while: entries wait by then."""
        found = self.difference
        if found is None or not has_lasted(found.since_ms, APART_MS, now_ms):
            return
        if 0 < self._began_ms <= found.looks[-1].time_ms:  # a look of this process shows it, too
            yield from self.tell_apart(now_ms)

    def tell_apart(self, now_ms: int) -> Iterator[Event]:
        """Say once that the account is out of line, if it is."""
        if not self.is_told_apart and (text := self.apart()):
            self.is_told_apart = True
            yield Noted(now_ms, APART, text)

    def may_explain(self, now_ms: int) -> bool:
        """Whether a difference is so new that some more looks may explain or adopt it."""
        found = self.difference
        if found is None:
            return False
        since_ms = max(found.since_ms, self._began_ms)  # what an earlier process saw is no wait
        return not has_lasted(since_ms, EXPLAINED_MS, now_ms)

    def apart(self) -> str:
        """Return how the account is out of line, and what helps; "" if it is not."""
        if self.difference is None:
            return ""
        said = words(self.difference, expected_wallets(self.began, self.state()))
        return f"{said}; {HELP}"

    def _after_ms(self, *, is_up: bool) -> int:
        is_new = self.difference is not None and self.difference.is_new
        if is_new or self.looks.broker.hearsay.contradicted:
            return AGAIN_MS
        is_calm = (is_up or not self.state().open_orders) and not any(self.state().lacking)
        return CALM_MS if self.is_in_line and is_calm and not self.unseen else POLL_MS

    def look(self, now_ms: int) -> None:
        """Look at the account; whatever follows is said when the answer is in."""
        self._asked_ms = now_ms
        self._began_ms = self._began_ms or now_ms
        self.unseen = True
        since_ms = now_ms if self._blind_since_ms is None else self._blind_since_ms
        self._blind_since_ms = min(since_ms, now_ms)  # a clock that was set back counts anew
        fills_since_ms = None
        if self.difference is not None:
            known_ms = self.difference.since_ms if self.in_line_ms is None else self.in_line_ms
            fills_since_ms = known_ms - FILLS_BEFORE_MS
        since_ms = now_ms - BEFORE_MS
        if self.untold_ms is not None:
            since_ms = min(since_ms, self.untold_ms)
        ask = partial(read_facts, self.looks.broker.account, since_ms, fills_since_ms)
        take = partial(self._take, self.state())
        self.looks.reader.put(Question(("account",), "account", ask, take))

    def _take(self, then: State, facts: Facts) -> Iterator[Event]:
        """Say what a look tells. then: the state when it began."""
        yield from self._reports([*facts.recent, *facts.orders])
        if self.state().ledger is not then.ledger:
            self._asked_ms = None  # something moved while it was under way: it tells nothing
            return
        now_ms = self.now_ms()
        try:
            if found := self._found_late(facts, now_ms):
                yield from found
                self._asked_ms = None
                return
            assets = self._differing(facts)
            seen, sold = self._of_another(facts, now_ms)
        except Unavailable:
            return  # a wallet that is not told is not one of 0: that was no look
        self.unseen, self.untold_ms, self.is_unsure = False, None, False
        self.looks.broker.hearsay.held_ms = None
        self._blind_since_ms, self._is_told = None, False
        self.looks.note_holds(then, facts.orders, facts.holds)
        yield from seen
        seen_before = {} if self.difference is None else self.difference.assets
        moving = {one for one in assets if assets[one] != seen_before.get(one)}
        listed = (*facts.recent, *facts.orders)
        taken = self._beside.may_sell(listed, self.state(), self.unknown)
        yield from news_of_lacking(self.plan, self.state(), facts.wallets, moving, taken, now_ms)
        self._hold_against(facts, now_ms)
        if sold:
            yield from sold
            self._asked_ms = None
            return
        foreign = sum(one.client_order_id not in self.state().orders for one in facts.orders)
        if not assets:
            self.difference, self._kept, self.in_line_ms = None, None, now_ms
            self.looks.in_line_ms = now_ms
            self._strays.clear()
            self._nobodys.clear()
            self._untold_orders = Untold()
            yield Reconciled(now_ms, foreign, 0, self.looks.doubt(now_ms))
            if self.is_told_apart:
                self.is_told_apart = False
                yield Noted(now_ms, APART, IN_LINE)
            return
        known, before = self.difference or Difference(now_ms), self._untold_orders.seen.keys()
        is_told = self._is_told_in_full(facts, now_ms)
        told = before - self._untold_orders.seen.keys()
        if told & {order.exchange_id for order in self.state().orders.values()}:
            known = known._replace(looks=())  # what it was has been booked since: this is another
        apart = self.difference = known.at(Look(now_ms, assets))
        self._keep()
        if len(apart.looks) > 1 and self.state().reconciled_ms > 0:
            yield Reconciled(now_ms, foreign, len(assets))
        if is_told and self._is_unexplained(apart, facts, now_ms):
            part = apart.stayed(now_ms)
            self.difference = apart.without(part)
            self._keep()
            for asset in sorted(part):
                given = self._given(asset, facts) if part[asset] < 0 else ""
                later = apart.assets.get(asset, Decimal(0)) - part[asset]
                yield _adopt(asset, part[asset], later, facts, given, now_ms)

    def _given(self, asset: str, facts: Facts) -> str:
        """Return by which orders of others an asset went, as far as fills tell."""
        known = {one.exchange_id for one in self.state().orders.values()}
        portfolio = self.plan.portfolio
        rows = (*facts.recent, *self._strays.values())
        marked = {one.order_id for one in rows if is_ours(one.client_order_id, portfolio)}
        return given_away(asset, facts.fills.rows, known | marked)

    def _keep(self) -> None:
        """Keep what a later start is to know of a difference: looks that tell no more are not."""
        found = self.difference
        if found is None or self._kept is None or found.tells_more(self._kept):
            self._kept = found

    def _is_told_in_full(self, facts: Facts, now_ms: int) -> bool:
        """Whether no fill is told of which its order may still tell; those orders are asked.

        An order that the exchange does not tell, look after look, never will; one that could not be
        asked may be this bot's, and is waited for.
        """
        untold = self._untold(facts.fills.rows)
        for order in untold:
            self.looks.ask_for(order)
        strays = self._ask_for_strays(facts)
        ids = [*(order.exchange_id for order in untold), *strays]
        self._untold_orders = self._untold_orders.at(ids, now_ms)
        is_asked = self._nobodys.issuperset(strays)
        is_open = not is_asked or self._untold_orders.may_be_told
        return facts.fills.is_whole and not is_open

    def _found_late(self, facts: Facts, now_ms: int) -> list[Event]:
        """Return orders of ours that no entry names, and that are of before this process.

        They could not be read at the start, or a process that died had just sent them: what comes
        up later is somebody else's who runs this bot. Raises Unavailable if a row does not say what
        was filled.
        """
        known, rows = self.state().orders, (*facts.recent, *self._strays.values())
        new = missing(self.plan.portfolio, rows, known, self.unknown)
        if self.untold_ms is None:
            new = [row for row in new if self._is_of_before(row)]
        expected = expected_wallets(self.began, self.state())
        found: list[Event] = []
        for product, here in by_product(self.plan, new):
            pairs = pairs_of(product, here, {}, [])
            untold = unsold(product, pairs, facts.wallets, None, expected)
            found.append(later(product, here, {}, [], now_ms, untold, facts.wallets))
        return found

    def _is_of_before(self, row: RemoteOrder) -> bool:
        """Whether a process before this one, of this journal, may have sent an order."""
        return (self.begins_ms or 0) <= (row.created_ms or 0) < self._began_ms + UNDER_WAY_MS

    def _ask_for_strays(self, facts: Facts) -> list[str]:
        """Ask whose orders they are that only their fills tell; return their ids."""
        known = {one.exchange_id for one in self.state().orders.values()}
        known |= {row.order_id for row in (*facts.recent, *facts.orders)} | self._strays.keys()
        strays = list(
            dict.fromkeys(f.order_id for f in facts.fills.rows if f.order_id not in known)
        )
        for order_id in strays[:MOST_STRAYS]:
            ask = partial(self.looks.broker.account.order, order_id)
            take = partial(self._take_stray, order_id)
            self.looks.reader.put(Question(("order", order_id), "order", ask, take))
        return strays

    def _take_stray(self, order_id: str, row: RemoteOrder | None) -> Iterable[Event]:
        if row is None:
            self._nobodys.add(order_id)
        else:
            self._strays[order_id] = row
        return ()

    def _of_another(self, facts: Facts, now_ms: int) -> tuple[list[Event], list[Event]]:
        """Return that another instance trades the portfolio, and what it sold of what is held.

        Raises Unavailable if a row does not say what was filled.
        """
        state, rows = self.state(), (*facts.recent, *facts.orders, *self._strays.values())
        seen = list(self._beside.see(state, rows, self.unknown, now_ms))
        expected = expected_wallets(self.began, state)
        return seen, list(self._beside.sold(state, facts.wallets, expected, now_ms))

    def _reports(self, remote: Sequence[RemoteOrder]) -> Iterator[Event]:
        """Yield what may be taken of what is told of our orders; the rest they are asked."""
        for one in remote:
            order = self.state().orders.get(one.client_order_id)
            if order is not None:
                product = self.plan.products[self.plan.index[order.product_id]]
                yield from self.looks.broker.hearsay.hear(product, order, one, self.now_ms())

    def _hold_against(self, facts: Facts, now_ms: int) -> None:
        """Let a product's orders be sent again once what rests of ours is what is known to.

        And once no coins are missing, for some seconds after another instance was seen to sell:
        what its orders may sell of what is held is known to lack by then.
        """
        hearsay, state = self.looks.broker.hearsay, self.state()
        if not hearsay.contradicted or self.looks.unsettled:
            return
        expected = expected_wallets(self.began, state)
        for name, sold_ms in sorted(hearsay.contradicted.items()):
            rest = {one.client_order_id for one in facts.orders if one.product_id == name}
            mine = {key for key in rest if key in state.orders}
            open_ = {
                one.client_order_id
                for one in state.open_orders
                if one.product_id == name and one.status is not OrderStatus.WAITING
            }
            stops = [key for key in open_ if is_stop(state.orders[key])]
            is_alike = mine == open_ and len(stops) <= 1
            product = self.plan.products[self.plan.index[name]]
            is_told = is_past(sold_ms, BESIDE_MS, now_ms)
            if is_alike and is_told and has_coins(product, facts.wallets, expected):
                hearsay.agree(name)

    def _differing(self, facts: Facts) -> dict[str, Decimal]:
        return differing_wallets(self.began, self.state(), facts.wallets)

    def _untold(self, fills: Sequence[RemoteFill]) -> list[Order]:
        """Return our orders, ended or not, of which fills tell more than was booked."""
        sizes: dict[str, Decimal] = {}
        for fill in (one for one in fills if one.is_first):
            sizes[fill.order_id] = sizes.get(fill.order_id, Decimal(0)) + fill.size
        found = []
        for order in self.state().orders.values():
            product = self.plan.products[self.plan.index[order.product_id]]
            told = sizes.get(order.exchange_id)
            if told is not None and told >= product.size(order.filled + 1):  # less is rounding
                found.append(order)
        return found

    def _is_unexplained(self, found: Difference, facts: Facts, now_ms: int) -> bool:
        """Whether no order can explain a difference any more."""
        if self.looks.unsettled:
            return False
        since_ms = found.since_ms if self.in_line_ms is None else self.in_line_ms
        if now_ms - since_ms < TRADED_MS and self._is_untold_trade(found, facts, since_ms):
            return False
        return not any(order.status in UNSURE for order in self.state().open_orders)

    def _is_untold_trade(self, found: Difference, facts: Facts, since_ms: int) -> bool:
        """Whether coins came and money went, or the other way, and no fill since a time tells it.

        Somebody may trade without fills of this interface, so that it is no proof.
        """
        told = {one.product_id for one in facts.fills.rows if one.trade_ms >= since_ms}
        none = Decimal(0)
        return any(
            found.assets.get(one.base_currency, none) * found.assets.get(one.quote_currency, none)
            < 0
            and one.product_id not in told
            for one in self.plan.products
        )


def _adopt(
    asset: str, amount: Decimal, later: Decimal, facts: Facts, given: str, now_ms: int
) -> Adjusted:
    """Return what is booked of a difference.

    later: what of it is not: it may be a fill that is not told yet, and would count twice in what
    is there now.
    """
    return Adjusted(
        time_ms=now_ms,
        asset=asset,
        amount=format(amount, "f"),
        kind=RECONCILIATION,
        by=OTHERS if given else "RECONCILIATION",
        reason=given or f"the exchange's wallet differed in {LOOKS} looks",
        total=format(facts.wallets.get(asset, Decimal(0)) - later, "f"),
    )

"""All that a session on live prices has to do besides the market: answers, looks, what is due.

Nothing here waits. A turn hands over what is known by now, and asks for what is due; so does one
command that only cancels or sells.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gpt_trader.broker.exchange.cadence import ends_at_once
from gpt_trader.broker.exchange.reader import Reader
from gpt_trader.domain.order import Order, OrderStatus
from gpt_trader.engine.due import due
from gpt_trader.engine.events import Event, Woken
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.ports import Broker
from gpt_trader.engine.protect import exits_at_work, is_sellable, resting_protection
from gpt_trader.engine.state import Doubt, State, is_oversold
from gpt_trader.engine.waiting import BELOW_MINIMUM, is_below_minimum
from gpt_trader.runtime.live.apart import APART
from gpt_trader.runtime.live.lasting import news_of_doubts
from gpt_trader.runtime.live.looks import Looks
from gpt_trader.runtime.live.reconcile import ACCOUNT, Reconciler
from gpt_trader.runtime.live.rehearsal import Rehearsal

UNSETTLED = (
    OrderStatus.WAITING,
    OrderStatus.SUBMITTED,
    OrderStatus.SUBMIT_UNKNOWN,
    OrderStatus.PENDING_CANCEL,
)


class Left(NamedTuple):
    """What a session that ends leaves to chance, in words.

    again: another cycle may mend it. person: only a person ends it.
    """

    again: list[str]
    person: list[str]


@dataclass(slots=True)
class Upkeep:
    """A session's own business. looks: None without an account.

    account: None where nothing is held against it.
    """

    plan: Plan
    state: Callable[[], State]
    broker: Broker
    readers: Sequence[Reader]
    looks: Looks | None
    account: Reconciler | None
    now_ms: Callable[[], int]
    rehearsal: Rehearsal | None = None

    def turn(self, now_ms: int, *, is_up: bool) -> Iterator[Event]:
        """Hand over what is known by now. Each event must be taken before the next.

        is_up: whether the stream reports what happens to orders.
        """
        yield from self.broker.turn(self.plan, self.state(), now_ms)
        if self.looks is not None:
            self.looks.ask(now_ms, is_up=is_up)
            yield from self.looks.watch(now_ms)
        if self.rehearsal is not None:
            yield from self.rehearsal.turn(now_ms)
        if self.account is not None:
            self.account.ask(now_ms, is_up=is_up)
            yield from self.account.say_blind(now_ms)
            yield from self.account.say_apart(now_ms)
        for reader in self.readers:
            yield from reader.turn(now_ms)
        yield from news_of_doubts(self.state().doubts, self._doubts(now_ms), now_ms)
        asked_ms = self.now_ms()  # later than what was taken in meanwhile
        if due(self.plan, self.state(), asked_ms):
            yield Woken(asked_ms)

    def _doubts(self, now_ms: int) -> Mapping[str, Doubt]:
        """Return what is in doubt; of an account that nobody here looks at what was before."""
        known = self.state().doubts
        if self.looks is None:
            return known
        if self.account is not None:
            return {**self.looks.doubts(now_ms), **self.account.doubts(now_ms)}
        kept = {about: known[about] for about in (APART, ACCOUNT) if about in known}
        return {**self.looks.doubts(now_ms), **kept}

    @property
    def is_settled(self) -> bool:
        """Whether everything that was sent is known, and nothing more is to be sent."""
        state = self.state()
        is_told = self.looks is None or not self.looks.unsettled
        return is_told and not any(map(is_unsettled, state.open_orders)) and self.broker.is_idle

    def left_open(self) -> Left:
        """Return what a session that ends now leaves to chance: nobody looks after it."""
        plan, state = self.plan, self.state()
        unknown = [
            f"an order of {order.product_id} is {order.status}: nobody knows what became of it"
            for order in state.open_orders
            if _is_open_ended(order)
        ]
        found, person = list(unknown), list[str]()
        if self.looks is not None and (doubt := self.looks.doubt(self.now_ms())):
            found.append(doubt)
        for j, product in enumerate(plan.products):
            name = product.product_id
            if is_oversold(plan, state, j):
                words = f"gpt-trader account settle {name}"
                person.append(f"more of {name} was sold than was bought: see {words}")
            elif is_below_minimum(plan, state, j) and not resting_protection(plan, state, j):
                found.append(f"{name} is held without a stop: {BELOW_MINIMUM}")
            elif is_bare(plan, state, j):
                found.append(f"{name} is held {_known_of_stop(plan, state, j)}")
            elif is_to_be_left(plan, state, j):
                found.append(
                    f"{name} was to be sold and is not: {state.leaving[j].why or 'unfilled'}"
                )
            elif is_stranded(plan, state, j):
                why = state.frozen[j] or state.closed[j]
                words = f"{name} is held without a level, and nobody manages it: {why}"
                (person if state.frozen[j] else found).append(words)
        return Left(found, person)

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing is to be tried again soon: no stop is missing, no exit turned down."""
        plan, state = self.plan, self.state()
        return not any(
            (is_to_be_left(plan, state, j) and not is_shut_in(plan, state, j))
            or (plan.rests[j] and is_bare(plan, state, j))
            for j in range(len(plan.rests))
        )

    @property
    def is_answered(self) -> bool:
        """Whether nothing is being asked."""
        return all(reader.is_idle for reader in self.readers)

    @property
    def waits(self) -> bool:
        """Whether something waits for its turn to be asked."""
        return any(reader.waits for reader in self.readers)


def is_bare(plan: Plan, state: State, j: int) -> bool:
    """Whether product j's position has a stop, and it is not known to rest at the exchange."""
    if not plan.rests or not state.slots["stop_ticks"][j] or not is_sellable(plan, state, j):
        return False
    resting = resting_protection(plan, state, j)
    return resting is None or resting.status not in (OrderStatus.OPEN, OrderStatus.TRIGGERED)


def _known_of_stop(plan: Plan, state: State, j: int) -> str:
    """Say of a position that no stop is known to rest for what is known of one."""
    stop = resting_protection(plan, state, j)
    if stop is not None and stop.status is OrderStatus.PENDING_CANCEL:
        return "with a stop that is being cancelled: nobody tells that it has ended"
    return "without a stop that rests at the exchange"


def is_to_be_left(plan: Plan, state: State, j: int) -> bool:
    """Whether product j was to be sold, and no order does so."""
    is_wanted = bool(plan.rests) and state.leaving[j].reason != 0 and is_sellable(plan, state, j)
    return is_wanted and not exits_at_work(plan, state, j)


def is_shut_in(plan: Plan, state: State, j: int) -> bool:
    """Whether product j takes no exits and its stop rests: to try again soon changes nothing."""
    rests = bool(state.closed[j]) and resting_protection(plan, state, j) is not None
    return rests and not exits_at_work(plan, state, j)


def is_stranded(plan: Plan, state: State, j: int) -> bool:
    """Whether product j is frozen or closed, and held with no level at which it would be sold."""
    is_managed = not plan.rests or not (state.frozen[j] or state.closed[j])
    if is_managed or state.slots["stop_ticks"][j] or not is_sellable(plan, state, j):
        return False
    return not exits_at_work(plan, state, j)


def _is_open_ended(order: Order) -> bool:
    """Whether nobody knows what an order did that was to have ended, or was never answered.

    Of a stop that is being cancelled its position tells.
    """
    if order.status in (OrderStatus.SUBMITTED, OrderStatus.SUBMIT_UNKNOWN):
        return True
    is_ending = order.status is OrderStatus.PENDING_CANCEL and not order.intent.reduce_only
    return is_ending or (order.status is not OrderStatus.WAITING and ends_at_once(order))


def is_unsettled(order: Order) -> bool:
    """Whether it is still to be seen what becomes of an order soon."""
    return order.status in UNSETTLED or ends_at_once(order)

"""Everything that can reach the engine. Past tense: it has happened."""

from typing import Any, NamedTuple

from gpt_trader.domain.bars import Bar
from gpt_trader.domain.order import Fill, Order, OrderStatus
from gpt_trader.domain.product import AS_COUNTED, Grid

RECONCILIATION = "reconciliation"  # the kind of an adjustment that nobody explains
OTHERS = "OTHERS"  # who made it where orders of others did, which its reason names


class Started(NamedTuple):
    """A session began; `header` names versions, lock file, seed and configuration."""

    time_ms: int
    header: dict[str, Any]


class HistoryLoaded(NamedTuple):
    """Bars before the first decision; the anchor of the product's window."""

    time_ms: int
    product_id: str
    bars: tuple[Bar, ...]


class SeriesTold(NamedTuple):
    """Closed bars of a series that is read and not traded, oldest first; a known one: corrected."""

    time_ms: int
    name: str
    bars: tuple[Bar, ...]


class BarClosed(NamedTuple):
    """A product's bar is complete."""

    time_ms: int
    bar: Bar


class BarMissed(NamedTuple):
    """A bar that closed while nobody looked: it enters the window, and decides nothing."""

    time_ms: int
    bar: Bar


class Quoted(NamedTuple):
    """A product's best bid and ask, ticks."""

    time_ms: int
    product_id: str
    bid: int
    ask: int


class Ticked(NamedTuple):
    """The deadline of a cycle passed: decide with the bars that are in."""

    time_ms: int


class Woken(NamedTuple):
    """Something is due by time that nothing else told of; no cycle begins.

    Exists only when `engine.due.due` says so.
    """

    time_ms: int


class FillReceived(NamedTuple):
    """The broker reports a fill."""

    time_ms: int
    fill: Fill


class OrderUpdated(NamedTuple):
    """The broker reports an order's status."""

    time_ms: int
    product_id: str
    client_order_id: str
    status: OrderStatus
    code: str = ""
    exchange_id: str = ""


class Absent(NamedTuple):
    """A whole look at the exchange did not find an order.

    against: what contradicts its absence (a fill of an unknown order, coins beyond what is
    expected): the count begins anew; "": nothing does, and the look counts.
    """

    time_ms: int
    product_id: str
    client_order_id: str
    against: str = ""


class OrderRequested(NamedTuple):
    """An operator asks for an order; `order` carries what was asked, sized and priced."""

    time_ms: int
    command_id: str
    order: Order


class CancelRequested(NamedTuple):
    """An operator asks to cancel an order."""

    time_ms: int
    command_id: str
    client_order_id: str


class AmendRequested(NamedTuple):
    """An operator asks to change a resting order's size and price."""

    time_ms: int
    command_id: str
    client_order_id: str
    lots: int
    limit: int


class OrderAmended(NamedTuple):
    """The broker changed a resting order; it lost its place in the queue."""

    time_ms: int
    product_id: str
    client_order_id: str
    lots: int
    limit: int


class OrderEdited(NamedTuple):
    """A resting order has other terms at the exchange than were sent: its owner changed it there.

    lots: its whole size. limit, stop: ticks.
    """

    time_ms: int
    product_id: str
    client_order_id: str
    lots: int
    limit: int
    stop: int


class Noted(NamedTuple):
    """Something to be kept on the record, such as a product's new minimum; it changes nothing."""

    time_ms: int
    about: str
    text: str


class Doubted(NamedTuple):
    """Something has been in doubt since a time; since_ms 0: it is not any more.

    It decides nothing: the clock of a doubt is to outlive the process that began it. about: a
    client order id, or what else is doubted. said: what the doubt is, as whoever has it writes it.
    """

    time_ms: int
    about: str
    since_ms: int
    said: dict[str, Any]


class ProductSeen(NamedTuple):
    """The exchange was asked about a product. closed: why it takes no orders now; "": it does.

    limit_only: whether it takes no market orders. grid: of what it takes.
    """

    time_ms: int
    product_id: str
    closed: str
    limit_only: bool = False
    grid: Grid = AS_COUNTED


class ProofSeen(NamedTuple):
    """What would prove that a product's stop has ended was asked for. lost: why it would not.

    "": it would. A stop is not cancelled for an exit that could not leave before there is proof.
    """

    time_ms: int
    product_id: str
    lost: str


class HaltRequested(NamedTuple):
    """Stop entries until somebody rearms."""

    time_ms: int
    by: str
    reason: str


class PauseRequested(NamedTuple):
    """Reduce only, or go on."""

    time_ms: int
    by: str
    paused: bool


class Rearmed(NamedTuple):
    """A person cleared the halt, the drawdown latch and frozen products.

    kept: products that stay frozen: what froze them was found after the person looked. latch: the
    mark of the kill latch that it lifts; "": there was none.
    """

    time_ms: int
    by: str
    reason: str
    kept: tuple[str, ...] = ()
    latch: str = ""


class Settled(NamedTuple):
    """A person wrote off what was sold beyond what was bought, at a price.

    lots: how many; ticks: what one of them is worth.
    """

    time_ms: int
    product_id: str
    lots: int
    ticks: int
    by: str
    reason: str


class Adjusted(NamedTuple):
    """An asset came in (> 0) or went out (< 0) otherwise than by a fill: no profit, no loss.

    amount: in units of the asset, an exact decimal as text. kind: deposit, withdrawal, reward,
    transfer, or reconciliation.
    """

    time_ms: int
    asset: str
    amount: str
    kind: str
    by: str
    reason: str
    total: str = ""  # what the exchange holds but for what is not booked yet; "": unknown


class Reconciled(NamedTuple):
    """The account was held against the journal; so many wallets differ, 0: it is in line.

    foreign_orders: open orders in it that are somebody else's. why: entries wait all the same; "".
    """

    time_ms: int
    foreign_orders: int
    differences: int
    why: str = ""


class CoinsLacking(NamedTuple):
    """After an order of a position was turned down a look shows fewer coins than it has.

    lots: how many of them are not there; 0: all are.
    """

    time_ms: int
    product_id: str
    lots: int


class PositionFound(NamedTuple):
    """The exchange shows that this bot held a position before, and no journal here knows of it.

    lots, ticks: what is left of it and its average entry; 0: nothing. order: the protection that
    rests for it; None: none is known to. recent: client ids of the newest orders that say so,
    which a look would else take for those of a second instance. price_ticks: of the product when
    it was found; 0: nobody told.
    """

    time_ms: int
    product_id: str
    by: str
    reason: str
    lots: int = 0
    ticks: int = 0
    order: Order | None = None
    recent: tuple[str, ...] = ()
    price_ticks: int = 0


class OrdersFound(NamedTuple):
    """The exchange has orders of ours in a product that this journal does not know.

    orders: those, and the open ones that it knows, oldest first, with the status that each has
    now; of one that is new here `filled` is what was booked elsewhere. fills: what of them is not
    booked yet. All at once: between two of them the account would look as it never was.
    coins: lots that the product's wallet holds by then; -1: nobody tells.
    """

    time_ms: int
    product_id: str
    by: str
    reason: str
    orders: tuple[Order, ...]
    fills: tuple[Fill, ...] = ()
    coins: int = -1


class InstanceSeen(NamedTuple):
    """While this session runs, orders of ours came up that it did not send."""

    time_ms: int
    client_order_ids: tuple[str, ...]


class FlattenRequested(NamedTuple):
    """Halt, and sell everything that is held."""

    time_ms: int
    by: str
    reason: str


class StopRequested(NamedTuple):
    """The session is about to end: what could still open a position is cancelled."""

    time_ms: int
    by: str


# What a look at the account, or at a product, shows.
Looked = (
    Reconciled
    | Adjusted
    | CoinsLacking
    | PositionFound
    | OrdersFound
    | InstanceSeen
    | ProductSeen
    | ProofSeen
)

# What a person asks for.
PersonsEvent = (
    OrderRequested
    | CancelRequested
    | AmendRequested
    | HaltRequested
    | PauseRequested
    | Rearmed
    | FlattenRequested
    | StopRequested
    | Settled
)

Event = (
    Started
    | HistoryLoaded
    | SeriesTold
    | BarClosed
    | BarMissed
    | Quoted
    | Ticked
    | Woken
    | FillReceived
    | OrderUpdated
    | Absent
    | OrderRequested
    | CancelRequested
    | AmendRequested
    | OrderAmended
    | OrderEdited
    | Noted
    | Doubted
    | ProductSeen
    | ProofSeen
    | HaltRequested
    | PauseRequested
    | Rearmed
    | Settled
    | Adjusted
    | Reconciled
    | CoinsLacking
    | PositionFound
    | OrdersFound
    | InstanceSeen
    | FlattenRequested
    | StopRequested
)

"""Orders and fills."""

from enum import StrEnum
from typing import NamedTuple

NOT_SENT = "NOT_SENT"  # why an order ended: no request for it was taken in
NOT_PLACED = "NOT_PLACED"  # why an order ended: proof that the exchange never had it


class OrderType(StrEnum):
    """How an order is priced."""

    MARKET = "market"
    LIMIT = "limit"
    STOP_LIMIT = "stop_limit"
    BRACKET = "bracket"


class TimeInForce(StrEnum):
    """How long an order lives: till cancelled, till a time, at once, all or nothing."""

    GTC = "GTC"
    GTD = "GTD"
    IOC = "IOC"
    FOK = "FOK"


class OrderStatus(StrEnum):
    """Where an order is in its life. SUBMIT_UNKNOWN is not an end: it waits for proof."""

    WAITING = "WAITING"
    SUBMITTED = "SUBMITTED"
    SUBMIT_UNKNOWN = "SUBMIT_UNKNOWN"
    OPEN = "OPEN"
    TRIGGERED = "TRIGGERED"
    PENDING_CANCEL = "PENDING_CANCEL"
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"

    @property
    def is_final(self) -> bool:
        """Whether nothing more can come of the order (a late fill is an anomaly)."""
        return self in _FINAL


_FINAL = frozenset(
    {OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.EXPIRED, OrderStatus.REJECTED}
)
_LIFE = (
    OrderStatus.WAITING,
    OrderStatus.SUBMITTED,
    OrderStatus.SUBMIT_UNKNOWN,
    OrderStatus.OPEN,
    OrderStatus.TRIGGERED,
    OrderStatus.PENDING_CANCEL,
)


def next_status(known: OrderStatus, reported: OrderStatus) -> OrderStatus:
    """Status after a report: reports may come late or twice, an order's life never runs back."""
    if known.is_final or reported.is_final:
        return known if known.is_final else reported
    return max(known, reported, key=_LIFE.index)


def cancelling(known: OrderStatus) -> OrderStatus:
    """Status of an order that is to be cancelled.

    One of which nobody has said that it is there stays so; one that was never sent has ended.
    """
    if known in (OrderStatus.SUBMITTED, OrderStatus.SUBMIT_UNKNOWN):
        return known
    if known is OrderStatus.WAITING:
        return OrderStatus.CANCELLED
    return next_status(known, OrderStatus.PENDING_CANCEL)


class Origin(StrEnum):
    """Who asked for an order."""

    ROUTE = "route"
    PROTECTION = "protection"
    OPERATOR = "operator"


class Protection(NamedTuple):
    """What an entry brings to its position: fractions of its average fill, 0: none."""

    stop: float
    take_profit: float
    trail: float
    max_bars: int


class OrderIntent(NamedTuple):
    """What is wanted of the exchange. Sizes are lots, prices ticks, money units of 1e-8 quote."""

    client_order_id: str
    product_id: str
    side: int
    type: OrderType
    tif: TimeInForce
    lots: int  # 0 when ordered by value
    quote: int  # units to spend, fees included; 0 when ordered by size
    limit: int = 0
    stop: int = 0  # trigger of a stop-limit or bracket
    post_only: bool = False
    reduce_only: bool = False
    expire_ms: int = 0  # GTD: the first bar opening at or after it no longer matches
    reason: int = 0  # FILL_* of its fills
    origin: Origin = Origin.ROUTE
    sent_ms: int = 0  # when it was decided
    protection: Protection | None = None  # of an entry


class Amendment(NamedTuple):
    """Another size and price that the broker was asked for and has not answered; 0 lots: none."""

    lots: int = 0
    limit: int = 0


class Order(NamedTuple):
    """An intent and its life."""

    intent: OrderIntent
    status: OrderStatus = OrderStatus.SUBMITTED
    filled: int = 0  # lots, cumulative: the watermark
    reserve: int = 0  # units of cash set aside
    is_new: bool = True  # not yet seen a bar since it was placed or amended
    triggered: bool = False
    amendment: Amendment = Amendment()
    exchange_id: str = ""  # the exchange's own id; "" before it said one
    filled_value: str = ""  # quote, cumulative, as the exchange wrote it; "" in a simulation
    filled_fees: str = ""

    @property
    def client_order_id(self) -> str:
        """The name by which everybody knows it."""
        return self.intent.client_order_id

    @property
    def product_id(self) -> str:
        """The product that it trades."""
        return self.intent.product_id

    @property
    def can_cancel(self) -> bool:
        """Whether it may still be cancelled: it has not ended, and nobody has asked for it yet."""
        return not self.status.is_final and self.status is not OrderStatus.PENDING_CANCEL


class Fill(NamedTuple):
    """A fill. `cumulative` is the order's filled lots after it; `time_ms` its bar's open.

    base: price in ticks before spread and slippage; 0: unknown, as an exchange does not say it.
    filled_value, filled_fees: what all fills of the order moved in quote, and their fees, exactly
    as an exchange wrote it; "" in a simulation, where ticks and `fee` are exact.
    """

    client_order_id: str
    product_id: str
    side: int
    lots: int
    ticks: int
    fee: int
    liquidity: int
    reason: int
    cumulative: int
    time_ms: int
    base: int = 0
    filled_value: str = ""
    filled_fees: str = ""

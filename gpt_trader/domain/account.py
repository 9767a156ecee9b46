"""An account as its exchange tells it: wallets, rights, fees, orders and fills, as values.

What is not told is not 0, and not "no": a wallet that is missing is `told_wallet`'s error, a row
that could not be read makes its `History` a part of one, and a number that is missing is None.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from gpt_trader.domain.order import OrderStatus, OrderType
from gpt_trader.errors import Unavailable

MOST_FEES = Decimal("0.1")  # of what was traded: beyond it they are something else
ROUNDED_UP = Decimal("0.01")  # quote: what an exchange may add to a fee that is less than it
FILLS = ("", "FILL")  # kinds of rows that are no correction or reversal of another
ROUGHLY = Decimal("0.01")  # how far an average price and a value may be apart


class Balance(NamedTuple):
    """One wallet. available and hold are exact, in units of the currency."""

    currency: str
    available: Decimal
    hold: Decimal

    @property
    def total(self) -> Decimal:
        """What is there, set aside or not."""
        return self.available + self.hold


class Permissions(NamedTuple):
    """What a key may do, and in which portfolio."""

    can_view: bool
    can_trade: bool
    can_transfer: bool
    portfolio_uuid: str
    portfolio_type: str


class FeeTier(NamedTuple):
    """The account's fee tier. Rates are fractions; volume and fees of 30 days in USD."""

    name: str
    maker_rate: Decimal
    taker_rate: Decimal
    volume_30d: Decimal | None
    fees_30d: Decimal | None


class RemoteOrder(NamedTuple):
    """An order as the exchange tells it, over REST or the user channel.

    side: +1 buy, -1 sell. status, order_type, tif: the exchange's words, upper case; life and kind
    are what they mean here, None for words that nobody knows: they prove nothing. filled_size
    (base), filled_value and total_fees (quote) are cumulative; None: not said. average_price: of
    all fills, None or 0: not said. client_order_id: "" where it could not be read: then it may be
    anybody's.
    """

    order_id: str
    client_order_id: str
    product_id: str
    side: int
    status: str
    life: OrderStatus | None
    order_type: str
    kind: OrderType | None
    tif: str
    limit_price: Decimal | None
    stop_price: Decimal | None
    base_size: Decimal | None
    quote_size: Decimal | None
    filled_size: Decimal | None
    filled_value: Decimal | None
    total_fees: Decimal | None
    created_ms: int | None
    post_only: bool
    reject_reason: str
    cancel_message: str
    average_price: Decimal | None = None

    @property
    def tells_fills(self) -> bool:
        """Whether the row says how much was filled, and if anything was, for how much.

        More than the order's own size says nothing, nor does what contradicts itself: a value that
        is not the size's at the average price, fees that are no part of it.
        """
        if not self.tells_size:
            return False
        if self.filled_size == 0:
            return True
        value, fees, average = self.filled_value, self.total_fees, self.average_price
        if value is None or fees is None or value <= 0:
            return False
        if abs(fees) > value * MOST_FEES + ROUNDED_UP:
            return False
        assert self.filled_size is not None
        return not average or abs(average * self.filled_size - value) <= value * ROUGHLY

    @property
    def tells_size(self) -> bool:
        """Whether the row says how much was filled, no more than the order's own size."""
        size, most = self.filled_size, self.base_size or self.filled_size
        return size is not None and most is not None and 0 <= size <= most

    @property
    def is_told(self) -> bool:
        """Whether the row says whose the order is, what became of it and what was filled."""
        return bool(self.client_order_id) and self.life is not None and self.tells_fills


class RemoteFill(NamedTuple):
    """One fill. size: base units, also where the exchange counts it in quote."""

    entry_id: str
    trade_id: str
    order_id: str
    product_id: str
    side: int
    trade_ms: int
    trade_type: str
    price: Decimal
    size: Decimal
    commission: Decimal
    liquidity: str
    sequence_ms: int | None

    @property
    def is_first(self) -> bool:
        """Whether it is told first: what corrects or reverses a fill tells its size again."""
        return self.trade_type in FILLS


class History[T](NamedTuple):
    """Orders or fills of an account. is_whole: every row could be read, whose it is included.

    Only of a whole history does it prove anything that something is not in it. is_read: every row
    could be read but for whose it is: what no nameless row is like is not in it.
    """

    rows: list[T]
    is_whole: bool
    is_read: bool = False

    @property
    def tells_all(self) -> bool:
        """Whether every row could be read, though maybe not whose it is."""
        return self.is_whole or self.is_read


class Portfolio(NamedTuple):
    """A portfolio of the account."""

    uuid: str
    name: str
    type: str
    deleted: bool


class Preview(NamedTuple):
    """What an order would come to. errors: why it would be refused, in the exchange's words."""

    errors: tuple[str, ...]
    warnings: tuple[str, ...]
    order_total: Decimal | None
    commission_total: Decimal | None
    best_bid: Decimal | None
    best_ask: Decimal | None
    base_size: Decimal | None
    quote_size: Decimal | None
    slippage: Decimal | None
    preview_id: str


class Placed(NamedTuple):
    """The exchange has taken an order."""

    order_id: str
    client_order_id: str


class Refused(NamedTuple):
    """The exchange has refused, in a structured answer."""

    reason: str
    message: str

    @property
    def words(self) -> str:
        """The exchange's reason, and what it says to it."""
        return ": ".join(word for word in (self.reason, self.message) if word)


class CancelResult(NamedTuple):
    """What became of one request to cancel; success: it was taken, not that it is cancelled."""

    order_id: str
    success: bool
    reason: str


def totals_of(balances: Iterable[Balance]) -> dict[str, Decimal]:
    """Return what each wallet holds, by currency."""
    return {one.currency: one.total for one in balances}


def holds_of(balances: Iterable[Balance]) -> dict[str, Decimal]:
    """Return what of each wallet is on hold, by currency."""
    return {one.currency: one.hold for one in balances}


def told_wallet(wallets: Mapping[str, Decimal], currency: str) -> Decimal:
    """Return what a wallet holds. Raises Unavailable where it was not told: it is not one of 0."""
    if currency not in wallets:
        raise Unavailable(f"the exchange tells no wallet of {currency} that can be read")
    return wallets[currency]

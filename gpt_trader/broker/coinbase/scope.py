"""Whether a key may be used for what is asked of it, and what the exchange takes from it."""

from gpt_trader.broker.coinbase.account import Permissions
from gpt_trader.broker.coinbase.private import Private
from gpt_trader.broker.coinbase.wire import configuration
from gpt_trader.domain.order import Order, OrderType, TimeInForce
from gpt_trader.domain.product import Product
from gpt_trader.errors import AuthError


def check_scope(permissions: Permissions, *, trades: bool, allow_transfer: bool) -> None:
    """Raise AuthError unless the key can do what is needed, and no more than is wanted.

    A key that can move money out turns a stolen file into a stolen account; a bot needs none.
    """
    if not permissions.can_view:
        raise AuthError("the key cannot view the account", hint="make one with the view permission")
    if trades and not permissions.can_trade:
        raise AuthError("the key cannot trade", hint="make one with the trade permission")
    if permissions.can_transfer and not allow_transfer:
        raise AuthError(
            "the key can move money out of the account",
            hint="make one without the transfer permission, or set coinbase.allow_transfer_key",
        )


def check_portfolio(permissions: Permissions, portfolio: str) -> None:
    """Raise AuthError if a key belongs to another portfolio than the session it is used for."""
    if permissions.portfolio_uuid != portfolio:
        raise AuthError(
            f"the key is of portfolio {permissions.portfolio_uuid}, the session of {portfolio}",
            hint="use the key that the session was begun with",
        )


def takes_stops(private: Private, product: Product) -> bool | None:
    """Whether the exchange would take a stop that sells, asked with a preview far below the price.

    A refusal for lack of coins says that the kind of order is taken, one of the kind itself that
    it is not. None: neither was said, as in maintenance.
    """
    touches = private.touches([product.product_id])
    if not touches:
        return None
    stop = max(int(touches[0].bid / 2 / product.price_increment), 1)
    least = product.quote_min_size * 4 / touches[0].bid
    lots = max(int(max(least, product.base_min_size) / product.base_increment) + 1, 1)
    probe = Order(
        client_order_id="probe",
        product_id=product.product_id,
        side=-1,
        type=OrderType.STOP_LIMIT,
        tif=TimeInForce.GTC,
        lots=lots,
        quote=0,
        limit=max(stop * 9 // 10, 1),
        stop=stop,
    )
    found = private.preview(product.product_id, -1, configuration(probe, product))
    if all("INSUFFICIENT" in reason for reason in found.errors):
        return True
    return False if any("SUPPORTED" in reason for reason in found.errors) else None

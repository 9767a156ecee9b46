"""Our orders in Coinbase's words: the one place where lots and ticks become its texts."""

from datetime import UTC, datetime
from typing import Any

from gpt_trader.broker.exchange.ports import EARLY_MS
from gpt_trader.domain.order import OrderIntent, OrderType, TimeInForce
from gpt_trader.domain.product import Product

SIDE_WORDS = {1: "BUY", -1: "SELL"}


def configuration(intent: OrderIntent, product: Product) -> dict[str, dict[str, Any]]:
    """Return an order's configuration: exactly one key with its terms, all numbers as text."""
    tif = intent.tif
    match intent.type:
        case OrderType.MARKET:
            return {"market_market_ioc": _size(intent, product)}
        case OrderType.LIMIT:
            terms = _size(intent, product) | {"limit_price": price_text(product, intent.limit)}
            if tif is TimeInForce.IOC:
                return {"sor_limit_ioc": terms}
            if tif is TimeInForce.FOK:
                return {"limit_limit_fok": terms}
            terms |= {"post_only": intent.post_only}
            return {f"limit_limit_{_life(tif)}": terms | _end(intent)}
        case OrderType.STOP_LIMIT:
            direction = "STOP_DIRECTION_STOP_UP" if intent.side > 0 else "STOP_DIRECTION_STOP_DOWN"
            terms = _size(intent, product) | {
                "limit_price": price_text(product, intent.limit),
                "stop_price": price_text(product, intent.stop),
                "stop_direction": direction,
            }
            return {f"stop_limit_stop_limit_{_life(tif)}": terms | _end(intent)}
        case OrderType.BRACKET:
            terms = _size(intent, product) | {
                "limit_price": price_text(product, intent.limit),
                "stop_trigger_price": price_text(product, intent.stop),
            }
            return {f"trigger_bracket_{_life(tif)}": terms | _end(intent)}


def price_text(product: Product, ticks: int) -> str:
    """Return a price as exact text on the product's grid."""
    return format(product.price(ticks), "f")


def size_text(product: Product, lots: int) -> str:
    """Return a size as exact text on the product's grid."""
    return format(product.size(lots), "f")


def time_text(time_ms: int) -> str:
    """Return a time as RFC 3339."""
    moment = datetime.fromtimestamp(time_ms / 1000, UTC)
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _size(intent: OrderIntent, product: Product) -> dict[str, Any]:
    if not intent.quote:
        return {"base_size": size_text(product, intent.lots)}
    return {"quote_size": format(product.spent(intent.quote), "f")}


def _life(tif: TimeInForce) -> str:
    return "gtd" if tif is TimeInForce.GTD else "gtc"


def _end(intent: OrderIntent) -> dict[str, str]:
    if intent.tif is not TimeInForce.GTD:
        return {}
    return {"end_time": time_text(intent.expire_ms - EARLY_MS)}

"""Answers that say less than they seem to: half pages, rows that cannot be read."""

import random
from typing import Any

ACCOUNTS, HISTORY, FILLS = "/accounts", "/orders/historical/batch", "/orders/historical/fills"
WAYS = {
    ACCOUNTS: ("null balance", "wallet missing", "no wallets"),
    HISTORY: ("no orders", "no client ids", "no cursor"),
    FILLS: ("no size", "no fills"),
}


def halve(path: str, way: str, document: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """Return an answer's document as a faulty exchange would send it; the original stays."""
    match way:
        case "null balance":
            at = rng.randrange(max(len(document["accounts"]), 1))
            rows = [
                row | ({"available_balance": None} if i == at else {})
                for i, row in enumerate(document["accounts"])
            ]
            return document | {"accounts": rows}
        case "wallet missing":
            rows = list(document["accounts"])
            if rows:
                del rows[rng.randrange(len(rows))]
            return document | {"accounts": rows, "size": len(rows)}
        case "no wallets":
            return document | {"accounts": [], "size": 0}
        case "no orders":
            return document | {"orders": [], "has_next": False, "cursor": ""}
        case "no client ids":
            nothing: tuple[Any, ...] = (None, "", 7)
            rows = [row | {"client_order_id": rng.choice(nothing)} for row in document["orders"]]
            return document | {"orders": rows}
        case "no cursor":
            rows = document["orders"]
            return document | {"orders": rows[: len(rows) // 2], "has_next": True, "cursor": ""}
        case "no size":
            return document | {"fills": [row | {"size": None} for row in document["fills"]]}
        case "no fills":
            return document | {"fills": [], "cursor": ""}
    raise AssertionError((path, way))


def spoil_user_row(row: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """Return a report on an order that cannot be read."""
    spoiled = (
        {"filled_value": None},
        {"order_side": "UNKNOWN_ORDER_SIDE"},
        {"filled_value": "NaN"},
    )
    return row | rng.choice(spoiled)


def spoil_ticker_row(row: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """Return a ticker's row whose numbers are none."""
    number = rng.choice(("NaN", "Infinity", "1e999", "-1", "", None))
    return row | {"best_bid": number, "best_ask": number}

"""What every wallet must hold, added up from a journal's texts by somebody who knows nothing else.

It shares no code with the engine: an entry is JSON, money is Decimal, a fill counts by how far its
order's totals have come.
"""

import json
import sqlite3
from decimal import Decimal
from pathlib import Path

ZERO = Decimal(0)


def wallets_of(path: Path) -> dict[str, Decimal]:
    """Return the wallets at the end of a journal."""
    found: dict[str, Decimal] = {}
    filled: dict[str, tuple[Decimal, Decimal, Decimal]] = {}
    steps: dict[str, Decimal] = {}
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        rows = connection.execute("SELECT event FROM entry ORDER BY seq").fetchall()
    finally:
        connection.close()
    for (text,) in rows:
        event = json.loads(text)
        kind = event["type"]
        if kind == "Started":
            for product in event["header"]["products"]:
                steps[product["product_id"]] = Decimal(product["base_increment"])
            if not found:
                wallets = event["header"]["wallets"].items()
                found = {name: Decimal(amount) for name, amount in wallets}
        elif kind == "Adjusted":
            add(found, event["asset"], Decimal(event["amount"]))
        elif kind == "FillReceived":
            book(found, filled, steps, event["fill"])
        elif kind == "OrdersFound":
            for order in event["orders"]:  # what another journal booked of it is in the wallets
                told = order["filled_value"] or "0", order["filled_fees"] or "0"
                size = order["filled"] * steps[order["product_id"]]
                value, fees = map(Decimal, told)
                filled.setdefault(order["client_order_id"], (size, value, fees))
            for fill in event["fills"]:
                book(found, filled, steps, fill)
    return found


def book(
    wallets: dict[str, Decimal],
    filled: dict[str, tuple[Decimal, Decimal, Decimal]],
    steps: dict[str, Decimal],
    fill: dict,
) -> None:
    """Book what a report of an order's totals says beyond what is known of it."""
    key, product_id = fill["client_order_id"], fill["product_id"]
    base, quote = product_id.split("-")
    size = fill["cumulative"] * steps[product_id]
    told = (size, Decimal(fill["filled_value"]), Decimal(fill["filled_fees"] or "0"))
    known = filled.get(key, (ZERO, ZERO, ZERO))
    if any(new < old for new, old in zip(told, known, strict=True)):
        return  # an older report
    filled[key] = told
    size, value, fees = (new - old for new, old in zip(told, known, strict=True))
    add(wallets, base, fill["side"] * size)
    add(wallets, quote, -fill["side"] * value - fees)


def add(wallets: dict[str, Decimal], name: str, amount: Decimal) -> None:
    """Move a wallet."""
    wallets[name] = wallets.get(name, ZERO) + amount

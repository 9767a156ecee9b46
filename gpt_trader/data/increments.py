"""What sizes and prices of known products are whole multiples of, read from a bundled file.

The file states for each product the day of its facts, and where they are from.
"""

from functools import cache
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).with_name("increments.csv")


class Increments(NamedTuple):
    """A product's grid as text of exact decimals, in base, quote and base currency.

    as_of: the day, month or year of the facts.
    """

    base_increment: str
    price_increment: str
    base_min_size: str
    as_of: str


@cache
def known_increments() -> dict[str, Increments]:
    """Return the increments of all bundled products by product id."""
    lines = FILE.read_text(encoding="utf-8").splitlines()
    rows = [line.split(",") for line in lines if not line.startswith("#")]
    return {product_id: Increments(*rest) for product_id, *rest in rows[1:]}


# least value of an order, by quote currency: the exchange's, with 1 for what stands for a dollar.
# Sources: products of the exchange as public programs quote them in their code and tests (BTC, EUR,
# GBP: 2021 to 2024), and its list of 2026-09-27 (USD, USDC).
LEAST_ORDERS = {
    "USD": "1", "USDC": "1", "USDT": "1", "DAI": "1", "UST": "1",
    "EUR": "0.84", "GBP": "0.72", "BTC": "0.000016",
}  # fmt: skip

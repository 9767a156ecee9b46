"""Prices that a grid is too coarse for: once they are whole ticks, most of their moves are gone."""

import numpy as np

from gpt_trader.domain.bars import Floats
from gpt_trader.domain.product import Product
from gpt_trader.errors import DataError

MOST_LOST = 0.5  # share of all moves
LEAST_MOVE = 1e-6  # share of the price: what is less may be an error of float32


def check_moves(name: object, prices: Floats, ticks: Floats, product: Product) -> None:
    """Raise DataError if more than half of the moves of prices are none of ticks.

    Moves are those from close to close, and from a bar's low to its high. name: what the prices are
    of. prices: (4, n) quote units, open, high, low and close, > 0; ticks: the same, rounded.
    """
    found, rounded = _moves(prices), _moves(ticks)
    moved = np.abs(found) > LEAST_MOVE * prices[3].min()
    lost = int((moved & (rounded == 0.0)).sum())
    if lost <= MOST_LOST * moved.sum():
        return
    raise DataError(
        f"expected a price increment that {name} moves by: once rounded to "
        f"{product.price_increment:f}, {lost:,} of {int(moved.sum()):,} moves are gone",
        hint=f"half of the moves are under {np.median(np.abs(found[moved])):.2g}: state a finer "
        "increment with --product-spec price_increment=..., or this one if it is meant",
    )


def _moves(prices: Floats) -> Floats:
    moves: Floats = np.concatenate([np.diff(prices[3]), prices[1] - prices[2]])
    return moves

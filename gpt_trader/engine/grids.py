"""Exits on the grid that the exchange takes now, whatever grid a position is counted in.

A session counts what it holds in the lots and ticks that it began with. Where the exchange takes
coarser ones, sizes are cut down and prices moved to the passive side, but for an exit that is to
cross, and for stops and their limits: those are moved to the side on which they sell.
"""

from gpt_trader.domain.order import Order, OrderIntent, OrderType, TimeInForce
from gpt_trader.domain.product import Grid
from gpt_trader.engine.state import State


def on_grid(state: State, j: int, order: Order) -> Order:
    """Return an exit of product j as the exchange takes it; its size may be 0."""
    grid = state.grids[j]
    if (grid.lots, grid.ticks) == (1, 1):
        return order
    return order._replace(intent=gridded(grid, order.intent))


def gridded(grid: Grid, intent: OrderIntent) -> OrderIntent:
    """Return an intent on a grid."""
    rests = intent.type is OrderType.BRACKET or (
        intent.type is OrderType.LIMIT and intent.tif in (TimeInForce.GTC, TimeInForce.GTD)
    )
    return intent._replace(
        lots=whole(grid, intent.lots),
        limit=tick(grid, intent.limit, -intent.side if rests else intent.side),
        stop=tick(grid, intent.stop, intent.side),
    )


def whole(grid: Grid, lots: int) -> int:
    """Return the most lots, not above so many, of which an order may be."""
    return lots - lots % grid.lots


def tick(grid: Grid, ticks: int, side: int) -> int:
    """Return a price on a grid, above it for side 1, below for -1.

    One below which there is none on the grid stays: above it a sell stop would sell at once.
    """
    off = ticks % grid.ticks
    if not off or (side < 0 and ticks < grid.ticks):
        return ticks
    return ticks - off + (grid.ticks if side > 0 else 0)

"""What a session reads and does not trade: which series, and on which grids they are counted."""

from collections.abc import Mapping, Sequence
from typing import Any

from gpt_trader.domain.bars import Bars
from gpt_trader.domain.product import Product
from gpt_trader.domain.reads import read_name
from gpt_trader.engine.plan import ReadSeries
from gpt_trader.errors import ConfigError
from gpt_trader.strategy.sight import bars_read, is_of_grid, reads_of


def names_read(
    strategies: Sequence[Any], products: Sequence[str], interval_ms: int
) -> dict[str, int]:
    """Return what strategies read beside the bars that are traded, and how many bars of each."""
    found: dict[str, int] = {}
    for strategy in strategies:
        for name, bars in reads_of(strategy).items():
            if not any(is_of_grid(name, product, interval_ms) for product in products):
                found[name] = max(found.get(name, 0), bars)
    return found


def series_read(
    strategies: Sequence[Any],
    products: Sequence[Product],
    interval_ms: int,
    grids: Mapping[str, Product],
) -> tuple[ReadSeries, ...]:
    """Return what is read, each on the grid of its product. grids: those not traded, by id.

    Raises ConfigError if nobody says what a product is counted in.
    """
    traded = {one.product_id: one for one in products}
    known, found = {**grids, **traded}, []
    for name, bars in names_read(strategies, [*traded], interval_ms).items():
        product_id, own_ms = read_name(name)
        if product_id not in known:
            raise ConfigError(
                f"{name} is read, and nobody tells its bars", hint=f"give them: --read {name}=FILE"
            )
        grid = known[product_id]
        bare = Product(product_id, grid.base_increment, grid.price_increment)
        found.append(ReadSeries(name, bare, own_ms or interval_ms, bars))
    return tuple(found)


def past_read(
    reads: Sequence[ReadSeries], given: Mapping[str, Bars], series: Sequence[Bars]
) -> dict[str, Bars]:
    """Return the bars of what a session of the past reads: given, or made of what it trades.

    Raises ConfigError if there are none of one.
    """
    traded = {bars.product.product_id: bars for bars in series}
    found = {}
    for read in reads:
        bars = bars_read(read.name, given, traded)
        if bars is None:
            raise ConfigError(
                f"{read.name} is read, and there are no bars of it",
                hint=f"give them: --read {read.name}=FILE",
            )
        found[read.name] = bars
    return found

"""What a session reads and does not trade: which series, and on which grids they are counted."""

from collections.abc import Mapping, Sequence
from typing import Any

from gpt_trader.domain.bars import Bars
from gpt_trader.domain.product import Product
from gpt_trader.domain.reads import full_name, read_name
from gpt_trader.engine.plan import ReadSeries
from gpt_trader.errors import ConfigError
from gpt_trader.strategy.sight import bars_read, reads_of


def names_read(
    strategies: Sequence[Any],
    products: Sequence[str],
    intervals: Sequence[int],
    interval_ms: int,
) -> dict[str, int]:
    """Return the full names of what is read beside bars that are traded, and how many of each.

    strategies, products, intervals: one a product; of one whose route has longer bars these are
    read. interval_ms: of the bars that are traded.
    """
    found: dict[str, int] = {}
    for strategy, product, own_ms in zip(strategies, products, intervals, strict=True):
        wanted = {full_name(name, own_ms): bars for name, bars in reads_of(strategy).items()}
        if own_ms != interval_ms:
            own = full_name(product, own_ms)
            needed = max(strategy.warmup, strategy.min_bars, 1)
            wanted[own] = max(wanted.get(own, 0), needed)
        for name, bars in wanted.items():
            found[name] = max(found.get(name, 0), bars)
    traded = {full_name(product, interval_ms) for product in products}
    return {name: bars for name, bars in found.items() if name not in traded}


def series_read(
    names: Mapping[str, int], products: Sequence[Product], grids: Mapping[str, Product]
) -> tuple[ReadSeries, ...]:
    """Return what is read, each on the grid of its product.

    names: as `names_read` gives them. grids: of products that are not traded, by id. Raises
    ConfigError if nobody says what a product is counted in.
    """
    known = {**grids, **{one.product_id: one for one in products}}
    found = []
    for name, bars in names.items():
        product_id, interval_ms = read_name(name)
        assert interval_ms is not None  # of a full name
        if product_id not in known:
            raise ConfigError(
                f"{name} is read, and nobody tells its bars", hint=f"give them: --read {name}=FILE"
            )
        grid = known[product_id]
        bare = Product(product_id, grid.base_increment, grid.price_increment)
        found.append(ReadSeries(name, bare, interval_ms, bars))
    return tuple(found)


def past_read(
    reads: Sequence[ReadSeries], given: Mapping[str, Bars], series: Sequence[Bars]
) -> dict[str, Bars]:
    """Return the bars of what a session of the past reads: given, or made of what it trades.

    Raises ConfigError if there are none of one.
    """
    known = {full_name(name, bars.interval_ms): bars for name, bars in given.items()}
    found = {}
    for read in reads:
        bars = bars_read(read.name, known, series)
        if bars is None:
            raise ConfigError(
                f"{read.name} is read, and there are no bars of it",
                hint=f"give them: --read {read.name}=FILE",
            )
        found[read.name] = bars
    return found

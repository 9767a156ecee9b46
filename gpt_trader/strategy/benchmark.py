"""A series that a market strategy looks at and need not trade."""

from gpt_trader.domain.market import Market
from gpt_trader.domain.reads import Read, read_by, read_name
from gpt_trader.domain.times import format_interval
from gpt_trader.errors import ConfigError, UsageError


def check_benchmark(strategy: str, name: str) -> None:
    """Raise UsageError where a benchmark names no series."""
    if "-" not in read_name(name).product_id:
        raise UsageError(
            f"expected benchmark of {strategy} to be a product, was {name!r}",
            hint="for example --set benchmark=BTC-USD, or BTC-USD@1d",
        )


def benchmark_of(market: Market, name: str) -> Read:
    """Return a series as the market's rows see it: one that is read, or that of a traded product.

    Raises ConfigError if there is none, or its bars are shorter than the market's.
    """
    if name in market.reads:
        found = market.reads[name]
    elif name in market.bars:
        found = read_by(market.bars[name], market.time, market.interval_ms)
    else:
        raise ConfigError(
            f"there are no bars of the benchmark {name}", hint=f"give them: --data {name}=FILE"
        )
    if found.bars.interval_ms < market.interval_ms:
        own, grid = map(format_interval, (found.bars.interval_ms, market.interval_ms))
        raise ConfigError(
            f"expected bars of the benchmark {name} of {grid} or longer, found {own}",
            hint=f"give those of {grid}",
        )
    return found

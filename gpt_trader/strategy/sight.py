"""What a strategy sees when it is asked: one product's bars, or the market of its route's products.

A strategy whose `targets` takes a `market` is a market strategy: it answers for all products of its
route at once. Whoever asks strategies asks groups, and so needs not know which kind one is.
"""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gpt_trader.domain.bars import Bars, with_columns
from gpt_trader.domain.coarsen import coarsen
from gpt_trader.domain.extra import NONE
from gpt_trader.domain.market import EMPTY, Market, market_of
from gpt_trader.domain.reads import full_name, read_name
from gpt_trader.errors import ConfigError, UsageError

type Seen = Bars | Market


class Group(NamedTuple):
    """A strategy, and the products for which it answers at once.

    places: their numbers, one unless it sees the market. seen: what it is shown of them. fine: of
    each the bars that are traded, if it is shown longer ones and decides at their closes.
    """

    strategy: Any
    places: tuple[int, ...]
    seen: Seen
    fine: tuple[Bars, ...] = ()


def sees_market(strategy: Any) -> bool:  # noqa: ANN401 - a strategy or its class
    """Whether a strategy is shown a market: its `targets` takes one, or that of one with a vote."""
    if not isinstance(strategy, type) and any(map(sees_market, _voters(strategy))):
        return True
    kind: Any = strategy if isinstance(strategy, type) else type(strategy)
    if not hasattr(kind, "targets") or not callable(kind.targets):
        return False
    try:
        found = inspect.signature(kind.targets).parameters.values()
    except ValueError:  # of what is not written in Python nobody can tell
        return False
    return any(p.name == "market" or _names_market(p.annotation) for p in found)


def _voters(strategy: Any) -> tuple[Any, ...]:  # noqa: ANN401
    return strategy.voters if hasattr(strategy, "voters") else ()


def _names_market(annotation: object) -> bool:
    return annotation is Market or (
        isinstance(annotation, str) and annotation.rpartition(".")[2] == "Market"
    )


def reads_of(strategy: Any) -> dict[str, int]:  # noqa: ANN401
    """Return the series that a strategy reads, and how many bars of each it looks back on.

    `reads` is a tuple of names, of each as many bars as its warm-up says, or says so by name.
    What those with a vote in it read counts too. Raises UsageError if it is neither, or names no
    series.
    """
    parts = [_own_reads(strategy), *map(reads_of, _voters(strategy))]
    return {name: max(p.get(name, 0) for p in parts) for part in parts for name in part}


def _own_reads(strategy: Any) -> dict[str, int]:  # noqa: ANN401
    if not hasattr(strategy, "reads"):
        return {}
    stated = strategy.reads
    if isinstance(stated, str) or not isinstance(stated, Mapping | list | tuple):
        raise UsageError(
            f"expected reads of {strategy.name} as a tuple of names, was {stated!r}",
            hint='for example reads = ("BTC-USD", "ETH-USD@1d")',
        )
    back = stated if isinstance(stated, Mapping) else dict.fromkeys(stated, strategy.warmup)
    for name, bars in back.items():
        if not isinstance(name, str) or not _is_read(name) or not _is_count(bars):
            raise UsageError(
                f"expected {strategy.name} to read a series, was {name!r}: {bars!r}",
                hint='for example reads = ("BTC-USD", "ETH-USD@1d"), or {"ETH-USD@1d": 200}',
            )
    return dict(back)


def _is_read(name: str) -> bool:
    try:
        return "-" in read_name(name).product_id
    except UsageError:
        return False


def _is_count(bars: object) -> bool:
    return isinstance(bars, int) and not isinstance(bars, bool) and bars > 0


def groups_of(
    strategies: Sequence[Any],
    series: Sequence[Bars],
    reads: Mapping[str, Bars] = EMPTY,
    intervals: Sequence[int | None] = (),
) -> list[Group]:
    """Return who is asked about what, in the order of the first product of each.

    strategies: one a product; a market strategy is one object for all products that it answers for.
    reads: bars by the names under which they are read. intervals: of each product's route, ms;
    None, or none at all: that of its bars. Raises ConfigError if a series is missing.
    """
    found: dict[int, list[int]] = {}
    for j, strategy in enumerate(strategies):
        found.setdefault(id(strategy) if sees_market(strategy) else -1 - j, []).append(j)
    return [
        _group(strategies[places[0]], tuple(places), series, reads, intervals)
        for places in found.values()
    ]


def _group(
    strategy: Any,  # noqa: ANN401
    places: tuple[int, ...],
    series: Sequence[Bars],
    reads: Mapping[str, Bars],
    intervals: Sequence[int | None],
) -> Group:
    own = [series[j] for j in places]
    interval_ms = (intervals[places[0]] if intervals else None) or own[0].interval_ms
    known = {full_name(name, interval_ms): bars for name, bars in reads.items()}
    is_slow = interval_ms != own[0].interval_ms
    shown = own
    if is_slow:
        names = [full_name(bars.product.product_id, interval_ms) for bars in own]
        shown = [_needed(strategy, name, known, series) for name in names]
    fine = tuple(own) if is_slow else ()
    if not sees_market(strategy):
        return Group(strategy, places, shown[0], fine)
    read = {
        name: _needed(strategy, full_name(name, interval_ms), known, series)
        for name in reads_of(strategy)
    }
    return Group(strategy, places, market_of(shown, read), fine)


def _needed(
    strategy: Any,  # noqa: ANN401
    name: str,
    reads: Mapping[str, Bars],
    series: Sequence[Bars],
) -> Bars:
    bars = bars_read(name, reads, series)
    if bars is None:
        raise ConfigError(
            f"{strategy.name} reads {name}, of which there are no bars",
            hint=f"give them: --read {name}=FILE",
        )
    return bars


def bars_read(name: str, reads: Mapping[str, Bars], series: Sequence[Bars]) -> Bars | None:
    """Return the bars that a full name means: those given under it, else made of what is traded."""
    if name in reads:
        return reads[name]
    product_id, interval_ms = read_name(name)
    for own in series:
        if own.product.product_id == product_id and interval_ms is not None:
            if interval_ms == own.interval_ms:
                return own
            if interval_ms > own.interval_ms and interval_ms % own.interval_ms == 0:
                return coarsen(with_columns(own, extra=NONE), interval_ms).bars
    return None


def bars_needed(strategy: Any, own_ms: int, grid_ms: int) -> int:  # noqa: ANN401
    """Return how many traded bars, the newest included, an answer looks back on.

    own_ms: of the bars that it is shown, grid_ms: of those that are traded. Longer ones are made of
    these, so there must be enough for as many whole ones, wherever they begin.
    """
    needed: int = max(strategy.warmup, strategy.min_bars, 1)
    if own_ms > grid_ms:
        needed = (needed + 1) * (own_ms // grid_ms)
    for name, back in reads_of(strategy).items():
        read_ms = read_name(name).interval_ms or own_ms
        needed = max(needed, (back + 1) * -(-read_ms // grid_ms))
    return needed


def part(strategy: Any, seen: Seen, begin: int, end: int) -> Seen:  # noqa: ANN401
    """Return what a strategy is shown in a session that keeps rows [begin, end).

    From the first row on (begin 0) it is all that there is of what it reads.
    """
    if isinstance(seen, Bars):
        return seen[begin:end]
    return seen.part(begin, end, reads_of(strategy) if begin else {})

"""What a user gives to the library: bars of many kinds, and what is to be run on them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from os import PathLike
from types import MappingProxyType
from typing import Any

from gpt_trader.backtest.result import History
from gpt_trader.backtest.route import Route
from gpt_trader.backtest.warm import known
from gpt_trader.data.files.bar_files import Given, Loaded, load_bars
from gpt_trader.data.frames import is_frame, products_of
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.costs import OrderStyle
from gpt_trader.domain.reads import read_name
from gpt_trader.domain.stated import check_is
from gpt_trader.domain.times import format_interval
from gpt_trader.errors import DataError, UsageError
from gpt_trader.strategy.base import BarStrategy, MarketStrategy, Strategy
from gpt_trader.strategy.of_function import Function, bounded, say_whole
from gpt_trader.strategy.sight import sees_market

type One = History | Given
type Data = One | Sequence[One] | Mapping[str, One]
"""What a backtest runs on: bars, what `load_bars` gives or takes, or several of them."""

NO_READS: Mapping[str, One] = MappingProxyType({})

type Meant = Strategy | MarketStrategy | BarStrategy | Function | str | Sequence[Route]
"""A strategy, a function of bars or of a market, the name of a built-in one, or routes."""


def routes_given(
    strategy: Meant, style: OrderStyle, histories: Sequence[History]
) -> tuple[list[Route], list[str]]:
    """Return routes, and what is to be said of them; a strategy alone is one on all products.

    Raises UsageError and TypeError on what is none.
    """
    check_is("style", style, OrderStyle, 'order_style("taker")')
    if isinstance(strategy, list | tuple):
        routes = list(strategy)
        if not routes:
            raise UsageError("expected a strategy or a route at least, were none")
        for route in routes:
            check_is("each of the routes", route, Route, "Route(strategy, products=...)")
    else:
        routes = [Route(strategy, style=style)]
    lengths = [_length(one) for one in histories]
    said = [note for one in routes if (note := say_whole(one.strategy)) is not None]
    return [replace(one, strategy=_bounded(one.strategy, lengths)) for one in routes], said


def _bounded(strategy: Any, lengths: Sequence[int]) -> Any:  # noqa: ANN401
    """Return a strategy whose window is the whole history with one of that many rows at most."""
    return bounded(strategy, sum(lengths) if sees_market(strategy) else max(lengths, default=1))


def reads_given(data: Mapping[str, One]) -> dict[str, Bars]:
    """Return series that are only read, by name, with all of their bars.

    Raises what `load_bars` does, TypeError if they have no names, UsageError if one is of another
    product or interval than its name says.
    """
    check_is("reads", data, Mapping, '{"BTC-USD": bars}')
    found = {}
    for name, one in data.items():
        product_id, interval_ms = read_name(name)
        bars = known(_one(one, product_id))
        if interval_ms not in {None, bars.interval_ms}:
            raise UsageError(
                f"{name} are given as {format_interval(bars.interval_ms)} bars",
                hint=f'load_bars(..., interval="{format_interval(interval_ms or 0)}")',
            )
        found[name] = bars
    return found


def _length(history: History) -> int:
    """Return how many bars a strategy may be shown, those before the run among them."""
    if isinstance(history, Bars):
        return len(history)
    return len(history.bars) + (0 if history.earlier is None else len(history.earlier))


def histories_given(data: Any, product_id: str | None) -> list[History]:  # noqa: ANN401 - `Data`
    """Return each product's history of what was given; of frames those that `load_bars` reads.

    product_id: whose a frame, rows or a file is. Raises what `load_bars` does; UsageError if a
    history is given another name than it has; DataError on none, or two of one product.
    """
    found = _read(data, product_id)
    seen: set[str] = set()
    for one in found:
        bars = one.bars if isinstance(one, Loaded) else one
        if not len(bars):
            raise DataError(f"expected at least one bar of {bars.product.product_id}, found none")
        if bars.product.product_id in seen:
            raise DataError(f"expected each product once, found {bars.product.product_id} twice")
        seen.add(bars.product.product_id)
    return found


def check_order(order: Sequence[str], histories: Sequence[History]) -> None:
    """Raise UsageError if a product that is to decide first is not there."""
    series = [one.bars if isinstance(one, Loaded) else one for one in histories]
    known = [bars.product.product_id for bars in series]
    others = [one for one in order if one not in known]
    if others:
        raise UsageError(
            f"expected order of products that are there, was {others[0]}",
            hint=f"there are {', '.join(known)}",
        )


def _read(data: Any, product_id: str | None) -> list[History]:  # noqa: ANN401
    if isinstance(data, Bars | Loaded):
        return [_named(data, product_id)]
    if isinstance(data, Mapping):
        held = {key: _one(one, key) for key, one in data.items()}
        return [*held.values()] if held else [*load_bars(data)]
    if isinstance(data, str | PathLike):
        return [load_bars(data, product_id=product_id)]
    if is_frame(data):
        several = products_of(data) if product_id is None else []
        names: Iterable[str | None] = several or [product_id]
        return [load_bars(data, product_id=name) for name in names]
    if isinstance(data, Sequence) and len(data) and _is_of_histories(data[0]):
        return [_one(one, product_id if len(data) == 1 else None) for one in data]
    if isinstance(data, Sequence) and not len(data):
        raise UsageError("expected bars of one product at least, were none")
    return [load_bars(data, product_id=product_id)]


def _is_of_histories(first: Any) -> bool:  # noqa: ANN401
    """Whether a list is one of histories, frames or files, and not of rows."""
    return isinstance(first, Bars | Loaded | str | PathLike) or is_frame(first)


def _one(data: Any, product_id: str | None) -> History:  # noqa: ANN401
    if isinstance(data, Bars | Loaded):
        return _named(data, product_id)
    return load_bars(data, product_id=product_id)


def _named(history: History, product_id: str | None) -> History:
    bars = history.bars if isinstance(history, Loaded) else history
    if product_id is not None and product_id != bars.product.product_id:
        raise UsageError(
            f"bars of {bars.product.product_id} are given as {product_id}",
            hint="leave product_id out: bars know their product",
        )
    return history

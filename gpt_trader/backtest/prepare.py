"""What is given to a backtest, checked against each other and brought into the kernel's form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from gpt_trader.backtest.asked import Engine, Terms
from gpt_trader.backtest.beside import check_beside
from gpt_trader.backtest.result import History
from gpt_trader.backtest.route import Route
from gpt_trader.backtest.universe import delisted, insides_of
from gpt_trader.backtest.warm import joined, wanted
from gpt_trader.data.files.bar_files import Loaded
from gpt_trader.data.panel import Panel, build_panel
from gpt_trader.data.resample import check_detail
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.costs import CostModel, check_latency
from gpt_trader.domain.reads import read_name
from gpt_trader.domain.selection import Membership
from gpt_trader.domain.times import format_interval
from gpt_trader.errors import ConfigError, UsageError
from gpt_trader.kernel.rounding import UNITS_PER_QUOTE, VALUE_LIMIT
from gpt_trader.strategy.registry import is_array_strategy
from gpt_trader.strategy.sight import reads_of


@dataclass(frozen=True, slots=True)
class Prepared:
    """A run before it begins, one entry a product.

    histories: what `series`, its bars, were given as. assigned: its route. early: the bars before
    the first on which its strategy warms up; shown: those and its bars. reads: bars that market
    strategies read, by name; unheld: as in `check_beside`.
    insides: rows in which it may be held, None: all. gone: row of its last bar in a listing that
    ends, -1: none. made_of: the finer bars that all of them were made of; none if one was not.
    cash: units.
    """

    histories: tuple[History, ...]
    series: tuple[Bars, ...]
    reads: Mapping[str, Bars]
    unheld: tuple[str, ...]
    panel: Panel
    routes: tuple[Route, ...]
    assigned: tuple[Route, ...]
    engine: Engine
    early: tuple[Bars, ...]
    shown: tuple[Bars, ...]
    insides: Sequence[NDArray[np.bool_] | None]
    gone: Sequence[int]
    made_of: tuple[Bars, ...]
    cash: int


def prepare(
    histories: Sequence[History],
    routes: Sequence[Route],
    terms: Terms,
    earlier: Sequence[Bars | None],
) -> Prepared:
    """Return a run that can begin.

    earlier: bars before these, one series a product or None, on which the strategies warm up; none:
    they begin cold. Raises UsageError, ConfigError and DataError.
    """
    series = tuple(one for one, _ in histories_of(histories))
    panel = build_panel(list(series))
    check_detail(series, terms.detail)
    assigned = assign(routes, [b.product.product_id for b in series])
    _check_intervals(routes, panel.interval_ms)
    engine = choose_engine(terms.engine, routes)
    check_latency(terms.costs, panel.interval_ms)
    _check_columns(terms.costs, terms.universe, routes, series)
    early = tuple(
        wanted(one, b, r)
        for one, b, r in zip(earlier or [None] * len(series), series, assigned, strict=True)
    )
    shown = tuple(joined(*pair) for pair in zip(early, series, strict=True))
    return Prepared(
        histories=tuple(histories),
        series=series,
        reads=_read(routes, terms.reads, panel.interval_ms),
        unheld=check_beside(terms.reads, shown),
        panel=panel,
        routes=tuple(routes),
        assigned=tuple(assigned),
        engine=engine,
        early=early,
        shown=shown,
        insides=insides_of(terms.universe, series, terms.costs.latency_bars),
        gone=delisted(terms.universe, panel),
        made_of=_made_of(histories),
        cash=cash_units(terms.cash),
    )


def _read(
    routes: Sequence[Route], reads: Mapping[str, Bars], interval_ms: int
) -> Mapping[str, Bars]:
    """Return what of the series given is read; raise UsageError where nobody reads one.

    interval_ms: of what is traded. Raises UsageError, too, on bars of another length than a name
    without one means.
    """
    wanted = [name for route in routes for name in reads_of(route.strategy)]
    for name in reads:
        if name not in wanted:
            raise UsageError(
                f"no strategy reads {name}", hint=f"they read {', '.join(wanted) or 'nothing'}"
            )
    for route in routes:
        for name in reads_of(route.strategy):
            due_ms = read_name(name).interval_ms or route.interval_ms or interval_ms
            if name in reads and reads[name].interval_ms != due_ms:
                given = format_interval(reads[name].interval_ms)
                raise UsageError(
                    f"{route.strategy.name} reads {name}, which means bars of "
                    f"{format_interval(due_ms)}, and is given those of {given}",
                    hint=f'reads = ("{read_name(name).product_id}@{given}",) in the strategy',
                )
    return reads


def histories_of(bars: History | Sequence[History]) -> list[tuple[Bars, History]]:
    """Return each product's bars, beside what they were given as."""
    found = [bars] if isinstance(bars, Bars | Loaded) else bars
    return [(one.bars if isinstance(one, Loaded) else one, one) for one in found]


def _made_of(histories: Sequence[History]) -> tuple[Bars, ...]:
    """Return the finer bars that all of them were made of, if they are of one length."""
    found = [one.finer for one in histories if isinstance(one, Loaded)]
    finer = tuple(one for one in found if one is not None)
    whole = len(finer) == len(histories) and len({b.interval_ms for b in finer}) == 1
    return finer if whole else ()


def notes_of(histories: Sequence[History]) -> tuple[str, ...]:
    """Return what is to be said of how histories were read."""
    return tuple(n for one in histories if isinstance(one, Loaded) for n in one.report.notes)


def assign(routes: Sequence[Route], products: Sequence[str]) -> list[Route]:
    """Return each product's route.

    Raises ConfigError if a product has two routes or none, a route names no product here, or the
    routes' budgets are more than all of the equity.
    """
    total = sum(route.budget for route in routes)
    if total > 1.0 + 1e-9:
        raise ConfigError(
            f"the routes' budgets sum to {100.0 * total:g} %",
            hint="state the budget of each route so that they sum to at most 1",
        )
    found: dict[str, Route] = {}
    for route in routes:
        for product in route.products or products:
            if product not in products:
                raise ConfigError(
                    f"{route.strategy.name} is to trade {product}, of which there are no bars",
                    hint=f"there are bars of {', '.join(products)}",
                )
            if product in found:
                raise ConfigError(
                    f"two routes trade {product}", hint="join their strategies with ensemble"
                )
            found[product] = route
    left = [product for product in products if product not in found]
    if left:
        raise ConfigError(f"no route trades {', '.join(left)}", hint="leave out its bars")
    return [found[product] for product in products]


def _check_intervals(routes: Sequence[Route], interval_ms: int) -> None:
    """Raise UsageError if a route's bars cannot be made of those that are traded."""
    for route in routes:
        own_ms = route.interval_ms or interval_ms
        if own_ms < interval_ms or own_ms % interval_ms:
            raise UsageError(
                f"{route.strategy.name} decides on {route.interval} bars, and those that are "
                f"traded are of {format_interval(interval_ms)}",
                hint="a multiple of them, or finer bars",
            )
        if own_ms != interval_ms and not is_array_strategy(type(route.strategy)):
            raise UsageError(
                f"{route.strategy.name} decides bar by bar: it has no longer interval",
                hint="a strategy with targets(bars)",
            )


def choose_engine(asked: Engine | None, routes: Sequence[Route]) -> Engine:
    """Return the engine asked for, else fast, or replay where a strategy decides bar by bar.

    Raises UsageError if fast is asked for and cannot run a strategy.
    """
    slow = [r.strategy.name for r in routes if not is_array_strategy(type(r.strategy))]
    if asked == "fast" and slow:
        raise UsageError(
            f"{slow[0]} decides bar by bar, which the fast engine cannot", hint="--engine replay"
        )
    return asked or ("replay" if slow else "fast")


def _check_columns(
    costs: CostModel,
    universe: Membership | None,
    routes: Sequence[Route],
    series: Sequence[Bars],
) -> None:
    """Raise UsageError if columns are to be changed of a strategy that has none."""
    slow = [r.strategy.name for r in routes if not is_array_strategy(type(r.strategy))]
    if costs.latency_bars and slow:
        raise UsageError(
            f"{slow[0]} decides bar by bar: it has no columns that could act later",
            hint="leave --latency-bars out, and keep the delay in its memory",
        )
    if universe is not None and slow:
        raise UsageError(
            f"{slow[0]} decides bar by bar: a universe cannot overrule it",
            hint="a strategy with targets(bars)",
        )
    if slow and any(bars.extra for bars in series):
        raise UsageError(
            f"{slow[0]} decides bar by bar: it is shown no extra columns",
            hint="a strategy with targets(bars), or bars without them: replace(bars, extra={})",
        )


def cash_units(cash: Decimal | int) -> int:
    """Return quote money in units; raise UsageError if a simulation cannot hold it."""
    amount = Decimal(cash)
    if not amount.is_finite() or not 0 < amount * UNITS_PER_QUOTE < Decimal(VALUE_LIMIT):
        raise UsageError(f"expected cash above 0 and below 40 billion, was {cash}")
    return int(amount * UNITS_PER_QUOTE)

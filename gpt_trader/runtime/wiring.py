"""From settings to the parts of a session: the one place where modes differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal, Protocol

from gpt_trader.config.settings import RouteSpec, Settings
from gpt_trader.config.words import Venue
from gpt_trader.data.checks.quality import digest
from gpt_trader.data.panel import Panel, build_panel
from gpt_trader.data.synthetic import SYNTHETIC_NOTE, synthetic_market
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.costs import CostModel, check_latency
from gpt_trader.domain.market import EMPTY
from gpt_trader.domain.product import Product
from gpt_trader.domain.times import format_interval
from gpt_trader.engine.plan import Plan
from gpt_trader.errors import ConfigError, DataError
from gpt_trader.kernel.rounding import UNITS_PER_QUOTE
from gpt_trader.observe.provenance import versions
from gpt_trader.risk.policy import Limits
from gpt_trader.runtime.header import (
    Header,
    Mode,
    ProductRoute,
    guards_now,
    plan_of,
    signals_of,
    strategies_of,
)
from gpt_trader.runtime.reads import names_read, past_read, series_read
from gpt_trader.runtime.signals import TrailingSignals
from gpt_trader.strategy.registry import findable

NEVER_MS = 2**62  # when live prices end


@dataclass(frozen=True, slots=True)
class Wired:
    """What a simulated session runs on. `header` names all of it, for the journal."""

    plan: Plan
    signals: TrailingSignals
    panel: Panel
    series: tuple[Bars, ...]
    cash: int
    header: Header
    reads: Mapping[str, Bars]  # by name, as they were given or made
    costs: CostModel
    label: str | None  # said wherever the data is shown

    @property
    def begins_ms(self) -> int:
        """When the session begins: its first bar."""
        return int(self.panel.time[0])


class SessionTerms(Protocol):
    """What a session is opened under, whatever feeds it."""

    @property
    def plan(self) -> Plan:
        """What is traded."""
        ...

    @property
    def signals(self) -> TrailingSignals:
        """The strategies."""
        ...

    @property
    def header(self) -> Header:
        """All of it, for the journal."""
        ...

    @property
    def begins_ms(self) -> int:
        """When the session begins."""
        ...


def wire(
    settings: Settings,
    series: Sequence[Bars] | None,
    limits: Limits | None = None,
    reads: Mapping[str, Bars] = EMPTY,
) -> Wired:
    """Build a simulated session; series: bars of a file, None for the synthetic market.

    limits: what binds instead of the settings' risk policy, None: that policy. reads: bars that
    are read and not traded, by name.
    Raises ConfigError for a profile that needs an exchange, DataError if the bars do not fit it.
    """
    if settings.needs_venue:
        raise ConfigError(
            f"profile {settings.profile} trades live prices: it has no session yet",
            hint=f"begin one: gpt-trader run --profile {settings.profile} --once",
        )
    label = None
    if series is None:
        label = SYNTHETIC_NOTE
        series = _made_bars(settings)
    check_latency(settings.costs, series[0].interval_ms)
    if settings.costs.latency_bars:
        raise ConfigError(
            "costs.latency_bars is for backtests: a session acts at the bar it has",
            hint="leave it out, or set costs.latency_ms",
        )
    routes = route_of(settings.routes, [bars.product.product_id for bars in series])
    panel = build_panel(list(series))
    cash = settings.cash if settings.max_equity is None else min(settings.cash, settings.max_equity)
    if limits is None:
        limits = settings.risk.limits(panel.interval_ms)
    header = replace(
        session_header(
            settings,
            routes,
            [bars.product for bars in series],
            series[0].interval_ms,
            cash,
            limits,
            {bars.product.product_id: bars.product for bars in reads.values()},
        ),
        data=(
            *(digest(bars) for bars in series),
            *(f"{name} {digest(bars)}" for name, bars in reads.items()),
        ),
        data_ends_ms=max(int(bars.time[-1]) for bars in series),
        label=label,
    )
    return Wired(
        plan=plan_of(header),
        signals=signals_of(header),
        panel=panel,
        series=tuple(series),
        cash=header.cash,
        header=header,
        reads=past_read(header.reads, reads, series),
        costs=settings.costs,
        label=label,
    )


def _made_bars(settings: Settings) -> Sequence[Bars]:
    """Return the bars of a feed that needs no data; raises ConfigError for one that does."""
    match settings.feed:
        case "synthetic":
            return synthetic_market(
                seed=settings.synthetic.seed,
                products=settings.products,
                n_bars=settings.synthetic.bars,
                interval_ms=settings.interval_ms,
            )
        case feed:
            wanted: Literal["file"] | Venue = feed
            raise ConfigError(f"feed {wanted} makes no bars of its own", hint="give it data")


def route_of(routes: Sequence[RouteSpec], products: Sequence[str]) -> list[RouteSpec]:
    """Return each product's route. Raises DataError if a product has none."""
    found = {product: route for route in routes for product in route.products}
    missing = [product for product in products if product not in found]
    if len(routes) == 1:
        return [routes[0]] * len(products)
    if missing:
        raise DataError(f"no route of the profile trades {missing[0]}")
    return [found[product] for product in products]


def session_header(
    settings: Settings,
    routes: Sequence[RouteSpec],
    products: Sequence[Product],
    interval_ms: int,
    cash: Decimal,
    limits: Limits,
    grids: Mapping[str, Product],
) -> Header:
    """Return what a session runs under, but for its market: replay rebuilds it from this.

    routes: one a product; those that are one object are one route. grids: of products that are
    read and not traded, by id.
    """
    told = _product_routes(routes)
    strategies = strategies_of(told)
    intervals = [route.interval_ms or interval_ms for route in told]
    asked = [*zip(strategies, intervals, strict=True)]
    ids = [product.product_id for product in products]
    names = names_read(strategies, ids, intervals, interval_ms)
    return Header(
        mode=Mode(settings.mode),
        portfolio=settings.profile or "dev",
        profile=settings.profile,
        broker=settings.broker,
        interval=format_interval(interval_ms),
        interval_ms=interval_ms,
        cash=int(cash * UNITS_PER_QUOTE),
        products=tuple(products),
        routes=told,
        costs=settings.costs.kernel(),
        limits=limits,
        guards=guards_now(),
        styles=tuple(route.order_style.kernel() for route in routes),
        min_bars=tuple(one.min_bars if own_ms == interval_ms else 1 for one, own_ms in asked),
        window_bars=tuple(
            max(one.warmup, 1) if own_ms == interval_ms else 2 for one, own_ms in asked
        ),
        fee_tiers=tuple(tuple(row) for row in settings.costs.fee_tiers),
        data=(),
        data_ends_ms=NEVER_MS,
        label=None,
        versions=versions(),
        wallets={},
        file=settings.file,
        reads=series_read(names, products, grids),
    )


def _product_routes(routes: Sequence[RouteSpec]) -> tuple[ProductRoute, ...]:
    """Return each product's route as a header names it, numbered by the first product of each."""
    numbers = {id(one): j for j, one in reversed([*enumerate(routes)])}
    return tuple(
        ProductRoute(
            findable(one.strategy), dict(one.params), one.budget, numbers[id(one)], one.interval_ms
        )
        for one in routes
    )

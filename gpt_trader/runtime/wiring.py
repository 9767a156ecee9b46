"""From settings to the parts of a session: the one place where modes differ."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from gpt_trader.config.settings import RouteSpec, Settings
from gpt_trader.data.checks.quality import digest
from gpt_trader.data.panel import Panel, build_panel
from gpt_trader.data.synthetic import SYNTHETIC_NOTE, synthetic_market
from gpt_trader.domain.bars import Bar, Bars
from gpt_trader.domain.costs import check_latency
from gpt_trader.domain.product import Product
from gpt_trader.domain.times import format_interval
from gpt_trader.engine.events import BarClosed, Event, HistoryLoaded, Ticked
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State
from gpt_trader.errors import ConfigError, DataError
from gpt_trader.journal.encode import canonical_json
from gpt_trader.kernel.rounding import UNITS_PER_QUOTE
from gpt_trader.kernel.settings import Costs, Limits, Style
from gpt_trader.observe import provenance
from gpt_trader.observe.provenance import versions
from gpt_trader.runtime.signals import TrailingSignals
from gpt_trader.strategy.registry import create, findable


@dataclass(frozen=True, slots=True)
class Wired:
    """What a simulated session runs on. `header` names all of it, for the journal."""

    plan: Plan
    signals: TrailingSignals
    panel: Panel
    series: tuple[Bars, ...]
    cash: int
    header: Mapping[str, Any]
    label: str | None  # said wherever the data is shown

    @property
    def begins_ms(self) -> int:
        """When the session begins: its first bar."""
        return int(self.panel.time[0])


class Terms(Protocol):
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
    def header(self) -> Mapping[str, Any]:
        """All of it, for the journal."""
        ...

    @property
    def begins_ms(self) -> int:
        """When the session begins."""
        ...


def wire(settings: Settings, series: Sequence[Bars] | None, limits: Limits | None = None) -> Wired:
    """Build a simulated session; series: bars of a file, None for the synthetic market.

    limits: what binds instead of the settings' risk policy, None: that policy.
    Raises ConfigError for a profile that needs Coinbase, DataError if the bars do not fit it.
    """
    if settings.needs_coinbase:
        raise ConfigError(
            f"profile {settings.profile} trades live prices: it has no session yet",
            hint=f"begin one: gpt-trader run --profile {settings.profile} --once",
        )
    label = None
    if series is None:
        label = SYNTHETIC_NOTE
        series = synthetic_market(
            seed=settings.synthetic.seed,
            products=settings.products,
            n_bars=settings.synthetic.bars,
            interval_ms=settings.interval_ms,
        )
    check_latency(settings.costs, series[0].interval_ms)
    if settings.costs.latency_bars:
        raise ConfigError(
            "costs.latency_bars is for backtests: a session acts at the bar it has",
            hint="leave it out, or set costs.latency_ms",
        )
    routes = route_of(settings.routes, [bars.product.product_id for bars in series])
    strategies = [create(route.strategy, route.params) for route in routes]
    panel = build_panel(list(series))
    cash = settings.cash if settings.max_equity is None else min(settings.cash, settings.max_equity)
    if limits is None:
        limits = settings.risk.limits(panel.interval_ms)
    header = session_header(
        settings,
        routes,
        strategies,
        [bars.product for bars in series],
        series[0].interval_ms,
        cash,
        limits,
    ) | {
        "data": [digest(bars) for bars in series],
        "data_ends_ms": max(int(bars.time[-1]) for bars in series),
        "label": label,
    }
    return Wired(
        plan=plan_of(header),
        signals=TrailingSignals(strategies),
        panel=panel,
        series=tuple(series),
        cash=header["cash"],
        header=header,
        label=label,
    )


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
    strategies: Sequence[Any],
    products: Sequence[Product],
    interval_ms: int,
    cash: Decimal,
    limits: Limits,
) -> dict[str, Any]:
    """Everything that decides what a session does, as JSON: replay rebuilds it from this."""
    units = int(cash * UNITS_PER_QUOTE)
    return {
        "portfolio": settings.profile or "dev",
        "profile": settings.profile,
        "interval": format_interval(interval_ms),
        "interval_ms": interval_ms,
        "cash": units,
        "products": [_product(product) for product in products],
        "routes": [
            {
                "strategy": findable(route.strategy),
                "params": dict(route.params),
                "budget": route.budget,
            }
            for route in routes
        ],
        "costs": _finite(settings.costs.kernel()),
        "fee_tiers": [list(row) for row in settings.costs.fee_tiers],
        "limits": _finite(limits),
        "styles": [list(route.order_style.kernel()) for route in routes],
        "min_bars": [strategy.min_bars for strategy in strategies],
        "window_bars": [max(strategy.warmup, 1) for strategy in strategies],
        "versions": versions(),
    }


def _product(product: Product) -> dict[str, Any]:
    return {
        "product_id": product.product_id,
        "base_increment": str(product.base_increment),
        "price_increment": str(product.price_increment),
        "base_min_size": str(product.base_min_size),
        "quote_min_size": str(product.quote_min_size),
        "is_perpetual": product.is_perpetual,
    }


def _finite(numbers: Sequence[float]) -> list[float | None]:
    """Return numbers with infinity (no cap) as None, which JSON can hold."""
    return [None if number == float("inf") else number for number in numbers]


def _infinite(numbers: Sequence[float | None]) -> list[float]:
    return [float("inf") if number is None else number for number in numbers]


def version_changes(header: Mapping[str, Any]) -> list[str]:
    """Return what is otherwise here than where the session was recorded."""
    return provenance.version_changes(header["versions"], versions())


def plan_of(header: Mapping[str, Any]) -> Plan:
    """Return the plan that a session's header describes."""
    return Plan(
        portfolio=header["portfolio"],
        interval=header["interval"],
        interval_ms=header["interval_ms"],
        products=tuple(
            Product(
                product["product_id"],
                Decimal(product["base_increment"]),
                Decimal(product["price_increment"]),
                Decimal(product["base_min_size"]),
                Decimal(product["quote_min_size"]),
                is_perpetual=product["is_perpetual"],
            )
            for product in header["products"]
        ),
        costs=Costs(*_infinite(header["costs"])),  # type: ignore[arg-type]
        limits=Limits(*_infinite(header["limits"])),  # type: ignore[arg-type]
        order_styles=tuple(Style(*style) for style in header["styles"]),
        budgets=tuple(route["budget"] for route in header["routes"]),
        min_bars=tuple(header["min_bars"]),
        window_bars=tuple(header["window_bars"]),
        fee_tiers=tuple(tuple(row) for row in header.get("fee_tiers", ())),
        rests=tuple(header.get("rests", ())),
        exit_timeout_ms=header.get("exit_timeout_ms", 300_000),
        max_unreconciled_ms=header.get("max_unreconciled_ms", 0),
    )


def signals_of(header: Mapping[str, Any]) -> TrailingSignals:
    """Return the strategies that a session's header names."""
    return TrailingSignals(
        [create(route["strategy"], route["params"]) for route in header["routes"]]
    )


def is_live(header: Mapping[str, Any]) -> bool:
    """Whether a session's prices come from the exchange, as they happen."""
    return "wallets" in header


def trades_money(header: Mapping[str, Any]) -> bool:
    """Whether a session's orders go to the exchange."""
    return header.get("mode") == "live"


def session_key(header: Mapping[str, Any]) -> str:
    """Identity of a session: what would make its state mean something else.

    Of a simulated one that is all of the plan and the data. A live one goes on under changed
    strategies, limits and costs; its account, products, grids and interval are what it is.
    """
    what = {key: value for key, value in header.items() if key != "versions"}
    if is_live(header):
        grid = ("product_id", "base_increment", "price_increment")
        what = {key: header[key] for key in ("portfolio", "profile", "mode", "interval")} | {
            "products": [{key: one[key] for key in grid} for one in header["products"]]
        }
    return hashlib.sha256(canonical_json(what).encode()).hexdigest()


def first_live_row(wired: Wired) -> int:
    """Grid row of the first bar that can have an opinion; the bars before it are history."""
    rows = [
        int(wired.panel.time.searchsorted(bars.time[max(needed, 1) - 1]))
        for bars, needed in zip(wired.series, wired.plan.min_bars, strict=True)
        if needed <= len(bars)
    ]
    return min(rows, default=0)


def feed(wired: Wired, state: State) -> Iterator[Event]:
    """Yield what the state has not seen yet: history first, then bars and their ticks."""
    plan, panel = wired.plan, wired.panel
    start = first_live_row(wired)
    start_ms = int(panel.time[start])
    for j, bars in enumerate(wired.series):
        before = int(bars.time.searchsorted(start_ms))
        if before and state.bars_seen[j] == 0:
            rows = tuple(bars.bar(i) for i in range(before))
            yield HistoryLoaded(start_ms, plan.products[j].product_id, rows)
    for i in range(start, len(panel)):
        time = int(panel.time[i])
        if time <= state.cycle_ms:
            continue
        yield from _row(wired, state, i, time)


def _row(wired: Wired, state: State, i: int, time: int) -> Iterator[Event]:
    panel = wired.panel
    closed_ms = time + panel.interval_ms
    absent = False
    for j, bars in enumerate(wired.series):
        row = int(panel.row[j, i])
        if row < 0:
            absent = True
        elif time > state.last_bar_ms[j]:
            bar: Bar = bars.bar(row)
            yield BarClosed(closed_ms, bar)
    if absent:
        yield Ticked(closed_ms)

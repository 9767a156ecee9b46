"""A loaded profile as the rest of the program takes it: frozen values of the domain."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

from gpt_trader.broker.exchange.access import Access
from gpt_trader.config import words
from gpt_trader.config.schema import (
    AlertKeys,
    DataKeys,
    LegKeys,
    RunKeys,
    SyntheticKeys,
)
from gpt_trader.config.venues import ProfileKeys, section
from gpt_trader.config.words import DEFAULT_VENUE, Broker, Feed, Mode, Venue, venue_in
from gpt_trader.domain.costs import CostModel, Leg, OrderStyle
from gpt_trader.domain.times import INTERVALS
from gpt_trader.risk.policy import SETTINGS, RiskPolicy

Value = int | float | str | bool


class ProfileFile(NamedTuple):
    """The file that settings were read from. path: absolute, "" for none; sha256: of its bytes."""

    path: str
    sha256: str


NO_FILE = ProfileFile("", "")


@dataclass(frozen=True, slots=True)
class RouteSpec:
    """One strategy on some products. budget: factor on its weights, in (0, 1].

    interval_ms: of the bars that it is shown, a multiple of the profile's; 0: those.
    """

    strategy: str
    params: Mapping[str, Value]
    products: tuple[str, ...]
    budget: float
    order_style: OrderStyle
    interval_ms: int = 0


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a session needs to know. No two routes share a product.

    cash: what a simulated account starts with, quote. max_equity: most quote money the bot
    may use, None: all of the account. routes is empty only where no profile was named. venue: the
    exchange that the profile names, or that a command would ask; access: how it is reached.
    """

    profile: str
    description: str
    mode: Mode
    feed: Feed
    broker: Broker
    interval: str
    interval_ms: int
    products: tuple[str, ...]
    routes: tuple[RouteSpec, ...]
    cash: Decimal
    max_equity: Decimal | None
    bot_watched_stops: bool
    exit_timeout_s: float
    order_style: OrderStyle
    costs: CostModel
    risk: RiskPolicy
    data: DataKeys
    synthetic: SyntheticKeys
    run: RunKeys
    alerts: AlertKeys
    venue: Venue
    access: Access
    file: ProfileFile = field(default=NO_FILE, compare=False)  # they mean the same elsewhere

    @property
    def needs_venue(self) -> bool:
        """Whether the feed or the broker is an exchange."""
        return venue_in(self.feed) is not None or self.sends

    @property
    def trades_money(self) -> bool:
        """Whether orders move money."""
        return words.trades_money(self.mode)

    @property
    def sends(self) -> bool:
        """Whether orders go to an exchange."""
        return venue_in(self.broker) is not None


def to_settings(keys: ProfileKeys, profile: str) -> Settings:
    """Return validated keys as settings; `profile` is the name, "" for none."""
    routes = _routes(keys)
    venue = venue_in(keys.broker) or venue_in(keys.feed) or DEFAULT_VENUE
    return Settings(
        profile=profile,
        description=keys.description,
        mode=keys.mode,
        feed=keys.feed,
        broker=keys.broker,
        interval=keys.interval,
        interval_ms=INTERVALS[keys.interval],
        products=tuple(p for route in routes for p in route.products) or keys.products,
        routes=routes,
        cash=keys.cash,
        max_equity=keys.risk.max_equity,
        bot_watched_stops=keys.risk.bot_watched_stops == "accept",
        exit_timeout_s=keys.risk.exit_timeout_s,
        order_style=OrderStyle(_leg(keys.order_style.entry), _leg(keys.order_style.exit)),
        costs=CostModel(**keys.costs.model_dump()),
        risk=RiskPolicy(**keys.risk.model_dump(include={one.key for one in SETTINGS})),
        data=keys.data,
        synthetic=keys.synthetic,
        run=keys.run,
        alerts=keys.alerts,
        venue=venue,
        access=section(keys, venue),
    )


def _routes(keys: ProfileKeys) -> tuple[RouteSpec, ...]:
    style = keys.order_style
    if keys.strategy:
        legs = OrderStyle(_leg(style.entry), _leg(style.exit))
        params = MappingProxyType(dict(keys.params))
        return (RouteSpec(keys.strategy, params, keys.products, 1.0, legs),)
    return tuple(
        RouteSpec(
            strategy=route.strategy,
            params=MappingProxyType(dict(route.params)),
            products=route.products or keys.products,
            budget=route.budget_pct / 100,
            order_style=OrderStyle(
                _leg(route.entry or style.entry), _leg(route.exit or style.exit)
            ),
            interval_ms=_own_interval(route.interval, keys.interval),
        )
        for route in keys.routes
    )


def _own_interval(own: str | None, of_profile: str) -> int:
    """Return how long a route's bars are, ms; 0: as the profile's."""
    return 0 if own is None or own == of_profile else INTERVALS[own]


def _leg(keys: LegKeys) -> Leg:
    return Leg(keys.style, keys.offset_bps, keys.ttl_bars)

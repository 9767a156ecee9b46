"""The terms of a session on live prices: from settings, products as they trade, and an account."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

from gpt_trader.config.settings import Settings
from gpt_trader.domain.costs import CostModel
from gpt_trader.domain.product import Product
from gpt_trader.engine.plan import Plan
from gpt_trader.errors import ConfigError
from gpt_trader.risk.policy import Limits
from gpt_trader.runtime.header import Header, plan_of, signals_of
from gpt_trader.runtime.signals import TrailingSignals
from gpt_trader.runtime.wiring import route_of, session_header

NO_GRIDS: Mapping[str, Product] = MappingProxyType({})
MAX_UNRECONCILED_MS = 300_000  # without a look at the account, before entries are refused
BPS_OF_ONE = Decimal(10_000)


class Opening(NamedTuple):
    """What an exchange's account is when a session begins or goes on.

    wallets: exact totals by currency. cash: quote that is free to spend. rests: by product, whether
    a stop may rest at the exchange. maker_rate, taker_rate: fractions, as the account's tier pays.
    """

    portfolio: str
    wallets: Mapping[str, Decimal]
    cash: Decimal
    maker_rate: Decimal
    taker_rate: Decimal
    rests: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class LiveTerms:
    """What a session on live prices runs under."""

    plan: Plan
    signals: TrailingSignals
    header: Header
    begins_ms: int
    costs: CostModel


def live_terms(
    settings: Settings,
    products: Sequence[Product],
    account: Opening | None,
    now_ms: int,
    limits: Limits | None = None,
    *,
    resumes: bool = False,
    grids: Mapping[str, Product] = NO_GRIDS,
) -> LiveTerms:
    """Return the terms. account: None for a simulated one. limits: None for the profile's.

    grids: of products that are read and not traded, by id.

    Raises ConfigError if a new session's positions could be left without a stop and the profile
    does not say that they may; one that `resumes` may hold a position, and is never kept from it.
    """
    routes = route_of(settings.routes, [product.product_id for product in products])
    costs, cash = settings.costs, settings.cash
    if account is not None:
        costs = _at_tier(costs, account)
        cash = account.cash
    if settings.max_equity is not None:
        cash = min(cash, settings.max_equity)
    header = session_header(
        replace(settings, costs=costs),
        routes,
        products,
        settings.interval_ms,
        cash,
        settings.risk.limits(settings.interval_ms) if limits is None else limits,
        grids,
    )
    if account is not None:
        if not resumes:
            _check_stops(settings, account, products)
        header = replace(
            header,
            portfolio=account.portfolio,
            wallets=account.wallets,
            rests=account.rests,
            exit_timeout_ms=int(settings.exit_timeout_s * 1000),
            max_unreconciled_ms=MAX_UNRECONCILED_MS,
        )
    plan = plan_of(header)
    return LiveTerms(plan, signals_of(header), header, now_ms, costs)


def _at_tier(costs: CostModel, account: Opening) -> CostModel:
    """Return the costs at the rates that the account pays."""
    taker_bps, maker_bps = (
        float(rate * BPS_OF_ONE) for rate in (account.taker_rate, account.maker_rate)
    )
    return replace(costs, fee_tier="worst", taker_bps=taker_bps, maker_bps=maker_bps)


def _check_stops(settings: Settings, account: Opening, products: Sequence[Product]) -> None:
    bare = [p.product_id for p, rests in zip(products, account.rests, strict=True) if not rests]
    if bare and settings.trades_money and not settings.bot_watched_stops:
        raise ConfigError(
            f"no stop can rest at the exchange for {', '.join(bare)}: "
            "only this process would watch it",
            hint="accept that with risk.bot_watched_stops: accept, or leave these products out",
        )

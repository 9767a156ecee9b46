"""Combinations of keys that cannot work together."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple, assert_never

from gpt_trader.config.text import Path
from gpt_trader.config.venues import ProfileKeys
from gpt_trader.config.words import VENUES, Broker, Feed, Mode, trades_money
from gpt_trader.domain.product import ONE_ACCOUNT, quotes_of
from gpt_trader.domain.times import INTERVALS


class Conflict(NamedTuple):
    """An impossible combination, and the keys that take part in it, the likeliest first."""

    message: str
    paths: tuple[Path, ...]
    hint: str = ""


def conflicts(keys: ProfileKeys, *, named: bool) -> Iterator[Conflict]:
    """Yield every impossible combination.

    named: a profile was asked for, so it must say what to trade; without one a command does.
    """
    if named:
        yield from _incomplete(keys)
    yield from _mode(keys)
    yield from _routes(keys)
    yield from _money(keys)
    yield from _fees(keys)


def _incomplete(keys: ProfileKeys) -> Iterator[Conflict]:
    if not keys.strategy and not keys.routes:
        hint = "for example strategy: ema_trend"
        yield Conflict("expected a strategy, or routes", (("strategy",), ("routes",)), hint)
    if not keys.products and not (keys.routes and all(r.products for r in keys.routes)):
        hint = "for example products: [BTC-USD]"
        yield Conflict("expected products", (("products",),), hint)


def feeds_and_brokers_of(mode: Mode) -> tuple[tuple[Feed, ...], tuple[Broker, ...]]:
    """Return the feeds and the brokers that make a mode what it is."""
    match mode:
        case "dev":
            return ("synthetic", "file"), ("paper",)
        case "paper":
            return VENUES, ("paper",)
        case "observe":
            return VENUES, ("observe",)
        case "live":
            return VENUES, VENUES
        case _:
            assert_never(mode)


def _mode(keys: ProfileKeys) -> Iterator[Conflict]:
    feeds, brokers = feeds_and_brokers_of(keys.mode)
    for key, value, allowed in (("feed", keys.feed, feeds), ("broker", keys.broker, brokers)):
        if value not in allowed:
            yield Conflict(
                f"mode {keys.mode} cannot have {key} {value}",
                ((key,), ("mode",)),
                f"mode {keys.mode} takes {key} {' or '.join(allowed)}",
            )
    if trades_money(keys.mode) and keys.feed != keys.broker:
        yield Conflict(
            f"orders go to {keys.broker}, prices come from {keys.feed}",
            (("broker",), ("feed",)),
            "a live profile trades at the exchange whose prices it sees",
        )
    if trades_money(keys.mode) and keys.alerts.required and not keys.alerts.webhook_url:
        yield Conflict(
            "alerts.required is true and there is no alerts.webhook_url",
            (("alerts", "required"), ("alerts", "webhook_url"), ("mode",)),
            "set GPT_TRADER_ALERTS__WEBHOOK_URL=https://...",
        )


def _routes(keys: ProfileKeys) -> Iterator[Conflict]:
    if keys.routes and keys.strategy:
        yield Conflict(
            "strategy and routes are both stated",
            (("strategy",), ("routes",)),
            "keep the short form (strategy, params) or the long one (routes)",
        )
    if keys.params and not keys.strategy:
        yield Conflict(
            "params are stated without a strategy",
            (("params",), ("routes",)),
            "state a strategy beside them, or params within the route",
        )
    lists = [(("routes", i, "products"), route.products) for i, route in enumerate(keys.routes)]
    yield from _products([(("products",), keys.products), *lists])
    claimed: Counter[str] = Counter()
    for i, route in enumerate(keys.routes):
        mine = set(route.products or keys.products)
        for product in sorted(mine & set(claimed)):
            yield Conflict(
                f"two routes trade {product}",
                (("routes", i, "products"), ("routes", i), ("routes",)),
                "combine their strategies with one route of strategy ensemble",
            )
        claimed.update(mine)
        if route.interval and INTERVALS[route.interval] % INTERVALS[keys.interval]:
            yield Conflict(
                f"a route's interval is {route.interval}, which is no multiple of {keys.interval}",
                (("routes", i, "interval"), ("interval",)),
                "make the profile's interval the finest of its routes'",
            )
    total = sum(route.budget_pct for route in keys.routes)
    if total > 100:
        hint = "state budget_pct of each route so that they sum to at most 100"
        yield Conflict(f"the routes' budgets sum to {total:g} %", (("routes",),), hint)


def _products(lists: list[tuple[Path, tuple[str, ...]]]) -> Iterator[Conflict]:
    named: list[str] = []
    for path, products in lists:
        for product, count in Counter(products).items():
            if count > 1:
                yield Conflict(f"{product} is listed twice", (path,))
        named += products
        quotes = quotes_of(named)
        if len(quotes) > 1:
            yield Conflict(f"products are quoted in {' and '.join(quotes)}", (path,), ONE_ACCOUNT)
            return


def _money(keys: ProfileKeys) -> Iterator[Conflict]:
    most = keys.risk.max_equity
    if most is not None and keys.cash > most:
        yield Conflict(
            f"cash {keys.cash} is more than risk.max_equity {most}",
            (("cash",), ("risk", "max_equity")),
            f"lower cash to {most} or raise risk.max_equity",
        )


def _fees(keys: ProfileKeys) -> Iterator[Conflict]:
    costs = keys.costs
    for name in ("taker_bps", "maker_bps"):
        stated = name in costs.model_fields_set
        if costs.fee_tier != "worst" and stated:
            yield Conflict(
                f"costs.fee_tier {costs.fee_tier} sets the fees, and so does costs.{name}",
                (("costs", name), ("costs", "fee_tier")),
                "state one of them",
            )

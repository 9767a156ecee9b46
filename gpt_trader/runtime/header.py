"""What a session runs under, as its journal keeps it: typed here, versioned JSON on disk.

A header stands in the journal's first entry, and again in one `Started` each time a session goes
on under other terms. Only this module knows its JSON; older forms are upgraded when they are read.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, get_args

from gpt_trader.config.settings import NO_FILE, ProfileFile
from gpt_trader.config.words import Broker
from gpt_trader.domain.order_ids import BARE, MARKED
from gpt_trader.domain.product import Product
from gpt_trader.domain.text import shown_by_fields
from gpt_trader.engine.plan import Plan, ReadSeries
from gpt_trader.errors import JournalError
from gpt_trader.journal.encode import canonical_json
from gpt_trader.kernel.costs import Costs
from gpt_trader.kernel.rounding import UNITS_PER_QUOTE
from gpt_trader.kernel.style import Style
from gpt_trader.observe import provenance
from gpt_trader.risk.guards import BARS, GUARDS, LIVE, QUOTES, Guard
from gpt_trader.risk.policy import SETTINGS, Limits
from gpt_trader.runtime.signals import TrailingSignals
from gpt_trader.strategy.registry import create

VERSION = 4
NEWER = "a newer version wrote this journal: use it to read it"

Json = dict[str, Any]
LATER = ("quote_increment", "base_max_size", "quote_max_size")  # what older products do not say

# Version 1 had numbers by position. These are the places that its writers knew, in their order.
COSTS_1 = (
    "taker_e8",
    "maker_e8",
    "half_spread_e8",
    "slippage_e8",
    "participation",
    "touch_fills",
    "impact",
    "latency_ms",
)
COSTS_0 = {"impact": 0.0, "latency_ms": 0}  # once there were six, without these
LIMITS_1 = (
    "max_product",
    "max_gross",
    "max_daily_loss",
    "max_drawdown",
    "max_entries",
    "max_bar_age_ms",
    "rebalance_band",
    "min_multiple",
)
GUARDS_1 = (
    "OFF_GRID",
    "MISSING_INPUT",
    "HALTED",
    "DRAWDOWN",
    "DAILY_LOSS",
    "PAUSED",
    "UNKNOWN_ORDER",
    "UNRECONCILED",
    "STALE_BAR",
    "MAX_ENTRIES",
    "OVERFLOW",
    "BELOW_MINIMUM",
    "PRODUCT_CAP",
    "GROSS_CAP",
    "CASH",
)
STYLE_1 = (
    "entry_maker",
    "entry_offset_e8",
    "entry_ttl_bars",
    "exit_maker",
    "exit_offset_e8",
    "exit_ttl_bars",
)

# What version 2 did not have.
ABSENT_2: Json = {"id_form": BARE, "file": NO_FILE._asdict()}


class Mode(StrEnum):
    """What a session trades: a market of the past, or live prices without or with money."""

    DEV = "dev"
    PAPER = "paper"
    OBSERVE = "observe"
    LIVE = "live"

    @property
    def is_live(self) -> bool:
        """Whether prices come from the exchange, as they happen."""
        return self is not Mode.DEV

    @property
    def trades_money(self) -> bool:
        """Whether orders go to the exchange."""
        return self is Mode.LIVE


# what is decided on, by mode
SOURCES = {Mode.DEV: BARS, Mode.PAPER: QUOTES, Mode.OBSERVE: QUOTES, Mode.LIVE: LIVE}


@dataclass(frozen=True, slots=True)
class ProductRoute:
    """What one product is traded by. budget: factor on the strategy's weight.

    number: the route's; products of one number are one market to a strategy that sees it.
    interval_ms: of the bars that it is shown, 0: those of the session.
    """

    strategy: str
    params: Mapping[str, Any]
    budget: float
    number: int
    interval_ms: int = 0


@shown_by_fields
@dataclass(frozen=True, slots=True)
class Header:
    """All that decides what a session does, and what it is told apart by.

    Tuples but `guards`, `data`, `fee_tiers` have one entry a product. guards: the reasons of those
    that are asked, in order; one that came later decided nothing then. cash: units it began with.
    data: the digests of a market of the past; data_ends_ms: its last bar. wallets: what an account
    held when the session began, by currency. file: the profile's, for commands that have to find
    its exchange and key again. label, profile, file, versions: said, and no decision follows from
    them. The rest is as in `Plan`.
    """

    mode: Mode
    portfolio: str
    profile: str
    broker: Broker
    interval: str
    interval_ms: int
    cash: int
    products: tuple[Product, ...]
    routes: tuple[ProductRoute, ...]
    costs: Costs
    limits: Limits
    guards: tuple[str, ...]
    styles: tuple[Style, ...]
    min_bars: tuple[int, ...]
    window_bars: tuple[int, ...]
    fee_tiers: tuple[tuple[int, ...], ...]
    data: tuple[str, ...]
    data_ends_ms: int
    label: str | None
    versions: Mapping[str, str]
    wallets: Mapping[str, Decimal]
    rests: tuple[bool, ...] = ()
    exit_timeout_ms: int = 300_000
    max_unreconciled_ms: int = 0
    id_form: int = MARKED
    file: ProfileFile = NO_FILE
    reads: tuple[ReadSeries, ...] = ()


def header_to_json(header: Header) -> Json:
    """Return a header as it is journaled, at the newest version."""
    return {
        "version": VERSION,
        "mode": header.mode.value,
        "portfolio": header.portfolio,
        "profile": header.profile,
        "broker": header.broker,
        "interval": header.interval,
        "interval_ms": header.interval_ms,
        "cash": header.cash,
        "products": [_product_to_json(product) for product in header.products],
        "routes": [
            {
                "strategy": route.strategy,
                "params": dict(route.params),
                "budget": route.budget,
                "number": route.number,
                "interval_ms": route.interval_ms,
            }
            for route in header.routes
        ],
        "costs": _named(header.costs._asdict()),
        "limits": _named(header.limits),
        "guards": list(header.guards),
        "styles": [_named(style._asdict()) for style in header.styles],
        "min_bars": list(header.min_bars),
        "window_bars": list(header.window_bars),
        "fee_tiers": [list(row) for row in header.fee_tiers],
        "data": list(header.data),
        "data_ends_ms": header.data_ends_ms,
        "label": header.label,
        "versions": dict(header.versions),
        "wallets": {asset: format(total, "f") for asset, total in header.wallets.items()},
        "rests": list(header.rests),
        "exit_timeout_ms": header.exit_timeout_ms,
        "max_unreconciled_ms": header.max_unreconciled_ms,
        "id_form": header.id_form,
        "file": header.file._asdict(),
        "reads": [
            one._asdict() | {"product": _product_to_json(one.product)} for one in header.reads
        ],
    }


def header_from_json(data: Mapping[str, Any]) -> Header:
    """Return the header that this or an older version wrote; JournalError for a newer one."""
    found = _upgraded(data)
    for key, words in (("mode", tuple(Mode)), ("broker", get_args(Broker))):
        if found[key] not in words:
            raise JournalError(f"the session's header has an unknown {key}", hint=NEWER)
    return Header(
        mode=Mode(found["mode"]),
        portfolio=found["portfolio"],
        profile=found["profile"],
        broker=found["broker"],
        interval=found["interval"],
        interval_ms=found["interval_ms"],
        cash=found["cash"],
        products=tuple(_product_from_json(product) for product in found["products"]),
        routes=tuple(ProductRoute(**route) for route in found["routes"]),
        costs=_numbers(Costs, found["costs"]),
        limits=_known(found["limits"], {setting.limit for setting in SETTINGS}),
        guards=tuple(found["guards"]),
        styles=tuple(_numbers(Style, style) for style in found["styles"]),
        min_bars=tuple(found["min_bars"]),
        window_bars=tuple(found["window_bars"]),
        fee_tiers=tuple(tuple(row) for row in found["fee_tiers"]),
        data=tuple(found["data"]),
        data_ends_ms=found["data_ends_ms"],
        label=found["label"],
        versions=found["versions"],
        wallets={asset: Decimal(text) for asset, text in found["wallets"].items()},
        rests=tuple(found["rests"]),
        exit_timeout_ms=found["exit_timeout_ms"],
        max_unreconciled_ms=found["max_unreconciled_ms"],
        id_form=found["id_form"],
        file=ProfileFile(**found["file"]),
        reads=tuple(
            ReadSeries(**one | {"product": _product_from_json(one["product"])})
            for one in found["reads"]
        ),
    )


def as_journaled(header: Header) -> Header:
    """Return a header as the journal gives it back, for comparing with one that it gave."""
    return header_from_json(json.loads(json.dumps(header_to_json(header))))


def _upgraded(data: Mapping[str, Any]) -> Json:
    """Return a header's JSON in the newest form."""
    version = data.get("version", 1)
    if version > VERSION:
        raise JournalError(f"the session's header is of version {version}", hint=NEWER)
    found = ABSENT_2 | (_from_1(data) if version == 1 else dict(data))
    return {"reads": []} | found | {"routes": _numbered(found["routes"])}


def _numbered(routes: Sequence[Json]) -> list[Json]:
    """Return routes with numbers: before version 4 those that are equal were one, as far as known.

    Nothing follows from it there: each of their strategies sees one product.
    """
    return [{"number": routes.index(one)} | one for one in routes]


def _from_1(data: Mapping[str, Any]) -> Json:
    """Numbers get names. A mode was stated on live prices only; what came later is as it was."""
    absent: Json = {
        "mode": Mode.DEV.value,
        "guards": list(GUARDS_1),
        "broker": "paper",
        "wallets": {},
        "fee_tiers": [],
        "rests": [],
        "exit_timeout_ms": 300_000,
        "max_unreconciled_ms": 0,
    }
    return (
        absent
        | dict(data)
        | {
            "costs": COSTS_0 | dict(zip(COSTS_1, data["costs"], strict=False)),
            "limits": dict(zip(LIMITS_1, data["limits"], strict=True)),
            "styles": [dict(zip(STYLE_1, style, strict=True)) for style in data["styles"]],
        }
    )


def _named(numbers: Mapping[str, float]) -> Json:
    """Return numbers by name, with infinity (no cap) as None, which JSON can hold."""
    return {name: None if number == float("inf") else number for name, number in numbers.items()}


def _numbers[T: Costs | Style](kind: type[T], found: Mapping[str, Any]) -> T:
    """Return named numbers as the kernel's."""
    return kind(**_known(found, kind._fields))


def _known(found: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """Return named numbers; one that is not known here must not be passed over.

    A limit that is not there is no fault of the header: its guard refuses.
    """
    unknown = sorted(set(found) - set(names))
    if unknown:
        raise JournalError(f"the session's header has an unknown {unknown[0]}", hint=NEWER)
    return {name: float("inf") if number is None else number for name, number in found.items()}


def _product_to_json(product: Product) -> Json:
    told = asdict(product)
    return {
        "product_id": product.product_id,
        "base_increment": str(product.base_increment),
        "price_increment": str(product.price_increment),
        "base_min_size": str(product.base_min_size),
        "quote_min_size": str(product.quote_min_size),
        "is_perpetual": product.is_perpetual,
        **{name: str(told[name]) for name in LATER if told[name]},
    }


def _product_from_json(data: Mapping[str, Any]) -> Product:
    return Product(
        data["product_id"],
        Decimal(data["base_increment"]),
        Decimal(data["price_increment"]),
        Decimal(data["base_min_size"]),
        Decimal(data["quote_min_size"]),
        is_perpetual=data["is_perpetual"],
        **{name: Decimal(data[name]) for name in LATER if name in data},
    )


def _is_capped(header: Header) -> bool:
    """Whether a session began with less money than there was in its account."""
    if not header.wallets:
        return False
    there = header.wallets.get(header.products[0].quote_currency, Decimal(0))
    return header.cash < int(there * UNITS_PER_QUOTE)


def plan_of(header: Header) -> Plan:
    """Return the plan that a session's header describes."""
    return Plan(
        portfolio=header.portfolio,
        interval=header.interval,
        interval_ms=header.interval_ms,
        products=header.products,
        costs=header.costs,
        limits=header.limits,
        guards=_rows_of(header.guards),
        source=SOURCES[header.mode],
        order_styles=header.styles,
        budgets=tuple(route.budget for route in header.routes),
        min_bars=header.min_bars,
        window_bars=header.window_bars,
        fee_tiers=header.fee_tiers,
        rests=header.rests,
        exit_timeout_ms=header.exit_timeout_ms,
        max_unreconciled_ms=header.max_unreconciled_ms,
        id_form=header.id_form,
        is_capped=_is_capped(header),
        reads=header.reads,
    )


def _rows_of(reasons: Sequence[str]) -> tuple[Guard, ...]:
    """Return the guards' rows; one that is not known here must not be passed over."""
    rows = {guard.reason: guard for guard in GUARDS}
    unknown = [reason for reason in reasons if reason not in rows]
    if unknown:
        raise JournalError(f"the session was under an unknown guard, {unknown[0]}", hint=NEWER)
    return tuple(rows[reason] for reason in reasons)


def guards_now() -> tuple[str, ...]:
    """Return the reasons of all guards that there are."""
    return tuple(guard.reason for guard in GUARDS)


def signals_of(header: Header) -> TrailingSignals:
    """Return the strategies that a session's header names."""
    intervals = [route.interval_ms or header.interval_ms for route in header.routes]
    return TrailingSignals(
        strategies_of(header.routes), header.products, header.interval_ms, header.reads, intervals
    )


def strategies_of(routes: Sequence[ProductRoute]) -> list[Any]:
    """Return each product's strategy, made; routes of one number have one."""
    made: dict[int, Any] = {}
    for route in routes:
        if route.number not in made:
            made[route.number] = create(route.strategy, route.params)
    return [made[route.number] for route in routes]


def version_changes(header: Header) -> list[str]:
    """Return what is otherwise here than where the session was recorded."""
    return provenance.version_changes(header.versions, provenance.versions())


def session_key(header: Header) -> str:
    """Identity of a session: the account, the market and the grids that its state is in.

    Its state is lots and ticks of these products, on bars of this interval, in this portfolio. A
    market of the past is its data and the cash it began with. Strategies, limits and costs are
    terms: a session goes on under changed ones. Nothing that only informs belongs here.
    """
    what = {
        "portfolio": header.portfolio,
        "mode": header.mode.value,
        "interval": header.interval,
        "data": [] if header.mode.is_live else [*header.data, header.cash],
        "grids": [
            [one.product_id, str(one.base_increment), str(one.price_increment)]
            for one in header.products
        ],
    }
    return hashlib.sha256(canonical_json(what).encode()).hexdigest()

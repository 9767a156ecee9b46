"""What an account is when a session on it begins."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from gpt_trader.broker.exchange.catalog import Listing, look_up
from gpt_trader.broker.exchange.ports import Account
from gpt_trader.broker.exchange.scope import check_scope
from gpt_trader.broker.exchange.venue import Venue
from gpt_trader.config.settings import Settings
from gpt_trader.domain.account import told_wallet, totals_of
from gpt_trader.domain.product import Product
from gpt_trader.domain.reads import read_name
from gpt_trader.domain.venue import ProductInfo
from gpt_trader.errors import DataError, RateLimited, Unavailable
from gpt_trader.runtime.header import Header
from gpt_trader.runtime.live.terms import Opening
from gpt_trader.runtime.reads import names_read
from gpt_trader.runtime.session import JOURNAL, read_header
from gpt_trader.runtime.venues import check_kind, check_steps, product_of
from gpt_trader.strategy.registry import create

TEACH_NOTHING = (DataError, Unavailable, RateLimited)


def checked_portfolio(private: Account, settings: Settings) -> str:
    """Return the portfolio that the key trades in, after checking what it may do: AuthError."""
    permissions = private.permissions()
    check_scope(
        permissions,
        trades=True,
        allow_transfer=settings.access.allow_transfer_key,
        setting=f"{settings.venue}.allow_transfer_key",
    )
    return permissions.portfolio_uuid


def known_rests(folder: Path) -> dict[str, bool]:
    """Return which products' stops rested at the exchange when the session last began."""
    if not (folder / JOURNAL).exists():
        return {}
    header = read_header(folder)
    products = [product.product_id for product in header.products]
    return dict(zip(products, header.rests, strict=False))


def find_products(
    ask: Callable[[str], ProductInfo],
    names: Sequence[str],
    known: Sequence[Product],
    held: Callable[[], Collection[str]] = tuple,
) -> list[tuple[Product, Listing | None]]:
    """Return products as they trade now, each with what the exchange says; None: it said nothing.

    known: those that the session has. One of them that is not listed any more, or not told of now,
    is as it was: it is stranded, and never keeps the others from being managed. Of any other it
    must be known what it is: raises DataError, Unavailable or RateLimited.
    held: the session's positions and open orders, by product; asked for where something changed.
    While there is any the session goes on counting in its lots and ticks, and what is held keeps
    its minimums: what is taken now its listing says (`ProductSeen`).
    """
    before = {product.product_id: product for product in known}
    found: list[tuple[Product, Listing | None]] = []
    for name in names:
        if name not in before:
            info = ask(name)
            check_steps(info)  # what is held already must be managed all the same
            found.append((_traded(info), Listing(name, info)))
            continue
        try:
            listing = look_up(ask, name)
            told = before[name] if listing.info is None else _traded(listing.info)
        except TEACH_NOTHING:
            found.append((before[name], None))
        else:
            found.append((_counted(before[name], told, held), listing))
    return found


def products_read(settings: Settings) -> list[str]:
    """Return the products that strategies read and nobody trades."""
    names: dict[str, int] = {}
    for route in settings.routes:
        strategies = [create(route.strategy, route.params)] * len(route.products)
        intervals = [route.interval_ms or settings.interval_ms] * len(route.products)
        names |= names_read(strategies, route.products, intervals, settings.interval_ms)
    ids = dict.fromkeys(read_name(name).product_id for name in names)
    return [one for one in ids if one not in settings.products]


def read_grids(
    ask: Callable[[str], ProductInfo], names: Sequence[str], known: Header | None
) -> dict[str, Product]:
    """Return the grids of products that are read. Of one that is known nothing is asked.

    Raises DataError if one is not listed, Unavailable or RateLimited.
    """
    before = {} if known is None else {one.product.product_id: one.product for one in known.reads}
    return {name: before[name] if name in before else product_of(ask(name)) for name in names}


def _counted(known: Product, told: Product, held: Callable[[], Collection[str]]) -> Product:
    if told == known or not (names := held()):
        return told
    if known.product_id in names:
        return known
    return told.with_spec(
        base_increment=known.base_increment, price_increment=known.price_increment
    )


def _traded(info: ProductInfo) -> Product:
    check_kind(info)
    return product_of(info)


def read_account(
    venue: Venue,
    private: Account,
    portfolio: str,
    products: Sequence[Product],
    known: Mapping[str, bool],
) -> Opening:
    """Return what the account is. Raises Unavailable if it tells no wallet of the quote currency.

    Whether a stop may rest for a product is asked; where that says neither, it is as it was
    `known`, and not at all at first.
    """
    balances = private.balances()
    tier = private.fee_tier()
    free = {one.currency: one.available for one in balances}
    return Opening(
        portfolio=portfolio,
        wallets=totals_of(balances),
        cash=told_wallet(free, products[0].quote_currency),
        maker_rate=tier.maker_rate,
        taker_rate=tier.taker_rate,
        rests=tuple(
            venue.stops_rest and _rests(private, one, known.get(one.product_id)) for one in products
        ),
    )


def _rests(private: Account, product: Product, known: bool | None) -> bool:  # noqa: FBT001
    """Whether a product's stop may rest. known: as it was, None for a product that is new.

    A question about a product that the session has may be refused, or find no answer.
    """
    try:
        told = private.takes_stops(product)
    except TEACH_NOTHING:
        if known is None:
            raise
        return known
    return bool(known) if told is None else told

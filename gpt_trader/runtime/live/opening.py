"""What an account is when a session on it begins."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from gpt_trader.broker.exchange.ports import Account
from gpt_trader.broker.exchange.scope import check_scope
from gpt_trader.broker.exchange.venue import Venue
from gpt_trader.config.settings import Settings
from gpt_trader.domain.account import told_wallet
from gpt_trader.domain.product import Product
from gpt_trader.runtime.live.terms import Opening
from gpt_trader.runtime.session import JOURNAL, read_header


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
    rests = []
    for product in products:
        told = venue.stops_rest and private.takes_stops(product)
        rests.append(known.get(product.product_id, False) if told is None else told)
    return Opening(
        portfolio=portfolio,
        wallets={one.currency: one.total for one in balances},
        cash=told_wallet(free, products[0].quote_currency),
        maker_rate=tier.maker_rate,
        taker_rate=tier.taker_rate,
        rests=tuple(rests),
    )

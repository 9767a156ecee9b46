"""Coinbase Advanced Trade as a venue: what it can do, and how its clients are made."""

from collections.abc import Callable

from gpt_trader.broker.coinbase.keys import Signer, load_signer
from gpt_trader.broker.coinbase.messages import DIALECT
from gpt_trader.broker.coinbase.private import Private, request
from gpt_trader.broker.coinbase.public import (
    GRANULARITIES,
    MOST_CANDLES,
    NAME,
    TRADE_PAGES,
    PublicMarket,
)
from gpt_trader.broker.coinbase.rest import Rest
from gpt_trader.broker.coinbase.wire import configuration
from gpt_trader.broker.exchange.access import Access
from gpt_trader.broker.exchange.pace import Pace
from gpt_trader.broker.exchange.venue import Machine, Venue
from gpt_trader.domain.order import OrderType
from gpt_trader.domain.schedules import ADVANCED


def make_market(access: Access, machine: Machine) -> PublicMarket:
    """Return the public market at the pace that the profile allows."""
    return PublicMarket(_rest(access, machine, access.public_requests_per_s, None, sends=False))


def make_account(
    access: Access,
    machine: Machine,
    now_ms: Callable[[], int],
    sends: bool,  # noqa: FBT001
) -> Private:
    """Return the account of the configured key. Raises AuthError if the key cannot be used."""
    signer = _signer(access, machine, now_ms)
    return Private(_rest(access, machine, access.private_requests_per_s, signer, sends=sends))


def load_tokens(
    access: Access, machine: Machine, now_ms: Callable[[], int]
) -> Callable[[], str] | None:
    """Return what signs a subscription, None without a key."""
    signer = _signer(access, machine, now_ms)
    return None if signer is None else signer.token


def _signer(access: Access, machine: Machine, now_ms: Callable[[], int]) -> Signer | None:
    return load_signer(machine.env, access.key_file, lambda: now_ms() / 1000)


def _rest(
    access: Access, machine: Machine, requests_per_s: float, signer: Signer | None, *, sends: bool
) -> Rest:
    return Rest(
        Pace(requests_per_s, machine.clock, machine.sleep),
        url=access.rest_url,
        sleep=machine.sleep,
        random=machine.random,
        signer=signer,
        attempts=machine.attempts,
        sends=sends,
    )


COINBASE = Venue(
    word=NAME,
    title="Coinbase",
    order_types=frozenset(OrderType),
    intervals_ms=tuple(GRANULARITIES),
    page_bars=MOST_CANDLES,
    trade_pages=TRADE_PAGES,
    perpetuals=True,
    fees=ADVANCED,
    dialect=DIALECT,
    terms=configuration,
    request=request,
    market=make_market,
    account=make_account,
    tokens=load_tokens,
)

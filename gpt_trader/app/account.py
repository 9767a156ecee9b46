"""The account that a profile's key belongs to, for commands that only read it."""

import os
import threading
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from gpt_trader.app.folders import session_folder
from gpt_trader.app.kept_settings import kept_settings
from gpt_trader.broker.exchange.ports import Account
from gpt_trader.config.find import is_found
from gpt_trader.config.load import load_profile
from gpt_trader.config.settings import Settings
from gpt_trader.domain.account import Balance, Permissions
from gpt_trader.domain.venue import Touch
from gpt_trader.errors import ConfigError, DataError
from gpt_trader.runtime.header import Header
from gpt_trader.runtime.session import JOURNAL, read_header
from gpt_trader.runtime.venues import Exchange, admitted, check_key, connect_account, reach

DEFAULT_QUOTE = "USD"
ATTEMPTS = 3  # of a question: somebody waits for the answer
wait = threading.Event().wait  # a pause that an interrupt ends


class Reached(NamedTuple):
    """An account, with the settings and the market around it."""

    settings: Settings
    exchange: Exchange
    private: Account

    @property
    def quote(self) -> str:
        """The currency that the profile counts in."""
        return quote_of(self.settings)

    def permissions(self) -> Permissions:
        """Return what the key may do; raises AuthError, or Unavailable where the time is wrong."""
        return admitted(self.exchange, self.settings.products, self.private.permissions)


def reach_account(
    profile: str | None, state_dir: Path | None, header: Header | None = None
) -> Reached:
    """Return the account of a profile (None: defaults and environment), for reading only.

    header: of the session that it is asked for. Without one, a profile that is not found here may
    still be that of a session; without a name it is that of the only one in `state_dir`. Raises
    ConfigError, AuthError if there is no key, or a BrokerError if the exchange does not answer.
    """
    settings = (
        _settings(profile, state_dir) if header is None else kept_settings(header, profile).settings
    )
    check_key(settings, os.environ)
    exchange = reach(settings, wait, attempts=ATTEMPTS)
    private = connect_account(
        settings,
        os.environ,
        wait,
        sends=False,
        now_ms=exchange.now_ms,
        attempts=ATTEMPTS,
    )
    return Reached(settings, exchange, private)


def _settings(profile: str | None, state_dir: Path | None) -> Settings:
    if profile is None and state_dir is not None:
        return kept_settings(read_header(session_folder(None, state_dir))).settings
    try:
        return load_profile(profile, env=os.environ, flags={}).settings
    except ConfigError:
        folder = session_folder(profile, state_dir)
        if profile is None or is_found(profile) or not (folder / JOURNAL).exists():
            raise
        return kept_settings(read_header(folder), profile).settings


def quote_of(settings: Settings) -> str:
    """Return the currency that a profile's products are quoted in, USD without products."""
    return settings.products[0].rpartition("-")[2] if settings.products else DEFAULT_QUOTE


def _touches(private: Account, wanted: Sequence[str]) -> list[Touch]:
    """Return the bids and asks of products; one that is refused hides none of the others."""
    if not wanted:
        return []
    try:
        return private.touches(wanted)
    except DataError:
        return [] if len(wanted) == 1 else [t for one in wanted for t in _touches(private, [one])]


def worths(reached: Reached, wallets: Sequence[Balance]) -> dict[str, Decimal | None]:
    """Return what each wallet is worth at the middle of its book; None: no such market."""
    quote = reached.quote
    listed = {info.product_id for info in reached.exchange.market.products()}
    wanted = [name for w in wallets if w.total and (name := f"{w.currency}-{quote}") in listed]
    found = {t.product_id: t for t in _touches(reached.private, wanted)}
    worth: dict[str, Decimal | None] = {}
    for wallet in wallets:
        touch = found.get(f"{wallet.currency}-{quote}")
        if wallet.currency == quote or not wallet.total:
            worth[wallet.currency] = wallet.total
        else:
            middle = None if touch is None else (touch.bid + touch.ask) / 2
            worth[wallet.currency] = None if middle is None else wallet.total * middle
    return worth

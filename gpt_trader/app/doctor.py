"""The checks of `gpt-trader doctor`: each asks one thing and says what it found."""

import os
import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from gpt_trader.app.account import ATTEMPTS, wait
from gpt_trader.app.folders import session_folder
from gpt_trader.app.left_behind import left_behind
from gpt_trader.broker.exchange.ports import Account
from gpt_trader.broker.exchange.scope import check_scope
from gpt_trader.broker.exchange.stream import Channel, Connection, Stream
from gpt_trader.config.load import load_profile
from gpt_trader.config.secrets import credential_source
from gpt_trader.config.settings import Settings
from gpt_trader.domain.account import told_wallet
from gpt_trader.domain.times import format_time
from gpt_trader.domain.venue import ProductInfo
from gpt_trader.errors import TraderError, UsageError
from gpt_trader.journal.faults import COPY
from gpt_trader.journal.root import state_root
from gpt_trader.journal.sqlite import open_journal
from gpt_trader.observe.notify import INFO, PAUSE_S, Addresses, Alert, Notifier
from gpt_trader.runtime.session import JOURNAL, clock_ms
from gpt_trader.runtime.venues import (
    Exchange,
    connect_account,
    key_hint,
    load_tokens,
    reach,
    venue_of,
)

LEAST_BYTES = 100 * 2**20  # of free disk
SKEW_MS = (1_000, 30_000)  # of the clock: worth a warning; refused by the exchange
CHANNEL_S = 10.0  # for a channel to answer
NOT_TRIED = "the heartbeat is not tried: it would count as one"


class Check(NamedTuple):
    """One finding. state: ok, warning, fail or skipped. latency_ms: of the question, if any."""

    name: str
    state: str
    detail: str
    hint: str = ""
    latency_ms: float | None = None
    exit_code: int = 0


def examine(profile: str | None, state_dir: Path | None) -> list[Check]:
    """Return all findings, in the order in which one would mend them."""
    try:
        settings = load_profile(profile, env=os.environ, flags={}).settings
    except TraderError as error:
        return [_failed("configuration", error)]
    found = [Check("configuration", "ok", f"profile {settings.profile or '(defaults)'}")]
    found += [_disk(state_dir), _journal(profile, state_dir), _alerts(settings)]
    if settings.needs_venue or settings.profile == "":
        found += _exchange(settings, state_dir)
    else:
        found.append(Check("exchange", "skipped", f"{settings.profile} needs none"))
    return found


def _failed(name: str, error: TraderError) -> Check:
    return Check(name, "fail", error.message, error.hint, None, error.exit_code)


def _timed(name: str, ask: Callable[[], str]) -> Check:
    """Ask, and say how long it took; a failure is a finding."""
    began = time.monotonic()
    try:
        detail = ask()
    except TraderError as error:
        return _failed(name, error)
    return Check(name, "ok", detail, latency_ms=(time.monotonic() - began) * 1000)


def _disk(state_dir: Path | None) -> Check:
    path = state_root(state_dir, os.environ)
    while not path.exists():
        path = path.parent
    free = shutil.disk_usage(path).free
    if not os.access(path, os.W_OK):
        return Check("disk", "fail", f"{path} cannot be written", "choose --state-dir", None, 1)
    state = "ok" if free >= LEAST_BYTES else "warning"
    return Check("disk", state, f"{path}: {free / 2**30:,.1f} GiB free", "free some space")


def _journal(profile: str | None, state_dir: Path | None) -> Check:
    try:
        path = session_folder(profile, state_dir) / JOURNAL
    except UsageError:  # no session, or several and none was named
        return Check("journal", "ok", "no session yet, or name one with --profile")
    if not path.exists():
        return Check("journal", "ok", "no session yet")
    try:
        with open_journal(path, readonly=True) as journal:
            report = journal.verify()
    except TraderError as error:
        return _failed("journal", error)
    if report.ok:
        return Check("journal", "ok", f"{report.entries:,} entries, the chain holds")
    return Check("journal", "fail", report.problem, COPY, None, 1)


def _alerts(settings: Settings, pause_s: float = PAUSE_S) -> Check:
    """Send a test message to where pages go; pause_s: before trying again.

    The heartbeat's address is left alone: asking it says that a bot is well, and none may run.
    """
    keys = settings.alerts
    if keys.webhook_url is None:
        if keys.heartbeat_url is not None:
            return Check("alerts", "ok", NOT_TRIED)
        state = "warning" if settings.trades_money else "skipped"
        hint = "set GPT_TRADER_ALERTS__WEBHOOK_URL and GPT_TRADER_ALERTS__HEARTBEAT_URL"
        return Check("alerts", state, "nobody would be paged", hint)
    to = Addresses(keys.webhook_url, None, keys.heartbeat_s)
    notifier = Notifier(to, settings.profile, pause_s=pause_s)
    notifier.tell(Alert(INFO, "test", "a test by gpt-trader doctor"), format_time(clock_ms()))
    notifier.close()
    if notifier.counts.delivered:
        said = "" if keys.heartbeat_url is None else f"; {NOT_TRIED}"
        return Check("alerts", "ok", f"a test message was taken{said}")
    return Check("alerts", "fail", f"a test was not taken: {notifier.counts.problem}", "", None, 5)


def _exchange(settings: Settings, state_dir: Path | None) -> list[Check]:
    began = time.monotonic()
    try:
        exchange = reach(settings, wait, attempts=ATTEMPTS)
    except TraderError as error:
        return [_failed("public endpoint", error), Check("the rest", "skipped", "not reached")]
    took_ms = (time.monotonic() - began) * 1000
    found = [Check("public endpoint", "ok", "answers", latency_ms=took_ms), _clock(exchange)]
    products: list[ProductInfo] = []
    found += [_product(exchange, name, products) for name in settings.products]
    found += _key(settings, exchange, products, state_dir)
    found += list(_channels(settings, exchange))
    return found


def _clock(exchange: Exchange) -> Check:
    measured = exchange.clock.measured
    skew_ms, known_ms = measured.skew_ms, measured.round_trip_ms // 2
    detail = f"{-skew_ms / 1000:+.3f} s from the exchange's, give or take {known_ms} ms"
    hint = "let the system keep its clock: timedatectl set-ntp true"
    state = "ok" if abs(skew_ms) <= SKEW_MS[0] else "warning"
    if abs(skew_ms) > SKEW_MS[1]:
        detail += "; bars and requests go by the exchange's time, asked every ten minutes"
    return Check("clock", state, detail, hint)


def _product(exchange: Exchange, name: str, products: list[ProductInfo]) -> Check:
    """Look a product up, and keep what was found."""

    def ask() -> str:
        info = exchange.market.product(name)
        products.append(info)
        return f"{info.status}, minimum {info.quote_min_size} {info.quote_currency}"

    check = _timed(f"product {name}", ask)
    if check.state == "ok" and (why := products[-1].closed):
        hint = "leave it out until the exchange opens it"
        return check._replace(state="warning", detail=f"{check.detail}: {why}", hint=hint)
    return check


def _key(
    settings: Settings,
    exchange: Exchange,
    products: Sequence[ProductInfo],
    state_dir: Path | None,
) -> Iterator[Check]:
    try:
        source = credential_source(os.environ, settings.access)
        if source is None:
            detail = "none: account, permissions and fees were not checked"
            state = "fail" if settings.sends else "skipped"
            yield Check("key", state, detail, key_hint(settings), None, 4)
            return
        private = connect_account(
            settings,
            os.environ,
            wait,
            sends=False,
            now_ms=exchange.now_ms,
            attempts=ATTEMPTS,
        )
    except TraderError as error:
        yield _failed("key", error)
        return
    yield _timed("key", lambda: _scope(settings, private))
    if settings.sends:
        yield from _left_behind(settings, private, state_dir)
    yield _timed("fee tier", lambda: _fees(private))
    yield _sizes(settings, private, products)


def _left_behind(settings: Settings, private: Account, state_dir: Path | None) -> Iterator[Check]:
    """Warn of what the profile holds in portfolios that the key is not of."""
    with suppress(TraderError):  # the key's own check says so
        portfolio = private.permissions().portfolio_uuid
        for said in left_behind(settings.profile, portfolio, state_dir):
            yield Check("other portfolio", "warning", said, "use the key of that portfolio")


def _scope(settings: Settings, private: Account) -> str:
    found = private.permissions()
    check_scope(
        found,
        trades=settings.sends,
        allow_transfer=settings.access.allow_transfer_key,
        setting=f"{settings.venue}.allow_transfer_key",
    )
    rights = ", ".join(
        word
        for word, may in (
            ("view", found.can_view),
            ("trade", found.can_trade),
            ("TRANSFER", found.can_transfer),
        )
        if may
    )
    return f"may {rights}; portfolio {found.portfolio_uuid}"


def _fees(private: Account) -> str:
    tier = private.fee_tier()
    trip = 2 * tier.taker_rate * 100
    return (
        f"{tier.name}: maker {tier.maker_rate:%}, taker {tier.taker_rate:%}; "
        f"a round trip that crosses costs {trip.normalize():f} %"
    )


def _sizes(settings: Settings, private: Account, products: Sequence[ProductInfo]) -> Check:
    """Whether the largest entry that the limits allow is above the exchange's minimum."""
    try:
        wallets = {one.currency: one.available for one in private.balances()}
        if not products:
            return Check("sizes", "skipped", "no products")
        quote = products[0].quote_currency
        cash = told_wallet(wallets, quote)
    except TraderError as error:
        return _failed("sizes", error)
    usable = cash if settings.max_equity is None else min(cash, settings.max_equity)
    most = usable * Decimal(str(settings.risk.max_product_pct)) / 100
    least = max((info.quote_min_size or Decimal(0)) for info in products)
    least *= settings.risk.min_size_multiple
    detail = f"{cash:f} {quote} free; an entry may take {most:f}, and must be above {least:f}"
    if most > least:
        return Check("sizes", "ok", detail)
    return Check("sizes", "warning", detail, "add cash, or raise risk.max_product_pct")


def _channels(settings: Settings, exchange: Exchange) -> Iterator[Check]:
    """Subscribe to each channel that a run needs, and see whether it answers."""
    keys, word, dialect = settings.access, settings.venue, venue_of(settings.venue).dialect
    if keys.rest_url is not None and keys.ws_url is None:
        yield Check("channels", "skipped", f"{word}.ws_url is not set beside {word}.rest_url")
        return
    books = tuple(dialect.book_id(name) for name in settings.products) or ("BTC-USD",)
    url = keys.ws_url or dialect.urls[0]
    wanted: list[tuple[str, str, tuple[Channel, ...]]] = [(dialect.heartbeat.name, url, ())]
    wanted += [(channel.name, url, (channel,)) for channel in dialect.market(books)]
    tokens = None
    with suppress(TraderError):  # the key's own check says so
        tokens = load_tokens(settings, os.environ, exchange.now_ms)
    if tokens is not None:
        url = keys.ws_user_url or keys.ws_url or dialect.urls[1]
        wanted += [(channel.name, url, (channel,)) for channel in dialect.account]
    links = [Connection(name, url, channels) for name, url, channels in wanted]
    up = {link.name: threading.Event() for link in links}
    took: dict[str, float] = {}
    began = time.monotonic()

    def came_up(link: Connection) -> None:
        took[link.name] = (time.monotonic() - began) * 1000
        up[link.name].set()

    stream = Stream(
        links,
        dialect=dialect,
        sign=(lambda: None) if tokens is None else tokens,
        put=lambda _: None,
        came_up=came_up,
        went_down=lambda _: None,
        clock=time.monotonic,
        random=random.random,
    )
    stream.start()
    try:
        for link in links:
            left_s = max(CHANNEL_S - (time.monotonic() - began), 0.0)
            name = f"channel {link.name}"
            if up[link.name].wait(left_s):
                yield Check(name, "ok", "answers", latency_ms=took[link.name])
            else:
                hint = "is the network blocking WebSockets?"
                yield Check(name, "fail", link.problem or "no answer", hint, None, 5)
    finally:
        stream.stop()

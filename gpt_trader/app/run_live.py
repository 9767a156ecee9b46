"""Running a profile on live prices: simulated fills, recorded orders, or money."""

import contextlib
import gc
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from gpt_trader.app.paging import paging
from gpt_trader.app.run import Ended, controls_of, following, watched, write_fills
from gpt_trader.app.run_input import Asked
from gpt_trader.broker.exchange.broker import ExchangeBroker
from gpt_trader.broker.exchange.catalog import Catalog
from gpt_trader.broker.exchange.link import Link
from gpt_trader.broker.exchange.ports import Account, Market
from gpt_trader.broker.exchange.scope import check_scope
from gpt_trader.cli.output import encode, note, warn
from gpt_trader.cli.run import view as run_view
from gpt_trader.config.settings import Settings
from gpt_trader.domain.market import ProductInfo
from gpt_trader.domain.product import Product
from gpt_trader.domain.times import format_time
from gpt_trader.engine.drive import Observer
from gpt_trader.engine.events import StopRequested
from gpt_trader.engine.ports import Broker
from gpt_trader.errors import DataError, StorageError
from gpt_trader.observe.notify import INFO
from gpt_trader.risk.policy import no_policy
from gpt_trader.runtime.halt import Latch
from gpt_trader.runtime.header import plan_of
from gpt_trader.runtime.live.alive import Alive
from gpt_trader.runtime.live.feed import LiveFeed
from gpt_trader.runtime.live.last_resort import cancel_from_memory
from gpt_trader.runtime.live.reconcile import Reconciler
from gpt_trader.runtime.live.record import live_record_of, live_summary
from gpt_trader.runtime.live.terms import LiveTerms, Opening, live_terms
from gpt_trader.runtime.loop import run_feed
from gpt_trader.runtime.session import JOURNAL, Session, read_header, start
from gpt_trader.runtime.state_dir import live_dir
from gpt_trader.runtime.state_dir import state_dir as folder_of
from gpt_trader.runtime.stop import Stop
from gpt_trader.runtime.summary import Outcome
from gpt_trader.runtime.venues import (
    connect_account,
    link,
    load_tokens,
    product_of,
    reach,
    simulated_broker,
)

SKEW_SAID_MS = 1_000  # a clock so far from the exchange's is worth a word
LIVE_ATTEMPTS = 3  # of a read: the loop must go on


class Wires(NamedTuple):
    """What a live session is connected to. now_ms: the exchange's time."""

    terms: LiveTerms
    market: Market
    broker: Broker
    catalog: Catalog
    has_account: bool
    now_ms: Callable[[], int]
    folder: Path


def run_live(
    asked: Asked,
    settings: Settings,
    *,
    stop: Stop,
    cycles: int | None,
    once: bool,
    state_dir: Path | None,
    fills: Path | None,
    json: bool,
) -> Ended:
    """Run on live prices until a stop is asked for, or once; show each cycle, then the summary."""
    wires = _connected(asked, settings, stop, state_dir)
    terms = wires.terms
    with (
        _session(wires) as session,
        paging(settings, session) as pager,
        _linked(wires, settings, once=once) as stream,
    ):
        _look_for_a_lost_journal(wires, session, pager.watch)
        run_view.live_banner(settings, terms, session, str(wires.folder))
        record = live_record_of(terms, session, session.cash)
        controls = controls_of(session, wires.now_ms)
        alive = Alive(wires.folder)

        def idle() -> None:
            session.durable.rest()
            pager.beat()
            alive.touch()

        feed = LiveFeed(
            plan=session.plan,
            state=lambda: session.state,
            market=wires.market,
            books=Reconciler(
                session.plan,
                wires.broker,
                read_header(wires.folder).wallets,
                lambda: session.state,
                wires.now_ms,
            ),
            now_ms=wires.now_ms,
            wait=stop.wait,
            stopped=lambda: stop.asked,
            idle=idle,
            controls=controls.events,
            news=wires.catalog.news,
            link=stream,
            once=once,
        )
        gc.freeze()  # what is loaded stays: the collector need not walk it between close and order
        with run_view.display(record, cycles, json=json) as show:
            try:
                done = run_feed(
                    session,
                    iter(feed),
                    stop=stop,
                    watch=watched(record.take, controls.watch, pager.watch),
                    on_cycle=show,
                    cycles=None if once else cycles,  # the feed ends itself
                )
            except StorageError:
                if (asked_for := cancel_from_memory(session)) > 0:
                    warn(f"the journal cannot be written: {asked_for} entries were cancelled")
                raise
        if stop.asked:  # stops stay at the exchange, what could open a position goes
            session.take(StopRequested(wires.now_ms(), "signal"), record.take)
        session.durable.snapshot()
        alive.end()
        if feed.missed:
            said = f"{feed.missed} closes were missed: their bars decide nothing"
            warn(said)
            pager.say(INFO, "missed", said)
        if fills is not None:
            write_fills(fills, session)
        state = session.state
        outcome = Outcome(done, session.resumed, stop.asked, str(wires.folder))
    for one in [] if stream is None else stream.stream.connections:
        if one.problem:
            warn(f"the {one.name} stream came up {one.connects} times, ended by: {one.problem}")
    if feed.failures:
        warn(f"{feed.failures} polls failed, the last: {feed.problem}")
    summary = live_summary(record, state, outcome)
    if json:
        print(encode(summary), flush=True)
    else:
        if once and not done:
            next_ms = max(state.last_bar_ms) + 2 * session.plan.interval_ms
            note(f"nothing new to decide: the next bar closes at {format_time(next_ms)}")
        run_view.show_summary(
            summary, following(asked.profile, state_dir, terms.plan, record.notes)
        )
    halted = bool(state.halted or state.marks.halted)
    unseen = feed.problem if once and feed.unseen else ""
    return Ended(done, stop.asked, halted, format_time(max(state.cycle_ms, 0)), unseen=unseen)


def _look_for_a_lost_journal(wires: Wires, session: Session, observe: Observer) -> None:
    """Take over, in a new session, what this bot held before: only exits until somebody looks.

    A session is new until its first cycle: one that ended before it had looked must look again.
    """
    if session.state.cycles:
        return
    for found in wires.broker.earlier(session.plan, wires.now_ms()):
        product = session.plan.products[session.plan.index[found.product_id]]
        warn(f"{product.product_id} takes no entries until rearm: {found.reason}")
        if found.lots:
            stop = (
                f"its stop rests at {product.price(found.order.stop)}"
                if found.order
                else ("no stop of its own is known: only its strategy or a person sells it")
            )
            warn(f"{product.size(found.lots)} {product.base_currency} are taken over: {stop}")
        session.take(found, observe)


@contextlib.contextmanager
def _session(wires: Wires) -> Iterator[Session]:
    with start(
        wires.terms, wires.folder, lambda _: False, broker=wires.broker, now_ms=wires.now_ms
    ) as session:
        yield session


@contextlib.contextmanager
def _linked(wires: Wires, settings: Settings, *, once: bool) -> Iterator[Link | None]:
    """Keep a stream up, for a run that goes on; none beside a stand-in that has none."""
    if once or (settings.access.rest_url is not None and settings.access.ws_url is None):
        yield None
        return
    plan = wires.terms.plan
    made = link(
        settings,
        plan.products,
        plan.interval_ms,
        broker=wires.broker,
        tokens=load_tokens(settings, os.environ, wires.now_ms) if wires.has_account else None,
        now_ms=wires.now_ms,
    )
    made.stream.start()
    try:
        yield made
    finally:
        made.stream.stop()


def _connected(asked: Asked, settings: Settings, stop: Stop, state_dir: Path | None) -> Wires:
    wait = stop.wait
    exchange = reach(settings, wait, attempts=LIVE_ATTEMPTS)
    if abs(exchange.skew_ms) > SKEW_SAID_MS:
        note(f"this machine's clock is {-exchange.skew_ms / 1000:+.1f} s from the exchange's")
    limits = None if asked.risk else no_policy(settings.interval_ms)
    opening: Opening | None = None
    private: Account | None = None
    broker = simulated_broker(settings.broker)
    if broker is None:
        private = connect_account(
            settings,
            os.environ,
            wait,
            sends=asked.live,
            now_ms=exchange.now_ms,
            attempts=LIVE_ATTEMPTS,
        )
        portfolio = checked_portfolio(private, settings)
        folder = live_dir(settings.profile, portfolio, state_dir, os.environ)
        broker = ExchangeBroker(private, wait, Latch(folder).entering)
    else:
        folder = folder_of(settings.profile, state_dir, os.environ)
    resumes = (folder / JOURNAL).exists()
    known = plan_of(read_header(folder)).products if resumes else ()
    products, infos = _listed(exchange.market, settings.products, known)
    if private is not None:
        opening = read_account(private, portfolio, products, known_rests(folder))
    terms = live_terms(settings, products, opening, exchange.now_ms(), limits, resumes=resumes)
    catalog = Catalog(exchange.market.product, infos)
    has_account = private is not None
    return Wires(terms, exchange.market, broker, catalog, has_account, exchange.now_ms, folder)


def _listed(
    market: Market, names: Sequence[str], known: Sequence[Product]
) -> tuple[list[Product], list[ProductInfo]]:
    """Return the products as they trade now, and what the exchange says of them.

    One that it no longer lists is as the session knows it: it is stranded, the others go on.
    """
    before = {product.product_id: product for product in known}
    products, infos = [], []
    for name in names:
        try:
            info = market.product(name)
        except DataError as error:
            if name not in before:
                raise
            warn(f"{name} is not listed any more: {error.message}")
            products.append(before[name])
            continue
        if info.closed:
            warn(f"{name} cannot be traded now: {info.closed}; its orders will be refused")
        products.append(product_of(info))
        infos.append(info)
    return products, infos


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
    private: Account, portfolio: str, products: Sequence[Product], known: Mapping[str, bool]
) -> Opening:
    """Return what the account is.

    Whether a stop may rest is asked with previews, of the smallest size that can be sold; where
    that says neither, it is as it was `known`, and not at all at first.
    """
    wallets = {one.currency: one for one in private.balances()}
    tier = private.fee_tier()
    quote = wallets.get(products[0].quote_currency)
    rests = []
    for product in products:
        told = private.takes_stops(product)
        rests.append(known.get(product.product_id, False) if told is None else told)
    return Opening(
        portfolio=portfolio,
        wallets={name: one.total for name, one in wallets.items()},
        cash=Decimal(0) if quote is None else quote.available,
        maker_rate=tier.maker_rate,
        taker_rate=tier.taker_rate,
        rests=tuple(rests),
    )

"""A live session against the stand-in, in virtual time: waiting is what makes the market move."""

import contextlib
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from gpt_trader.broker.coinbase.keys import Signer
from gpt_trader.broker.coinbase.messages import DIALECT
from gpt_trader.broker.coinbase.private import Private
from gpt_trader.broker.coinbase.public import PublicMarket
from gpt_trader.broker.coinbase.rest import Rest
from gpt_trader.broker.exchange.broker import MOST, ExchangeBroker
from gpt_trader.broker.exchange.carry import Carrier, Done, Inline, Job, Threads
from gpt_trader.broker.exchange.catalog import Catalog, Listing
from gpt_trader.broker.exchange.link import Link
from gpt_trader.broker.exchange.pace import Pace
from gpt_trader.config.load import load_profile
from gpt_trader.domain.order import OrderStatus
from gpt_trader.engine.drive import Observer
from gpt_trader.runtime.clock import ExchangeClock, exchange_clock
from gpt_trader.runtime.live.assemble import Carriers, Paces, attend, on_threads
from gpt_trader.runtime.live.feed import Clock, LiveFeed, Surroundings
from gpt_trader.runtime.live.news import News
from gpt_trader.runtime.live.opening import (
    checked_portfolio,
    known_rests,
    products_read,
    read_account,
    read_grids,
)
from gpt_trader.runtime.live.terms import LiveTerms, live_terms
from gpt_trader.runtime.live.timekeeping import Timekeeping
from gpt_trader.runtime.live.told import told_by
from gpt_trader.runtime.loop import run_feed
from gpt_trader.runtime.session import JOURNAL, Session, read_header, start
from gpt_trader.runtime.stop import Stop
from gpt_trader.runtime.venues import product_of, venue_of
from tests.emulator import serve
from tests.emulator.market import GENESIS_MS, Market, Product
from tests.flip import FLIP

MINUTE = 60_000
DEADLINE_S = 600.0  # of a request, on this machine's clock: it may be busy
HOUR = 60 * MINUTE
BUSY = Market(
    (
        Product("BTC-USD", price=4_000_000, trades_per_day=30_000),
        Product("ETH-USD", price=250_000, trades_per_day=30_000),
    )
)


class Beside:
    """What is carried on threads beside the loop, and how much of it has not come back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.under_way = 0

    def begin(self) -> None:
        with self._lock:
            self.under_way += 1

    def end(self) -> None:
        with self._lock:
            self.under_way -= 1

    @contextlib.contextmanager
    def carriers(self) -> Iterator[tuple[Carriers, Carrier]]:
        """Hold those open that a session has in production: of its questions, and a sender."""
        with on_threads(self.end) as asks, Threads("sender", MOST, self.end) as sends:
            account, market = (Counted(self, one) for one in asks)
            yield Carriers(account, market), Counted(self, sends)


@dataclass(frozen=True)
class Counted:
    """A carrier whose jobs are counted as they begin; it counts them itself as they end."""

    beside: Beside
    carrier: Carrier

    def carry(self, job: Job) -> None:
        self.beside.begin()
        self.carrier.carry(job)

    def done(self) -> list[Done]:
        return self.carrier.done()


@dataclass
class Live:
    """A desk on the stand-in; waiting advances the exchange's time.

    machine: this machine's wall clock less the exchange's, ms, at a time of the exchange's; None:
    nobody has to measure it. clock: the exchange's, as it was measured. beside: requests are
    carried on threads, as they are in production, and no time passes before all are answered that
    the exchange does not hold; None: each is done where it is asked for.
    """

    exchange: object
    folder: Path
    flags: dict[str, object]
    profile: str = "canary"
    secret: tuple[str, str] = ("", "")
    link: Link | None = None
    machine: Callable[[int], int] | None = None
    clock: ExchangeClock | None = None
    beside: Beside | None = None

    def now_ms(self) -> int:
        return self.exchange.now_ms if self.clock is None else self.clock.now_ms()

    def wait(self, seconds: float) -> bool:
        if self.beside is not None:
            until(lambda: self.beside.under_way <= self.exchange.held)
        self.exchange.advance(self.exchange.now_ms + max(int(seconds * 1000), 1))
        return False

    def sleep(self, seconds: float) -> object:
        """Wait between two tries; beside the loop, where nobody's time passes, not at all."""
        return self.wait(seconds) if self.beside is None else None

    def rest(
        self, *, sends: bool = True, signed: bool = True, seed: int = 0, attempts: int = 4
    ) -> Rest:
        def clock() -> float:
            return self.exchange.now_ms / 1000

        signer = Signer(*self.secret, lambda: self.now_ms() / 1000) if signed else None
        return Rest(
            Pace(1000.0, clock, self.sleep),
            url=self.exchange.rest_url,
            sleep=self.sleep,
            random=random.Random(seed).random,
            signer=signer,
            attempts=attempts,
            sends=sends,
            deadline_s=DEADLINE_S,
        )

    def private(self, attempts: int = 4) -> Private:
        return Private(self.rest(attempts=attempts))

    def market(self) -> PublicMarket:
        return PublicMarket(self.rest(signed=False))

    @contextlib.contextmanager
    def session(self) -> Iterator[tuple[Session, LiveFeed, LiveTerms]]:
        settings = load_profile(self.profile, env={}, flags=self.flags).settings
        market, private = self.market(), self.private()
        if self.machine is not None:
            clock = lambda: self.exchange.now_ms  # noqa: E731
            wall = lambda: self.exchange.now_ms + self.machine(self.exchange.now_ms)  # noqa: E731
            self.clock = exchange_clock(market.now_ms, clock, wall)
        listings = [Listing(name, market.product(name)) for name in settings.products]
        products = [product_of(one.info) for one in listings]
        portfolio = checked_portfolio(private, settings)
        account = read_account(
            venue_of(settings.venue), private, portfolio, products, known_rests(self.folder)
        )
        resumes = (self.folder / JOURNAL).exists()
        kept = read_header(self.folder) if resumes else None
        grids = read_grids(market.product, products_read(settings), kept)
        terms = live_terms(settings, products, account, self.now_ms(), resumes=resumes, grids=grids)
        held = contextlib.ExitStack()
        carriers, sender = Carriers(Inline(), Inline()), None
        if self.beside is not None:
            carriers, sender = held.enter_context(self.beside.carriers())
        broker = ExchangeBroker(self.private(attempts=1), sender)
        now = self.now_ms
        begun = start(terms, self.folder, lambda _: False, broker=broker, now_ms=now)
        with held, begun as session:
            attended = attend(
                session.plan,
                lambda: session.state,
                broker,
                read_header(self.folder).wallets,
                told_by(session.journal, None),
                now,
                carriers,
                Paces(1e6, 1e6),
            )
            news = News(
                session.plan,
                lambda: session.state,
                now,
                Catalog({one.product_id: one for one in listings}),
                market.product,
                private.fee_tier,
            )
            feed = LiveFeed(
                plan=session.plan,
                state=lambda: session.state,
                market=market,
                reader=attended.market,
                upkeep=attended.upkeep,
                polls=attended.polls,
                clock=Clock(now, self.wait, lambda: False, lambda: self.exchange.now_ms / 1000),
                around=Surroundings(rest=session.durable.rest, news=news.questions),
                time=None if self.clock is None else Timekeeping(self.clock, lambda: session.state),
            )
            yield session, feed, terms

    @contextlib.contextmanager
    def streaming(self, session: Session) -> Iterator[Link]:
        """Keep a stream up whose waiting lets the market move, and what it told arrive."""
        signer = Signer(*self.secret, lambda: self.now_ms() / 1000)
        link = Link(
            session.plan.products,
            session.plan.interval_ms,
            broker=session.broker,
            dialect=DIALECT,
            sign=signer.token,
            urls=(self.exchange.ws_url, None),
            now_ms=self.now_ms,
            clock=lambda: 0.0,  # nothing is silent: this machine may be busy
            random=random.Random(1).random,
        )
        link.stream.first_pause_s = 0.02
        link.stream.start()
        self.link = link

        def wait(timeout_s: float) -> None:
            self.wait(timeout_s)
            self.arrive()

        link.wait = wait
        try:
            until(lambda: link.stream.is_up(0.0))
            yield link
        finally:
            link.stream.stop()

    def arrive(self) -> None:
        """Return once the stream has taken in all that the exchange told."""
        wire, links = self.exchange.wire, self.link.stream.connections
        wire.settle()
        until(
            lambda: (
                not all(one.is_up for one in links)
                or sum(one.sequence for one in links) >= wire.told()
            )
        )

    def run(
        self,
        until_ms: int,
        *,
        once: bool = False,
        streams: bool = False,
        watch: Observer = lambda *_: None,
        idle: Callable[[], object] = lambda: None,
    ) -> Session:
        """Trade until a time; return the session, closed. idle: called once a turn."""
        with contextlib.ExitStack() as stack:
            session, feed, _ = stack.enter_context(self.session())
            if streams:
                feed.link = stack.enter_context(self.streaming(session))
            feed.once = once
            rest = feed.around.rest
            feed.around = feed.around._replace(rest=lambda: (rest(), idle()))
            end(feed, lambda: self.exchange.now_ms >= until_ms)
            run_feed(session, iter(feed), stop=Stop(), watch=watch, on_cycle=lambda _: None)
            return session

    def differences(self, session: Session) -> list[str]:
        """Hold the journal's ledger and orders against the exchange's own books."""
        books, header = self.exchange.books, read_header(self.folder)
        found = []
        for asset in {*books.totals, *session.state.ledger}:
            began = header.wallets.get(asset, Decimal(0))
            expected = began + Decimal(session.state.ledger.get(asset, "0"))
            if expected != books.totals.get(asset, Decimal(0)):
                found.append(f"{asset}: {expected} is not {books.totals.get(asset)}")
        for j, product in enumerate(session.plan.products):
            lots = int(session.state.slots["lots"][j])
            moved = Decimal(session.state.ledger.get(product.base_currency, "0"))
            if product.size(lots) != moved:
                found.append(f"{product.product_id}: {lots} lots are not {moved}")
        known = {
            o.client_order_id
            for o in session.state.open_orders
            if o.status is not OrderStatus.WAITING
        }
        real = {o.client_order_id for o in books.orders.values() if not o.is_final}
        found += [f"open here only: {key}" for key in known - real]
        found += [f"open there only: {key}" for key in real - known]
        return found


def end(feed: LiveFeed, is_over: Callable[[], bool]) -> None:
    """Let a feed end once something is so."""
    feed.clock = feed.clock._replace(is_over=is_over)


def until(is_so: Callable[[], bool], seconds: float = 120.0) -> None:
    """Return once something is so; what happens on other threads has no virtual time."""
    begun, pause = time.monotonic(), threading.Event()
    while not is_so():
        assert time.monotonic() - begun < seconds, "it never became so"
        pause.wait(0.0005)


def keep_time_of(exchange: object, monkeypatch: object) -> None:
    """Let this machine's clocks, of the wall and monotonic, be an exchange's virtual time.

    It stands still while a command runs, so the budget of its questions is never filled again.
    """
    for kind in ("PUBLIC", "PRIVATE"):
        monkeypatch.setenv(f"GPT_TRADER_COINBASE__{kind}_REQUESTS_PER_S", "1000")
    for name in ("clock_ms", "monotonic_ms"):
        monkeypatch.setattr(f"gpt_trader.runtime.venues.{name}", lambda: exchange.now_ms)


@contextlib.contextmanager
def live(folder: Path, market: Market = BUSY, **flags: object) -> Iterator[Live]:
    """Serve a stand-in and a desk on it, with 10,000 USD and some coins of somebody else."""
    begin_ms = GENESIS_MS + 40 * 86_400_000 + 7 * MINUTE
    with serve(market, now_ms=begin_ms) as exchange:
        exchange.books.transfer("USD", "10000.000000001")
        exchange.books.transfer("BTC", "0.3")
        flags = {
            "strategy": FLIP,
            "interval": "1m",
            "risk.max_equity": "none",
            "risk.max_entries_per_day": 10_000,
            "risk.max_daily_loss_pct": 100,
            "risk.max_drawdown_pct": 100,
        } | {name.replace("__", "."): value for name, value in flags.items()}
        yield Live(exchange, folder, flags, secret=exchange.new_key())

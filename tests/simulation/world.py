"""A bot and its exchange in one process and one virtual time; it crashes where it is told to."""

import contextlib
import functools
import hashlib
import json
import random
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from gpt_trader.broker.coinbase.messages import DIALECT
from gpt_trader.broker.coinbase.private import Private
from gpt_trader.broker.coinbase.public import PublicMarket
from gpt_trader.broker.coinbase.rest import Rest
from gpt_trader.broker.exchange.broker import ExchangeBroker
from gpt_trader.broker.exchange.link import Link
from gpt_trader.broker.exchange.pace import Pace
from gpt_trader.broker.exchange.stream import Frame
from gpt_trader.config.load import load_profile
from gpt_trader.config.settings import Settings
from gpt_trader.domain.order import OrderStatus
from gpt_trader.domain.product import Product
from gpt_trader.engine.drive import Observer
from gpt_trader.engine.events import Absent, OrdersFound, Rearmed, Settled, StopRequested
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.ports import Entry
from gpt_trader.engine.protect import exits_at_work, resting_protection
from gpt_trader.engine.records import DebtSettled, PositionCut
from gpt_trader.engine.state import State
from gpt_trader.errors import AuthError, BrokerError, DataError, StorageError
from gpt_trader.journal.sqlite import open_journal
from gpt_trader.runtime.clock import ExchangeClock, exchange_clock
from gpt_trader.runtime.controls import Controls
from gpt_trader.runtime.halt import Halt, Latch
from gpt_trader.runtime.journaling import DurableJournal, recover_state
from gpt_trader.runtime.live.agreement import differences
from gpt_trader.runtime.live.assemble import Carriers, Paces, attend
from gpt_trader.runtime.live.bars import CONFIRM_MS
from gpt_trader.runtime.live.carry_on import carry_on
from gpt_trader.runtime.live.feed import Clock, LiveFeed, Surroundings
from gpt_trader.runtime.live.last_resort import cancel_from_memory
from gpt_trader.runtime.live.opening import known_rests, read_account
from gpt_trader.runtime.live.take_over import take_over
from gpt_trader.runtime.live.terms import live_terms
from gpt_trader.runtime.live.timekeeping import Timekeeping
from gpt_trader.runtime.live.told import told_by
from gpt_trader.runtime.live.upkeep import is_bare
from gpt_trader.runtime.loop import run_feed
from gpt_trader.runtime.requests import Inbox
from gpt_trader.runtime.session import JOURNAL, Session, read_header, start, view
from gpt_trader.runtime.stop import Stop
from gpt_trader.runtime.venues import venue_of
from tests.emulator.books import Refusal
from tests.flip import FLIP
from tests.simulation.carrier import Hands, VirtualCarrier
from tests.simulation.chances import Chances
from tests.simulation.exchange import MINUTE, PORTFOLIO, PRODUCTS, Exchange, Request
from tests.simulation.invariants import Watch
from tests.simulation.naive_ledger import wallets_of
from tests.simulation.truth import Belief

BEGIN_MS = 1_790_000_040_000
HEALING_MS = 10 * MINUTE
UNKNOWN = (OrderStatus.SUBMITTED, OrderStatus.SUBMIT_UNKNOWN)
END_S = 15.0  # for so long a process that is to end asks what became of its orders
CRON_MS = 5_000  # after a minute's begin, when a one-shot cycle starts
HEALINGS = 3  # within so many all must have come to rest


class Crash(BaseException):
    """The process is gone, where it stood."""


class SimRest(Rest):
    """The production client on a wire inside the process."""

    def __init__(self, world: "World", attempts: int = 3) -> None:
        self._world = world
        super().__init__(
            Pace(1e6, world.clock_s, world.wait),
            url=None,
            sleep=world.wait,
            random=random.Random(1).random,
            signer=None,
            attempts=attempts,
            sends=True,
        )

    def _client(self) -> Any:
        return self

    def get(self, path: str, *rest: Any, **named: Any) -> Any:
        """Ask as Rest does (path below the prefix), or as its client does (the whole path)."""
        if "public" not in named:
            return super().get(path, *rest, **named)
        query = {k: [str(one) for one in (v if isinstance(v, list) else [v])]
                 for k, v in rest[0].items()}  # fmt: skip
        return self._world.ask("GET", path, query, {})

    def post(self, path: str, *rest: Any, **named: Any) -> Any:
        """Post as Rest does, or as its client does."""
        if "data" not in named:
            return super().post(path, *rest, **named)
        return self._world.ask("POST", path, {}, named["data"])


class SimLink(Link):
    """The production link, fed by the exchange instead of a thread; waiting lets time pass."""

    world: "World"

    def wait(self, timeout_s: float) -> None:
        """Let time pass until something arrives or is due."""
        self.world.pass_time(timeout_s)
        self.deliver()

    def deliver(self) -> None:
        """Take in what the exchange told."""
        exchange, now_s = self.world.exchange, self.world.clock_s()
        for link in self.stream.connections:
            is_up = exchange.up[link.name]
            if not is_up and exchange.now_ms >= exchange.up_again_ms[link.name]:
                exchange.up[link.name] = is_up = True
                if link.is_up:  # it broke and came back between two looks
                    link.is_up = False
                    self._go_down(link)
            if is_up and not link.is_up:
                link.is_up = True
                link.connects += 1
                self._come_up(link)
            elif link.is_up and not is_up:
                link.is_up = False
                self._go_down(link)
            link.heard_s = now_s
        while exchange.frames:
            _, frame = exchange.frames.popleft()
            self.world.hear(frame)
            self.put(Frame(frame["channel"], None, frame["events"]))


@dataclass
class SpyJournal:
    """The durable journal with a point to crash at on both sides of every write."""

    inner: DurableJournal
    world: "World"

    def append(self, plan: Plan, state: State, entries: Sequence[Entry]) -> None:
        self.world.point("before a write")
        self.inner.append(plan, state, entries)
        self.world.on_written(plan, state, entries)
        self.world.point("after a write")

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


@functools.cache
def settings_of(bars: int, stop: float, take: float, style: str) -> Settings:
    """Return a live profile that trades all the time."""
    flags = {
        "strategy": FLIP,
        "params.bars": bars,
        "params.stop": stop,
        "params.take": take,
        "order_style.entry.style": style,
        "order_style.exit.style": style,
        "interval": "1m",
        "risk.max_equity": "none",
        "risk.bot_watched_stops": "accept",
        "risk.max_entries_per_day": 10_000,
        "risk.max_daily_loss_pct": 100,
        "risk.max_drawdown_pct": 100,
    }
    return load_profile("canary", env={}, flags=flags).settings


@dataclass
class World:
    """One seed's world: what trades in it, and what goes wrong."""

    seed: int
    folder: Path
    chances: Chances = field(default_factory=Chances)
    crash_at: int | None = None
    people: bool = False  # kill, rearm, deposits, foreign orders
    cron: bool = False  # no process but a one-shot cycle each minute
    points: int = 0
    crashes: int = 0
    lives: int = 0
    events: int = 0
    decisions: int = 0
    bars: int | None = None
    points_before_healing: int = 0
    on_crash: Callable[[], object] = lambda: None
    on_restart: Callable[[], object] = lambda: None

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.exchange = Exchange(self.seed, BEGIN_MS - 40 * MINUTE, self.chances)
        self.exchange.advance(BEGIN_MS)
        self.exchange.books.transfer("USD", "10000.000000001")
        self.exchange.books.transfer("BTC", "0.3")
        self.take_exchange(self.exchange)
        rng = random.Random(self.seed + 2)
        self.rng = rng
        bars = self.bars or rng.choice((4, 7, 15, 30))
        stop, take = rng.choice((0.0, 0.001, 0.004)), rng.choice((0.0, 0.002))
        style = rng.choice(("maker_first", "taker"))
        self.settings = settings_of(bars, stop, take if stop else 0.0, style)
        self.rests = rng.random() < 0.7
        truth = self.exchange.truth
        truth.rests, truth.is_wanted = self.rests, stop > 0
        for rules in self.exchange.books.rules.values():
            rules.takes_stops = self.rests
        self.products = [
            Product(name, Decimal(step), Decimal("0.01"), Decimal(step), Decimal(1))
            for name, (_, step) in PRODUCTS.items()
        ]
        self.watch: Watch | None = None
        self.session: Session | None = None
        self.feed: LiveFeed | None = None
        self.refused = 0
        self.is_ended = False
        self.is_looping = False  # whether the loop has begun, which never waits for an answer
        self.clock: ExchangeClock | None = None
        self.exits: Counter[int] = Counter()  # of one-shot cycles
        self.hands = Hands()
        self.carriers: list[VirtualCarrier] = []
        self.settles = 0.3  # how often a person settles debts before a start
        self.lots = [0] * len(PRODUCTS)  # of each product, as the journal had it last
        # What the kept journal had given up, and whose orders it had taken over.
        self.copied: tuple[dict[str, Decimal], set[str]] = {}, set()

    # Time.

    def now_ms(self) -> int:
        return self.exchange.now_ms if self.clock is None else self.clock.now_ms()

    def clock_s(self) -> float:
        return self.exchange.now_ms / 1000

    def wait(self, seconds: float) -> bool:
        due_ms = self.exchange.now_ms + max(int(seconds * 1000), 1)
        hand = self.hands.running
        if hand is None:
            self.exchange.advance(due_ms)
        else:
            self.exchange.later(due_ms, lambda: self.hands.resume(hand, None))
            self.hands.rest()
        return False

    def pass_time(self, timeout_s: float) -> None:
        """Jump to what happens next: a frame, or what the loop does on its own."""
        self.point("waiting")
        exchange = self.exchange
        if timeout_s <= 0:
            exchange.advance(exchange.now_ms + 1)
            return
        now = self.now_ms()
        minute = now // MINUTE * MINUTE
        due = [minute + 700, minute + CONFIRM_MS + 100, minute + MINUTE, minute + MINUTE + 700]
        due.append(now + (int(timeout_s * 1000) if self._is_busy() else 5_000))
        self._await_news(min(t for t in due if t > now) + exchange.now_ms - now)

    def await_answers(self, timeout_s: float) -> bool:
        """Let time pass until one more answer is there, as a process without a stream does."""
        self.point("waiting")
        self.exchange.frames.clear()  # nobody hears them
        self._await_news(self.exchange.now_ms + max(int(timeout_s * 1000), 1), self.news)
        return False

    def _await_news(self, until_ms: int, known: int = 0) -> None:
        exchange = self.exchange
        while exchange.now_ms < until_ms and not exchange.frames and self.news <= known:
            exchange.advance(min(max(exchange.next_ms, exchange.now_ms + 1), until_ms))

    def _is_busy(self) -> bool:
        """Whether the loop may do something on its own at any time."""
        exchange, feed, session = self.exchange, self.feed, self.session
        if session is None or feed is None or not all(exchange.up.values()):
            return True
        plan, state = session.plan, session.state
        return (
            any(is_bare(plan, state, j) for j in range(len(plan.products)))
            or (feed.upkeep.account is not None and not feed.upkeep.account.is_in_line)
            or self.hands.has_work
            or bool(self.broker.hearsay or self.broker.hearsay.contradicted)
            or any(exchange.weather.is_silent(name, exchange.now_ms) for name in PRODUCTS)
            or any(o.status is not OrderStatus.OPEN for o in state.open_orders)
        )

    @property
    def news(self) -> int:
        """How many jobs of the process have ended and nobody has asked."""
        return sum(carrier.news for carrier in self.carriers)

    # What goes wrong.

    def point(self, what: str) -> None:
        """Be at a point where a process can die; die if it is time."""
        self.points += 1
        by_chance = self.exchange.chances.crash
        if self.points == self.crash_at or (by_chance and self.rng.random() < by_chance):
            self.crashes += 1
            self.exchange.happened[f"crashed {what}"] += 1
            self.exchange.leave()
            self.on_crash()
            if self.session is not None:
                self.session.journal._is_broken = True  # what was not durable is lost
            raise Crash(what)

    def ask(self, method: str, path: str, query: dict[str, list[str]], body: dict) -> Any:
        """Let a request leave the process; return its answer, or raise what the wire raises.

        A job that asks gives control back until then; whoever else asks, waits.
        """
        self.point("before a request")
        exchange, hands = self.exchange, self.hands
        request = Request(method, path, query, body, exchange.now_ms)
        if request.writes:
            for watch in exchange.watch_sends:
                watch(path, body)
        hand = hands.running
        assert hand is not None or not self.is_looping, f"the loop waits for {request.name}"
        if hand is None:
            found = exchange.ask(request)
        else:
            request.tell = lambda came: hands.resume(hand, came)
            exchange.send(request)
            found = hands.rest()
        for name in query.get("product_id", ()) if path.endswith("/product_book") else ():
            exchange.truth.heard_ms[name] = exchange.now_ms
        self.point("after a request")
        return found

    def hear(self, frame: dict[str, Any]) -> None:
        """Take note of the quotes that the process hears."""
        for event in frame["events"] if frame["channel"] == "ticker" else ():
            for row in event["tickers"]:
                if str(row["best_bid"]).replace(".", "").isdigit():
                    self.exchange.truth.heard_ms[row["product_id"]] = self.exchange.now_ms

    def carrier(self) -> VirtualCarrier:
        """Return a carrier of the process's jobs."""
        self.carriers.append(VirtualCarrier(self.hands))
        return self.carriers[-1]

    def _end_process(self) -> None:
        """Let every job end where it is; what it sent is on its way."""
        self.hands.end()
        self.exchange.leave()
        self.carriers.clear()

    def on_written(self, plan: Plan, state: State, entries: Sequence[Entry]) -> None:
        """Take in what the journal knows from now on: orders it found, coins it gave up."""
        exchange, truth = self.exchange, self.exchange.truth
        for entry in entries:
            if isinstance(entry.event, OrdersFound):
                for order in entry.event.orders:
                    exchange.second.forget(order.client_order_id)
                    truth.on_found(order.client_order_id)
            for record in entry.records:
                if isinstance(record, PositionCut):
                    product = plan.products[record.j]
                    cut = self.lots[record.j] - record.lots
                    truth.on_cut(product.product_id, product.size(cut))
                if isinstance(record, DebtSettled):
                    product = plan.products[record.j]
                    truth.on_settled(product.product_id, product.size(entry.event.lots))

        self.lots = state.slots["lots"].tolist()

    def _on_send(self, path: str, body: dict[str, Any]) -> None:
        if path.endswith("/orders"):
            self.exchange.truth.on_send(body["client_order_id"], body["product_id"])
        if self.watch is not None:
            self.watch.on_send(path, body)

    # The bot.

    def live(self, until_ms: int) -> bool:
        """Run one process until a time; return whether it got there."""
        self.lives += 1
        self.on_restart()
        self.exchange.truth.on_start()
        self.session = self.watch = self.clock = None
        self.is_ended = False
        exchange, folder = self.exchange, self.folder
        exchange.frames.clear()
        exchange.up = dict.fromkeys(exchange.up, False)
        self._keep_or_put_back()
        latch = Latch(folder)
        watch = self.watch = Watch(latch, lambda name: self.exchange.price[name])
        try:
            with self._session(latch, watch) as session:
                self._trade(session, watch, until_ms)
                state = session.state
            if self.cron:
                assert self.feed is not None
                feed = self.feed
                left = feed.upkeep.left_open()
                is_left = feed.is_unseen or feed.untold or left.again
                is_halted = state.halted or state.marks.halted
                self._judge(6 if is_halted else 5 if is_left else 6 if left.person else 0)
        except Crash:
            return False
        except (AuthError, BrokerError, DataError, StorageError) as error:
            self.exits[error.exit_code] += self.cron
            self.refused += 1  # a start that nobody answers ends; systemd starts it again
            self.wait(5)
            return False
        finally:
            self.events += watch.events
            self.decisions += watch.decisions
            self.session = self.clock = None
            self._end_process()
        return not self.is_ended

    def _keep_or_put_back(self) -> None:
        """Keep a copy of the journal at a start, or put the one kept before back."""
        copy, chances, rng = self.folder.with_suffix(".copy"), self.exchange.chances, self.rng
        if not chances.put_backs or not (self.folder / JOURNAL).exists():
            return
        if copy.exists() and rng.random() < chances.put_backs:
            self.exchange.happened["journal put back"] += 1
            self.exchange.truth.on_put_back(*self.copied)
            shutil.rmtree(self.folder)
            copy.rename(self.folder)
        elif not copy.exists():
            shutil.copytree(self.folder, copy)
            truth = self.exchange.truth
            self.copied = dict(truth.adopted), set(truth.theirs)

    def _session(self, latch: Latch, watch: Watch) -> Any:
        rest = SimRest(self)
        self.private = private = Private(rest)
        once = SimRest(self, attempts=1)
        self.broker = ExchangeBroker(Private(once), self.carrier(), latch.entering)
        self.market = PublicMarket(SimRest(self))
        exchange = self.exchange
        self.clock = exchange_clock(
            self.market.now_ms,
            lambda: exchange.now_ms,
            lambda: exchange.now_ms + exchange.machine_ms,
        )
        account = read_account(
            venue_of(self.settings.venue),
            private,
            PORTFOLIO,
            self.products,
            known_rests(self.folder),
        )
        resumes = (self.folder / JOURNAL).exists()
        terms = live_terms(self.settings, self.products, account, self.now_ms(), resumes=resumes)
        return start(
            terms,
            self.folder,
            lambda _: False,
            broker=self.broker,
            now_ms=self.now_ms,
            observe=watch.watch,
        )

    def _trade(self, session: Session, watch: Watch, until_ms: int) -> None:
        self.session = session
        self.lots = session.state.slots["lots"].tolist()
        watch.begin(session)
        session.durable._monotonic_ms = lambda: (
            self.exchange.now_ms
        )  # what waits is the seed's, too
        session.durable._flushed_ms = self.exchange.now_ms
        session.durable = SpyJournal(session.durable, self)
        state: Callable[[], State] = lambda: session.state  # noqa: E731
        began = read_header(self.folder).wallets
        link = SimLink(
            session.plan.products,
            session.plan.interval_ms,
            broker=self.broker,
            dialect=DIALECT,
            sign=lambda: "",
            urls=("ws://127.0.0.1:1", None),
            now_ms=self.now_ms,
            clock=self.clock_s,
            random=random.Random(1).random,
        )
        link.world = self
        controls = Controls(
            session.latch, Inbox(self.folder), state, self.now_ms, lambda: self.exchange.now_ms
        )

        def seen(after: State, entries: Sequence[Entry]) -> None:
            watch.watch(after, entries)
            self.exchange.truth.on_unknown(
                {
                    order.client_order_id
                    for order in after.open_orders
                    if order.status is OrderStatus.SUBMIT_UNKNOWN
                }
            )
            controls.watch(after, entries)
            for entry in entries:
                if isinstance(entry.event, Absent) and entry.event.against:
                    self.exchange.truth.on_contradiction(entry.event.client_order_id)

        untold = take_over(session, self.private, began, self.market.product, seen, lambda _: None)
        if self.people:
            self._settle_debts(session, seen)
        attended = attend(
            session.plan,
            state,
            self.broker,
            began,
            told_by(session.journal, untold),
            self.now_ms,
            Carriers(self.carrier(), self.carrier()),
            Paces(10.0, 5.0),
        )
        self.feed = LiveFeed(
            plan=session.plan,
            state=state,
            market=self.market,
            reader=attended.market,
            upkeep=attended.upkeep,
            polls=attended.polls,
            clock=Clock(
                self.now_ms, self.await_answers, lambda: self._is_over(until_ms), self.clock_s
            ),
            around=Surroundings(controls.events, rest=session.durable.rest),
            time=Timekeeping(self.clock, state),
            link=None if self.cron else link,
            once=self.cron,
        )

        self.is_looping = True
        try:
            run_feed(session, iter(self.feed), stop=Stop(), watch=seen, on_cycle=lambda _: None)
            if self.is_ended:  # somebody asked it to stop, as systemd does
                session.take(StopRequested(session.time_ms(), "signal"), seen)
                upkeep = self.feed.upkeep
                carry_on(
                    session,
                    upkeep,
                    lambda: upkeep.is_settled,
                    longest_s=END_S,
                    wait=self.await_answers,
                    observe=seen,
                    monotonic_s=self.clock_s,
                )
        except StorageError:
            cancel_from_memory(session, self.carrier(), self.await_answers, self.clock_s)
            raise
        finally:
            self.is_looping = False
        link.stream._pool.shutdown()

    def _settle_debts(self, session: Session, seen: Observer) -> None:
        """Write off what the owner let a stop sell of his own, as `account settle` does."""
        for j, product in enumerate(session.plan.products):
            lots, name = session.state.slots["lots"].item(j), product.product_id
            is_open = any(one.product_id == name for one in session.state.open_orders)
            if lots < 0 and not is_open and self.rng.random() < self.settles:
                event = Settled(self.now_ms(), name, -lots, self.exchange.price[name], "me", "mine")
                session.take(event, seen)

    def _live(self, until_ms: int) -> bool:
        """Run a process, or its one-shot cycles, until a time; return whether it got there."""
        if not self.cron:
            return self.live(until_ms)
        self.live(self.exchange.now_ms + 60 * MINUTE)  # it ends by itself
        minute_ms = self.exchange.now_ms // MINUTE * MINUTE + MINUTE
        self.exchange.advance(minute_ms + CRON_MS)  # one that took longer kept the next away
        return minute_ms >= until_ms

    def _judge(self, code: int) -> None:
        """Hold a one-shot cycle's exit code against the truth: 0 says that all is well."""
        self.exits[code] += 1
        if code:
            return
        truth = self.exchange.truth
        bare = [name for name in truth.bare() if truth.rests and truth.is_wanted]
        assert not bare, f"exit 0, and {bare} have no stop at {self.exchange.now_ms}"
        assert not truth.unknown, f"exit 0, and {truth.unknown} are unknown"

    def _is_over(self, until_ms: int) -> bool:
        return self.is_ended or self.exchange.now_ms >= until_ms

    def run(self, hours: float) -> "World":
        """Live through faults for so many hours, then heal, and hold that all is well."""
        end_ms = BEGIN_MS + int(hours * 60) * MINUTE
        while self.exchange.now_ms < end_ms:
            stretch = min(end_ms, self.exchange.now_ms + 60 * MINUTE) if self.people else end_ms
            while not self._live(stretch):
                pass
            if self.people:
                self._meddle()
        self.exchange.heal()
        self.settles = 1.0
        self.points_before_healing = self.points
        self.crash_at = None
        (latch := Latch(self.folder)).clear(latch.mark())
        for _ in range(HEALINGS):
            end_ms = self.exchange.now_ms + HEALING_MS
            while not self._live(end_ms):
                pass
            if self.cron:  # what filled since the last cycle is seen by the next
                self.live(self.exchange.now_ms + HEALING_MS)
            if not self.unsettled():
                break
        left = self.unsettled()
        assert left == [], left
        self.check()
        self.exchange.truth.end()
        return self

    def unsettled(self) -> list[str]:
        """Return what has not come to rest: a bounded time after the last fault nothing is left."""
        with view(self.folder) as (header, plan, journal):
            state = recover_state(journal, plan, header.cash)
        found = [f"{o.client_order_id} is unknown" for o in state.open_orders
                 if o.status in (OrderStatus.SUBMITTED, OrderStatus.SUBMIT_UNKNOWN)]  # fmt: skip
        if self.now_ms() - state.reconciled_ms > 2 * MINUTE:
            found.append("the account was not found in line")
        for j, product in enumerate(plan.products):
            slot = state.slots[j]
            if slot["lots"] and slot["stop_ticks"] and plan.rests[j]:
                rests = resting_protection(plan, state, j)
                if rests is None and not exits_at_work(plan, state, j):
                    found.append(f"{product.product_id} is not protected")
        return found

    def _meddle(self) -> None:
        """Do what people do between two hours."""
        rng, books = self.rng, self.exchange.books
        what = rng.randrange(6)
        if what == 0:
            Latch(self.folder).set(Halt("operator", "kill"), 1.0)
        elif what == 1:
            books.transfer("USD", "12.345678901")
        elif what == 2 and books.available("USD") > 100:
            books.transfer("USD", "-50")
        elif what == 3 and not any(key == "by hand" for key in books.by_client):
            terms = {"base_size": "0.0001", "limit_price": "10000.00"}
            order = {
                "client_order_id": "by hand",
                "product_id": "BTC-USD",
                "side": "BUY",
                "order_configuration": {"limit_limit_gtc": terms},
            }
            with contextlib.suppress(Refusal):  # where nobody can trade now
                books.create(order, self.exchange.now_ms)
        if what != 0:
            self._rearm()

    # What must be so in the end.

    def check(self) -> None:
        """Hold journal, exchange and an independent ledger against each other."""
        books, folder = self.exchange.books, self.folder
        books.audit()
        assert books.violations == [], books.violations
        assert set(books.replays) <= self.exchange.truth.forgotten, "an order was sent twice"
        with open_journal(folder / JOURNAL, readonly=True) as journal:
            assert journal.verify().ok
        with view(folder) as (header, plan, journal):
            state = recover_state(journal, plan, header.cash)
        there = [
            (order.client_order_id, order.status)
            for order in books.live()
            if order.client_order_id in self.exchange.truth.ours
        ]
        found = differences(header.wallets, state, books.totals, there)
        assert found == [], found
        naive = wallets_of(folder / JOURNAL)
        wallets = {name: total for name, total in books.totals.items() if total}
        assert {name: total for name, total in naive.items() if total} == wallets, naive
        ours = {
            order.client_order_id
            for order in books.orders.values()
            if order.client_order_id in self.exchange.truth.ours
            and (order.filled or order.client_order_id not in self.exchange.truth.forgotten)
        }
        with open_journal(folder / JOURNAL, create=False) as journal:
            assert journal.unknown(ours) == set(), "an order that the journal does not know"
        for order in books.live():
            known = state.orders.get(order.client_order_id)
            if known is not None and order.is_watching and known.intent.stop:
                product = plan.products[plan.index[known.product_id]]
                terms = product.size(known.intent.lots), product.price(known.intent.stop)
                assert terms == (order.size, order.stop), "the owner's edit is not known"
        for j, product in enumerate(plan.products):
            lots = int(state.slots["lots"][j])
            assert lots >= 0
            assert product.size(lots) <= books.totals.get(product.base_currency, Decimal(0))
            held = self.exchange.truth.held.get(product.product_id, Decimal(0))
            assert product.size(lots) == held, f"{held} of {product.product_id} were {lots} lots"

    def take_exchange(self, exchange: Exchange) -> None:
        """Go on with an exchange that another process left."""
        self.exchange = exchange
        exchange.watch_sends.append(self._on_send)
        exchange.on_minute.append(self._minutely)
        exchange.truth.belief = self.believes
        exchange.truth.is_down = lambda name: exchange.weather.is_down(name, exchange.now_ms)
        exchange.truth.is_silent = lambda: exchange.is_silent

    def believes(self, product_id: str) -> Belief | None:
        """Return what the running process thinks of a product; None if none trades."""
        session = self.session
        if session is None:
            return None
        state, plan = session.state, session.plan
        j = plan.index[product_id]
        held = plan.products[j].size(int(state.slots["lots"][j]))
        return Belief(
            held,
            any(
                order.product_id == product_id
                and order.intent.reduce_only
                and order.status in UNKNOWN
                for order in state.open_orders
            ),
            plan.products[j].size(state.lacking[j]),
            starts=not self.is_looping,
        )

    def _minutely(self) -> None:
        """Do what happens to a process once in a while."""
        rng, session = self.rng, self.session
        if session is None:
            return
        if rng.random() < self.exchange.chances.restarts:
            self.exchange.happened["restarted"] += 1
            self.is_ended = True
        state = session.state
        is_still = state.halted or state.marks.halted or any(state.frozen)
        if self.people and is_still and rng.random() < 0.1:
            self._rearm()

    def _rearm(self) -> None:
        """Ask for what a person asks for who has looked."""
        mark = Latch(self.folder).mark()
        Inbox(self.folder).put(Rearmed(0, "operator", "looked", latch=mark))

    def plan(self) -> Plan:
        """Return the journal's plan."""
        with view(self.folder) as (_, plan, _):
            return plan

    def decision_log(self) -> str:
        """SHA-256 of every decision, in order, as the journal keeps them."""
        found = hashlib.sha256()
        with open_journal(self.folder / JOURNAL, readonly=True) as journal:
            for stored in journal.read():
                for record in json.loads(stored.records):
                    if record["type"] == "Decided":
                        found.update(json.dumps(record, sort_keys=True).encode())
        return found.hexdigest()

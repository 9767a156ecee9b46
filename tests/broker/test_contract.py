"""What every broker promises, whatever it talks to. A new broker joins BROKERS."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal

import pytest

from gpt_trader.broker.exchange.broker import ExchangeBroker
from gpt_trader.broker.exchange.carry import Inline
from gpt_trader.broker.exchange.venue import Machine
from gpt_trader.broker.simulated.paper import PaperBroker
from gpt_trader.config.venues import CoinbaseKeys
from gpt_trader.domain.order import OrderStatus, OrderType, TimeInForce
from gpt_trader.engine import events as ev
from gpt_trader.engine.commands import AmendOrder, Approved, CancelOrder, SubmitOrder
from gpt_trader.runtime.live.assemble import Carriers, Paces, attend
from gpt_trader.runtime.live.told import Told
from gpt_trader.runtime.live.upkeep import Upkeep
from tests.broker.slow import Slow
from tests.broker.tiny.exchange import Exchange
from tests.broker.tiny.venue import row
from tests.emulator import serve
from tests.emulator.market import Market, Product
from tests.engine_helpers import HOUR, T0, Desk, commands_of, fills_of, sent
from tests.live_helpers import Live

FAST = Paces(1e6, 1e6)
SECONDS = 20  # in which every answer is in


def nobody(_):
    """No order is anybody else's."""
    return set()


class ExchangeDesk(Desk):
    """The engine with an exchange behind it, in the test's own hands: a bar is what others trade.

    upkeep: what a live loop does between bars; None beside a broker that knows all at once.
    """

    upkeep: Upkeep | None = None
    passed_ms = 0

    def attend(self, began, carriers=None):
        """Let the session be kept up, as a live loop does it."""
        self.plan = replace(self.plan, rests=(False,) * len(self.plan.products))
        carriers = carriers or Carriers(Inline(), Inline())
        self.upkeep = attend(
            self.plan,
            lambda: self.state,
            self.broker,
            began,
            Told(nobody),
            self.time,
            carriers,
            FAST,
        ).upkeep

    def time(self):
        return self.now() + self.passed_ms

    def turn(self, after_ms=1_000):
        """Let time pass, and take what is known then; return what it came to."""
        self.passed_ms += after_ms
        entries = []
        if self.upkeep is not None:
            for event in self.upkeep.turn(self.time(), is_up=False):
                entries += self.send(event)
        return entries

    def settle(self):
        """Let time pass until every answer is in; return what they came to."""
        return [entry for _ in range(SECONDS) for entry in self.turn()]

    def prices(self, close, open_, high, low):
        path = [close if open_ is None else open_, low, high, close]
        return [Decimal(price) / 100 for price in path if price is not None]


class CoinbaseDesk(ExchangeDesk):
    """Coinbase's broker, on the stand-in."""

    def __init__(self, exchange, folder):
        super().__init__()
        self.exchange = exchange
        desk = Live(exchange, folder, {}, secret=exchange.new_key())
        self.broker = ExchangeBroker(desk.private())
        self.attend({"USD": Decimal(10_000)})

    def bar(self, close, *, open=None, high=None, low=None, open_ms=None, **more):  # noqa: A002
        if open_ms is None:
            for price in self.prices(close, open, high, low):
                self.exchange.trade("COIN-USD", price, Decimal(1000), self.exchange.now_ms)
        made = super().bar(close, open=open, high=high, low=low, open_ms=open_ms, **more)
        self.exchange.now_ms = max(self.exchange.now_ms, self.now())
        return made


class TinyDesk(ExchangeDesk):
    """The broker of a row that is nowhere but in these tests."""

    def __init__(self, sender=None, carriers=None):
        super().__init__()
        self.exchange = Exchange(wallets={"USD": Decimal(10_000)})
        venue = row(self.exchange)
        machine = Machine({}, lambda: 0.0, lambda _: None, lambda: 0.0, 1)
        account = venue.account(CoinbaseKeys(key_file="k"), machine, self.now, True)
        self.broker = ExchangeBroker(account, sender)
        self.attend({"USD": Decimal(10_000)}, carriers)

    def bar(self, close, *, open=None, high=None, low=None, open_ms=None, **more):  # noqa: A002
        if open_ms is None:
            for price in self.prices(close, open, high, low):
                self.exchange.trade(price)
            self.exchange.now_ms = self.now() + HOUR
        return super().bar(close, open=open, high=high, low=low, open_ms=open_ms, **more)


@contextmanager
def paper(_folder) -> Iterator[Desk]:
    desk = ExchangeDesk()
    desk.broker = PaperBroker()
    yield desk


COIN_HERE = Product("COIN-USD", price=10_000, trades_per_day=0, base_increment="1")


@contextmanager
def coinbase(folder) -> Iterator[Desk]:
    with serve(Market((COIN_HERE,)), now_ms=T0 - HOUR) as exchange:
        exchange.books.transfer("USD", 10_000)
        yield CoinbaseDesk(exchange, folder)


@contextmanager
def tiny(_folder) -> Iterator[Desk]:
    yield TinyDesk()


@contextmanager
def late(_folder) -> Iterator[Desk]:
    yield TinyDesk(Slow(4), Carriers(Slow(4), Slow(4)))


BROKERS: dict[str, Callable] = {
    "paper": paper,
    "coinbase": coinbase,
    "tiny": tiny,
    "late": late,
}
LIMIT = {"type": OrderType.LIMIT, "tif": TimeInForce.GTC, "lots": 10, "limit": 9_000}


@contextmanager
def without_answers(desk) -> Iterator[None]:
    """Carry out what is asked, and lose what is known of it: a crash."""
    answer = desk.broker.execute
    desk.broker.execute = lambda *asked: (answer(*asked), [])[1]
    yield
    desk.broker.execute = answer


def start_again(desk) -> None:
    """Find out what became of what was sent, as a start does."""
    for event in desk.broker.reconcile(desk.plan, desk.state, desk.now()):
        desk.send(event)
    desk.settle()


@pytest.fixture(params=BROKERS)
def desk(request, tmp_path):
    with BROKERS[request.param](tmp_path) as desk:
        desk.bar(10_000)
        yield desk


def test_an_accepted_order_is_reported_open_by_its_client_id(desk):
    entries = desk.place(1, **LIMIT)
    [order] = sent(entries)
    entries += desk.settle()
    [report, *_] = [e.event for e in entries if isinstance(e.event, ev.OrderUpdated)]
    assert (report.client_order_id, report.status) == (order.client_order_id, OrderStatus.OPEN)


def test_a_cancelled_order_is_reported_cancelled_and_never_fills(desk):
    [order] = sent(desk.place(1, **LIMIT))
    entries = desk.cancel(order.client_order_id)
    assert commands_of(entries, CancelOrder)
    desk.settle()
    assert desk.order(order.client_order_id).status is OrderStatus.CANCELLED
    assert not fills_of(desk.bar(8_000, low=7_000) + desk.settle())


def test_an_amended_order_is_reported_with_its_new_terms(desk):
    [order] = sent(desk.place(1, **LIMIT))
    entries = desk.amend(order.client_order_id, 7, 8_500)
    assert commands_of(entries, AmendOrder)
    desk.settle()
    after = desk.order(order.client_order_id)
    assert (after.intent.lots, after.intent.limit, after.intent.side) == (7, 8_500, 1)


def test_fills_count_up_to_the_order_and_then_it_is_filled(desk):
    [order] = sent(desk.place(1, **LIMIT))
    fills = fills_of(desk.bar(8_900, open=9_100, low=8_800) + desk.settle())
    assert [(f.client_order_id, f.side, f.cumulative) for f in fills] == [
        (order.client_order_id, 1, 10)
    ]
    assert desk.order(order.client_order_id).status is OrderStatus.FILLED


def test_what_a_crash_left_unanswered_is_found_and_twice_changes_nothing(desk):
    [order] = sent(desk.place(1, **LIMIT))
    desk.settle()
    with without_answers(desk):
        [unanswered] = sent(desk.place(1, **(LIMIT | {"limit": 8_000})))
        desk.cancel(order.client_order_id)
    for _ in range(2):
        start_again(desk)
        assert desk.order(order.client_order_id).status is OrderStatus.CANCELLED
        assert desk.order(unanswered.client_order_id).status is OrderStatus.OPEN
    assert len(sent(desk.entries)) == 2, "looking sends no order"


def test_an_amendment_that_a_crash_left_unanswered_is_answered(desk):
    [order] = sent(desk.place(1, **LIMIT))
    desk.settle()
    with without_answers(desk):
        desk.amend(order.client_order_id, 5, 8_000)
    for _ in range(2):
        start_again(desk)
        amended = desk.order(order.client_order_id)
        assert (amended.intent.lots, amended.intent.limit) == (5, 8_000)


def test_a_correction_fills_nothing(desk):
    desk.place(1, **LIMIT)
    desk.bar(10_000, low=9_500)
    correction = desk.bar(8_000, low=7_000, open_ms=desk.now() - 3_600_000)
    assert not fills_of(correction + desk.settle())


def test_nothing_is_sold_twice_whatever_works_and_whenever_answers_come(desk):
    """What follows a cancel waits for its end: the coins are the cancelled order's until then."""
    desk.place(1, type=OrderType.LIMIT, tif=TimeInForce.GTC, lots=10, limit=9_000)
    desk.bar(8_900, open=9_100, low=8_800)
    desk.bar(10_000)
    desk.settle()
    assert desk.lots() == 10
    desk.place(-1, type=OrderType.LIMIT, tif=TimeInForce.GTC, lots=10, limit=12_000)
    desk.send(ev.FlattenRequested(desk.now(), "test", "sell all"))
    for _ in range(3):
        desk.bar(10_000)
    desk.settle()
    assert desk.lots() == 0
    assert sum(fill.lots for fill in fills_of(desk.entries) if fill.side < 0) == 10


def test_ten_orders_leave_at_once_and_no_answer_is_waited_for():
    desk = TinyDesk(Slow(10**6))
    desk.bar(10_000)
    [order] = sent(desk.place(1, **LIMIT))
    ten = [order._replace(intent=order.intent._replace(client_order_id=f"c{i}")) for i in range(10)]
    commands = [SubmitOrder(Approved(one)) for one in ten]
    assert desk.broker.execute(desk.plan, desk.state, commands, desk.now()) == []
    assert [ticket.tag for ticket in desk.exchange.tickets.values()][1:] == [
        f"c{i}" for i in range(10)
    ]


def many(desk, count):
    """Return commands for so many entries, more than leave at once."""
    [order] = sent(desk.place(1, **LIMIT))
    ids = [f"c{i}" for i in range(count)]
    return ids, [
        SubmitOrder(Approved(order._replace(intent=order.intent._replace(client_order_id=key))))
        for key in ids
    ]


def test_an_order_that_is_cancelled_before_its_turn_never_leaves():
    desk = TinyDesk(Slow(10**6))
    desk.bar(10_000)
    ids, commands = many(desk, 30)
    desk.broker.execute(desk.plan, desk.state, commands, desk.now())
    there = {ticket.tag for ticket in desk.exchange.tickets.values()}
    assert ids[0] in there
    assert ids[-1] not in there
    cancel = CancelOrder("COIN-USD", ids[-1])
    [ended] = desk.broker.execute(desk.plan, desk.state, [cancel], desk.now())
    assert (ended.client_order_id, ended.status) == (ids[-1], OrderStatus.CANCELLED)
    assert ended.code.startswith("NOT_SENT")
    assert not desk.broker.is_sending(ids[-1])


def test_what_waits_for_its_turn_can_be_kept_from_leaving():
    """As where nothing can be written any more: only cancels follow."""
    desk = TinyDesk(Slow(10**6))
    desk.bar(10_000)
    ids, commands = many(desk, 30)
    desk.broker.execute(desk.plan, desk.state, commands, desk.now())
    before = len(desk.exchange.tickets)
    desk.broker.send_no_more()
    desk.broker.turn(desk.plan, desk.state, desk.now() + 60_000)
    assert len(desk.exchange.tickets) == before
    assert not desk.broker.is_sending(ids[-1])

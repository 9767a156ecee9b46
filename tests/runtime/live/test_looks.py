"""How often the account is looked at, and what a single cycle waits for."""

from decimal import Decimal

import pytest

from gpt_trader.domain.order import OrderStatus, OrderType, TimeInForce
from gpt_trader.engine import events as ev
from gpt_trader.runtime.live.feed import Clock, LiveFeed
from gpt_trader.runtime.live.looks import CALM_MS, POLL_MS, Looks
from gpt_trader.runtime.live.polls import Polls
from gpt_trader.runtime.live.reconcile import Reconciler
from tests.broker.test_contract import TinyDesk
from tests.broker.tiny.venue import TinyMarket
from tests.engine_helpers import sent

LIMIT = {"type": OrderType.LIMIT, "tif": TimeInForce.GTC, "lots": 10, "limit": 9_000}
BEGAN = {"USD": Decimal(10_000)}


class Tacit:
    """A broker that says nothing of its own accord, and nothing to the first few looks."""

    def __init__(self, inner, silent_looks=0):
        self.inner, self.silent_looks, self.looks = inner, silent_looks, 0

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def execute(self, *asked):
        self.inner.execute(*asked)
        return []

    def reconcile(self, *asked):
        self.looks += 1
        return self.inner.reconcile(*asked) if self.looks > self.silent_looks else []


@pytest.fixture
def desk():
    made = TinyDesk()
    made.bar(10_000)
    made.broker = Tacit(made.broker)
    return made


def looks_of(desk):
    polls = Polls(desk.now)
    reconciler = Reconciler(desk.plan, desk.broker, BEGAN, lambda: desk.state, desk.now)
    return Looks(reconciler, lambda: desk.state, None, polls)


def take(desk, events):
    return [event for event in events if desk.send(event) is not None]


def test_a_calm_account_is_looked_at_once_a_minute(desk):
    looks = looks_of(desk)
    now_ms = desk.now()
    assert take(desk, looks.look_when_due(now_ms, is_up=True))
    assert not take(desk, looks.look_when_due(now_ms + CALM_MS - 1, is_up=True))
    assert take(desk, looks.look_when_due(now_ms + CALM_MS, is_up=True))


@pytest.mark.parametrize("is_up", [False, True])
def test_what_nobody_has_answered_is_asked_for_soon_even_if_the_stream_is_up(is_up, desk):
    looks = looks_of(desk)
    take(desk, looks.look_when_due(desk.now(), is_up=is_up))
    [order] = sent(desk.place(1, **LIMIT))
    key = order.client_order_id
    assert looks.is_unanswered()
    assert not take(desk, looks.look_when_due(desk.now() + POLL_MS - 1, is_up=is_up))
    assert take(desk, looks.look_when_due(desk.now() + POLL_MS, is_up=is_up))
    assert not looks.is_unanswered()
    assert desk.order(key).status is OrderStatus.OPEN


@pytest.mark.parametrize("silent_looks, waits", [(1, False), (4, True)])
def test_a_single_cycle_waits_for_the_answer_to_what_it_sent(silent_looks, waits, desk):
    [order] = sent(desk.place(1, **LIMIT))
    desk.broker.silent_looks, waited = silent_looks, []
    reconciler = Reconciler(desk.plan, desk.broker, BEGAN, lambda: desk.state, desk.now)
    feed = LiveFeed(
        desk.plan,
        lambda: desk.state,
        TinyMarket(desk.exchange),
        reconciler,
        Clock(desk.now, waited.append, lambda: False),
        once=True,
    )
    seen = take(desk, feed)
    assert desk.order(order.client_order_id).status is OrderStatus.OPEN
    assert bool(waited) is waits
    assert any(isinstance(event, ev.Quoted) for event in seen)
    assert not feed.unseen

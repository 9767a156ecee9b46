"""What would prove a stop's end is asked for while it rests, and its loss is told."""

from decimal import Decimal

import pytest

from gpt_trader.broker.exchange.carry import Inline
from gpt_trader.broker.exchange.reader import Reader
from gpt_trader.domain.account import Balance, History
from gpt_trader.domain.order import OrderStatus
from gpt_trader.engine import events as ev
from gpt_trader.errors import Unavailable
from gpt_trader.runtime.live.rehearsal import AGAIN_MS, KEPT, LATE_MS, LEAD_MS, Rehearsal
from tests.broker.slow import Slow
from tests.engine_helpers import HOUR
from tests.exchange_desk import Protected

ONE = Decimal(1)
THERE = [Balance("COIN", ONE, ONE), Balance("USD", ONE, ONE)]


class Row:
    """An order's own answer: all that is read of it here."""

    life, order_id = OrderStatus.OPEN, "n1"

    def __init__(self, key):
        self.client_order_id = key


class Account:
    """Answers, or does not."""

    def __init__(self, key):
        self.key, self.asked, self.wallets, self.whole, self.down = key, 0, THERE, True, ""
        self.is_listed = False

    def _say(self, what, answer):
        self.asked += 1
        if self.down == what:
            raise Unavailable("down")
        return answer

    def balances(self):
        return self._say("wallets", self.wallets)

    def fills(self, **_):
        return self._say("fills", History([], is_whole=self.whole))

    def order(self, _):
        return self._say("own", Row(self.key))

    def open_orders(self, _):
        return History([Row(self.key)] if self.is_listed else [], is_whole=True)


class Scene:
    """A stop that rests, and whoever rehearses its end."""

    def __init__(self, carrier=None):
        self.desk, self.is_kept = Protected(), False
        self.desk.told(self.desk.resting, OrderStatus.OPEN, exchange_id="n1")
        self.account = Account(self.desk.resting.client_order_id)
        reader = Reader(carrier or Inline(), 1e6, lambda _: None)
        self.reader, self.now_ms = reader, self.desk.now()
        self.rehearsal = Rehearsal(
            self.desk.plan,
            lambda: self.desk.state,
            self.account,
            reader,
            lambda *_: self.is_kept,
            lambda: 1,
            self.desk.now,
        )

    def turn(self, after_ms=0):
        self.now_ms += after_ms
        for event in (*self.rehearsal.turn(self.now_ms), *self.reader.turn(self.now_ms)):
            self.desk.send(event)
        return self.desk.state.unproven[0]


def spoil(scene, what):
    if what == "wallet":
        scene.account.wallets = THERE[1:]
    elif what == "half":
        scene.account.whole = False
    elif what == "another":
        scene.account.key = "another"
    else:
        scene.account.down = what


LOST = {
    "wallets": "the wallets are not told",
    "fills": "fills are not told",
    "own": "order n1 is not told",
    "wallet": "its wallet is not told",
    "half": "fills are not told in full",
    "another": "order n1 is not told",
}


@pytest.mark.parametrize("what", LOST)
def test_what_fails_twice_is_lost_until_it_is_told_again(what):
    scene = Scene()
    assert scene.turn() == scene.turn(1) == ""
    key = scene.account.key
    spoil(scene, what)
    into_ms = HOUR - scene.now_ms % HOUR - LEAD_MS
    scene.turn(into_ms)
    assert scene.turn(AGAIN_MS - 1) == "", "it may have been a slip"
    scene.turn(1)
    assert scene.turn().endswith(LOST[what])
    scene.account.wallets, scene.account.whole, scene.account.down = THERE, True, ""
    scene.account.key = key
    scene.turn(AGAIN_MS)
    assert scene.turn() == ""


def test_an_order_that_a_list_shows_need_not_tell_itself():
    scene = Scene()
    scene.account.down, scene.account.is_listed = "own", True
    for _ in range(4):
        assert scene.turn(AGAIN_MS) == ""


def test_it_is_asked_once_before_a_close():
    scene = Scene()
    scene.turn()
    asked = scene.account.asked
    into_ms = HOUR - scene.now_ms % HOUR - LEAD_MS
    assert into_ms > 0
    scene.now_ms += into_ms - 1
    scene.rehearsal._asked_ms = scene.now_ms - 1_000
    scene.turn()
    assert scene.account.asked == asked
    scene.turn(1)
    scene.turn(1_000)
    assert scene.account.asked == asked + 4


def test_a_stop_makes_way_for_no_exit_that_would_not_be_sent():
    scene = Scene()
    scene.is_kept = True
    assert scene.turn() == KEPT
    scene.is_kept = False
    scene.turn()
    assert scene.turn() == ""


def test_an_answer_that_does_not_come_is_none():
    scene = Scene(Slow(1_000))
    scene.turn()
    assert scene.turn(LATE_MS - 1) == ""
    assert "not answered in time" in scene.turn(1)


def test_a_loss_that_is_carried_over_ends_with_an_answer_and_with_its_stop():
    scene = Scene(Slow(3))
    lost = ev.ProofSeen(scene.desk.now(), "COIN-USD", "lost")
    scene.desk.send(lost)
    assert scene.turn() == "lost"
    for _ in range(4):
        found = scene.turn()
    assert found == ""
    scene.desk.send(lost)
    scene.desk.told(scene.desk.resting, OrderStatus.CANCELLED)
    assert scene.turn() == ""

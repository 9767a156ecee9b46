"""Orders that sell and end together: one look tells of all, and none is told by an older one."""

import pytest

from gpt_trader.broker.exchange.carry import Inline
from gpt_trader.broker.exchange.reader import Question, Reader
from gpt_trader.domain.account import History
from gpt_trader.errors import Unavailable
from gpt_trader.runtime.live.ends import Ends
from tests.broker.slow import Slow


class Account:
    """What is asked of an account; fills that nobody has."""

    def __init__(self):
        self.asked = []
        self.down = False

    def balances(self):
        self.asked.append("wallets")
        return [len(self.asked)]

    def fills(self, *, order_ids=(), since_ms=None):
        self.asked.append("all fills" if since_ms else ",".join(order_ids))
        if self.down:
            raise Unavailable("down")
        return History([], is_whole=True)


class Row:
    """An order's own answer: all that is read of it here."""

    def __init__(self, order_id):
        self.order_id = order_id


class Desk:
    """Ends, and what came of each order. held: of which orders coins are on hold."""

    def __init__(self, carrier):
        self.account, self.held, self.came = Account(), set(), []
        self.reader = Reader(carrier, 1e6, lambda _: None)
        self.ends = Ends(
            self.reader, self.account, self.has_let_go, self.take, lambda: 7, frozenset
        )

    def has_let_go(self, key, remote, found):
        assert not found.orders.is_whole
        assert not found.orders.rows, "no list was asked for"
        return key not in self.held

    def take(self, key, remote, is_so):
        self.came.append((key, is_so))
        return iter(())

    def asks(self, *keys):
        """Ask each order how it ended, and look meanwhile."""
        self.ends.expect({key: f"x{key}" for key in keys})

    def tells(self, *keys):
        for key in keys:
            assert list(self.ends.tell(key, Row(f"x{key}"))) == []

    def turn(self, times=1):
        for _ in range(times):
            assert list(self.reader.turn(0)) == []


KEYS = tuple("abcdefghij")


@pytest.mark.parametrize("is_told_first", [True, False])
def test_ten_orders_that_end_together_cost_one_look(is_told_first):
    desk = Desk(Slow(3))
    desk.asks(*KEYS)
    desk.turn(2)
    if is_told_first:
        desk.tells(*KEYS)
        assert desk.came == []
    desk.turn(3)
    if not is_told_first:
        desk.tells(*KEYS)
    assert desk.came == [(key, True) for key in KEYS]
    assert desk.account.asked == ["wallets", ",".join(f"x{key}" for key in KEYS), "all fills"]
    desk.turn(5)
    assert len(desk.account.asked) == 3


def test_one_that_nobody_expected_gets_the_next_look_with_all_that_wait():
    desk = Desk(Slow(3))
    desk.asks("a")
    desk.turn()
    desk.tells("b", "c", "a")
    desk.turn(9)
    assert desk.came == [("a", True), ("b", True), ("c", True)]
    assert desk.account.asked == ["wallets", "xa", "all fills", "wallets", "xb,xc", "all fills"]


def test_coins_on_hold_in_a_look_from_before_the_answer_are_looked_at_again():
    desk = Desk(Inline())
    desk.asks("a", "b")
    desk.turn(2)
    desk.held = {"b"}
    desk.tells("a", "b")
    assert desk.came == [("a", True)]
    desk.held = set()
    desk.turn(2)
    assert desk.came == [("a", True), ("b", True)]


def test_coins_on_hold_after_the_answer_are_told_as_such():
    desk = Desk(Inline())
    desk.held = {"a"}
    desk.tells("a")
    desk.turn(2)
    assert desk.came == [("a", False)]


def test_an_answer_that_is_taken_back_is_not_told():
    desk = Desk(Inline())
    desk.tells("a", "b")
    desk.ends.forget("a")
    desk.turn(2)
    assert desk.came == [("b", True)]


def test_half_a_look_tells_nothing_and_the_next_answer_looks_again():
    desk = Desk(Inline())
    desk.account.down = True
    desk.asks("a")
    desk.turn(2)
    desk.tells("a")
    assert desk.came == []
    desk.turn(2)
    assert desk.came == []
    desk.account.down = False
    desk.asks("a")
    desk.turn(2)
    assert desk.came == [("a", True)]


def test_a_look_is_not_begun_while_half_of_one_is_under_way():
    desk = Desk(Inline())
    for part in ("wallets", "fills"):
        about = ("ends", part)
        desk.reader.put(Question(about, "order", lambda: None, lambda _: ()))
        desk.asks("a")
        assert desk.account.asked == []
        desk.turn(2)

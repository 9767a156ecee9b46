"""What `orders place` says of an order before it is sent."""

from itertools import count

import pytest

from gpt_trader.app.hand import Hand, Said
from gpt_trader.app.orders import OrderRequest, place
from gpt_trader.domain.order import OrderStatus
from tests.exchange_desk import Protected

LIMIT = {"kind": "limit", "price": "110"}


def hand_on(desk, then=lambda _: None, *, goes_on=False):
    """Return a hand on a desk; then: what becomes of the order that was asked for."""
    numbers = count(1)

    def request(event):
        desk.send(event)
        then(desk)
        return Said(None, desk.state)

    name = lambda: str(next(numbers))  # noqa: E731
    return Hand(desk.plan, desk.state, desk.now(), 10**15, name, request, goes_on)


def asked(**changes):
    words = {"product": "COIN-USD", "side": "sell", "size": "2", "value": None, "kind": "market"}
    words |= {"price": None, "stop": None, "tif": None, "until": None, "post_only": False}
    return OrderRequest(**(words | changes))


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize(
    "rests, changes, makes_way",
    [
        (True, LIMIT, True),
        (True, LIMIT | {"tif": "IOC"}, False),  # it is over at once, and the stop is back
        (True, {}, False),
        (True, LIMIT | {"side": "buy", "price": "90"}, False),
        (False, LIMIT, False),  # none rests: quotes are watched anyway
    ],
)
def test_an_order_that_rests_says_that_the_stop_makes_way(rests, changes, makes_way, dry_run):
    desk = Protected(rests=rests)
    if rests:
        desk.open()
    reply = place(hand_on(desk), asked(**changes), dry_run=dry_run)
    assert reply.refusal is None
    assert reply.data["stop_makes_way"] is makes_way
    assert reply.data["stop_covers"] == ("18" if makes_way else None)
    assert ("the stop of COIN-USD covers 18, not what it sells" in reply.hint) == makes_way


def test_an_order_for_all_that_is_held_says_that_no_stop_rests():
    desk = Protected()
    desk.open()
    reply = place(hand_on(desk), asked(**LIMIT | {"size": "20"}), dry_run=True)
    assert reply.data["stop_makes_way"]
    assert reply.data["stop_covers"] is None
    assert "no stop of COIN-USD does" in reply.hint


def told(status):
    """Let an order that was sent have a status."""

    def then(desk):
        [order] = [one for one in desk.state.open_orders if one is not desk.resting]
        if status is not None:
            desk.told(order, status)

    return then


@pytest.mark.parametrize(
    "rests, status, goes_on, words",
    [
        (True, None, False, "it waits for another order's end, and nobody runs"),
        (True, None, True, ""),
        (False, None, False, "no answer is in"),
        (False, None, True, ""),
        (False, OrderStatus.SUBMIT_UNKNOWN, False, "it was sent, and not answered"),
        (False, OrderStatus.SUBMIT_UNKNOWN, True, "it was sent, and not answered"),
        (False, OrderStatus.OPEN, False, ""),
    ],
)
def test_an_order_that_ends_open_says_why(rests, status, goes_on, words):
    desk = Protected(rests=rests)
    if rests:
        desk.open()  # a sale waits for the end of its stop
    reply = place(hand_on(desk, told(status), goes_on=goes_on), asked(), dry_run=False)
    assert reply.refusal is None
    assert words in reply.open_end
    assert bool(words) == bool(reply.open_end)

"""What `orders place` says of an order before it is sent."""

from itertools import count

import pytest

from gpt_trader.app.hand import Hand, Said
from gpt_trader.app.orders import OrderRequest, place
from tests.exchange_desk import Protected

LIMIT = {"kind": "limit", "price": "110"}


def hand_on(desk):
    """Return a hand on a desk."""
    numbers = count(1)

    def request(event):
        desk.send(event)
        return Said(None, desk.state)

    name = lambda: str(next(numbers))  # noqa: E731
    return Hand(desk.plan, desk.state, desk.now(), 10**15, name, request)


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
    assert ("no stop of COIN-USD does" in reply.hint) == makes_way

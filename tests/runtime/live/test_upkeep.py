"""What a session that ends leaves to chance: a single cycle ends with exit 5 or 6 by it."""

from dataclasses import replace

import pytest

from gpt_trader.domain.order import OrderStatus
from gpt_trader.runtime.live.upkeep import Upkeep
from tests.exchange_desk import AtExchange, Protected


def left_open(desk):
    upkeep = Upkeep(desk.plan, lambda: desk.state, desk.broker, (), None, None, desk.now)
    return upkeep.left_open()


def held():
    """Hold 20 for which no stop was ever asked."""
    desk = AtExchange()
    desk.want(0.2)
    desk.bar(10_000)
    [entry] = desk.state.open_orders
    desk.filled(entry, 20, 10_000)
    return desk


def test_a_position_whose_stop_rests_is_not_left_to_chance():
    desk = Protected()
    assert left_open(desk).again == [
        "an order of COIN-USD is SUBMITTED: nobody knows what became of it",
        "COIN-USD is held without a stop that rests at the exchange",
    ]
    desk.open()
    assert left_open(desk) == ([], [])
    desk.want(0.0)
    desk.bar(10_000)
    assert left_open(desk).again[0] == (
        "COIN-USD is held with a stop that is being cancelled: nobody tells that it has ended"
    )


@pytest.mark.parametrize("what, who", [("frozen", "person"), ("closed", "again")])
def test_what_nobody_manages_and_has_no_level_is_left_to_chance(what, who):
    desk = held()
    assert left_open(desk) == ([], []), "its strategy sells it"
    desk.state = desk.state._replace(**{what: ("coins are gone",)})
    [words] = getattr(left_open(desk), who)
    assert not getattr(left_open(desk), {"again": "person", "person": "again"}[who])
    assert words == "COIN-USD is held without a level, and nobody manages it: coins are gone"
    desk.plan = replace(desk.plan, rests=())
    assert left_open(desk) == ([], []), "a market of the past has its bars"


def test_what_is_frozen_and_has_its_stop_or_is_being_sold_is_not():
    desk = Protected()
    desk.open()
    desk.state = desk.state._replace(frozen=("coins are gone",))
    assert left_open(desk) == ([], [])
    desk = held()
    desk.want(0.0)
    desk.bar(10_000)
    [leaves] = desk.state.open_orders
    desk.told(leaves, OrderStatus.OPEN, exchange_id="1")
    desk.state = desk.state._replace(frozen=("coins are gone",))
    assert left_open(desk) == (
        ["an order of COIN-USD is OPEN: nobody knows what became of it"],
        [],
    ), "it is no order that rests"


@pytest.mark.parametrize("status", [OrderStatus.OPEN, OrderStatus.PENDING_CANCEL])
def test_an_entry_whose_end_is_not_booked_is_left_to_chance(status):
    """What it bought meanwhile has no stop."""
    desk = AtExchange()
    desk.want(0.2)
    desk.bar(10_000)
    [entry] = desk.state.open_orders
    desk.told(entry, status, exchange_id="1")
    [words] = left_open(desk).again
    assert words == f"an order of COIN-USD is {status}: nobody knows what became of it"


def test_dust_is_nobodys_business():
    desk = AtExchange()
    desk.state = desk.state._replace(frozen=("coins are gone",))
    assert left_open(desk) == ([], [])

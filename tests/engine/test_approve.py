"""Nothing may be sent but what was approved, and nothing is approved that should not be."""

from decimal import Decimal

import pytest

from gpt_trader.domain.decision import Reason
from gpt_trader.domain.order import Order, OrderIntent, OrderType, TimeInForce
from gpt_trader.engine.approve import approve_decided, approve_entry, approve_reducing
from gpt_trader.engine.commands import Approved
from gpt_trader.errors import HaltError
from gpt_trader.kernel.codes import ACT_ENTER, ACT_EXIT, BUY, SELL
from tests.engine_helpers import COIN, UNIT, Desk


def order(side=SELL, lots=5, quote=0, reduce_only=True):
    return Order(
        OrderIntent(
            "id", "COIN-USD", side, OrderType.MARKET, TimeInForce.IOC, lots, quote,
            reduce_only=reduce_only,
        )
    )  # fmt: skip


@pytest.mark.parametrize("asked, held", [(order(), 5), (order(), 6), (order(BUY), -5)])
def test_what_reduces_needs_no_guard(asked, held):
    assert approve_reducing(asked, held) == Approved(asked)
    assert approve_decided(ACT_EXIT, asked, held) == Approved(asked)


@pytest.mark.parametrize(
    "asked, held",
    [
        (order(), 0),
        (order(), -5),
        (order(), 4),
        (order(BUY), 5),
        (order(lots=-1), 5),
        (order(lots=0, quote=100), 5),
        (order(reduce_only=False), 5),
    ],
)
def test_what_could_open_or_turn_a_position_is_not_approved_as_reducing(asked, held):
    with pytest.raises(HaltError, match="reduces"):
        approve_reducing(asked, held)
    with pytest.raises(HaltError, match="reduces"):
        approve_decided(ACT_EXIT, asked, held)


def test_an_entry_is_approved_by_the_guards_answer():
    desk = Desk()
    desk.bar(10_000)
    entry = order(BUY, reduce_only=False)
    found = approve_entry(desk.plan, desk.state, entry, desk.now())
    assert found == Approved(entry._replace(reserve=500 * UNIT))
    halted = desk.state._replace(halted=True)
    refused = approve_entry(desk.plan, halted, entry, desk.now())
    assert isinstance(refused, Reason)
    assert refused.code == "HALTED"
    assert approve_decided(ACT_ENTER, entry, 0) == Approved(entry)


@pytest.mark.parametrize(
    "bounds", [{"base_max_size": Decimal(4)}, {"quote_max_size": Decimal(499)}], ids=str
)
@pytest.mark.parametrize("asked", [{}, {"lots": 0, "quote": 500 * UNIT}])
def test_an_entry_larger_than_the_exchange_takes_is_refused(bounds, asked):
    desk = Desk(COIN.with_spec(**bounds))
    desk.bar(10_000)
    entry = order(BUY, reduce_only=False, **asked)
    refused = approve_entry(desk.plan, desk.state, entry, desk.now())
    assert refused.code == "OVERFLOW"
    smaller = order(BUY, reduce_only=False, lots=4)
    assert isinstance(approve_entry(desk.plan, desk.state, smaller, desk.now()), Approved)

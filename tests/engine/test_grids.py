"""A product whose grid or minimum changes while it is held: protected, sold, never forgotten."""

import pytest

from gpt_trader.domain.order import OrderStatus, OrderType
from gpt_trader.domain.product import AS_COUNTED, Grid
from gpt_trader.engine import events as ev
from gpt_trader.engine import records as rec
from gpt_trader.engine.grids import tick, whole
from gpt_trader.engine.leaving import RETRY_MS
from gpt_trader.engine.waiting import is_below_minimum
from gpt_trader.observe.notify import PAGE
from gpt_trader.runtime.alerts import alerts_of
from tests.engine_helpers import commands, records_of, sent
from tests.exchange_desk import Protected

COARSE = Grid(lots=3, ticks=7)


def seen(desk, grid):
    return desk.send(ev.ProductSeen(desk.now(), "COIN-USD", "", limit_only=False, grid=grid))


@pytest.fixture
def desk():
    made = Protected()
    made.open()
    return made


@pytest.mark.parametrize(
    "ticks, side, found",
    [(14, -1, 14), (15, -1, 14), (15, 1, 21), (3, -1, 3), (3, 1, 7), (0, -1, 0)],
)
def test_a_price_on_the_grid(ticks, side, found):
    assert tick(COARSE, ticks, side) == found
    assert whole(COARSE, 20) == 18


def test_a_stop_that_rests_stays_whatever_the_grid_and_the_next_is_on_it(desk):
    old = desk.resting
    assert not commands(seen(desk, COARSE))
    desk.restart()
    assert not commands(desk.wake(60_000))
    assert not commands(seen(desk, Grid(lots=2, ticks=20_000)))
    assert not commands(seen(desk, COARSE))
    desk.time_ms = desk.now() + 100
    [stop] = sent(desk.told(old, OrderStatus.CANCELLED))
    found = stop.intent
    assert (found.lots, found.stop % 7, found.limit % 7) == (18, 0, 0)
    assert 0 <= 9_500 - found.stop < 7
    desk.open()
    desk.restart()
    assert not commands(desk.wake(60_000)), "it is what is wanted, and 2 are dust"
    assert desk.state.grids == (COARSE,)


@pytest.mark.parametrize("way", ["decided", "flattened", "by hand", "limit only"])
def test_an_exit_is_on_the_new_grid(way, desk):
    stop = desk.resting
    seen(desk, COARSE)
    match way:
        case "decided":
            desk.want(0.0)
            desk.bar(10_000)
        case "by hand":
            desk.place(-1, lots=20)
        case _:
            desk.send(ev.FlattenRequested(desk.now(), "ann", "odd"))
    if way == "limit only":
        desk.send(ev.ProductSeen(desk.now(), "COIN-USD", "", limit_only=True, grid=COARSE))
    desk.time_ms = desk.now() + 100
    desk.told(stop, OrderStatus.CANCELLED)
    desk.quote(9_990, after_ms=100)
    exits = [one for one in sent(desk.entries) if one.intent.side < 0 and not one.intent.stop]
    assert exits[-1].intent.lots == 18
    assert exits[-1].intent.limit % 7 == 0
    assert (exits[-1].intent.type is OrderType.LIMIT) == (way == "limit only")
    desk.filled(exits[-1], 18, 9_990)
    for _ in range(20):
        assert not sent(desk.wake(60_000)), "what is left is dust: nothing is sent to be refused"


def test_what_was_refused_for_its_size_is_tried_at_once_on_the_new_grid_and_not_again(desk):
    desk.want(0.0)
    desk.bar(10_000)
    [exit_order] = sent(desk.told(desk.resting, OrderStatus.CANCELLED))
    [stop] = sent(desk.told(exit_order, OrderStatus.REJECTED, "INVALID_SIZE_PRECISION"))
    assert not sent(desk.told(stop, OrderStatus.REJECTED, "INVALID_SIZE_PRECISION"))
    desk.time_ms = desk.now() + 1_000
    [again] = sent(seen(desk, COARSE))
    assert (again.intent.lots, again.intent.type) == (18, OrderType.MARKET)
    [stop] = sent(desk.told(again, OrderStatus.REJECTED, "ODD"))
    assert stop.intent.lots == 18
    assert not sent(desk.told(stop, OrderStatus.REJECTED, "ODD"))
    assert not sent(seen(desk, COARSE))
    assert not desk.wake(RETRY_MS - 1)


def test_a_finer_grid_changes_nothing(desk):
    assert not commands(seen(desk, AS_COUNTED))


def test_nothing_is_entered_on_another_grid(desk):
    seen(desk, Grid(least_lots=2))
    desk.want(0.4, stop=0.05)
    assert not sent(desk.bar(10_000))


@pytest.mark.parametrize("grid", [Grid(least_lots=100), Grid(least_units=10**13), Grid(lots=50)])
def test_what_a_minimum_strands_keeps_its_stop_is_paged_once_and_sold_when_it_can_be(grid, desk):
    stop, before = desk.resting, desk.state
    made = seen(desk, grid)
    assert not commands(made)
    pages = [one for one in alerts_of(desk.plan, before, desk.state, made) if one.level == PAGE]
    assert [one.event for one in pages] == ["below_minimum"]
    assert is_below_minimum(desk.plan, desk.state, 0)
    desk.want(0.0)
    desk.bar(10_000)
    for _ in range(5):
        assert not commands(desk.wake(60_000))
    assert desk.resting.client_order_id == stop.client_order_id
    assert records_of(seen(desk, AS_COUNTED), rec.ProductRegridded)
    desk.wake(60_000)
    desk.time_ms = desk.now() + 100
    [sold] = sent(desk.told(stop, OrderStatus.CANCELLED))
    assert sold.intent.lots == 20

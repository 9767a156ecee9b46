"""A cycle waits for no product but the one whose order is about to end, and for that not long."""

from dataclasses import replace

from gpt_trader.domain.order import OrderStatus
from gpt_trader.engine import events as ev
from gpt_trader.engine import records as rec
from gpt_trader.engine.cycle import END_WAIT_MS, is_paused
from gpt_trader.engine.due import due
from tests.engine_helpers import COIN, GOLD, HOUR, Desk, records_of, sent
from tests.exchange_desk import Silent


def two():
    """Return a desk of two products, and an entry of the first that rests until the next close."""
    desk = Desk(COIN, GOLD, style="maker_first")
    desk.plan = replace(desk.plan, rests=(True, True))
    desk.broker = Silent()
    for j in (0, 1):
        desk.bar(10_000, j=j)
    desk.want(0.2, 0, stop=0.05)
    desk.bar(10_000, j=0)
    [entry] = sent(desk.bar(10_000, j=1))
    desk.report(entry.client_order_id, OrderStatus.OPEN)
    desk.want(0.1, 1, stop=0.05)
    return desk, entry


def close(desk):
    """The next bars close."""
    return [*desk.bar(10_000, j=0), *desk.bar(10_000, j=1)]


def decided(entries):
    return [one.decision.product_id for one in records_of(entries, rec.Decided)]


def test_the_others_are_decided_at_once_and_the_one_when_its_order_has_ended():
    desk, entry = two()
    entries = close(desk)
    assert decided(entries) == ["GOLD-USD"]
    assert [one.left for one in records_of(entries, rec.CyclePaused)] == [(0,)]
    assert is_paused(desk.state)
    cycles = desk.state.cycles
    assert not decided(desk.send(ev.Woken(desk.now() + END_WAIT_MS - 1)))
    ended = desk.report(entry.client_order_id, OrderStatus.EXPIRED)
    assert decided(ended) == ["COIN-USD"]
    assert records_of(ended, rec.CycleEnded)
    assert desk.state.cycles == cycles + 1
    assert not is_paused(desk.state)


def test_after_a_while_it_is_decided_with_its_order_counted_as_it_may_be():
    desk, _ = two()
    close(desk)
    held_back = int(desk.state.slots["reserve_units"][0])
    assert held_back > 0
    assert not due(desk.plan, desk.state, desk.now() + END_WAIT_MS - 1)
    assert due(desk.plan, desk.state, desk.now() + END_WAIT_MS)
    late = desk.send(ev.Woken(desk.now() + END_WAIT_MS))
    assert decided(late) == ["COIN-USD"]
    assert not sent(late), "its order may still fill"
    assert desk.state.slots["reserve_units"][0] == held_back
    assert desk.decision(0).code == 5, "it is taken as working"


def test_a_tick_decides_whatever_is_in():
    desk, _ = two()
    assert decided(desk.bar(10_000, j=0)) == []
    assert decided(desk.send(ev.Ticked(desk.now() + 10_000))) == ["COIN-USD"]


def test_a_product_that_waits_too_long_is_passed_over_by_the_next_cycle():
    desk, entry = two()
    [other] = sent(close(desk))
    desk.report(other.client_order_id, OrderStatus.FILLED, j=1)
    assert is_paused(desk.state)
    desk.bar(10_000, j=0)
    assert not is_paused(desk.state)
    assert decided(desk.bar(10_000, j=1)) == ["GOLD-USD"]
    assert decided(desk.report(entry.client_order_id, OrderStatus.EXPIRED)) == ["COIN-USD"]


def test_a_restart_in_between_changes_nothing():
    desk, entry = two()
    close(desk)
    desk.restart()
    assert decided(desk.report(entry.client_order_id, OrderStatus.EXPIRED)) == ["COIN-USD"]


def test_a_cycle_in_which_every_product_waits_begins_all_the_same():
    desk, entry = two()
    desk.plan = replace(desk.plan, products=(COIN, GOLD))
    other = [one for one in sent(close(desk)) if one.product_id == "GOLD-USD"]
    desk.report(entry.client_order_id, OrderStatus.OPEN)
    desk.report(other[0].client_order_id, OrderStatus.OPEN, j=1)
    entries = close(desk)
    assert decided(entries) == []
    assert [one.left for one in records_of(entries, rec.CyclePaused)] == [(0, 1)]
    assert decided(desk.report(other[0].client_order_id, OrderStatus.EXPIRED, j=1)) == ["GOLD-USD"]
    assert records_of(desk.entries[-1:], rec.CyclePaused)


def test_a_simulation_knows_no_such_wait():
    desk = Desk(style="maker_first")
    desk.bar(10_000)
    desk.want(0.2)
    desk.bar(10_000)
    assert decided(desk.bar(10_000, high=10_100, low=10_000)) == ["COIN-USD"]
    assert desk.state.cycle_ms == desk.now() - HOUR

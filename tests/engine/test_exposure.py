"""How long a position had no stop, and nothing under way: unknown and waiting protect nothing."""

import pytest

from gpt_trader.domain.order import OrderStatus
from gpt_trader.engine import events as ev
from gpt_trader.engine.exposure import exposed_s
from tests.exchange_desk import Protected

MINUTE = 60_000


def exposed(desk, after_ms=MINUTE):
    """Return for how long it was stopless and bare once more time has passed, s."""
    return exposed_s(desk.state, desk.now() + after_ms)


def test_a_stop_that_is_known_to_rest_ends_the_spell():
    desk = Protected()
    desk.time_ms = desk.now() + 300
    desk.open()
    assert exposed(desk) == (0.3, 0.3)


@pytest.mark.parametrize("status", [OrderStatus.SUBMITTED, OrderStatus.SUBMIT_UNKNOWN])
def test_a_stop_that_may_not_be_there_protects_nothing(status):
    desk = Protected()
    desk.told(desk.resting, status)
    assert exposed(desk) == (60.0, 60.0)


def test_an_exit_that_waits_protects_nothing_and_one_under_way_does():
    desk = Protected()
    desk.open()
    stop = desk.resting
    desk.told(stop, OrderStatus.OPEN, exchange_id="x")
    desk.want(0.0)
    desk.bar(10_000)
    assert exposed(desk) == (60.0, 60.0), "the stop is being cancelled, and the exit waits"
    desk.time_ms = desk.now() + 1_000
    desk.told(stop, OrderStatus.CANCELLED)
    assert exposed(desk) == (61.0, 1.0)


def test_a_position_that_is_gone_needs_no_stop():
    desk = Protected()
    desk.time_ms = desk.now() + 2_000
    desk.filled(desk.resting, 20, 9_500)
    assert exposed(desk) == (2.0, 2.0)


def test_where_quotes_are_watched_a_position_has_no_stop_and_is_not_bare():
    assert exposed(Protected(rests=False)) == (60.0, 0.0)


def test_a_spell_goes_on_over_a_restart_and_a_night():
    desk = Protected()
    desk.restart()
    desk.send(ev.Started(desk.now(), {}))
    assert exposed(desk, 8 * 60 * MINUTE)[1] == 8 * 3600.0


def test_a_clock_that_runs_back_takes_nothing_off():
    desk = Protected()
    assert exposed(desk, -MINUTE) == (0.0, 0.0)

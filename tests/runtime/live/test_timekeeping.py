"""Entries wait while the exchange's time is in doubt, and it is said why."""

from gpt_trader.engine.events import Noted, Quoted, Reconciled
from gpt_trader.engine.state import unreconciled
from gpt_trader.observe.notify import PAGE
from gpt_trader.runtime.alerts import alerts_of
from gpt_trader.runtime.clock import MOST_AGE_MS, Offset
from gpt_trader.runtime.live.timekeeping import CLOCK, Timekeeping
from tests.engine_helpers import Desk
from tests.runtime.test_clock import Machine

NOW = 1_000_000


def minded():
    desk, machine = Desk(), Machine()
    object.__setattr__(desk.plan, "max_unreconciled_ms", 300_000)
    return desk, machine, Timekeeping(machine.clock(), lambda: desk.state)


def take(desk, events):
    return [event for event in events if desk.send(event) is not None]


def test_a_doubt_disarms_once_and_the_next_look_after_it_arms():
    desk, machine, time = minded()
    in_line = Reconciled(NOW + 10, 3, 0)
    assert take(desk, time.guard([in_line])) == [in_line]
    assert take(desk, time.watch(NOW + 10)) == []
    assert unreconciled(desk.plan, desk.state, 0, NOW + 20) == 0

    machine.offset_ms += 90_000
    why = "this machine's clock was set, or the machine slept"
    assert take(desk, time.watch(NOW + 20)) == [
        Noted(NOW + 20, CLOCK, why),
        Reconciled(NOW + 20, 3, 0, why),
    ]
    assert unreconciled(desk.plan, desk.state, 0, NOW + 20) == 1
    assert take(desk, time.watch(NOW + 30)) == []
    quote = Quoted(NOW + 40, "COIN-USD", 1, 2)
    assert take(desk, time.guard([quote, Reconciled(NOW + 40, 3, 0)])) == [quote], "nothing arms it"
    assert unreconciled(desk.plan, desk.state, 0, NOW + 40) == 1

    [note] = take(desk, time.take(time.clock.measure()))
    assert note.about == CLOCK
    assert take(desk, time.watch(NOW + 50)) == []
    assert take(desk, time.guard([in_line])) == [in_line]
    assert unreconciled(desk.plan, desk.state, 0, NOW + 50) == 0


def test_a_look_that_ends_in_a_new_doubt_disarms():
    desk, machine, time = minded()
    take(desk, [Reconciled(NOW + 10, 0, 0)])
    machine.passed_ms += MOST_AGE_MS + 1
    [found] = take(desk, time.guard([Reconciled(NOW + 20, 0, 0)]))
    assert "half an hour" in found.why
    assert desk.state.reconciled_ms == 0


def test_somebody_is_told():
    desk, machine, time = minded()
    take(desk, [Reconciled(NOW + 10, 0, 0)])
    machine.offset_ms += 90_000
    before, entries = desk.state, []
    for event in time.watch(NOW + 20):
        entries += desk.send(event)
    [alert] = alerts_of(desk.plan, before, desk.state, entries)
    assert (alert.event, "no entries" in alert.text) == ("doubt", True)


def test_a_doubt_that_lasts_pages_once():
    desk, machine, time = minded()
    take(desk, [Reconciled(NOW + 10, 0, 0)])
    pages = []
    for second in range(400):
        machine.passed_ms += 1_000
        found = machine.ask()
        machine.passed_ms -= 50
        at_ms = machine.monotonic_ms()
        list(time.take(Offset(found + 3_600_000, 50, at_ms, machine.wall_ms())))
        for event in time.watch(NOW + 20 + second):
            alerts = alerts_of(desk.plan, desk.state, desk.state, desk.send(event))
            pages += [one.text for one in alerts if one.level == PAGE]
    [page] = pages
    assert "nobody knows which is right" in page
    assert desk.state.reconciled_ms == 0

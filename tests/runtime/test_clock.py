"""The exchange's time on a machine whose clocks step, sleep and are far away."""

from dataclasses import dataclass

import pytest

from gpt_trader.errors import Unavailable
from gpt_trader.runtime.clock import (
    AGAIN_MS,
    ANEW_MS,
    JUMP_MS,
    LONG_MS,
    MOST_AGE_MS,
    TRIES,
    exchange_clock,
)

TRUE_MS = 1_767_607_200_000


@dataclass
class Machine:
    """A machine and an exchange. Each answer takes `there_ms` to come to be and `back_ms` to come.

    offset_ms: its wall clock less the exchange's; slept_ms: what its monotonic clock missed.
    """

    passed_ms: int = 0
    offset_ms: int = 0
    slept_ms: int = 0
    there_ms: int = 20
    back_ms: int = 30
    asked: int = 0

    def true_ms(self):
        return TRUE_MS + self.passed_ms

    def wall_ms(self):
        return self.true_ms() + self.offset_ms

    def monotonic_ms(self):
        return 5_000 + self.passed_ms - self.slept_ms

    def ask(self):
        self.asked += 1
        self.passed_ms += self.there_ms
        said_ms = self.true_ms()
        self.passed_ms += self.back_ms
        return said_ms

    def clock(self):
        return exchange_clock(self.ask, self.monotonic_ms, self.wall_ms)


def behind_ms(machine, clock):
    return machine.true_ms() - clock.now_ms()


@pytest.mark.parametrize("offset_ms", [0, -90_000, 90_000])
def test_a_step_of_the_wall_clock_changes_nothing_but_is_seen_at_once(offset_ms):
    machine = Machine(offset_ms=offset_ms)
    clock = machine.clock()
    assert clock.measured.skew_ms == -offset_ms + 25 - 30
    assert (behind_ms(machine, clock), clock.doubt(), clock.is_due()) == (30, "", False)
    machine.passed_ms += 60_000
    machine.offset_ms += JUMP_MS + 1
    assert behind_ms(machine, clock) == 30
    assert "was set" in clock.doubt()
    assert clock.is_due()
    said = clock.take(clock.measure())
    assert "this machine's clock was" in said
    assert (behind_ms(machine, clock), clock.doubt()) == (30, "")


def test_a_machine_that_slept_is_late_until_it_has_asked_and_never_early():
    machine = Machine()
    clock = machine.clock()
    machine.passed_ms += 3_600_000
    machine.slept_ms += 3_600_000
    assert behind_ms(machine, clock) == 3_600_030
    assert "slept" in clock.doubt()
    assert clock.is_due()
    clock.take(clock.measure())
    assert (behind_ms(machine, clock), clock.doubt()) == (30, "")


def test_it_is_measured_every_ten_minutes_and_entries_wait_after_thirty():
    machine = Machine()
    clock = machine.clock()
    machine.passed_ms += AGAIN_MS - 1
    assert not clock.is_due()
    machine.passed_ms += 1
    assert clock.is_due()
    assert not clock.is_due(), "once, while it is under way"
    machine.passed_ms += ANEW_MS
    assert clock.is_due(), "and again without an answer"
    machine.passed_ms += MOST_AGE_MS - AGAIN_MS - ANEW_MS
    assert clock.doubt() == ""
    machine.passed_ms += 1
    assert "half an hour" in clock.doubt()
    assert clock.take(clock.measure()) == ""
    assert (clock.age_ms(), clock.doubt()) == (0, "")


def test_what_an_answer_leaves_possible_moves_no_time():
    machine = Machine()
    clock = machine.clock()
    machine.there_ms, machine.back_ms = 800, 100
    before = clock.base
    clock.take(clock.measure())
    assert clock.base == before
    assert behind_ms(machine, clock) == 30
    machine.there_ms, machine.back_ms = 5, 5  # it says more than was known
    clock.take(clock.measure())
    assert behind_ms(machine, clock) == 5


def test_a_long_round_trip_says_little_and_is_asked_again():
    machine = Machine(there_ms=4_000, back_ms=6_000)
    clock = machine.clock()
    assert machine.asked == TRIES
    assert behind_ms(machine, clock) == 6_000, "late, not early"
    machine.there_ms = machine.back_ms = LONG_MS // 2
    clock.take(clock.measure())
    assert machine.asked == TRIES + 1


@pytest.mark.parametrize("off_ms", [-600_000, 600_000])
def test_another_time_is_not_believed_at_once(off_ms):
    """This machine's clocks agree: either the exchange was wrong before, or it is now."""
    machine = Machine()
    clock = machine.clock()
    told = clock.measure()
    wrong = told._replace(exchange_ms=told.exchange_ms + off_ms)
    assert clock.take(wrong) == ""
    assert "another time" in clock.doubt()
    assert 0 <= behind_ms(machine, clock) <= 60, "the time is what it was"
    assert not clock.is_due()
    machine.passed_ms += ANEW_MS
    assert clock.is_due(), "it is asked again soon"
    assert clock.take(clock.measure()) == ""
    assert (behind_ms(machine, clock), clock.doubt()) == (30, "")


@pytest.mark.parametrize("off_ms", [-3_600_000, 3_600_000])
def test_another_time_told_twice_is_no_proof_before_a_book_tells_it(off_ms):
    machine = Machine()
    clock = machine.clock()

    def told(apart_ms):
        clock.hear(machine.true_ms() + apart_ms)
        found = clock.measure()
        return clock.take(found._replace(exchange_ms=found.exchange_ms + off_ms))

    for _ in range(5):
        assert told(0) == ""
        assert "nobody knows which is right" in clock.doubt()
        assert abs(behind_ms(machine, clock)) < 60_000
        machine.passed_ms += ANEW_MS
        assert clock.is_due()
    assert "3600.0 s" in told(off_ms)
    assert abs(behind_ms(machine, clock)) > 3_500_000


@pytest.mark.parametrize("off_ms", [-3_600_000, 3_600_000])
def test_a_start_by_a_clock_that_nobody_backs_lets_entries_wait(off_ms):
    machine = Machine()
    clock = exchange_clock(lambda: machine.ask() + off_ms, machine.monotonic_ms, machine.wall_ms)
    assert clock.doubt() == "", "nobody else has told a time"
    clock.hear(machine.true_ms())
    assert "another time than its books and this machine" in clock.doubt()
    machine.passed_ms += ANEW_MS
    assert clock.is_due()
    clock.ask = machine.ask
    for _ in range(2):
        clock.take(clock.measure())
    assert clock.doubt() == ""
    assert abs(behind_ms(machine, clock)) < 1_000


def test_a_machine_that_is_off_and_a_book_that_is_old_are_no_doubt():
    machine = Machine(offset_ms=3_600_000)
    clock = machine.clock()
    clock.hear(machine.true_ms())
    assert clock.doubt() == ""
    machine = Machine()
    clock = machine.clock()
    clock.hear(machine.true_ms() - 3_600_000)
    assert clock.doubt() == ""


def test_an_exchange_that_does_not_answer_gives_no_clock():
    def ask():
        raise Unavailable("503")

    with pytest.raises(Unavailable):
        exchange_clock(ask, lambda: 0, lambda: 0)

"""The pace: never faster than allowed, slower after a refusal, back again slowly."""

import threading

import pytest

from gpt_trader.broker.exchange.pace import RECOVERY, SLOWEST, Pace


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self):
        self.now = 100.0
        self.lock = threading.Lock()

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        with self.lock:
            self.now += seconds


def test_requests_are_spaced():
    clock = Clock()
    pace = Pace(5.0, clock, clock.sleep)
    began = []
    for _ in range(11):
        pace.take()
        began.append(clock.now)
    assert began[-1] - began[0] == pytest.approx(2.0)


def test_what_was_not_asked_for_a_second_may_be_asked_at_once_and_no_more():
    clock = Clock()
    pace = Pace(5.0, clock, clock.sleep)
    clock.now += 3_600.0
    began = []
    for _ in range(11):
        pace.take()
        began.append(clock.now)
    assert [round(one - began[0], 6) for one in began] == [0.0] * 5 + [0.2, 0.4, 0.6, 0.8, 1.0, 1.2]


def test_a_refusal_ends_what_was_saved():
    clock = Clock()
    pace = Pace(5.0, clock, clock.sleep)
    clock.now += 3_600.0
    pace.slow_down()
    before = clock.now
    pace.take()
    assert clock.now - before == pytest.approx(0.4)


def test_many_threads_share_one_rate():
    waits, lock = [], threading.Lock()

    def sleep(seconds):
        with lock:
            waits.append(seconds)

    pace = Pace(10.0, lambda: 0.0, sleep)
    threads = [threading.Thread(target=lambda: [pace.take() for _ in range(25)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(waits) == pytest.approx([i / 10.0 for i in range(1, 200)])


def spacing(pace, clock):
    pace.take()
    before = clock.now
    pace.take()
    return clock.now - before


def test_a_refusal_halves_the_rate_down_to_a_floor_and_answers_bring_it_back():
    clock = Clock()
    pace = Pace(10.0, clock, clock.sleep)
    pace.slow_down()
    assert spacing(pace, clock) == pytest.approx(0.2)
    for _ in range(20):
        pace.slow_down()
    assert spacing(pace, clock) == pytest.approx(0.1 / SLOWEST)
    pace.speed_up()
    assert spacing(pace, clock) == pytest.approx(0.1 / SLOWEST / RECOVERY)
    for _ in range(200):
        pace.speed_up()
    assert spacing(pace, clock) == pytest.approx(0.1)

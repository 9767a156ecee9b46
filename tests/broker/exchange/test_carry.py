"""Jobs that are carried: each comes back once, with its value or its error."""

import threading

import pytest

from gpt_trader.broker.exchange.carry import Inline, Job, Threads
from tests.live_helpers import until


def fail():
    raise ValueError("no")


def threads_of(name):
    """Count the threads of one carrier: those of other tests begin and end as they like."""
    return sum(one.name.startswith(f"{name}-") for one in threading.enumerate())


def all_done(carrier, count, rung):
    found = []
    while len(found) < count:
        assert rung.acquire(timeout=60)
        found += carrier.done()
    return found


def test_each_job_comes_back_once_with_its_value_or_its_error():
    rung = threading.Semaphore(0)
    carrier = Threads("test", 3, rung.release)
    for number in range(20):
        carrier.carry(Job((str(number),), (lambda n=number: n * n) if number % 5 else fail))
    found = {done.job.key[0]: done for done in all_done(carrier, 20, rung)}
    assert len(found) == 20
    for number in range(20):
        done = found[str(number)]
        if number % 5:
            assert (done.value, done.error) == (number * number, None)
        else:
            assert isinstance(done.error, ValueError)
    assert carrier.done() == []


def test_a_job_that_never_ends_keeps_no_other_waiting():
    rung, stuck = threading.Semaphore(0), threading.Event()
    carrier = Threads("test", 2, rung.release)
    carrier.carry(Job(("stuck",), stuck.wait))
    for number in range(5):
        carrier.carry(Job((str(number),), lambda: None))
    assert [done.job.key[0] for done in all_done(carrier, 5, rung)] == list("01234")
    stuck.set()
    [done] = all_done(carrier, 1, rung)
    assert done.job.key == ("stuck",)


def test_threads_are_made_as_they_are_needed_and_no_more_than_allowed():
    rung, gate = threading.Semaphore(0), threading.Event()
    carrier = Threads("many", 3, rung.release)
    for number in range(9):
        carrier.carry(Job((str(number),), gate.wait))
    assert threads_of("many") == 3
    gate.set()
    all_done(carrier, 9, rung)
    carrier.carry(Job(("again",), gate.wait))
    all_done(carrier, 1, rung)
    assert threads_of("many") == 3


def test_threads_end_with_the_job_that_each_is_at_once_it_is_closed():
    rung, stuck = threading.Semaphore(0), threading.Event()
    with Threads("ends", 3, rung.release) as carrier:
        carrier.carry(Job(("stuck",), stuck.wait))
        for number in range(5):
            carrier.carry(Job((str(number),), lambda: None))
    assert len(all_done(carrier, 5, rung)) == 5, "what was begun is done"
    until(lambda: threads_of("ends") == 1)
    stuck.set()
    until(lambda: threads_of("ends") == 0)


@pytest.mark.parametrize("run, value", [(lambda: 7, 7), (fail, None)])
def test_inline_a_job_is_done_when_it_is_carried(run, value):
    carrier = Inline()
    carrier.carry(Job(("one",), run))
    [done] = carrier.done()
    assert done.value == value
    assert (done.error is None) is (value is not None)
    assert carrier.done() == []

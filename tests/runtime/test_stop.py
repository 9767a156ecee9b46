"""The first signal asks for an end, the second one ends at once."""

import os
import signal

import pytest

from gpt_trader.runtime.stop import on_interrupt, stop_signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_asks_and_the_second_interrupts(number):
    as_it_was = signal.signal(number, signal.default_int_handler)  # under nohup one is ignored
    try:
        with stop_signals() as stop:
            assert stop.asked is False
            os.kill(os.getpid(), number)
            assert stop.asked is True
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), number)
        assert signal.getsignal(number) is signal.default_int_handler
    finally:
        signal.signal(number, as_it_was)


def test_under_nohup_a_terminal_that_goes_away_asks_for_nothing():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stop_signals() as stop:
            os.kill(os.getpid(), signal.SIGHUP)
            assert stop.asked is False
    finally:
        signal.signal(signal.SIGHUP, before)


def test_an_interrupt_is_an_answer_only_once_somebody_asked():
    before = signal.getsignal(signal.SIGINT)
    with on_interrupt() as stop:
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        assert stop() is False
        os.kill(os.getpid(), signal.SIGINT)
        assert stop() is True
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
